"""The task that clears away what is over (hub/store/retention.py), in small pieces between other work.

Any process may do it, and several at once do no harm.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from hub.doors import Doors
from hub.repeating import repeating
from hub.store import retention


def sweeping(doors: Doors, every: float, keep_retries: timedelta) -> AbstractAsyncContextManager[None]:
    """Clear away every so many seconds as long as the block runs; ``every`` 0 leaves it to other processes."""

    async def sweep() -> None:
        while await doors.run(lambda tx: retention.sweep(tx, doors.clock(), keep_retries)):
            pass

    return repeating("sweep", sweep, every)
