"""What the municipality's secretariat decides by hand: pairs who may be one person, first contacts."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.relations import WAITS
from hub.store.sql import Record, Row, add, first, query, run
from hub.store.tables import RelationRow

DESK, CONFIRMED_BY, REFUSED_BY = "desk", "confirmed by ", "refused by "


def pair(tx: Tx, patient: str, other: str) -> Row | None:
    """The queued or decided pair of these two."""
    low, high = sorted((patient, other))
    return first(
        tx, "SELECT * FROM candidate WHERE patient = :patient AND other = :other", {"patient": low, "other": high}
    )


def decide(tx: Tx, patient: str, other: str, decision: str, decided: str, decided_by: str) -> None:
    """Keep what was decided on a pair, when and by whom; an empty ``decision`` leaves it in the queue."""
    low, high = sorted((patient, other))
    run(
        tx,
        """UPDATE candidate SET decision = :decision, decided = :decided, decided_by = :decided_by
            WHERE patient = :patient AND other = :other""",
        {"decision": decision, "decided": decided, "decided_by": decided_by, "patient": low, "other": high},
    )


def decided(tx: Tx, count: int) -> Sequence[Row]:
    """The pairs that were decided last."""
    return query(
        tx, "SELECT * FROM candidate WHERE decision <> '' ORDER BY decided DESC LIMIT :count", {"count": count}
    )


def waits(tx: Tx, patient: str, organisation: str) -> bool:
    """Whether this organisation's first contact with a patient is not confirmed yet."""
    row = first(
        tx,
        f"SELECT 1 FROM relation r WHERE r.patient = :patient AND r.organisation = :organisation AND {WAITS}",  # noqa: S608
        {"patient": patient, "organisation": organisation},
    )
    return row is not None


def confirm(tx: Tx, patient: str, organisation: str, by: str, day: str) -> None:
    """The organisation looks after the patient from ``day`` on; ``by`` is the person who confirmed it."""
    withdraw(tx, patient, organisation)  # what was confirmed once, and has ended since
    place: Record = {"patient": patient, "origin": DESK, "organisation": organisation, "person": ""}
    add(tx, RelationRow, [{**place, "role": f"{CONFIRMED_BY}{by}", "starts": day, "ends": "", "pending": 0}])


def withdraw(tx: Tx, patient: str, organisation: str) -> bool:
    """Take a confirmation back, with effect on the next request; false when there was none.

    The row goes: its days are whole days, and the right must end now.  The log keeps who did what.
    """
    return bool(
        run(
            tx,
            "DELETE FROM relation WHERE patient = :patient AND organisation = :organisation AND origin = :origin",
            {"patient": patient, "organisation": organisation, "origin": DESK},
        )
    )


def confirmed(tx: Tx, count: int) -> Sequence[Row]:
    """The first contacts that the desk confirmed last, and that have no end."""
    return query(
        tx,
        "SELECT * FROM relation WHERE origin = :origin AND ends = '' ORDER BY starts DESC, patient LIMIT :count",
        {"origin": DESK, "count": count},
    )


def end(tx: Tx, relation: Row, ends: str) -> bool:
    """Say until when a relation holds (a date or dateTime, included); false when its end is no longer that of the row.

    Of a relation that no team which counts could change: a confirmed one, or one of a team that was left behind.
    """
    place: Record = {name: relation._mapping[name] for name in ("patient", "origin", "organisation", "person")}
    return bool(
        run(
            tx,
            """UPDATE relation SET ends = :ends WHERE patient = :patient AND origin = :origin
                  AND organisation = :organisation AND person = :person AND ends = :before""",
            {**place, "before": relation.ends, "ends": ends},
        )
    )


def refuse(tx: Tx, patient: str, organisation: str, by: str, day: str) -> None:
    """The organisation waits no longer: it may go on to send, and reads nothing of others."""
    _settle(tx, patient, organisation, f"{REFUSED_BY}{by}", day)


def wait_again(tx: Tx, patient: str, organisation: str) -> bool:
    """Take a refusal back; false when there was none."""
    return _settle(tx, patient, organisation, "", "")


def _settle(tx: Tx, patient: str, organisation: str, role: str, ends: str) -> bool:
    """Change a first contact that waits into one that was refused, or the other way round."""
    place: Record = {"patient": patient, "organisation": organisation, "role": role, "ends": ends}
    return bool(
        run(
            tx,
            f"""UPDATE relation SET role = :role, ends = :ends WHERE patient = :patient
                   AND organisation = :organisation AND pending = 1 AND ends {"=" if ends else "<>"} ''""",  # noqa: S608
            place,
        )
    )
