"""The lane: the one place that begins and commits (DESIGN §2, group commit for whole paths).

It takes what is asked (up to ``LIMIT`` pieces of work), runs each in a savepoint of one transaction, commits
once, and only then lets the answers go.  So an answer that left has its writes and its audit record on disk, and
rules cannot change between decision and write.

The work runs on the thread of the event loop, where its request was read and its answer will be written; only the
commit, which encrypts and waits for the disk without the interpreter's lock, has a thread of its own.  What arrives
meanwhile is the next batch (docs/decisions/0014-the-lane-on-the-loop.md).
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import Protocol, TypeAlias, TypeVar, cast

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from hub.errors import Busy, HubError
from hub.store.database import Tx, UnsafeStore
from hub.store.sql import run
from hub.store.window import Window

LIMIT = 64
RULES = "rules"
"""Claimed by what may take a right away: it waits for the answers that are under way, and later ones wait for it."""
WAITING = 512
"""Pieces of work that may wait; whoever comes then is told to come again (TRUST T-135)."""
KEPT = 64
"""Places beyond those, for what an emergency needs alone."""
FULL, NO_FREE_LANE = "full", "no free lane"
NO_PLACE = (FULL, NO_FREE_LANE)
"""Why something was refused that did not even begin."""
PATIENCE = 5.0
"""Seconds to wait for another process that writes to the store: a command beside the server."""
_PAUSE, _SOON = 0.005, 0.5

T = TypeVar("T")
Refused: TypeAlias = Callable[[Tx, HubError], None]
Claims: TypeAlias = Callable[[], Collection[str]]


def unrecorded(tx: Tx, error: HubError) -> None:
    """For work whose refusal concerns nobody's data: nothing to write down."""


def nothing() -> Collection[str]:
    """For work that may run beside any other."""
    return ()


class Lane(Protocol):
    """Runs work in group-committed transactions."""

    async def ask(
        self,
        work: Callable[[Tx], T],
        refused: Refused = unrecorded,
        *,
        looks: bool = False,
        claims: Claims = nothing,
        urgent: bool = False,
    ) -> T:
        """What ``work`` gives, told after the commit.

        When it raises a ``HubError`` its writes are undone and ``refused`` records the refusal in the same commit;
        the error is then raised here.  A store that cannot commit raises ``Busy``.
        ``looks``: it writes nothing, so that it waits for nobody, unless it is refused: that is written down in turn.
        ``claims`` names what no other work may have meanwhile, where more than one runs at a time.
        ``urgent``: it is for an emergency, and goes before what waits.
        """

    def do(self, work: Callable[[Tx], T], refused: Refused = unrecorded, *, claims: Claims = nothing) -> T:
        """The same for a caller without an event loop (a command, a seed, a test), from any thread."""

    def close(self) -> None:
        """Give the connections back; nothing may be under way."""


@dataclass(slots=True)
class Piece:
    """One piece of work, and what became of it: a result, or the error that it ended in."""

    run: Callable[[Tx], object]
    refused: Refused
    future: "asyncio.Future[object] | None" = None
    result: object = None
    error: Exception | None = None

    def attempt(self, tx: Tx) -> None:
        """Run it in a savepoint: whatever it raises, its writes are undone and the batch goes on."""
        run(tx, "SAVEPOINT work", {})
        try:
            self.result = self.run(tx)
        except Exception as error:
            # A store that had to give up the whole transaction knows no savepoint: then all of the batch fails.
            run(tx, "ROLLBACK TO work", {})
            if isinstance(error, HubError):
                self.refused(tx, error)
            self.error = busy(error) if isinstance(error, OperationalError) else error
        run(tx, "RELEASE work", {})

    def tell(self) -> None:
        """Let the answer go, unless nobody waits for it any more."""
        if self.future is None or self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def busy(error: Exception) -> Busy:
    """What a caller is told when the store could not do it now."""
    return Busy("The store could not take this now; nothing of it was kept. Try again.", reason=str(error))


