"""In what order, and where a page begins: after a row, not after a number of rows.

What is written or deleted between two pages shifts nothing then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hub.store.search import index_row
from hub.store.search.near import Near
from hub.store.search.on_row import column
from hub.store.search.part import Part, all_of, any_of
from hub.store.sql import Value
from profiles.search import Parameter, Query, parameter

Place: TypeAlias = list[Value]
"""The sort keys of a row: where it stands in the order of its search."""

_VALUES = {
    "search_token": "code",
    "search_identifier": "code",
    "search_date": "low",
    "search_string": "text",
    "search_reference": "target",
    "search_number": "low",
    "search_composite": "code",
}
# A person is sorted by how the name is read, the family name first: kana stand before ideographs.
_NAMES = dict.fromkeys(("name", "kana", "phonetic"), ("family", "given"))


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key: a value for each row ``r``, with the ``join`` and the common table that it needs, if any.

    ``indexed``: only some rows have a value, and those that have none come last.
    """

    value: Part
    descending: bool = False
    indexed: bool = False
    join: str = ""
    common: Part | None = None

    def order(self, name: str) -> str:
        return f"{name} {'DESC' if self.descending else 'ASC'}{' NULLS LAST' if self.indexed else ''}"


LAST = (Key(Part("r.id"), descending=True),)
_TYPE = Key(Part("r.type"))


def keys_of(query: Query, near: Near) -> tuple[Key, ...]:
    """The keys of a query's order: at last, and without ``_sort``, what was made last; there nothing moves."""
    last = LAST if len(query.types) == 1 else (*LAST, _TYPE)
    if not query.sort:
        return last
    wanted = [each for one, descending in query.sort for each in _read_as(one, descending)]
    return (*(_key(one, descending, place, near) for place, (one, descending) in enumerate(wanted)), *last)


def walked(query: Query, near: Near) -> Parameter | None:
    """The date by which one patient's resources are to be sorted: its index is in that order already."""
    if len(query.sort) == 1 and near.patients is not None and len(near.patients) == 1:
        ((one, _),) = query.sort
        if index_row.table_of(one) == "search_date" and not column(one, "r") and len(one.numbers) == 1:
            return one
    return None


def beyond(keys: Sequence[Key], names: Sequence[str], place: Place) -> Part:
    """Rows that stand after ``place``: equal in some first keys, and beyond in the next."""
    ways = []
    equal: list[Part] = []
    for key, name, value in zip(keys, names, place, strict=True):
        if value is None:  # the last of all: only other rows without a value can follow
            equal.append(Part(f"{name} IS NULL"))
            continue
        further = Part(f"{name} {'<' if key.descending else '>'} ?", (value,))
        ways.append(all_of([*equal, any_of([further, Part(f"{name} IS NULL")]) if key.indexed else further]))
        equal.append(Part(f"{name} = ?", (value,)))
    return any_of(ways)


def from_on(key: Key, name: str, place: Place) -> Part:
    """That the first key is not before the place: what an index can use of ``beyond``."""
    return Part(f"{name} {'<=' if key.descending else '>='} ?", (place[0],))


def _read_as(one: Parameter, descending: bool) -> list[tuple[Parameter, bool]]:
    parts = [parameter(one.type, name) for name in _NAMES.get(one.name, ())]
    return [(part, descending) for part in parts if part is not None] or [(one, descending)]


def _key(one: Parameter, descending: bool, place: int, near: Near) -> Key:
    own = "r.patient" if one.of_patient else column(one, "r")
    if own:
        return Key(Part(own), descending)
    table = index_row.table_of(one)
    # A text has one reading, whichever way the list goes; of numbers and times the last or the least counts.
    extreme = "max" if descending and table != "search_string" else "min"
    value, numbers = f"{extreme}(i.{_VALUES[table]})", index_row.numbers(one)
    if one.type == "Patient":  # few rows each: looked up where they are wanted
        mine = all_of([Part("i.patient = r.patient"), numbers, Part("i.resource = r.key")])
        return Key(Part(f"(SELECT {value} FROM {table} i WHERE {mine.text})", mine.values), descending, indexed=True)  # noqa: S608
    name, rows = f"s{place}", all_of([near.of("i.patient"), numbers])
    found = f"SELECT i.patient, i.resource, {value} AS value FROM {table} i WHERE {rows.text}"  # noqa: S608
    common = f"{name} AS ({found} GROUP BY i.patient, i.resource)"
    join = f" LEFT JOIN {name} ON {name}.patient = r.patient AND {name}.resource = r.key"
    return Key(Part(f"{name}.value"), descending, indexed=True, join=join, common=Part(common, rows.values))
