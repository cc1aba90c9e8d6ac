"""The task that delivers: it looks for work, and serves several subscriptions at once, each in its order.

What it knows is in rows: it may be killed at any moment, and several may run on one store.  Whoever takes a
subscription has it for a time; what was on its way when that is over is sent again, with the same numbers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from hub.deliverer import work
from hub.deliverer.sender import Answer, Sender
from hub.doors import Doors
from hub.errors import HubError
from hub.notify import Message
from hub.notify.waits import Waits
from hub.store.database import Tx

AT_ONCE = 16
"""Subscriptions that one process serves at the same time."""
SLICES = 50
"""Pieces of the outbox in one look: who waits is served although more is written all the time."""
log = structlog.get_logger("renkei")


class Deliverer:
    """``every`` is the pause in seconds between two looks, ``pause`` what waits; ``holder`` names this process."""

    def __init__(
        self,
        doors: Doors,
        sender: Sender,
        *,
        every: float,
        waits: Waits | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._doors, self._sender = doors, sender
        self._every, self._waits, self._pause = every, waits or Waits(), pause
        self._holder = doors.new_id()
        self._serving: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled; what goes wrong in one look does not end it."""
        try:
            while True:
                try:
                    await self.look()
                except HubError as error:
                    log.warning("delivery waits", reason=error.reason)
                except Exception:  # whatever one look raises, the deliverer must outlive it
                    log.exception("delivery failed")
                await self._pause(self._every)
        finally:
            await self.stop()

    async def look(self) -> None:
        """Look at what is in the outbox, and begin to serve those who wait."""
        for _ in range(SLICES):
            if not await self._doors.run(lambda tx: work.fan_out(tx, self._doors.context())):
                break
        self._serving = {id_: task for id_, task in self._serving.items() if not task.done()}
        free = AT_ONCE - len(self._serving)
        if free > 0:
            for id_ in await self._doors.run(lambda tx: work.due(tx, AT_ONCE, self._doors.context())):
                if id_ not in self._serving and len(self._serving) < AT_ONCE:
                    self._serving[id_] = asyncio.create_task(self._serve(id_))

    async def rest(self) -> None:
        """Wait for all that is on its way."""
        await asyncio.gather(*self._serving.values())

    async def stop(self) -> None:
        """Let go of all that is on its way; it is sent again when its time is over."""
        for task in self._serving.values():
            task.cancel()
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        await self._sender.close()

    async def _serve(self, id_: str) -> None:
        """One subscription, message after message, until there is nothing or a message is not taken."""
        doors, holder, waits = self._doors, self._holder, self._waits
        try:
            go_on = True
            while go_on:
                made = await doors.run(lambda tx: work.prepare(tx, id_, holder, waits, doors.context()))
                if isinstance(made, bool):
                    go_on = made
                    continue
                answer = await self._sender.send(made)
                if not answer.taken:
                    log.warning("notification not taken", subscription=id_, kind=made.kind, why=answer.said)
                go_on = await doors.run(partial(self._settle, id_, made, answer))
        except HubError as error:
            log.warning("delivery waits", subscription=id_, reason=error.reason)
        except Exception:  # one subscription must not stop the others
            log.exception("delivery failed", subscription=id_)

    def _settle(self, id_: str, message: Message, answer: Answer, tx: Tx) -> bool:
        return work.settle(tx, id_, self._holder, message, answer, self._waits, self._doors.context())


@asynccontextmanager
async def delivering(doors: Doors, every: float) -> AsyncIterator[None]:
    """Deliver as long as the block runs; ``every`` 0 leaves it to other processes."""
    task = asyncio.create_task(Deliverer(doors, Sender(doors.nearby), every=every).run()) if every else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
