"""A second connection of the embedded store, which only reads: what one sees through it waits for no turn.

The lane has one connection, and while that commits nobody else is served.  Who sends a push is asked before its body
is read: here it is answered at once, and the body is read and checked while the push before it reaches the disk.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from hub.store.database import Tx
from hub.store.sql import run

CACHE = 4096
"""Kilobytes of the store that it keeps in memory; every commit makes it read anew."""

T = TypeVar("T")


class Window:
    """Shows what was committed last; on the thread of the event loop alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tx: Tx | None = None

    def look(self, work: Callable[[Tx], T]) -> T:
        """What ``work`` gives, which only reads.

        Raises what it raises, and ``DBAPIError`` or ``UnsafeStore`` when the store cannot.
        """
        try:
            if self._tx is None:
                self._tx = self._engine.connect()
                for setting in (f"cache_size = -{CACHE}", "query_only = ON", "busy_timeout = 0"):
                    run(self._tx, f"PRAGMA {setting}", {})
            run(self._tx, "BEGIN", {})
            try:
                return work(self._tx)
            finally:
                run(self._tx, "COMMIT", {})
        except DBAPIError:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back; the next look takes another."""
        given, self._tx = self._tx, None
        if given is not None:
            given.invalidate()
            given.close()
