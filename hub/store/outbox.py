"""What others must be told, written in the commit of what it tells (TRUST T-133), and answers to retries."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, add, first, query, run
from hub.store.tables import OutboxRow, Retry


def put(tx: Tx, messages: Sequence[Record]) -> None:
    """Queue messages (patient, kind, reference, recorded)."""
    add(tx, OutboxRow, messages)


def waiting(tx: Tx, count: int) -> Sequence[Row]:
    """The oldest messages."""
    return query(tx, f"SELECT * FROM outbox ORDER BY sequence {AT_MOST}", {"count": count})  # noqa: S608


def take(tx: Tx, sequences: Sequence[int]) -> int:
    """Take messages out, because everybody concerned has them in a queue; says how many were still there."""
    bound: dict[str, Value] = {f"s{place}": sequence for place, sequence in enumerate(sequences)}
    marks = ", ".join(f":{name}" for name in bound)
    return run(tx, f"DELETE FROM outbox WHERE sequence IN ({marks})", bound)  # noqa: S608


def pass_over(tx: Tx, count: int) -> int:
    """Take the oldest messages out, because they concern nobody; says how many there were."""
    oldest = f"SELECT sequence FROM outbox ORDER BY sequence {AT_MOST}"  # noqa: S608 - a part of our own
    return run(tx, f"DELETE FROM outbox WHERE sequence IN ({oldest})", {"count": count})  # noqa: S608


def earlier_answer(tx: Tx, caller: str, key: str) -> Row | None:
    """The first answer that this caller got under this Idempotency-Key."""
    return first(tx, "SELECT * FROM retry WHERE caller = :caller AND key = :key", {"caller": caller, "key": key})


def remember_answer(tx: Tx, answer: Record) -> None:
    """Keep an answer (columns of ``Retry``) for a retry under the same key."""
    add(tx, Retry, [answer])
