"""Putting a statement together.  Resources are read through views that hold the caller's predicate and through nothing
else, be they the matches, the ends of hops, or what comes along: what may not be seen is not there (CONSENT.md §5)."""

from collections.abc import Sequence
from functools import lru_cache

from hub.store.database import Tx
from hub.store.search.near import Asked
from hub.store.search.part import Part, named
from hub.store.sql import Row, Value, query

_VIEWS = {"Patient": "shown_patients", "*": "shown_others", "": "shown_all"}


def view(types: Sequence[str]) -> str:
    """The view on the current resources of these types (none: of all) that the caller may see."""
    if list(types) == ["Patient"]:
        return _VIEWS["Patient"]
    return _VIEWS["" if "Patient" in types or not types else "*"]


def rows(tx: Tx, statement: Part, asked: Asked, common: Sequence[Part] = (), *, count: int = 0) -> Sequence[Row]:
    """Run a statement that reads ``view``s, ``about``, and the ``common`` tables; ``:count`` is its limit."""
    texts = (*(table.text for table in common), statement.text)
    kinds, with_about = _reads(texts)
    tables = (asked.near.everybody(), *common) if with_about else common
    predicates, values = [], dict[str, Value]()
    for kind in kinds:
        predicate, parameters = asked.judge(kind)
        predicates.append((_VIEWS[kind], predicate))
        values.update(parameters)
    text = _assembled(tuple(table.text for table in tables), tuple(predicates), statement.text)
    for place, value in enumerate(value for part in (*tables, statement) for value in part.values):
        values[f"q{place}"] = value
    values["count"] = count
    return query(tx, text, values)


@lru_cache(maxsize=1024)
def _reads(texts: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Which views these texts read, and whether they ask for everybody."""
    text = "\n".join(texts)
    return tuple(kind for kind, name in _VIEWS.items() if f"{name} " in text), "FROM about" in text


@lru_cache(maxsize=1024)
def _assembled(tables: tuple[str, ...], predicates: tuple[tuple[str, str], ...], statement: str) -> str:
    """The whole statement: of the same shape, for callers of the same kind, it is made once."""
    # Not materialized: the text of a predicate stands here once, and every use of it has the indexes of the table.
    views = [
        f"{name} AS NOT MATERIALIZED (SELECT * FROM resource v WHERE v.deleted = 0 AND ({predicate}))"  # noqa: S608
        for name, predicate in predicates
    ]
    return named(f"WITH {', '.join([*tables, *views])} {statement}")
