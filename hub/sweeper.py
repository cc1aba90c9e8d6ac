"""The task that clears away what is over (hub/store/retention.py), in small pieces between other work.

Any process may do it, and several at once do no harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from hub.doors import Doors
from hub.errors import HubError
from hub.store import retention

log = structlog.get_logger("renkei")


@asynccontextmanager
async def sweeping(doors: Doors, every: float, keep_retries: timedelta) -> AsyncIterator[None]:
    """Clear away every so many seconds as long as the block runs; ``every`` 0 leaves it to other processes."""
    task = asyncio.create_task(_sweep(doors, every, keep_retries)) if every else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _sweep(doors: Doors, every: float, keep_retries: timedelta) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            while await doors.run(lambda tx: retention.sweep(tx, doors.clock(), keep_retries)):
                pass
        except HubError as error:
            log.warning("sweep waits", reason=error.reason)
        except Exception:  # the next sweep may well succeed
            log.exception("sweep failed")
