"""Pages for people, in Japanese: plain HTML that works without script, on a phone as well."""