class LoopLane:
    """The lane of the embedded store: one connection, one batch at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._window = Window(engine)
        self._tx: Tx | None = None
        self._turn = threading.Lock()  # held from the beginning of a transaction to its end
        self._waiting: deque[Piece] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._committer = ThreadPoolExecutor(1, "commit")

    async def ask(
        self,
        work: Callable[[Tx], T],
        refused: Refused = unrecorded,
        *,
        looks: bool = False,
        claims: Claims = nothing,
        urgent: bool = False,
    ) -> T:
        if len(self._waiting) >= (WAITING + KEPT if urgent else WAITING):
            raise Busy("Too many requests are waiting. Try again.", reason=FULL)
        if looks:
            # What fails here is asked again in its turn, where a refusal is written down.
            with suppress(HubError, DBAPIError, UnsafeStore):
                seen = self._window.look(work)
                await asyncio.sleep(0)  # who looks often lets others pass
                return seen
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        wait = self._waiting.appendleft if urgent else self._waiting.append
        wait(Piece(work, refused, future))
        if self._serving is None or self._serving.done():
            self._serving = loop.create_task(self._serve(loop))
        return cast(T, await future)  # a queue of work of all kinds

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            waiting = [self._waiting.popleft() for _ in range(min(LIMIT, len(self._waiting)))]
            batch = [piece for piece in waiting if piece.future and not piece.future.done()]
            try:
                if not self._begin(patience=0):
                    await loop.run_in_executor(self._committer, self._begin)
                try:
                    self._run(batch)
                except BaseException:
                    self._abandon()
                    raise
                await loop.run_in_executor(self._committer, self._commit)
            except Exception as error:  # whatever it is: a dead lane would leave every later request waiting
                for piece in batch:
                    piece.error = busy(error)
            for piece in batch:
                piece.tell()

    def do(self, work: Callable[[Tx], T], refused: Refused = unrecorded, *, claims: Claims = nothing) -> T:
        piece = Piece(work, refused)
        try:
            self._begin()
            try:
                self._run([piece])
            except BaseException:
                self._abandon()
                raise
            self._commit()
        except DBAPIError as error:
            raise busy(error) from error
        if piece.error is not None:
            raise piece.error
        return cast(T, piece.result)

    def close(self) -> None:
        self._committer.shutdown()
        self._window.close()
        ended = self._turn.acquire(timeout=_SOON)  # what a broken-off loop has begun will never be committed
        try:
            self._give_back()
            self._engine.dispose()
        finally:
            if ended:
                self._turn.release()

    def _begin(self, patience: float = PATIENCE) -> bool:
        """Take the turn and begin; false when that is not possible at once and ``patience`` is 0."""
        if not self._turn.acquire(timeout=patience) if patience else not self._turn.acquire(blocking=False):
            if patience:
                raise Busy("The store is busy. Try again.", reason="turn")
            return False
        for left in reversed(range(int(patience / _PAUSE) + 1)):
            try:
                self._tx = self._tx or self._connect()
                self._tx.begin()
                return True
            except BaseException as error:
                self._give_back()
                is_taken = isinstance(error, OperationalError)
                if is_taken and left:
                    sleep(_PAUSE)
                    continue
                self._turn.release()
                if not is_taken or patience:
                    raise
        return False

    def _connect(self) -> Tx:
        tx = self._engine.connect()
        tx.connection.cursor().execute("PRAGMA busy_timeout = 0")  # the waiting is done here, beside the loop
        return tx

    def _run(self, batch: list[Piece]) -> None:
        assert self._tx is not None
        for piece in batch:
            piece.attempt(self._tx)

    def _commit(self) -> None:
        assert self._tx is not None
        try:
            self._tx.commit()
        except BaseException:
            self._give_back()
            raise
        finally:
            self._turn.release()

    def _abandon(self) -> None:
        self._give_back()
        self._turn.release()

    def _give_back(self) -> None:
        """Undo what was begun, and take another connection the next time: this one may be broken."""
        given, self._tx = self._tx, None
        if given is None:
            return
        try:
            given.rollback()  # a closed connection would keep its lock for as long as an error holds one of its cursors
        except DBAPIError:
            given.invalidate()
        given.close()
