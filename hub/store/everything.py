"""All that is current about one patient, in the order of the store's own key: read from a place, in bounded pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, in_list, query

Place: TypeAlias = tuple[str, str, str]
"""Where a row stands among its patient's: type, id, source."""

_COLUMNS = (
    "r.patient, r.source, r.publication, r.category, r.label_bits, r.clinical_date, r.withheld, r.directory,"
    " r.also_about, r.type, r.id, r.version, r.body"
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which of a patient's resources: their ``types`` (none: all), their clinical days, and recorded since when.

    ``start`` and ``end`` are days (``YYYY-MM-DD``), both included; what has no day of its own is never left out.
    ``since`` is an instant.
    """

    types: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    since: str = ""


def rows_of(
    tx: Tx,
    patient: str,
    narrowing: Narrowing,
    predicate: str,
    parameters: Record,
    after: Place,
    count: int,
    *,
    shared: bool,
) -> Sequence[Row]:
    """Up to ``count`` resources after a place, the Patient records apart, that ``predicate`` (over ``r``) admits.

    Each with type, id, version, source, body.  ``shared``: also what is filed under others and about this patient as
    well.  The order is that of the primary key, so that a page costs its rows and no more, however much there is.
    """
    where, bound = _where(narrowing)
    place = dict(zip(("type_", "id_", "source_"), after, strict=True))
    tests = f"""(r.type, r.id, r.source) > (:type_, :id_, :source_)
                       AND r.type <> 'Patient' AND r.deleted = 0{where} AND {predicate}"""
    same = " AND ".join(f"r.{name} = a.{name}" for name in ("patient", "type", "id", "source"))
    ways = [f"SELECT {_COLUMNS} FROM resource r WHERE r.patient = :patient_ AND {tests}"]  # noqa: S608
    if shared:
        ways += [f"SELECT {_COLUMNS} FROM also_about a JOIN resource r ON {same} WHERE a.other = :patient_ AND {tests}"]  # noqa: S608
    statement = f"{' UNION ALL '.join(ways)} ORDER BY type, id, source {AT_MOST}"
    return query(tx, statement, {**parameters, **bound, **place, "patient_": patient, "count": count})


def directory_rows(tx: Tx, type_: str, ids: Sequence[str], predicate: str, parameters: Record) -> Sequence[Row]:
    """The same columns of those resources of the directory that are current and that ``predicate`` admits."""
    marks, bound = in_list("i", ids)
    statement = f"""SELECT {_COLUMNS} FROM resource r WHERE r.patient = '' AND r.type = :type_ AND r.id IN ({marks})
                       AND r.directory = 1 AND r.deleted = 0 AND {predicate} ORDER BY r.id"""  # noqa: S608
    return query(tx, statement, {**parameters, **bound, "type_": type_})


def _where(narrowing: Narrowing) -> tuple[str, dict[str, Value]]:
    tests, bound = [], dict[str, Value]()
    if narrowing.types:
        marks, types = in_list("t", narrowing.types)
        bound |= types
        tests.append(f"r.type IN ({marks})")
    for name, day, sign in (("start_", narrowing.start, ">="), ("end_", narrowing.end, "<=")):
        if day:
            bound[name] = day
            tests.append(f"(r.clinical_date IS NULL OR r.clinical_date {sign} :{name})")
    if narrowing.since:
        bound["since_"] = narrowing.since
        tests.append("r.recorded >= :since_")
    return "".join(f" AND {test}" for test in tests), bound
