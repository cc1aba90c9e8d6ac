"""The rows of the index: written with the version that they lead to, and taken away with it."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TypeAlias

from sqlmodel import SQLModel

from hub.store.database import Tx
from hub.store.index_tables import (
    SearchComposite,
    SearchDate,
    SearchIdentifier,
    SearchNumber,
    SearchReference,
    SearchString,
    SearchToken,
)
from hub.store.search.on_row import filed_by_numbers, identifier_numbers, own_numbers
from hub.store.sql import Value, add_rows, delete_rows
from profiles import IndexRow
from profiles.search import CompositeRow, DateRow, NumberRow, ReferenceRow, StringRow, TokenRow

Indexed: TypeAlias = tuple[str, int, Sequence[IndexRow]]
"""A version: the patient under whom it is filed, its key, its rows."""

Places: TypeAlias = dict[type[SQLModel], list[tuple[Value, ...]]]

_KEYS: dict[type[SQLModel], tuple[str, ...]] = {
    SearchToken: ("patient", "parameter", "code", "system", "resource"),
    SearchIdentifier: ("patient", "parameter", "code", "system", "resource"),
    SearchDate: ("patient", "parameter", "low", "high", "resource"),
    SearchString: ("patient", "parameter", "text", "written", "resource"),
    SearchReference: ("patient", "parameter", "target", "resource"),
    SearchNumber: ("patient", "parameter", "low", "high", "code", "system", "resource"),
    SearchComposite: (
        *("patient", "parameter", "code", "system", "code2", "system2", "low", "high", "text"),
        "resource",
    ),
}


def put(tx: Tx, versions: Iterable[Indexed]) -> None:
    """Add the rows of new versions: one statement for each table, however many versions there are."""
    for table, rows in _placed(versions).items():
        columns = _KEYS[table]
        if table is SearchDate:
            add_rows(tx, table, (*columns, "ends"), _with_ends(rows))
        else:
            add_rows(tx, table, columns, rows)


def remove(tx: Tx, versions: Iterable[Indexed]) -> None:
    """Take away the rows of versions that are current no longer: each by its whole key, nothing is searched for.

    ``rows`` are computed from the old body.  One that is overlooked does no harm: its key leads nowhere.
    """
    for table, rows in _placed(versions).items():
        delete_rows(tx, table, _KEYS[table], rows)


def _placed(versions: Iterable[Indexed]) -> Places:
    """The rows by table, each once; without those that the resource's own row answers."""
    tables, identifiers, own = _TABLES, identifier_numbers(), own_numbers()
    found: dict[type[SQLModel], dict[tuple[Value, ...], None]] = {}
    for patient, key, rows in versions:
        filed = f"Patient/{patient}"
        for row in rows:
            if row.parameter in own:
                continue
            if isinstance(row, TokenRow):
                table: type[SQLModel] = SearchIdentifier if row.parameter in identifiers else SearchToken
            else:
                table = tables[type(row)]
            if isinstance(row, StringRow):
                row = row._replace(written="") if row.written == row.text else row
            elif isinstance(row, ReferenceRow) and row.target == filed and row.parameter in filed_by_numbers():
                continue
            found.setdefault(table, {})[patient, *row, key] = None
    return {table: list(rows) for table, rows in found.items()}


_TABLES: dict[type[IndexRow], type[SQLModel]] = {
    DateRow: SearchDate,
    StringRow: SearchString,
    ReferenceRow: SearchReference,
    NumberRow: SearchNumber,
    CompositeRow: SearchComposite,
}


def _with_ends(rows: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """Each date row and where it stands among those of its version: sorting takes the first or the last."""
    of: Callable[[tuple[Value, ...]], tuple[Value, ...]] = itemgetter(0, 1, 4)  # patient, parameter, resource
    groups: dict[tuple[Value, ...], list[tuple[Value, ...]]] = {}
    for row in rows:
        groups.setdefault(of(row), []).append(row)
    found: list[tuple[Value, ...]] = []
    for group in groups.values():
        if len(group) == 1:
            found.append((*group[0], 0))
        else:
            ordered = sorted(group, key=itemgetter(2, 3))
            last = len(ordered) - 1
            found += ((*row, 1 if not place else 2 if place == last else 3) for place, row in enumerate(ordered))
    return found
