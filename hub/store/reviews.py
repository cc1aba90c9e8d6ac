"""The municipality's review queue (CONSENT.md §6): what waits to be looked at, and what was found."""

from collections.abc import Sequence

from hub.store.access_tables import ReviewCase
from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, add, first, in_list, query, run

ALARM = "emergency-alarm"
"""The kind of a case about somebody who was stopped: it cannot wait as the others can."""


def put(tx: Tx, case: Record) -> None:
    """Open a case (columns of ``ReviewCase``)."""
    add(tx, ReviewCase, [case])


def waiting(tx: Tx, count: int, after: str = "") -> Sequence[Row]:
    """Cases without a finding: alarms first, each the oldest first.

    ``after``: those that come after the place of this case, closed meanwhile or not; from the first when there is none.
    """
    statement = f"""SELECT w.* FROM review_case w LEFT JOIN review_case a ON a.id = :after
                     WHERE w.closed = '' AND (a.id IS NULL OR ({_place("w")}) > ({_place("a")}))
                     ORDER BY {_place("w")} {AT_MOST}"""  # noqa: S608 - our own names
    return query(tx, statement, {"after": after, "count": count})


def _place(alias: str) -> str:
    return f"CASE {alias}.kind WHEN '{ALARM}' THEN 0 ELSE 1 END, {alias}.opened, {alias}.id"


def closed(tx: Tx, count: int) -> Sequence[Row]:
    """Cases with a finding, the last closed first."""
    statement = f"SELECT * FROM review_case WHERE closed <> '' ORDER BY closed DESC, id {AT_MOST}"  # noqa: S608
    return query(tx, statement, {"count": count})


def one(tx: Tx, id_: str) -> Row | None:
    """A case by its id."""
    return first(tx, "SELECT * FROM review_case WHERE id = :id", {"id": id_})


def about(tx: Tx, patient: str, kind: str, subjects: Sequence[str]) -> Sequence[Row]:
    """The cases of a kind ("" for every kind) about these subjects, all of them of one patient, oldest first."""
    found: list[Row] = []
    for start in range(0, len(subjects), 500):
        marks, bound = in_list("s", subjects[start : start + 500])
        statement = f"""SELECT * FROM review_case WHERE patient = :patient AND :kind IN (kind, '')
                          AND subject IN ({marks}) ORDER BY opened, id"""  # noqa: S608
        found += query(tx, statement, {**bound, "patient": patient, "kind": kind})
    return found


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


def reopen(tx: Tx, case: Row) -> bool:
    """Take a finding back, so that the case waits again; its note stays.  False when it waits already."""
    return bool(
        run(
            tx,
            "UPDATE review_case SET finding = '', closed = '', closed_by = ''"
            " WHERE patient = :patient AND id = :id AND closed <> ''",
            {"patient": case.patient, "id": case.id},
        )
    )


def how_many_wait(tx: Tx) -> tuple[int, int]:
    """How many cases have no finding, and how many of these are alarms."""
    counted = (
        "SELECT count(*) AS n, count(CASE kind WHEN :alarm THEN 1 END) AS alarms FROM review_case WHERE closed = ''"
    )
    row = first(tx, counted, {"alarm": ALARM})
    assert row is not None
    return int(row.n), int(row.alarms)


def seen_in_emergency(tx: Tx, patient: str, person: str, since: str, until: str, count: int) -> Sequence[Row]:
    """What the log has of what a person saw of a patient by an emergency, oldest first (rows of ``audit``)."""
    return query(
        tx,
        f"""SELECT * FROM audit WHERE patient = :patient AND recorded >= :since AND recorded < :until
               AND person = :person AND reason = 'emergency' AND outcome = '0'
               AND interaction <> 'operation:declare-emergency' ORDER BY recorded, sequence {AT_MOST}""",  # noqa: S608
        {"patient": patient, "person": person, "since": since, "until": until, "count": count},
    )


def seen_in_disaster(tx: Tx, rule: str, since: str, until: str, count: int) -> Sequence[Row]:
    """Who saw how many residents by a disaster ("Disaster/x"), and how often: organisation_name, person_name or ""."""
    return query(
        tx,
        f"""SELECT organisation_name, person_name, count(DISTINCT patient) AS residents, count(*) AS accesses
              FROM audit WHERE reason = 'disaster' AND recorded >= :since AND recorded < :until AND outcome = '0'
               AND instr(rules, '"' || :rule || '"') > 0
             GROUP BY organisation_name, person_name
             ORDER BY residents DESC, organisation_name, person_name {AT_MOST}""",  # noqa: S608
        {"rule": rule, "since": since, "until": until, "count": count},
    )
