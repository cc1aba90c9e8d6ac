"""A stream that is open while something hidden happens: not a byte more, nor at another turn (CONSENT.md §5, §8)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore

import pytest

from hub.http.feed_stream import Streams
from tests.leaks import ground
from tests.leaks.facts import FACTS, OPEN, nothing
from tests.leaks.world import World, world
from tests.receiver_in_test import receiver
from tests.stream_in_test import SOON, Listening

pytestmark = pytest.mark.promise("hidden-answers-as-never-existed")
HIDDEN = [fact for fact in FACTS if fact.instead is nothing]
OTHERS = [fact for fact in FACTS if fact.instead is not nothing]
"""Of these both worlds see something."""
SAME = "opened again, it begins where it began"
ASKED = {"clinic-emr": "", "care-plan-app": "count=1", "dr-hayashi": "category=laboratory"}


class Stepped(Streams):
    """Each turn comes when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted, self._done = SimpleQueue[bool](), Semaphore(0)

    async def turns(self) -> AsyncIterator[bool]:
        while True:
            self._done.release()
            while self._wanted.empty():
                if self.ending:
                    return
                await asyncio.sleep(0.001)
            yield self._wanted.get()

    def turn(self, *, is_sign_due: bool = False) -> None:
        """One turn, to its end."""
        self._wanted.put(is_sign_due)
        self.wait()

    def wait(self) -> None:
        assert self._done.acquire(timeout=SOON)


@contextmanager
def stream(world: World, who: str, asked: str) -> Iterator[tuple[Stepped, Listening]]:
    streams = Stepped()
    world.city.client.app.state.streams = streams  # type: ignore[attr-defined]
    heard = Listening(world.city, f"/feed/stream?{asked}", world.city.headers(who))
    streams.wait()
    yield streams, heard
    streams.ending = True
    heard.over()


def first_id(world: World, who: str, asked: str) -> str:
    """Where a stream begins that is opened now."""
    with stream(world, who, asked) as (_, heard):
        return heard.last_id


def heard_in(world: World, who: str, asked: str, *, present: bool) -> list[str]:
    """What is heard at the beginning and in each turn, while one thing after another happens that may not be known."""
    world.ids.begin()
    ground.lay(world, ground.PEOPLE)
    ground.revoke(world)
    world.ids.settle()
    with stream(world, who, asked) as (streams, heard):
        told = [heard.text]

        def turn(*, is_sign_due: bool = False) -> None:
            before = len(heard.pieces)
            streams.turn(is_sign_due=is_sign_due)
            told.append(b"".join(heard.pieces[before:]).decode())

        for fact in (*HIDDEN, *OTHERS):
            world.ids.begin()
            made = fact.put if present else fact.instead
            made(world)
            if fact is HIDDEN[-1]:
                told.append(SAME if first_id(world, who, asked) == heard.last_id else "elsewhere")
            turn()
            turn(is_sign_due=True)
        OPEN.put(world)
        turn()
    return [f"{number}: {world.canonical(text)}" for number, text in enumerate(told)]


@pytest.mark.parametrize("who", ASKED)
def test_what_is_hidden_makes_no_event_and_moves_no_turn(tmp_path: Path, store_kind: str, who: str) -> None:
    told = []
    with receiver() as there:
        for present in (False, True):
            place = tmp_path / str(present)
            place.mkdir()
            with world(place, there) as made:
                told.append(heard_in(made, who, ASKED[who], present=present))
    assert told[0] == told[1]
    assert any(SAME in text for text in told[0])
    assert "event: item" in told[0][-1]
