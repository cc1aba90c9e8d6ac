"""Running SQL: a text with ``:name`` binds, one trip to the driver, plain rows back.

The tables are declared once as SQLModel (``hub/store/tables.py``); statements are written as the SQL
that they are.  Values are always bound, never put into the text.  SQLAlchemy gives the connection, the
transaction and its errors; the statements go to the driver directly, which costs a fifth (docs/performance.md).
On PostgreSQL every statement is prepared once for each connection, and rows come in binary.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json import dumps
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from psycopg import DataError, RawCursor
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from hub.store.database import Tx

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy.engine.interfaces import DBAPICursor

    _Cursor: TypeAlias = DBAPICursor | RawCursor[tuple[Any, ...]]

Value: TypeAlias = "str | int | float | bytes | None"
Record: TypeAlias = Mapping[str, Value]

AT_MOST = "LIMIT :count + 0"
"""The end of a page.  A plain ``:count`` makes SQLite look at the value, and prepare the statement anew each time."""

MANY = 256
"""Values that a statement takes one by one."""
_MEMBERS = re.compile(r"json_each\((\$\d+)\)")
_BIND = re.compile(r"'[^']*'|(?<!:):([a-z_][a-z0-9_]*)")  # a :name, but not within a text, and no ::type


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
    return list(map(shape, cursor.fetchall()))


def query_damaged(tx: Tx, statement: str, parameters: Record) -> Sequence[Row]:
    """All rows of a SELECT where one may be damaged: what is no text any more comes as its bytes.

    Asked again for that alone: to look at every text costs half as much as the whole query.
    """
    try:
        return query(tx, statement, parameters)
    except (DBAPIError, _driver_error(tx)):  # of the first row it is the statement's, of a later one the driver's
        if on_postgresql(tx):  # there every text is one
            raise
    driver: Any = tx.connection.dbapi_connection
    driver.text_factory = _text_or_bytes
    try:
        return query(tx, statement, parameters)
    finally:
        driver.text_factory = str


def on_postgresql(tx: Tx) -> bool:
    """Whether the store is PostgreSQL: for the few statements that the two engines do not share."""
    return tx.dialect.name == "postgresql"


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
        add_rows(tx, model, columns, [tuple(map(record.__getitem__, columns)) for record in records])


def add_rows(tx: Tx, model: type[SQLModel], columns: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> None:
    """Insert ``rows`` whose values stand in the order of ``columns``."""
    try:
        if on_postgresql(tx):
            _add_many(tx, model, columns, rows)
        else:
            tx.connection.cursor().executemany(_insert(model, columns), rows)
    except _driver_error(tx) as error:
        raise _translated_error(tx, _insert(model, columns), error) from None


def delete_rows(tx: Tx, model: type[SQLModel], columns: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> None:
    """Delete the rows that have these values in ``columns``."""
    table, tests = _table(model), " AND ".join(f"{column} = ?" for column in columns)
    statement = f"DELETE FROM {table} WHERE {tests}"  # noqa: S608 - our own names
    try:
        if on_postgresql(tx):
            for row in rows:
                _on_server(tx, _placed(statement), row)
        else:
            tx.connection.cursor().executemany(statement, rows)
    except _driver_error(tx) as error:
        raise _translated_error(tx, statement, error) from None


def answers(tx: Tx) -> bool:
    """Whether the store answers at all."""
    return first(tx, "SELECT 1", {}) is not None


def in_list(prefix: str, values: Sequence[str]) -> tuple[str, dict[str, str]]:
    """``(":p0, :p1", {"p0": …})`` for an IN list; an empty list becomes one that matches nothing.

    It is filled up to a power of two with its last value, so that there are few statements.  A long one is bound as
    one value: neither engine takes any number of them.
    """
    if len(values) > MANY:
        return f"SELECT value FROM json_each(:{prefix})", {prefix: dumps(values)}  # noqa: S608 - our own name
    size = 1 << (len(values) - 1).bit_length() if values else 0
    bound = {f"{prefix}{index}": values[min(index, len(values) - 1)] for index in range(size)}
    return ", ".join(f":{name}" for name in bound) or "NULL", bound


def _execute(tx: Tx, statement: str, parameters: Record) -> "_Cursor":
    try:
        if on_postgresql(tx):
            text, names = _numbered(statement)
            return _on_server(tx, text, [parameters[name] for name in names])
        driver = tx.connection.dbapi_connection
        assert driver is not None
        cursor = driver.cursor()
        cursor.execute(statement, parameters)
        return cursor
    except _driver_error(tx) as error:
        raise _translated_error(tx, statement, error) from None


def _on_server(tx: Tx, text: bytes, values: Sequence[Value]) -> "RawCursor[tuple[Any, ...]]":
    cursor = RawCursor(cast("Connection[tuple[Any, ...]]", tx.connection.driver_connection))
    try:
        return cursor.execute(text, values, prepare=True, binary=True)
    except DataError:
        shown = [value.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else value for value in values]
        if shown == list(values):
            raise
        # Its text has no U+0000: asked for, nothing is found; in the log, it is seen.
        return cursor.execute(text, shown, prepare=True, binary=True)


def _driver_error(tx: Tx) -> type[Exception]:
    error: type[Exception] = tx.dialect.loaded_dbapi.Error
    return error


def _translated_error(tx: Tx, statement: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy's of the same name, without the values: they are people's data.

    PostgreSQL tells the values of a duplicate key in the lines below the first.
    """
    told = type(error)(str(error).partition("\n")[0])
    return DBAPIError.instance(statement, None, told, _driver_error(tx), hide_parameters=True, dialect=tx.dialect)


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _shape_of(cursor: "_Cursor") -> type[Row]:
    if isinstance(cursor, RawCursor):  # its description would be an object for each column, made anew for each answer
        result = cursor.pgresult
        return _shape(tuple([(result.fname(n) or b"").decode() for n in range(result.nfields)]) if result else ())
    return _shape(tuple([column[0] for column in cursor.description or ()]))


