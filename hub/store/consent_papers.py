"""What is on paper of a resident: the consents, who may sign for them, what was noted when they were taken."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import Row, query

_OF_PATIENT = "patient = :patient AND deleted = 0"


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


def related_persons(tx: Tx, patient: str) -> Sequence[Row]:
    """The RelatedPersons whom the municipality recorded: id, version, body."""
    return query(
        tx,
        f"""SELECT id, version, body FROM resource WHERE {_OF_PATIENT} AND type = 'RelatedPerson'
               AND withheld = 0 AND publication LIKE 'municipality/%' ORDER BY recorded, id""",  # noqa: S608
        {"patient": patient},
    )
