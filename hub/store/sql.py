"""Running SQL: a text with ``:name`` binds, one trip to the driver, plain rows back.

The tables are declared once as SQLModel (``hub/store/tables.py``); statements are written as the SQL
that they are.  Values are always bound, never put into the text.  SQLAlchemy gives the connection, the
transaction and its errors; the statements go to the driver directly, which costs a fifth (docs/performance.md).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from hub.store.database import Tx

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor

Value: TypeAlias = "str | int | bytes | None"
Record: TypeAlias = Mapping[str, Value]

AT_MOST = "LIMIT :count + 0"
"""The end of a page.  A plain ``:count`` makes SQLite look at the value, and prepare the statement anew each time."""

_BIND = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class Row(tuple[Any, ...]):
    """One row: its columns are its attributes.  The store's edge: columns get their types where they are read."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    @property
    def _mapping(self) -> dict[str, Any]:
        """The row by the names of its columns."""
        return dict(zip(self._fields, self, strict=True))


def query(tx: Tx, statement: str, parameters: Record) -> Sequence[Row]:
    """All rows of a SELECT."""
    cursor = _execute(tx, statement, parameters)
    shape = _shape_of(cursor)
    return [shape(values) for values in cursor.fetchall()]


def first(tx: Tx, statement: str, parameters: Record) -> Row | None:
    """The first row, or none."""
    cursor = _execute(tx, statement, parameters)
    values = cursor.fetchone()
    shape = _shape_of(cursor)
    cursor.close()
    return None if values is None else shape(values)


def run(tx: Tx, statement: str, parameters: Record) -> int:
    """Run a statement that changes rows; gives how many it changed."""
    return _execute(tx, statement, parameters).rowcount


def add(tx: Tx, model: type[SQLModel], records: Sequence[Record]) -> None:
    """Insert ``records``, each with the same keys: columns of ``model``."""
    if records:
        columns = tuple(records[0])
        statement = _insert(model, columns, tx.dialect.name)
        cursor = tx.connection.cursor()
        try:
            cursor.executemany(statement, [tuple(map(record.__getitem__, columns)) for record in records])
        except _driver_error(tx) as error:
            raise _translated_error(tx, statement, error) from error


def answers(tx: Tx) -> bool:
    """Whether the store answers at all."""
    return first(tx, "SELECT 1", {}) is not None


def in_list(prefix: str, values: Sequence[str]) -> tuple[str, dict[str, Value]]:
    """``(":p0, :p1", {"p0": …})`` for an IN list; an empty list becomes one that matches nothing."""
    bound: dict[str, Value] = {f"{prefix}{index}": value for index, value in enumerate(values)}
    return ", ".join(f":{name}" for name in bound) or "NULL", bound


def _execute(tx: Tx, statement: str, parameters: Record) -> "DBAPICursor":
    cursor = tx.connection.cursor()
    try:
        cursor.execute(_translated(statement, tx.dialect.name), parameters)
    except _driver_error(tx) as error:
        raise _translated_error(tx, statement, error) from error
    return cursor


def _driver_error(tx: Tx) -> type[Exception]:
    error: type[Exception] = tx.dialect.loaded_dbapi.Error
    return error


def _translated_error(tx: Tx, statement: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy's of the same name, without the values: they are people's data."""
    return DBAPIError.instance(statement, None, error, _driver_error(tx), hide_parameters=True, dialect=tx.dialect)


def _shape_of(cursor: "DBAPICursor") -> type[Row]:
    return _shape(tuple([column[0] for column in cursor.description or ()]))


@lru_cache(maxsize=512)
def _shape(columns: tuple[str, ...]) -> type[Row]:
    attributes = {name: property(itemgetter(place)) for place, name in enumerate(columns)}
    return type("Row", (Row,), {"__slots__": (), "_fields": columns, **attributes})


@lru_cache(maxsize=1024)
def _translated(statement: str, dialect: str) -> str:
    # SQLite's driver takes :name as it is; psycopg wants %(name)s.
    if dialect == "sqlite":
        return statement
    return _BIND.sub(r"%(\1)s", statement.replace("%", "%%")).replace("instr(", "strpos(")


@lru_cache(maxsize=256)
def _insert(model: type[SQLModel], columns: tuple[str, ...], dialect: str) -> str:
    table = SQLModel.metadata.tables[str(model.__tablename__)].name
    marks = ", ".join(["?" if dialect == "sqlite" else "%s"] * len(columns))  # by place: half the cost of names
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