@lru_cache(maxsize=512)
def _shape(columns: tuple[str, ...]) -> type[Row]:
    attributes = {name: property(itemgetter(place)) for place, name in enumerate(columns)}
    return type("Row", (Row,), {"__slots__": (), "_fields": columns, **attributes})


@lru_cache(maxsize=2048)
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """A statement as PostgreSQL reads it, and the names of its values in order: ``:name`` becomes ``$1``."""
    places: dict[str, str] = {}
    text = _BIND.sub(lambda bind: places.setdefault(bind[1], f"${len(places) + 1}") if bind[1] else bind[0], statement)
    text = _MEMBERS.sub(r"json_array_elements_text(CAST(\1 AS json)) AS member (value)", text)
    return text.replace("instr(", "strpos(").encode(), tuple(places)


@lru_cache(maxsize=256)
def _insert(model: type[SQLModel], columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))  # by place: half the cost of names
    return f"{_insert_into(model, columns)} ({marks})"


def _insert_into(model: type[SQLModel], columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {_table(model)} ({', '.join(columns)}) VALUES"  # our own names


def _table(model: type[SQLModel]) -> str:
    return SQLModel.metadata.tables[str(model.__tablename__)].name


@lru_cache(maxsize=64)
def _placed(statement: str) -> bytes:
    """A statement with ``?`` for its values as PostgreSQL reads it."""
    first, *others = statement.split("?")
    return (first + "".join(f"${place}{text}" for place, text in enumerate(others, 1))).encode()


def _add_many(tx: Tx, model: type[SQLModel], columns: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> None:
    """Many rows by one statement, in powers of two: so that few statements are to be prepared."""
    start = 0
    while start < len(rows):
        size = 1 << min((len(rows) - start).bit_length() - 1, _MOST_ROWS)
        values = [value for row in rows[start : start + size] for value in row]
        _on_server(tx, _insert_rows(model, columns, size), values)
        start += size


_MOST_ROWS = 6  # 64 rows: more gains nothing


@lru_cache(maxsize=1024)
def _insert_rows(model: type[SQLModel], columns: tuple[str, ...], rows: int) -> bytes:
    width = len(columns)
    places = (", ".join(f"${row * width + column + 1}" for column in range(width)) for row in range(rows))
    return f"{_insert_into(model, columns)} {', '.join(f'({place})' for place in places)}".encode()
