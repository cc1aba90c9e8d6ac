"""Work that a serving process does again and again beside its requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from hub.errors import HubError

log = structlog.get_logger("renkei")


@asynccontextmanager
async def repeating(name: str, work: Callable[[], Awaitable[None]], every: float) -> AsyncIterator[None]:
    """Do ``work`` every so many seconds as long as the block runs; with ``every`` 0, never.

    What goes wrong once is said in the log, under ``name``, and does not end it.
    """
    task = asyncio.create_task(_repeat(name, work, every)) if every else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _repeat(name: str, work: Callable[[], Awaitable[None]], every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await work()
        except HubError as error:
            log.warning(f"{name} waits", reason=error.reason)
        except Exception:  # whatever it is: the next time may well succeed
            log.exception(f"{name} failed")
