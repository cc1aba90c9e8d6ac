"""One connection to PostgreSQL, and how a batch of work runs on it: one snapshot, one commit.

Each batch is one transaction at REPEATABLE READ: rules are decided in the snapshot that is shown or written to.
What a push must be alone with it claims *before* that snapshot is taken (advisory locks), so that of two who make
the same thing the second sees what the first made.  Pieces whose claims another has run later, alone: they then wait
for them and hold nothing else meanwhile.  So nobody waits in a ring, and a batch waits for nobody.

But for one thing: what changes the rules waits until all that was decided by the old ones is in the log, and what
comes after it is decided by the new ones (TRUST T-059).
"""

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from hub.errors import Busy, HubError
from hub.store.database import Tx
from hub.store.lane import RULES, busy

Driver: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

TRIES = 5
"""How often a piece is begun anew because another transaction wrote the same."""

_COLLISIONS = frozenset({"40001", "40P01", "23505"})  # serialization failure, deadlock, a key that was just made
# The lock comes before the snapshot: to lock a table takes none.
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE position IN {} MODE; SAVEPOINT work"
_BESIDE_OTHERS, _ALONE = _BEGIN.format("ROW SHARE"), _BEGIN.format("EXCLUSIVE")
_NEXT = "RELEASE work; SAVEPOINT work"


@dataclass(slots=True, eq=False)
class Piece:
    """One piece of work; then its result, or the error that it ended in."""

    run: Callable[[Tx], object]
    refused: Callable[[Tx, HubError], None]
    future: "asyncio.Future[object] | Future[object]"
    looks: bool = False
    claims: Collection[str] = ()
    result: object = None
    error: Exception | None = None
    begun: bool = False
    deferred: bool = False

    def settle(self) -> None:
        """Let the answer go, unless nobody waits for it any more.  On the thread of an asyncio future's loop."""
        if not self.future.done():
            if self.error is None:
                self.future.set_result(self.result)
            else:
                self.future.set_exception(self.error)


Tell: TypeAlias = Callable[[Sequence[Piece]], None]


class Collision(Exception):
    """Another transaction wrote the same: nothing of this one is kept, and it can be begun anew."""


def unknown(error: Exception) -> Busy:
    """What a caller is told when the connection broke in the commit itself."""
    text = "The store did not say whether it took this. Send it again with the same Idempotency-Key: it has one effect."
    return Busy(text, reason=str(error))


