"""Emergency access (CONSENT.md §6): declaring it, telling the care team, and its pages."""
