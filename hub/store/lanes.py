"""The lanes of PostgreSQL: a few threads, each with its connection, that do what the lane of the embedded store does.

Whichever thread is free takes what is queued as one batch (``hub/store/line.py``).  Nobody waits for ever: what finds
no free thread in time is told to come again, and a connection that does not answer is broken off (TRUST T-136, T-141).
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar, cast

from sqlalchemy import Engine

from hub.errors import Busy
from hub.store.database import Tx
from hub.store.lane import LIMIT, NO_FREE_LANE, Claims, Refused, nothing, unrecorded
from hub.store.line import Line, Piece, unknown

LANES = 3
QUEUED, RUNNING = 1.5, 13.5
"""Seconds that a request waits for a free thread, and after that for its end."""

T = TypeVar("T")


class Lanes:
    """A ``Lane`` (hub/store/lane.py) on several connections; ``opened`` sees each of them when it is new."""

    def __init__(self, engine: Engine, opened: Callable[[Tx], None], lanes: int = LANES) -> None:
        self._engine = engine
        self._opened = opened
        self._waiting: deque[Piece] = deque()
        self._under_way: dict[Line, Sequence[Piece]] = {}
        self._lock = threading.Lock()
        self._idle: list[threading.Condition] = []
        self._closing = False
        self._threads = [threading.Thread(target=self._serve, name=f"lane-{n}", daemon=True) for n in range(lanes)]
        for thread in self._threads:
            thread.start()

    async def ask(
        self,
        work: Callable[[Tx], T],
        refused: Refused = unrecorded,
        *,
        looks: bool = False,
        claims: Claims = nothing,
        urgent: bool = False,
    ) -> T:
        loop = asyncio.get_running_loop()
        piece = Piece(work, refused, loop.create_future(), looks, claims())
        self._queue(piece, first=urgent)
        watch = loop.call_later(QUEUED, self._overdue, piece, loop)
        try:
            return cast(T, await cast("asyncio.Future[object]", piece.future))
        finally:
            if not piece.future.cancelled():  # who stopped waiting left it under way: its connection may hang
                watch.cancel()

    def do(self, work: Callable[[Tx], T], refused: Refused = unrecorded, *, claims: Claims = nothing) -> T:
        future: Future[T] = Future()
        self._queue(Piece(work, refused, cast("Future[object]", future), claims=claims()))
        return future.result()

    def close(self) -> None:
        """Finish what is queued and give the connections back; one that does not answer is broken off."""
        with self._lock:
            self._closing = True
            for wake in self._idle:
                wake.notify()
        patience = RUNNING
        for thread in self._threads:
            while thread.is_alive():
                thread.join(patience)
                if thread.is_alive():
                    patience = 1.0
                    self._break_off()
        self._engine.dispose()

    def _queue(self, piece: Piece, *, first: bool = False) -> None:
        with self._lock:
            wait = self._waiting.appendleft if first else self._waiting.append
            wait(piece)
            if self._idle:
                self._idle.pop().notify()  # who worked last: its connection has its plans, the others can sleep

    def _serve(self) -> None:
        line, wake = Line(self._engine, self._opened), threading.Condition(self._lock)
        while batch := self._take(line, wake):
            later = line.run(batch, _tell)
            with self._lock:
                del self._under_way[line]
                for piece in reversed(later):
                    piece.begun, piece.deferred = False, True
                    self._waiting.appendleft(piece)
        line.close()

    def _take(self, line: Line, wake: threading.Condition) -> list[Piece]:
        """The next batch, of which somebody still waits for every piece; empty at the end."""
        with self._lock:
            batch: list[Piece] = []
            while not batch:
                while not self._waiting:
                    if self._closing:
                        return []
                    self._idle.append(wake)
                    wake.wait()
                alone = self._waiting[0].deferred
                queued = [self._waiting.popleft() for _ in range(1 if alone else min(LIMIT, len(self._waiting)))]
                batch = [piece for piece in queued if not piece.future.done()]
            for piece in batch:
                piece.begun = True
            self._under_way[line] = batch
            return batch

    def _overdue(self, piece: Piece, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop: a piece that no thread has begun is given up; one that is under way has some time left."""
        with self._lock:
            if not piece.begun and not piece.future.done():
                piece.future.set_exception(Busy("The store is busy. Try again.", reason=NO_FREE_LANE))
        loop.call_later(RUNNING, self._hung, piece)

    def _hung(self, piece: Piece) -> None:
        if not piece.future.done():
            piece.future.set_exception(unknown(TimeoutError("no answer")))
        elif not piece.future.cancelled():
            return  # answered: what else is in its batch has its own time
        self._break_off(piece)

    def _break_off(self, piece: Piece | None = None) -> None:
        """End the waits for a server that does not answer: all of them, or that of the batch with this piece."""
        with self._lock:
            lines = [line for line, batch in self._under_way.items() if piece is None or piece in batch]
        for line in lines:
            line.break_off()


def _tell(pieces: Sequence[Piece]) -> None:
    """Let answers go, each on the thread that waits for it."""
    on_loops: dict[asyncio.AbstractEventLoop, list[Piece]] = {}
    for piece in pieces:
        if isinstance(piece.future, Future):
            piece.settle()
        else:
            on_loops.setdefault(piece.future.get_loop(), []).append(piece)
    for loop, mine in on_loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        piece.settle()