class Line:
    """A connection that is kept, and made anew when it broke.  Of one thread, but for ``break_off``."""

    def __init__(self, engine: Engine, opened: Callable[[Tx], None]) -> None:
        self._engine = engine
        self._opened = opened
        self._tx: Tx | None = None

    def run(self, batch: Sequence[Piece], tell: Tell) -> list[Piece]:
        """Run a batch; ``tell`` is given every piece that has its result or its error.  Never raises.

        Gives those that must wait until what they claim is free.
        """
        waiting = [piece for piece in batch if not (piece.looks and self._look(piece, tell))]
        later: list[Piece] = []
        try:
            later = self._transaction(waiting) if waiting else []
        except Collision:
            for piece in waiting:
                self._alone(piece)
        except Exception as error:
            _fail(waiting, error)
        tell([piece for piece in waiting if piece not in later])
        return later

    def break_off(self) -> None:
        """From another thread: end the wait for an answer that does not come."""
        tx = self._tx
        if tx is not None:
            with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(_driver(tx).fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection up; what was begun is undone, what was claimed is free."""
        tx, self._tx = self._tx, None
        if tx is not None:
            tx.invalidate()
            tx.close()

    def _look(self, piece: Piece, tell: Tell) -> bool:
        """Nothing is written, so there is nothing to begin, and nothing to wait for; false when there was a problem."""
        try:
            piece.result = piece.run(self._connected())
        except Exception:  # whatever it is: it happens again in the transaction, where it is written down
            self._close_if_broken()
            return False
        tell([piece])
        return True

    def _alone(self, piece: Piece) -> None:
        """Run one piece in transactions of its own, until none collides with it."""
        for _ in range(TRIES):
            try:
                self._transaction([piece])
            except Collision as collision:
                piece.error = collision
            except Exception as error:
                _fail([piece], error)
                return
            else:
                return
        cause = piece.error.__cause__ if piece.error else None
        piece.error = cause if isinstance(cause, IntegrityError) else busy(piece.error or Collision())

    def _transaction(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Begin, run, commit.  Gives those whose claims are taken; raises ``Collision``, or what broke it all."""
        was_open = self._tx is not None
        try:
            chosen = self._begin(pieces)
        except psycopg.OperationalError:
            if not (self._close_if_broken() and was_open):
                self._abandon()
                raise
            chosen = self._begin(pieces)  # it had broken while nobody used it
        try:
            for piece in chosen:
                self._attempt(piece, is_first=piece is chosen[0])
            if chosen:
                self._commit(claimed=any(piece.claims for piece in pieces))
        except BaseException:
            self._abandon()
            raise
        return [piece for piece in pieces if piece not in chosen and piece.error is None]

    def _begin(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Claim, then begin; gives the pieces that can run now."""
        driver = _driver(self._connected())
        chosen = _claim(driver, pieces) if any(piece.claims for piece in pieces) else pieces
        if chosen:
            _say(driver, _ALONE if any(RULES in piece.claims for piece in chosen) else _BESIDE_OTHERS)
        return chosen

    def _attempt(self, piece: Piece, *, is_first: bool) -> None:
        """Run a piece in its savepoint: whatever it raises, its writes are undone and the batch goes on."""
        tx = self._connected()
        driver = _driver(tx)
        if not is_first:
            _say(driver, _NEXT)
        try:
            try:
                piece.result, piece.error = piece.run(tx), None
            except Exception as error:
                if driver.closed or _collides(error):
                    raise
                _say(driver, "ROLLBACK TO work")
                if isinstance(error, HubError):
                    piece.refused(tx, error)
                piece.error = busy(error) if isinstance(error, OperationalError) else error
        except DBAPIError as error:
            if _collides(error):
                raise Collision from error
            raise

    def _commit(self, *, claimed: bool) -> None:
        driver = _driver(self._connected())
        if driver.info.transaction_status is not TransactionStatus.INTRANS:
            raise Collision  # it would be a rollback, and not say so
        try:
            _say(driver, "COMMIT; SELECT pg_advisory_unlock_all()" if claimed else "COMMIT")
        except psycopg.OperationalError as error:
            raise unknown(error) if driver.closed else busy(error) from error

    def _abandon(self) -> None:
        """Undo what was begun, and free what was claimed."""
        if self._tx is not None and not self._close_if_broken():
            try:
                _say(_driver(self._tx), "ROLLBACK; SELECT pg_advisory_unlock_all()")
            except psycopg.Error:
                self.close()

    def _connected(self) -> Tx:
        if self._tx is None:
            tx = self._engine.connect()
            try:
                with tx.begin():
                    self._opened(tx)
                _driver(tx).autocommit = True  # what begins and commits is said here
            except BaseException:
                tx.invalidate()
                tx.close()
                raise
            self._tx = tx
        return self._tx

    def _close_if_broken(self) -> bool:
        broken = self._tx is not None and _driver(self._tx).closed
        if broken:
            self.close()
        return broken


def _driver(tx: Tx) -> Driver:
    return cast(Driver, tx.connection.driver_connection)


def _say(driver: Driver, text: str) -> "psycopg.Cursor[tuple[Any, ...]]":
    return driver.execute(text.encode(), prepare=False)


def _claim(driver: Driver, pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Take what the pieces claim; gives those that have theirs.  Of several, nobody waits; one alone does."""
    numbers = [lock_numbers(piece.claims) for piece in pieces]
    wanted = f"unnest('{{{','.join(map(str, sorted(set().union(*numbers))))}}}'::bigint[]) AS n"
    if len(pieces) > 1:
        said = _say(driver, f"SELECT n FROM {wanted} WHERE NOT pg_try_advisory_lock(n)")  # noqa: S608 - numbers
        taken = {number for (number,) in said.fetchall()}
        free = [piece for piece, mine in zip(pieces, numbers, strict=True) if not taken & mine]
        if not free:
            _say(driver, "SELECT pg_advisory_unlock_all()")
        return free
    try:
        _say(driver, f"SELECT pg_advisory_lock(n) FROM {wanted}")  # noqa: S608 - numbers
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled) as error:
        _say(driver, "SELECT pg_advisory_unlock_all()")
        pieces[0].error = busy(error)
        return ()
    return pieces


def lock_numbers(claims: Iterable[str]) -> set[int]:
    """The numbers of the advisory locks for these names."""
    return {int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), signed=True) for one in claims}


def _collides(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _COLLISIONS


def _fail(pieces: Iterable[Piece], error: Exception) -> None:
    for piece in pieces:
        piece.error = error if isinstance(error, Busy) else busy(error)
