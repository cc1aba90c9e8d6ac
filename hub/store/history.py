"""Versions in the order of time: of one resource, and of everything (FHIR R4 §3.1.0.8).  Rows are only ever added."""

from collections.abc import Sequence
from typing import TypeAlias

from hub.store.database import Tx
from hub.store.sql import Record, Row, first, query

Place: TypeAlias = tuple[str, str]
"""(recorded, version) of the last version that was looked at; the next page goes on behind it."""

NEWEST: Place = ("9999", "")
SCANNED = 2000
"""Versions that are looked at for one page of one type: a page of a rare type ends early instead of taking long."""

_COLUMNS = (
    "patient, source, publication, category, label_bits, clinical_date, withheld, directory, also_about,"
    " type, id, version, recorded, deleted, body"
)


def versions(tx: Tx, type_: str, id_: str, source: str, *, since: str, before: str, count: int) -> Sequence[Row]:
    """The versions of one resource of ``source`` from ``since`` to ``before`` (exclusive), newest first."""
    where = "type = :type AND id = :id AND source = :source AND recorded >= :since AND recorded < :before"
    return query(
        tx,
        f"""SELECT {_COLUMNS} FROM resource WHERE {where} UNION ALL SELECT {_COLUMNS} FROM history WHERE {where}
            ORDER BY recorded DESC LIMIT :count""",  # noqa: S608 - column names are ours
        {"type": type_, "id": id_, "source": source, "since": since, "before": before, "count": count},
    )


def is_first(tx: Tx, type_: str, id_: str, source: str, recorded: str) -> bool:
    """Whether nothing of a resource is older than its version of ``recorded``: that version created it."""
    older = "SELECT 1 FROM history WHERE type = :type AND id = :id AND source = :source AND recorded < :recorded"
    return first(tx, older, {"type": type_, "id": id_, "source": source, "recorded": recorded}) is None


def changes(
    tx: Tx, type_: str, *, since: str, current_at: str, after: Place, count: int
) -> tuple[list[Row], Place | None]:
    """The newest versions of a type ("" for all) behind ``after``, without what is in them, and where to go on.

    ``current_at`` leaves out what another version had replaced by that instant ("" for none).  Rows of type, id,
    source, version, recorded, deleted.  There may be fewer than ``count`` and yet a place to go on.
    """
    scanned = SCANNED if type_ or current_at else count + 1
    recorded, version = after
    bound: Record = {"since": since, "at": current_at, "recorded": recorded, "version": version, "count": scanned}
    found = [row for table in ("resource", "history") for row in query(tx, _newest(table, current_at), bound)]
    looked_at = sorted(found, key=lambda row: (row.recorded, row.version), reverse=True)[:scanned]
    matching = [row for row in looked_at if type_ in ("", row.type) and not row.replaced]
    if len(matching) > count:
        last = matching[count - 1]
        return matching[:count], (last.recorded, last.version)
    end = looked_at[-1] if len(looked_at) == scanned else None
    return matching, None if end is None else (end.recorded, end.version)


def _newest(table: str, current_at: str) -> str:
    later = "n.type = v.type AND n.id = v.id AND n.source = v.source AND n.recorded > v.recorded AND n.recorded <= :at"
    ways = [f"EXISTS (SELECT 1 FROM {one} n WHERE {later})" for one in ("resource", "history")]  # noqa: S608
    replaced = " OR ".join(ways) if current_at and table == "history" else "0 = 1"
    return f"""SELECT type, id, source, version, recorded, deleted, CASE WHEN {replaced} THEN 1 ELSE 0 END AS replaced
                 FROM {table} v
                WHERE recorded >= :since AND recorded <= :recorded AND (recorded < :recorded OR version < :version)
                ORDER BY recorded DESC, version DESC LIMIT :count"""  # noqa: S608 - table names are ours
