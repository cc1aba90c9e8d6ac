"""A resident's part of the access log, as pages of bounded work (index ``audit_by_patient``)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Row, Value, first, in_list, query


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the record ends: instant and sequence of its last entry.  The next one begins behind it."""

    recorded: str
    sequence: int


def of_patient(
    tx: Tx, patient: str, *, since: str = "", until: str = "", before: Place | None = None, count: int
) -> Sequence[Row]:
    """Entries about a resident, newest first: from the instant ``since``, up to before ``until``."""
    bound: dict[str, Value] = {"patient": patient, "count": count}
    where = ["patient = :patient"]
    if since:
        where.append("recorded >= :since")
        bound["since"] = since
    if until:
        where.append("recorded < :until")
        bound["until"] = until
    if before is not None:
        where.append("recorded <= :recorded AND (recorded < :recorded OR sequence < :sequence)")
        bound |= {"recorded": before.recorded, "sequence": before.sequence}
    statement = f"SELECT * FROM audit WHERE {' AND '.join(where)} ORDER BY recorded DESC, sequence DESC {AT_MOST}"  # noqa: S608
    return query(tx, statement, bound)


def entry(tx: Tx, patient: str, id_: str) -> Row | None:
    """One entry of the log that is about this resident."""
    return first(tx, "SELECT * FROM audit WHERE patient = :patient AND id = :id", {"patient": patient, "id": id_})


def kinds(tx: Tx, patient: str, ids: Collection[str]) -> Sequence[Row]:
    """Of what the resident's resources with these ids are now: type, id, category, label_bits."""
    found: list[Row] = []
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        marks, bound = in_list("i", wanted[start : start + 500])
        statement = f"""SELECT type, id, category, label_bits FROM resource
                         WHERE patient = :patient AND id IN ({marks})"""  # noqa: S608
        found += query(tx, statement, {**bound, "patient": patient})
    return found


def of_category(tx: Tx, patient: str, category: str, count: int) -> Sequence[Row]:
    """The facts, without content, of what there is of a category that is about a patient, the last recorded first."""
    columns = ", ".join(f"r.{name}" for name in _FACTS)
    same = " AND ".join(f"r.{name} = a.{name}" for name in ("patient", "type", "id", "source"))
    where = "r.category = :category AND r.deleted = 0"
    statement = f"""SELECT {columns} FROM resource r WHERE r.patient = :patient AND {where}
                    UNION ALL
                    SELECT {columns} FROM also_about a JOIN resource r ON {same} WHERE a.other = :patient AND {where}
                    ORDER BY recorded DESC, type, id {AT_MOST}"""  # noqa: S608 - our own names
    return query(tx, statement, {"patient": patient, "category": category, "count": count})


_FACTS = (
    *("patient", "source", "publication", "category", "label_bits", "clinical_date", "withheld", "directory"),
    *("also_about", "type", "id", "recorded"),
)
