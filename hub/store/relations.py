"""Who looks after whom (CONSENT.md §1): care teams as rows, and first contacts that wait."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import MANY, Record, Row, add, first, in_list, query, run
from hub.store.tables import RelationRow


def of_caller(tx: Tx, organisation: str, person: str | None) -> Sequence[Row]:
    """Every relation of an organisation or of one of its people, in force or not."""
    return query(
        tx,
        "SELECT * FROM relation WHERE organisation = :organisation OR person = :person",
        {"organisation": organisation, "person": person or "-"},
    )


def relating(tx: Tx, organisation: str, person: str | None) -> Sequence[Row]:
    """Of these, those that can relate the caller: not what the organisation's other people have for themselves.

    A large office has thousands of relations, one of its people some dozens.
    """
    return query(
        tx,
        """SELECT * FROM relation WHERE organisation = :organisation AND person = ''
           UNION ALL SELECT * FROM relation WHERE person = :person""",
        {"organisation": organisation, "person": person or "-"},
    )


def are_many(tx: Tx, organisation: str, person: str | None) -> bool:
    """Whether these (``relating``) are more than a question about all should read before it looks at anything."""
    row = first(
        tx,
        f"""SELECT count(*) AS n FROM (SELECT 1 FROM relation WHERE organisation = :organisation AND person = ''
             UNION ALL SELECT 1 FROM relation WHERE person = :person LIMIT {MANY + 1:d}) AS known""",  # noqa: S608
        {"organisation": organisation, "person": person or "-"},
    )
    assert row is not None
    return int(row.n) > MANY


def of_caller_to(tx: Tx, organisation: str, person: str | None, *patients: str) -> Sequence[Row]:
    """Every relation of an organisation or of one of its people to these patients."""
    marks, bound = in_list("p", patients)
    return query(
        tx,
        f"SELECT * FROM relation WHERE patient IN ({marks}) AND (organisation = :organisation OR person = :person)",  # noqa: S608
        {"organisation": organisation, "person": person or "-", **bound},
    )


def of_patient(tx: Tx, patient: str) -> Sequence[Row]:
    """Everybody who is or was related to a patient."""
    return query(tx, "SELECT * FROM relation WHERE patient = :patient", {"patient": patient})


def organisations_near(tx: Tx, patients: Sequence[str]) -> set[tuple[str, str]]:
    """(patient, organisation) of all that were ever related: whoever is not among them may see nothing of theirs."""
    marks, bound = in_list("p", patients)
    statement = f"SELECT DISTINCT patient, organisation FROM relation WHERE patient IN ({marks})"  # noqa: S608
    return {(row.patient, row.organisation) for row in query(tx, statement, bound)}


def replace(tx: Tx, patient: str, origin: str, members: Sequence[Record]) -> None:
    """The relations that one care team (``origin``, "CareTeam/x") gives, in place of those it gave."""
    run(
        tx, "DELETE FROM relation WHERE patient = :patient AND origin = :origin", {"patient": patient, "origin": origin}
    )
    add(tx, RelationRow, [{**member, "patient": patient, "origin": origin, "pending": 0} for member in members])


def first_contact(tx: Tx, patient: str, organisation: str, today: str) -> None:
    """A pending relation: it may publish, and reads nothing of others until it is confirmed."""
    known = first(
        tx,
        """SELECT 1 FROM relation WHERE patient = :patient AND organisation = :organisation
              AND (pending = 1 OR (person = '' AND (ends = '' OR ends >= :today)))""",
        {"patient": patient, "organisation": organisation, "today": today},
    )
    if known is None:
        member: Record = {
            "organisation": organisation,
            "person": "",
            "role": "",
            "starts": today,
            "ends": "",
            "pending": 1,
        }
        add(tx, RelationRow, [{**member, "patient": patient, "origin": "first-contact"}])


def end_first_contact(tx: Tx, patient: str, organisation: str) -> None:
    """The organisation is no longer related to the patient by what it pushed itself, confirmed or not.

    Only a first contact is ever confirmed ("desk"): what a care team gives does not hang on it, and stays.
    """
    run(
        tx,
        """DELETE FROM relation WHERE patient = :patient AND organisation = :organisation
              AND origin IN ('first-contact', 'desk')""",
        {"patient": patient, "organisation": organisation},
    )


WAITS = """r.pending = 1 AND r.ends = '' AND NOT EXISTS (SELECT 1 FROM relation c
                  WHERE c.patient = r.patient AND c.organisation = r.organisation AND c.pending = 0
                    AND (c.ends = '' OR c.ends >= r.starts))"""
"""Of a row ``r``: a first contact that nobody confirmed or refused, of an organisation that has not belonged since."""


def pending(tx: Tx) -> Sequence[Row]:
    """First contacts that nobody confirmed yet: for the secretariat's desk."""
    return query(
        tx,
        f"SELECT r.patient, r.organisation, r.starts FROM relation r WHERE {WAITS} ORDER BY r.starts, r.patient",  # noqa: S608
        {},
    )
