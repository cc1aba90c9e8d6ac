"""The consent desk: a paper form becomes a Consent, and what it changes is shown before that (CONSENT.md §3, §9)."""
