"""What others must be told, written in the commit of what it tells (TRUST T-133), and answers to retries."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, query
from hub.store.tables import OutboxRow, Retry


def put(tx: Tx, messages: Sequence[Record]) -> None:
    """Queue messages (patient, kind, reference, recorded)."""
    add(tx, OutboxRow, messages)


def waiting(tx: Tx, count: int) -> Sequence[Row]:
    """The oldest messages that were not delivered."""
    return query(tx, "SELECT * FROM outbox WHERE delivered IS NULL ORDER BY sequence LIMIT :count", {"count": count})


def earlier_answer(tx: Tx, caller: str, key: str) -> Row | None:
    """The first answer that this caller got under this Idempotency-Key."""
    return first(tx, "SELECT * FROM retry WHERE caller = :caller AND key = :key", {"caller": caller, "key": key})


def remember_answer(tx: Tx, answer: Record) -> None:
    """Keep an answer (columns of ``Retry``) for a retry under the same key."""
    add(tx, Retry, [answer])
