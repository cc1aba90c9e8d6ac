"""The care-team desk: who looks after a resident, who waits to, and handing over (CONSENT.md §1, §5)."""
