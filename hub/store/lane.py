"""The lane: the one place that begins and commits (DESIGN §2, group commit for whole paths).

One thread owns one connection.  It takes what is queued (up to ``LIMIT`` pieces of work), runs each in
a savepoint of one transaction, commits once, and only then lets the answers go.  So an answer that
left has its writes and its audit record on disk, and rules cannot change between decision and write.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from hub.errors import Busy, HubError
from hub.store.database import Tx
from hub.store.sql import run

LIMIT = 64
T = TypeVar("T")


def unrecorded(tx: Tx, error: HubError) -> None:
    """For work whose refusal concerns nobody's data: nothing to write down."""


@dataclass(frozen=True, slots=True)
class _Work(Generic[T]):
    run: Callable[[Tx], T]
    refused: Callable[[Tx, HubError], None]
    future: Future[T]
    looks: bool


class Lane:
    """Runs work serially in group-committed transactions; safe to call from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Work[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="lane", daemon=True)
        self._thread.start()

    def submit(
        self, run: Callable[[Tx], T], refused: Callable[[Tx, HubError], None] = unrecorded, *, looks: bool = False
    ) -> Future[T]:
        """Queue ``run``; its future is settled after the commit.

        When ``run`` raises a ``HubError`` its writes are undone and ``refused`` records the refusal in
        the same commit; the error is then the future's.  A store that cannot commit gives ``Busy``.
        ``looks``: it writes nothing, so that its answer, unless it is a refusal, waits for nobody's commit.
        """
        future: Future[T] = Future()
        self._queue.put(_Work(run, refused, future, looks))  # type: ignore[arg-type]  # a queue of work of all kinds
        return future

    def close(self) -> None:
        """Finish what is queued and give the connection back."""
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _serve(self) -> None:
        while (queued := self._next_batch()) is not None:
            # From here on nothing can be cancelled: a future that is cancelled meanwhile could not be settled.
            batch = [work for work in queued if work.future.set_running_or_notify_cancel()]
            batch.sort(key=lambda work: not work.looks)  # they see what is committed, and nothing of their batch
            settled: list[Callable[[], None]] = []
            try:
                with self._engine.connect() as tx, tx.begin():
                    settled = [self._one(tx, work) for work in batch]
            except Exception as error:  # whatever it is: a dead lane would leave every later request waiting
                settled = [_fail(work, _busy(error)) for work in batch if not work.future.done()]
            for settle in settled:
                settle()

    def _next_batch(self) -> list[_Work[object]] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < LIMIT:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                self._queue.put(None)
                break
            batch.append(work)
        return batch

    def _one(self, tx: Tx, work: _Work[object]) -> Callable[[], None]:
        run(tx, "SAVEPOINT work", {})
        try:
            result = work.run(tx)
        except Exception as error:
            # A store that had to give up the whole transaction knows no savepoint: then all of the batch fails.
            run(tx, "ROLLBACK TO work", {})
            if isinstance(error, HubError):
                work.refused(tx, error)
            run(tx, "RELEASE work", {})
            return _fail(work, _busy(error) if isinstance(error, OperationalError) else error)
        run(tx, "RELEASE work", {})
        if work.looks:
            work.future.set_result(result)
            return lambda: None
        return lambda: work.future.set_result(result)


def _busy(error: Exception) -> Busy:
    return Busy("The store could not take this now; nothing of it was kept. Try again.", reason=str(error))


def _fail(work: _Work[object], error: Exception) -> Callable[[], None]:
    return lambda: work.future.set_exception(error)
