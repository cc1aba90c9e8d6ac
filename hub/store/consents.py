"""Consents as the decision reads them: compiled rows, each beside the version of the resource that it is of."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, in_list, query, query_damaged, run
from hub.store.tables import Position

COMPILED = "consents compiled"
_AT_ONCE = 500
_COLUMNS = (
    *("patient", "id", "version", "reader", "spaces", "permits", "revoked", "signed_from", "signed_to"),
    *("starts", "ends", "exceptions", "proxies", "named", "unreadable"),
)
_PUT = f"""
INSERT INTO consent ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{column}" for column in _COLUMNS)})
    ON CONFLICT (patient, id) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[2:])}
"""  # noqa: S608 - our own names
_PUT_PROXY = """
INSERT INTO proxy (patient, id, version) VALUES (:patient, :id, :version)
    ON CONFLICT (patient, id) DO UPDATE SET version = excluded.version
"""
_COMPILED = ", ".join(f"c.{column}" for column in _COLUMNS[2:])
# A row that is missing, or of another version, is no consent that is missing: the resource says what there is.
_BESIDE = """FROM resource r LEFT JOIN consent c
       ON c.patient = r.patient AND c.id = r.id AND c.version = r.version AND c.reader = :reader"""
_CURRENT = "r.type = 'Consent' AND r.category = 'consent' AND r.deleted = 0"


def put(tx: Tx, row: Record) -> None:
    """Keep a compiled consent (columns of ``ConsentRow``) in place of that of an earlier version."""
    run(tx, _PUT, row)


def put_proxy(tx: Tx, patient: str, id_: str, version: str) -> None:
    """Keep that a RelatedPerson may consent for a patient."""
    run(tx, _PUT_PROXY, {"patient": patient, "id": id_, "version": version})


def remove(tx: Tx, patient: str, id_: str) -> None:
    """Of this Consent, or RelatedPerson, nothing is kept any more."""
    for table in ("consent", "proxy"):
        run(tx, f"DELETE FROM {table} WHERE patient = :patient AND id = :id", {"patient": patient, "id": id_})  # noqa: S608


def of(tx: Tx, patients: Sequence[str], reader: int) -> Sequence[Row]:
    """Every current Consent about sharing of these patients: ``current`` is its version, the rest its compiled row.

    ``version`` is null where there is none that counts: then the resource is to be read (``body``).
    """
    found: list[Row] = []
    for start in range(0, len(patients), _AT_ONCE):
        marks, bound = in_list("p", patients[start : start + _AT_ONCE])
        statement = f"""SELECT r.patient, r.id, r.version AS current, {_COMPILED} {_BESIDE}
                         WHERE r.patient IN ({marks}) AND {_CURRENT}"""
        found += query_damaged(tx, statement, {**bound, "reader": reader})
    return found


def body(tx: Tx, patient: str, id_: str, version: str) -> bytes:
    """The bytes of a Consent that ``of`` found."""
    row = first(
        tx,
        """SELECT body FROM resource WHERE patient = :patient AND type = 'Consent' AND id = :id
              AND version = :version""",
        {"patient": patient, "id": id_, "version": version},
    )
    assert row is not None
    return bytes(row.body)


def proxies(tx: Tx, patients: Sequence[str]) -> frozenset[tuple[str, str]]:
    """(patient, RelatedPerson) whom the municipality recorded with a legal basis to consent for them."""
    marks, bound = in_list("p", patients)
    rows = query(
        tx,
        f"""SELECT r.patient, r.id FROM proxy p JOIN resource r
                ON r.patient = p.patient AND r.type = 'RelatedPerson' AND r.id = p.id AND r.version = p.version
             WHERE p.patient IN ({marks}) AND r.deleted = 0""",  # noqa: S608
        bound,
    )
    return frozenset((row.patient, row.id) for row in rows)


def to_look_at(tx: Tx) -> Sequence[Row]:
    """The compiled consents that cannot be read, or name somebody whom by now nobody may know."""
    return query_damaged(
        tx,
        f"""SELECT c.patient, c.id, c.version AS current, {_COMPILED} FROM consent c
             WHERE (c.unreadable <> '' OR c.named = 1)
             ORDER BY c.patient, c.id""",  # noqa: S608
        {},
    )


def uncompiled(tx: Tx, reader: int, count: int) -> Sequence[Row]:
    """Current Consents without a row that counts: patient, id, version, body."""
    return query(
        tx,
        f"SELECT r.patient, r.id, r.version, r.body {_BESIDE} WHERE {_CURRENT} AND c.version IS NULL LIMIT {count:d}",
        {"reader": reader},
    )


def related_persons(tx: Tx, after: str, count: int) -> Sequence[Row]:
    """The RelatedPersons that the municipality published, beyond the id ``after``: patient, id, version, body."""
    return query(
        tx,
        f"""SELECT patient, id, version, body FROM resource
             WHERE type = 'RelatedPerson' AND id > :after AND deleted = 0 AND withheld = 0
               AND publication LIKE 'municipality/%' ORDER BY id LIMIT {count:d}""",  # noqa: S608
        {"after": after},
    )


def compiled_by(tx: Tx) -> int:
    """The reader by which everything was compiled that was stored before; 0 for none yet."""
    row = first(tx, "SELECT value FROM position WHERE name = :name", {"name": COMPILED})
    return 0 if row is None else int(row.value)


def mark_compiled(tx: Tx, reader: int) -> None:
    """Everything is compiled by this reader."""
    run(tx, "DELETE FROM position WHERE name = :name", {"name": COMPILED})
    add(tx, Position, [{"name": COMPILED, "value": reader}])
