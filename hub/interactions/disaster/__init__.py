"""Disasters (CONSENT.md §7): declaring and ending by two officers, and finding somebody during one."""
