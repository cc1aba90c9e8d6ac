"""The links between identifiers and residents, and the secretariat's queue of doubts (DESIGN §3)."""

from collections.abc import Iterable, Sequence

from hub.context import Caller, Context, instant
from hub.identity.match import Key, Link, Match, Person, match
from hub.store.database import Tx
from hub.store.sql import Row, add, first, query, run
from hub.store.tables import Candidate, IdentityEvent, PatientIdentifier, PatientName


def resolve(tx: Tx, pushed: Person, source: str) -> Match:
    """The resident whom the pushed identifiers name, and the doubts on the way."""
    return match(pushed, links(tx, pushed.keys), source)


def links(tx: Tx, keys: Iterable[Key]) -> Sequence[Link]:
    """The stored links of these keys."""
    found = []
    for one in keys:
        row = first(
            tx,
            """SELECT patient, source, birth_date, sex FROM patient_identifier
                WHERE system = :system AND value = :value AND issuer = :issuer""",
            {"system": one.system, "value": one.value, "issuer": one.issuer},
        )
        if row is not None:
            found.append(Link(one, row.patient, row.source, row.birth_date, row.sex))
    return found


def record(
    tx: Tx, patient: str, pushed: Person, doubts: Sequence[tuple[str, str]], caller: Caller, context: Context
) -> None:
    """Link what is new, keep the names for later candidates, and queue every doubt."""
    now = instant(context.now)
    known = {link.key: link for link in links(tx, pushed.keys)}
    new = [one for one in pushed.keys if one not in known]
    place = {"patient": patient, "source": caller.organisation}
    add(
        tx,
        PatientIdentifier,
        [
            {
                "system": one.system,
                "value": one.value,
                "issuer": one.issuer,
                "birth_date": pushed.birth_date,
                "sex": pushed.sex,
                "linked": now,
                **place,
            }
            for one in new
        ],
    )
    by = caller.person or caller.system or ""
    add(
        tx,
        IdentityEvent,
        [
            {"system": one.system, "value": one.value, "action": "link", "by": by, "recorded": now, **place}
            for one in new
        ],
    )
    run(
        tx,
        """UPDATE patient_identifier SET birth_date = :birth_date, sex = :sex
            WHERE patient = :patient AND source = :source""",
        {"birth_date": pushed.birth_date, "sex": pushed.sex, **place},
    )
    run(tx, "DELETE FROM patient_name WHERE patient = :patient AND source = :source", place)
    add(
        tx,
        PatientName,
        [{"name": name, "birth_date": pushed.birth_date, "sex": pushed.sex, **place} for name in sorted(pushed.names)],
    )
    disputed = [(link.patient, "identifiers name two people") for link in known.values() if link.patient != patient]
    for other, why in [*doubts, *disputed, *_namesakes(tx, patient, pushed)]:
        _queue(tx, patient, other, why, now)


def _namesakes(tx: Tx, patient: str, pushed: Person) -> list[tuple[str, str]]:
    """Others with the same name (or kana), birth date and sex: candidates, never a merge."""
    if not pushed.birth_date or not pushed.sex:
        return []
    rows = query(
        tx,
        """SELECT DISTINCT patient, name FROM patient_name
            WHERE birth_date = :birth_date AND sex = :sex AND patient <> :patient""",
        {"birth_date": pushed.birth_date, "sex": pushed.sex, "patient": patient},
    )
    return [(row.patient, "same name, birth date and sex") for row in rows if row.name in pushed.names]


def _queue(tx: Tx, patient: str, other: str, why: str, now: str) -> None:
    low, high = sorted((patient, other))
    pair = {"patient": low, "other": high}
    if low != high and first(tx, "SELECT 1 FROM candidate WHERE patient = :patient AND other = :other", pair) is None:
        add(tx, Candidate, [{**pair, "why": why, "recorded": now, "decision": "", "decided": "", "decided_by": ""}])


def candidates(tx: Tx) -> Sequence[Row]:
    """The queue: pairs that nobody has decided yet, oldest first."""
    return query(tx, "SELECT * FROM candidate WHERE decision = '' ORDER BY recorded", {})


def unlink(tx: Tx, patient: str, key: Key, caller: Caller, context: Context) -> bool:
    """Take an identifier away from a resident; false when it was not linked.  The event stays."""
    place = {"system": key.system, "value": key.value}
    gone = run(
        tx,
        """DELETE FROM patient_identifier
            WHERE patient = :patient AND system = :system AND value = :value AND issuer = :issuer""",
        {"patient": patient, "issuer": key.issuer, **place},
    )
    if gone:
        event = {"patient": patient, "action": "unlink", "source": caller.organisation, **place}
        add(
            tx, IdentityEvent, [{**event, "by": caller.person or caller.system or "", "recorded": instant(context.now)}]
        )
    return bool(gone)
