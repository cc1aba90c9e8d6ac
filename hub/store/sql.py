"""Running SQL: a text with ``:name`` binds, one trip to the driver, plain rows back.

The tables are declared once as SQLModel (``hub/store/tables.py``); statements are written as the SQL
that they are.  Values are always bound, never put into the text.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy.engine import CursorResult
from sqlmodel import SQLModel

from hub.store.database import Tx

Value: TypeAlias = "str | int | bytes | None"
Record: TypeAlias = Mapping[str, Value]
Row: TypeAlias = sqlalchemy.Row[Any]  # the store's edge: columns get their types where they are read

_BIND = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


def query(tx: Tx, statement: str, parameters: Record) -> Sequence[Row]:
    """All rows of a SELECT."""
    return _execute(tx, statement, dict(parameters)).all()


def first(tx: Tx, statement: str, parameters: Record) -> Row | None:
    """The first row, or none."""
    return _execute(tx, statement, dict(parameters)).first()


def run(tx: Tx, statement: str, parameters: Record) -> int:
    """Run a statement that changes rows; gives how many it changed."""
    return _execute(tx, statement, dict(parameters)).rowcount


def add(tx: Tx, model: type[SQLModel], records: Sequence[Record]) -> None:
    """Insert ``records``, each with the same keys: columns of ``model``."""
    if records:
        columns = tuple(records[0])
        tx.exec_driver_sql(_insert(model, columns, _style(tx)), [dict(record) for record in records])


def in_list(prefix: str, values: Sequence[str]) -> tuple[str, dict[str, Value]]:
    """``(":p0, :p1", {"p0": …})`` for an IN list; an empty list becomes one that matches nothing."""
    bound: dict[str, Value] = {f"{prefix}{index}": value for index, value in enumerate(values)}
    return ", ".join(f":{name}" for name in bound) or "NULL", bound


def _execute(tx: Tx, statement: str, parameters: dict[str, Value]) -> CursorResult[Any]:
    return tx.exec_driver_sql(_translated(statement, _style(tx)), parameters)


def _style(tx: Tx) -> str:
    return tx.dialect.name


@lru_cache(maxsize=1024)
def _translated(statement: str, dialect: str) -> str:
    # SQLite's driver takes :name as it is; psycopg wants %(name)s.
    return statement if dialect == "sqlite" else _BIND.sub(r"%(\1)s", statement.replace("%", "%%"))


@lru_cache(maxsize=256)
def _insert(model: type[SQLModel], columns: tuple[str, ...], dialect: str) -> str:
    table = SQLModel.metadata.tables[str(model.__tablename__)].name
    values = ", ".join(f":{column}" for column in columns)
    return _translated(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", dialect)  # noqa: S608 - our own names
