"""How long to wait before a message is tried again, and when to give up trying by oneself."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Waits:
    """The wait doubles from ``first`` to ``longest``; after ``patience`` of nothing but failures a subscription is in
    error: its events are kept until it is asked for again.  ``grace`` is how long a message may be on its way beyond
    its timeout before another process takes it to be lost."""

    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(days=3)
    grace: timedelta = timedelta(seconds=30)

    def after(self, failures: int) -> timedelta:
        """The wait after the nth failure in a row."""
        return min(self.first * (1 << min(failures - 1, 30)), self.longest)

    def is_over(self, failing_since: datetime | None, now: datetime) -> bool:
        """Whether the last success is so long ago that somebody must look."""
        return failing_since is not None and now - failing_since >= self.patience
