"""What desks have typed of paper consents and not saved yet, with the scanned papers."""

from hub.store.access_tables import ConsentDraft
from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, run

_TYPED = (
    "patient, id, caller, concerns, fields, base, made, expires, saved, scan_name, scan_type, scan_size"  # not the scan
)


def find(tx: Tx, patient: str, id_: str, now: str) -> Row | None:
    """A draft that is not over, without its scanned paper."""
    statement = f"SELECT {_TYPED} FROM consent_draft WHERE patient = :patient AND id = :id AND expires > :now"  # noqa: S608
    return first(tx, statement, {"patient": patient, "id": id_, "now": now})


def scan(tx: Tx, patient: str, id_: str) -> bytes:
    """The scanned paper of a draft; empty when there is none."""
    statement = "SELECT scan FROM consent_draft WHERE patient = :patient AND id = :id"
    row = first(tx, statement, {"patient": patient, "id": id_})
    return b"" if row is None else bytes(row.scan)


def put(tx: Tx, draft: Record) -> None:
    """Keep a new draft (columns of ``ConsentDraft``)."""
    add(tx, ConsentDraft, [draft])


def change(tx: Tx, draft: Record) -> None:
    """What was typed instead: ``patient``, ``id``, ``fields``, ``base``, ``made`` and ``expires``."""
    run(
        tx,
        """UPDATE consent_draft SET fields = :fields, base = :base, made = :made, expires = :expires
            WHERE patient = :patient AND id = :id AND saved = ''""",
        draft,
    )


def attach(tx: Tx, draft: Record) -> None:
    """Another scanned paper: ``patient``, ``id`` and the columns of the scan."""
    run(
        tx,
        """UPDATE consent_draft SET scan_name = :scan_name, scan_type = :scan_type, scan_size = :scan_size, scan = :scan
            WHERE patient = :patient AND id = :id AND saved = ''""",
        draft,
    )


def saved(tx: Tx, patient: str, id_: str, when: str) -> None:
    """It has become a Consent; its scanned paper is stored with that."""
    run(
        tx,
        "UPDATE consent_draft SET saved = :saved, scan = :scan WHERE patient = :patient AND id = :id",
        {"saved": when, "scan": b"", "patient": patient, "id": id_},
    )


def remove(tx: Tx, patient: str, id_: str) -> None:
    """Throw a draft away."""
    run(tx, "DELETE FROM consent_draft WHERE patient = :patient AND id = :id", {"patient": patient, "id": id_})
