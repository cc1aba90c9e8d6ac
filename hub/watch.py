"""The task that watches what nobody asks about: the clock (TRUST T-144), and how far behind the feed is (T-119).

A clock that is set while the hub runs moves against the steady time of the machine, which nobody sets.  Other
machines' clocks are seen by that of the database, where there is one.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import structlog

from hub.context import Caller
from hub.doors import Doors
from hub.projections.rows import record
from hub.repeating import repeating
from hub.store import audit, timeline
from hub.store.database import Tx
from hub.store.postgresql import apart

A_STEP = 1.0
"""Seconds between two looks by which a clock is not merely inexact (厚労省 GL 6.0 システム運用編 17③)."""
FAR_BEHIND = 5.0
"""Seconds that a feed may be behind before somebody is told."""
STEP = "clock-step"
_HUB = Caller("", "連携ハブ", "", "renkei-hub", None, "", None, "", "", True, False, "")
log = structlog.get_logger("renkei")


@dataclass(slots=True)
class Watch:
    """What was seen of the clock: how often it was set, by how much last, and how far it is from the database's."""

    steps: int = 0
    last: float = 0.0
    apart: float = 0.0
    ahead_of_steady: float | None = None

    def step(self, wall: datetime, steady: float) -> float:
        """By how many seconds the clock was set since the last look; 0 for less than ``A_STEP``."""
        ahead = wall.timestamp() - steady
        before, self.ahead_of_steady = self.ahead_of_steady, ahead
        if before is None or abs(ahead - before) < A_STEP:
            return 0.0
        self.steps, self.last = self.steps + 1, ahead - before
        return self.last


def watching(doors: Doors, watch: Watch, every: float) -> AbstractAsyncContextManager[None]:
    """Look every so many seconds as long as the block runs; with ``every`` 0, never."""
    steady = asyncio.get_running_loop().time

    async def look() -> None:
        await _look_at_clock(doors, watch, steady())
        await _look_at_feed(doors)

    return repeating("watch", look, every)


async def _look_at_clock(doors: Doors, watch: Watch, steady: float) -> None:
    context = doors.context()
    if by := watch.step(context.now, steady):
        log.error("the clock was set", seconds=round(by, 3))
        said = record(_HUB, context, interaction=STEP, query=f"{by:+.3f} s", reason="clock")
        await doors.run(lambda tx: audit.put(tx, [said]))
    watch.apart = await doors.run(lambda tx: apart(tx, doors.clock()))
    if abs(watch.apart) > A_STEP:
        log.error("the clock is not the database's", seconds=round(watch.apart, 3))


async def _look_at_feed(doors: Doors) -> None:
    items, behind = await doors.run(lambda tx: feed_lag(tx, doors.clock()))
    if behind > FAR_BEHIND:
        log.warning("a transaction that is left open holds the feed back", items=items, seconds=round(behind, 3))


def feed_lag(tx: Tx, now: datetime) -> tuple[int, float]:
    """How many items no feed shows yet, and for how many seconds the oldest of them has been waiting."""
    items, oldest = timeline.waiting(tx)
    return items, max(0.0, (now - datetime.fromisoformat(oldest)).total_seconds()) if oldest else 0.0
