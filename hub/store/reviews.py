"""The municipality's review queue (CONSENT.md §6): what waits to be looked at, and what was found."""

from collections.abc import Sequence

from hub.store.access_tables import ReviewCase
from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, add, first, query, run


def put(tx: Tx, case: Record) -> None:
    """Open a case (columns of ``ReviewCase``)."""
    add(tx, ReviewCase, [case])


def waiting(tx: Tx, count: int) -> Sequence[Row]:
    """Cases without a finding, oldest first."""
    return query(tx, f"SELECT * FROM review_case WHERE closed = '' ORDER BY opened, id {AT_MOST}", {"count": count})  # noqa: S608


def closed(tx: Tx, count: int) -> Sequence[Row]:
    """Cases with a finding, the last closed first."""
    statement = f"SELECT * FROM review_case WHERE closed <> '' ORDER BY closed DESC, id {AT_MOST}"  # noqa: S608
    return query(tx, statement, {"count": count})


def one(tx: Tx, id_: str) -> Row | None:
    """A case by its id."""
    return first(tx, "SELECT * FROM review_case WHERE id = :id", {"id": id_})


def close(tx: Tx, case: Row, finding: str, note: str, when: str, by: str) -> bool:
    """Write the finding of an open case; whether it was still open."""
    return bool(
        run(
            tx,
            "UPDATE review_case SET finding = :finding, note = :note, closed = :closed, closed_by = :by"
            " WHERE patient = :patient AND id = :id AND closed = ''",
            {"finding": finding, "note": note, "closed": when, "by": by, "patient": case.patient, "id": case.id},
        )
    )
