"""Which identifiers name which resident, as each source says it, and the queue of doubts (DESIGN §3)."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, query, run
from hub.store.tables import Candidate, IdentityEvent, PatientIdentifier, PatientName

LINK, UNLINK = "link", "unlink"


def links(tx: Tx, system: str, value: str, issuer: str) -> Sequence[Row]:
    """Every source's link of an identifier: patient, source, birth_date, sex."""
    return query(
        tx,
        """SELECT patient, source, birth_date, sex FROM patient_identifier
            WHERE system = :system AND value = :value AND issuer = :issuer ORDER BY linked, source""",
        {"system": system, "value": value, "issuer": issuer},
    )


def of_patient(tx: Tx, patient: str) -> Sequence[Row]:
    """Every link that leads to a resident."""
    statement = "SELECT * FROM patient_identifier WHERE patient = :patient ORDER BY source, system, value"
    return query(tx, statement, {"patient": patient})


def link(tx: Tx, rows: Sequence[Record]) -> None:
    """Keep new links (columns of ``PatientIdentifier``)."""
    add(tx, PatientIdentifier, rows)


def unlink(tx: Tx, patient: str, source: str, system: str, value: str, issuer: str) -> bool:
    """Take one link of a source away; false when there was none."""
    gone = run(
        tx,
        """DELETE FROM patient_identifier WHERE patient = :patient AND source = :source
              AND system = :system AND value = :value AND issuer = :issuer""",
        {"patient": patient, "source": source, "system": system, "value": value, "issuer": issuer},
    )
    return bool(gone)


def is_linked(tx: Tx, patient: str, source: str) -> bool:
    """Whether any identifier of ``source`` still names this resident."""
    place = {"patient": patient, "source": source}
    found = first(tx, "SELECT 1 FROM patient_identifier WHERE patient = :patient AND source = :source", place)
    return found is not None


def states(tx: Tx, patient: str, source: str, birth_date: str, sex: str, names: Sequence[str]) -> bool:
    """Whether this is what a source says of a resident already."""
    rows = query(
        tx,
        """SELECT birth_date, sex, name FROM patient_name WHERE patient = :patient AND source = :source
            UNION SELECT birth_date, sex, NULL FROM patient_identifier WHERE patient = :patient AND source = :source""",
        {"patient": patient, "source": source},
    )
    as_said = all((row.birth_date, row.sex) == (birth_date, sex) for row in rows)
    return as_said and {row.name for row in rows if row.name is not None} == set(names)


def restate(tx: Tx, patient: str, source: str, birth_date: str, sex: str, names: Sequence[str]) -> None:
    """What a source says of a resident now, in place of what it said before."""
    place = {"patient": patient, "source": source}
    said = {"birth_date": birth_date, "sex": sex, **place}
    run(
        tx,
        """UPDATE patient_identifier SET birth_date = :birth_date, sex = :sex
            WHERE patient = :patient AND source = :source""",
        said,
    )
    forget_names(tx, patient, source)
    add(tx, PatientName, [{"name": name, **said} for name in names])


def forget_names(tx: Tx, patient: str, source: str) -> None:
    """A source says nothing of this resident any more."""
    place = {"patient": patient, "source": source}
    run(tx, "DELETE FROM patient_name WHERE patient = :patient AND source = :source", place)


def namesakes(tx: Tx, patient: str, birth_date: str, sex: str) -> Sequence[Row]:
    """Others with this birth date and sex: patient, name (folded)."""
    return query(
        tx,
        """SELECT DISTINCT patient, name FROM patient_name
            WHERE birth_date = :birth_date AND sex = :sex AND patient <> :patient""",
        {"birth_date": birth_date, "sex": sex, "patient": patient},
    )


def born(tx: Tx, birth_date: str, source: str) -> Sequence[Row]:
    """Everybody of whom ``source`` says that they were born on this day: patient, name (folded), sex."""
    return query(
        tx,
        "SELECT patient, name, sex FROM patient_name WHERE birth_date = :birth_date AND source = :source",
        {"birth_date": birth_date, "source": source},
    )


def named(tx: Tx, birth_date: str) -> Sequence[Row]:
    """Everybody of whom anybody says that they were born on this day: patient, source, name (folded)."""
    return query(
        tx, "SELECT patient, source, name FROM patient_name WHERE birth_date = :birth_date", {"birth_date": birth_date}
    )


def called(tx: Tx, name: str) -> Sequence[Row]:
    """Everybody whom anybody calls so (a folded name): patient, source."""
    return query(tx, "SELECT patient, source FROM patient_name WHERE name = :name", {"name": name})


def note(tx: Tx, events: Sequence[Record]) -> None:
    """Keep that identifiers were linked or unlinked (columns of ``IdentityEvent``)."""
    add(tx, IdentityEvent, events)


def unlinked(tx: Tx, source: str, system: str, value: str) -> frozenset[str]:
    """The residents from whom this identifier of ``source`` was taken away, and not given back."""
    rows = query(
        tx,
        """SELECT patient, action FROM identity_event
            WHERE system = :system AND value = :value AND source = :source ORDER BY sequence""",
        {"system": system, "value": value, "source": source},
    )
    last = {row.patient: row.action for row in rows}
    return frozenset(patient for patient, action in last.items() if action == UNLINK)


def queue(tx: Tx, patient: str, other: str, why: str, now: str) -> None:
    """Two who may be one person, for the secretariat; a pair that was queued before stays as it is."""
    low, high = sorted((patient, other))
    pair = {"patient": low, "other": high}
    known = first(tx, "SELECT 1 FROM candidate WHERE patient = :patient AND other = :other", pair)
    if low != high and known is None:
        add(tx, Candidate, [{**pair, "why": why, "recorded": now, "decision": "", "decided": "", "decided_by": ""}])


def candidates(tx: Tx) -> Sequence[Row]:
    """The queue: pairs that nobody has decided yet, oldest first."""
    return query(tx, "SELECT * FROM candidate WHERE decision = '' ORDER BY recorded", {})
