"""When streams look: on the beat of a clock, however long a look takes.  The clock is the test's."""

import asyncio
import selectors

from hub.http.feed_stream import ALIVE, Streams


class AtOnce(selectors.DefaultSelector):
    """Nobody waits: the time that there was to wait is over."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0
        return super().select(0)


class Clockwork(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.waits = AtOnce()
        super().__init__(self.waits)

    def time(self) -> float:
        return self.waits.now


def turns(slow: dict[int, float], count: int) -> list[tuple[float, bool]]:
    """When so many turns came, and whether with a sign of life, where some of them took a while."""
    loop, seen = Clockwork(), list[tuple[float, bool]]()

    async def listen() -> None:
        async for is_sign_due in Streams().turns():
            seen.append((round(loop.time(), 3), is_sign_due))
            loop.waits.now += slow.get(len(seen), 0.004)
            if len(seen) == count:
                return

    try:
        loop.run_until_complete(listen())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    return seen


def test_a_look_that_takes_longer_moves_neither_the_next_nor_a_sign_of_life() -> None:
    usual = turns({}, 2 * ALIVE)
    assert usual == [(float(turn), turn % ALIVE == 0) for turn in range(1, 2 * ALIVE + 1)]
    assert turns(dict.fromkeys(range(1, 20), 0.9), 2 * ALIVE) == usual


def test_after_a_turn_that_took_longer_than_others_it_goes_on_with_the_beat_and_no_sign_is_missed() -> None:
    seen = turns({ALIVE - 2: 2.5}, ALIVE)
    assert seen[ALIVE - 3 :] == [(ALIVE - 2.0, False), (ALIVE + 1.0, True), (ALIVE + 2.0, False)]
