"""When an answer leaves that shows nothing: what is hidden takes no other time than what was never there (TRUST T-056).

About what is hidden there are rules to read and a refusal to log, about an id that nobody has there are none.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.errors import NotFound

BEAT = 0.025
"""Seconds: several times what such an answer takes, and little for whoever waits for it."""


@asynccontextmanager
async def on_the_beat() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A ``NotFound`` that is raised in the block leaves it a whole number of beats after it began.

    What it gives waits for the next beat: for an answer that is no error, and empty.
    """
    now = asyncio.get_running_loop().time
    began = now()

    async def beat() -> None:
        await asyncio.sleep(BEAT - (now() - began) % BEAT)

    try:
        yield beat
    except NotFound:
        await beat()
        raise
