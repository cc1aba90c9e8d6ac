"""A small city whose store fails when a test says so: at the n-th call of the driver, or in the middle of one.

Nothing of the hub is replaced: it is given an engine whose connections count their calls and fail.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlcipher3 import dbapi2
from sqlmodel import SQLModel
from starlette.testclient import TestClient

from hub.app import create_app
from hub.city import apply, read_city
from hub.context import Context
from hub.runtime import Store, open_store
from hub.store.lane import LoopLane
from tests.hub_in_test import BASE_URL, NOON, QUIET, SMALL, City, Clock, store_place

TABLES = tuple(sorted(SQLModel.metadata.tables))


@dataclass
class Fault:
    """What fails: nothing until ``at`` is a number; then call ``at``, before or after it has its effect."""

    at: int = 0
    afterwards: bool = False
    instruction: int = 0
    """Instead of a call: the instruction of the database's own machine at which it is interrupted."""
    calls: int = 0
    instructions: int = 0
    happened: bool = False

    def arm(self, at: int = 0, *, afterwards: bool = False, instruction: int = 0) -> None:
        self.at, self.afterwards, self.instruction = at, afterwards, instruction
        self.calls = self.instructions = 0
        self.happened = False

    def call(self, of: Callable[..., Any], *given: Any) -> Any:
        self.calls += 1
        if self.calls != self.at:
            return of(*given)
        self.happened = True
        if self.afterwards:
            of(*given)
        raise dbapi2.OperationalError("disk I/O error")

    def step(self) -> int:
        self.instructions += 1
        self.happened = self.happened or self.instructions == self.instruction
        return int(self.instructions == self.instruction)


class _Cursor:
    def __init__(self, cursor: Any, fault: Fault) -> None:
        self._cursor, self._fault = cursor, fault

    def execute(self, statement: str, *parameters: Any) -> "_Cursor":
        self._fault.call(self._cursor.execute, statement, *parameters)
        return self

    def executemany(self, statement: str, rows: Sequence[Any]) -> "_Cursor":
        self._fault.call(self._cursor.executemany, statement, rows)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class _Connection:
    """A connection of the driver, as SQLAlchemy uses it."""

    def __init__(self, pooled: Any, fault: Fault) -> None:
        self._pooled = pooled
        self._driver, self._fault = pooled.driver_connection, fault
        self._driver.set_progress_handler(fault.step, 1)

    def cursor(self) -> _Cursor:
        return _Cursor(self._driver.cursor(), self._fault)

    def commit(self) -> None:
        self._fault.call(self._driver.commit)

    def close(self) -> None:
        self._driver.set_progress_handler(None, 0)
        self._pooled.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


def faulty(engine: Engine, fault: Fault) -> Engine:
    """An engine on the same store whose connections fail as ``fault`` says."""

    def connect() -> Any:
        return _Connection(engine.raw_connection(), fault)

    failing = create_engine("sqlite://", creator=connect, module=dbapi2, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(failing, "begin")
    def begin_immediate(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return failing


@contextmanager
def faulty_city(directory: Path, fault: Fault) -> Iterator[City]:
    """The small city on such a store."""
    clock = Clock(NOON)
    store = open_store(store_place(directory))
    context = Context(clock.now, "setup", lambda: uuid4().hex, BASE_URL)
    file = read_city(SMALL / "city.toml", directory)
    store.lane.do(lambda tx: apply(tx, file, context))
    failing = Store(store.engine, store.secret, LoopLane(faulty(store.engine, fault)))
    app = create_app(failing.lane, store.secret, QUIET, BASE_URL, clock=clock)
    with TestClient(app, base_url=BASE_URL, client=("127.0.0.1", 50000), raise_server_exceptions=False) as client:
        yield City(client, failing, clock, directory)
    store.lane.close()


Picture: TypeAlias = "dict[str, Counter[tuple[object, ...]]]"


def picture(city: City) -> Picture:
    """Every row of every table, as another process sees them."""
    with city.store.engine.connect() as connection:
        cursor = connection.connection.cursor()
        return {name: Counter(cursor.execute(f"SELECT * FROM {name}").fetchall()) for name in TABLES}  # noqa: S608
