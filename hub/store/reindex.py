"""Making the rows of the search index: slice by slice, each in its own transaction of the lane.

A version without a key is one whose rows are still to be made.  So this can stop at any moment, and goes on where it
stopped; searches meanwhile find what has its rows already.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from hub.projections.rows import index_rows
from hub.store import keys, search
from hub.store.database import Tx
from hub.store.sql import Row, Value, query, run
from profiles.json import read_json
from profiles.resource import as_object

SLICE = 200
"""Versions in one transaction: some tens of milliseconds, for which others wait."""

T = TypeVar("T")


class Do(Protocol):
    """Runs a piece of work in a transaction of its own: ``Lane.do``."""

    def __call__(self, work: Callable[[Tx], T]) -> T: ...


def reindex(do: Do, *, anew: bool = False) -> int:
    """Make the rows that are still to be made, or those of everything ``anew``; gives of how many versions."""
    done = 0
    while made := do(_missing):
        done += made
    place: dict[str, Value] | None = dict.fromkeys(_PLACE, "") if anew else None
    while place is not None:
        place, made = do(_again(place))
        done += made
    return done


_PLACE = ("patient", "type", "id", "source")
_SELECT = f"SELECT {', '.join(_PLACE)}, key, deleted, body FROM resource"  # noqa: S608 - our own names


def _missing(tx: Tx) -> int:
    rows = query(tx, f"{_SELECT} WHERE key IS NULL LIMIT {SLICE}", {})
    _make(tx, rows)
    return len(rows)


def _again(after: dict[str, Value]) -> Callable[[Tx], tuple[dict[str, Value] | None, int]]:
    def work(tx: Tx) -> tuple[dict[str, Value] | None, int]:
        beyond = f"({', '.join(_PLACE)}) > ({', '.join(f':{name}' for name in _PLACE)})"
        rows = query(tx, f"{_SELECT} WHERE {beyond} ORDER BY {', '.join(_PLACE)} LIMIT {SLICE}", after)
        search.remove(tx, _indexed(rows, [row.key or 0 for row in rows]))
        _make(tx, rows)
        return (_place(rows[-1]) if rows else None), len(rows)

    return work


def _make(tx: Tx, rows: Sequence[Row]) -> None:
    if rows:
        first = keys.take(tx, len(rows))
        same = " AND ".join(f"{name} = :{name}" for name in _PLACE)
        for key, row in enumerate(rows, first):
            run(tx, f"UPDATE resource SET key = :key WHERE {same}", {**_place(row), "key": key})  # noqa: S608
        search.put(tx, _indexed(rows, range(first, first + len(rows))))


def _place(row: Row) -> dict[str, Value]:
    return {name: getattr(row, name) for name in _PLACE}


def _indexed(rows: Sequence[Row], keys: Sequence[int]) -> list[search.Indexed]:
    return [
        (row.patient, key, index_rows(as_object(read_json(row.body)), row.patient))
        for key, row in zip(keys, rows, strict=True)
        if not row.deleted
    ]
