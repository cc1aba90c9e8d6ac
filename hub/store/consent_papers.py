"""What is on paper of a resident: the consents, who may sign for them, what was noted when they were taken."""

from collections.abc import Collection, Mapping, Sequence

from hub.store.database import Tx
from hub.store.sql import Row, Value, in_list, query

_OF_PATIENT = "patient = :patient AND deleted = 0"
_NOTHING: Mapping[str, Value] = {}


def consents(tx: Tx, patient: str) -> Sequence[Row]:
    """Every current Consent about sharing, the last stored first: id, version, recorded, source, body."""
    return query(
        tx,
        f"""SELECT id, version, recorded, source, body FROM resource WHERE {_OF_PATIENT}
               AND type = 'Consent' AND category = 'consent' ORDER BY recorded DESC, id""",  # noqa: S608
        {"patient": patient},
    )


def versions(tx: Tx, patient: str) -> Sequence[Row]:
    """Every version of these, earlier ones too, the last first: id, version, recorded, source, body."""
    where = "patient = :patient AND type = 'Consent' AND category = 'consent'"
    return query(
        tx,
        f"""SELECT id, version, recorded, source, body FROM resource WHERE {where} AND deleted = 0
             UNION ALL SELECT id, version, recorded, source, body FROM history WHERE {where} AND deleted = 0
             ORDER BY recorded DESC, id""",  # noqa: S608
        {"patient": patient},
    )


def related_persons(
    tx: Tx, patient: str, predicate: str = "1 = 1", parameters: Mapping[str, Value] = _NOTHING
) -> Sequence[Row]:
    """The RelatedPersons whom the municipality recorded and ``predicate`` over ``r`` admits: id, version, body."""
    return query(
        tx,
        f"""SELECT r.id, r.version, r.body FROM resource r WHERE r.patient = :patient AND r.deleted = 0
               AND r.type = 'RelatedPerson' AND r.withheld = 0 AND r.publication LIKE 'municipality/%'
               AND ({predicate}) ORDER BY r.recorded, r.id""",  # noqa: S608
        {**parameters, "patient": patient},
    )


def records(
    tx: Tx,
    patient: str,
    among: Collection[str] | None = None,
    predicate: str = "1 = 1",
    parameters: Mapping[str, Value] = _NOTHING,
) -> Sequence[Row]:
    """What is current of a patient, bears no label and is admitted by ``predicate`` over ``r``, the last first.

    ``among``: only these references.  Columns: type, id, source, publication, category, clinical_date.
    """
    marks, named = in_list("n", sorted(among or ()))
    chosen = "" if among is None else f" AND r.type || '/' || r.id IN ({marks})"
    return query(
        tx,
        f"""SELECT r.type, r.id, r.source, r.publication, r.category, r.clinical_date FROM resource r
             WHERE r.patient = :patient AND r.deleted = 0 AND r.withheld = 0 AND r.label_bits = 0 AND ({predicate})
             {chosen} ORDER BY coalesce(r.clinical_date, '') DESC, r.id DESC""",  # noqa: S608
        {**parameters, **named, "patient": patient},
    )
