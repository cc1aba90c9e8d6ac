"""Emergency accesses (CONSENT.md §6): who may see whom until when, and who is stopped for declaring too many."""

from collections.abc import Sequence

from hub.store.access_tables import EmergencyRow, EmergencyStop
from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, in_list, query, run

_MINE = "person = :person AND organisation = :organisation AND profession = :profession"


def put(tx: Tx, emergency: Record) -> None:
    """Keep a declaration (columns of ``EmergencyRow``)."""
    add(tx, EmergencyRow, [emergency])


def in_force(tx: Tx, who: tuple[str, str, str], patients: Sequence[str], now: str, soon: str) -> Sequence[Row]:
    """Those of ``who`` (person, organisation, profession) for these patients that are not over.

    None that was declared after ``soon``: a clock that steps back makes no emergency longer.
    """
    marks, bound = in_list("p", patients)
    running = "until > :now AND declared < :soon"
    statement = f"SELECT * FROM emergency WHERE patient IN ({marks}) AND {_MINE} AND {running}"  # noqa: S608
    return query(tx, statement, {**bound, **_names(who), "now": now, "soon": soon})


def not_over(tx: Tx, who: tuple[str, str, str], now: str) -> Sequence[Row]:
    """The same for whomever it may be, the newest first."""
    statement = f"SELECT * FROM emergency WHERE {_MINE} AND until > :now ORDER BY declared DESC, id"  # noqa: S608
    return query(tx, statement, {**_names(who), "now": now})


def one(tx: Tx, id_: str) -> Row | None:
    """A declaration by its id, over or not."""
    return first(tx, "SELECT * FROM emergency WHERE id = :id", {"id": id_})


def end(tx: Tx, emergency: Row, when: str) -> None:
    """It is over now, unless it was before."""
    ended = "UPDATE emergency SET until = :when WHERE patient = :patient AND id = :id AND until > :when"
    run(tx, ended, {"patient": emergency.patient, "id": emergency.id, "when": when})


def patients_since(tx: Tx, person: str, since: str) -> int:
    """For how many different patients a person declared after an instant."""
    row = first(
        tx,
        "SELECT count(DISTINCT patient) AS n FROM emergency WHERE person = :person AND declared > :since",
        {"person": person, "since": since},
    )
    assert row is not None
    return int(row.n)


def stop(tx: Tx, person: str, organisation: str, raised: str) -> None:
    """No further declarations of this person."""
    kept = {"person": person, "organisation": organisation, "raised": raised, "allowed": "", "allowed_by": ""}
    add(tx, EmergencyStop, [kept])


def stopped(tx: Tx, person: str) -> bool:
    """Whether a person may declare nothing at present."""
    return (
        first(tx, "SELECT 1 FROM emergency_stop WHERE person = :person AND allowed = ''", {"person": person})
        is not None
    )


def stop_before(tx: Tx, person: str, moment: str) -> Row | None:
    """The last stop of a person up to a moment; ``allowed`` is "" while it holds."""
    found = "SELECT * FROM emergency_stop WHERE person = :person AND raised <= :moment ORDER BY raised DESC LIMIT 1"
    return first(tx, found, {"person": person, "moment": moment})


def allowed_last(tx: Tx, person: str) -> str:
    """The instant at which a stop of this person was last lifted; "" for never."""
    row = first(tx, "SELECT max(allowed) AS at FROM emergency_stop WHERE person = :person", {"person": person})
    return str(row.at) if row is not None and row.at else ""


def allow(tx: Tx, person: str, when: str, by: str) -> bool:
    """Lift the stop of a person; false when there is none."""
    lifted = "UPDATE emergency_stop SET allowed = :allowed, allowed_by = :by WHERE person = :person AND allowed = ''"
    return bool(run(tx, lifted, {"allowed": when, "by": by, "person": person}))


def _names(who: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("person", "organisation", "profession"), who, strict=True))
