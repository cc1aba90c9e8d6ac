"""The task by which processes tell each other what they counted, so that a limit of requests holds over all of them.

It holds to within what they let through between two tellings (TRUST T-138).
"""

from contextlib import AbstractAsyncContextManager

from hub.context import instant
from hub.doors import Doors
from hub.repeating import repeating
from hub.store import rates

EVERY = 1.0
"""Seconds between two tellings."""


def sharing(doors: Doors) -> AbstractAsyncContextManager[None]:
    """Tell as long as the block runs; never, where there is no limit."""
    return repeating("sharing of rates", lambda: share(doors), EVERY if doors.rates.limits else 0)


async def share(doors: Doors) -> None:
    """Tell the others what is news to them, and hear what they counted; without news there is no need of either."""
    minute = doors.rates.minute(doors.clock())
    news = minute.news()
    if news:
        process, until = doors.rates.process, instant(minute.until)
        minute.elsewhere = await doors.run(lambda tx: rates.exchange(tx, process, until, news))
        minute.told.update(news)
