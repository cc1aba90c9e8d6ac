"""Subscriptions and their queues: what was asked for, how far each is served, who serves it now.

A row of ``subscription`` goes with each Subscription that is not deleted.  Its queue has places without holes:
``queued`` is the last, ``done`` the last that is served; ``numbered`` is the last event number that was given.
"""

from collections.abc import Mapping, Sequence
from json import dumps, loads

from hub.context import Sealing
from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, add, first, in_list, query, run
from hub.store.tables import NotificationRow, SubscriptionRow

_HEADERS, _PLAIN = "subscription headers", "["
"""What a seal is for, and how a list begins that is not sealed: no seal begins so."""
STATUSES = ("requested", "active", "error", "off")
"""Of a Subscription (R4 subscription-status)."""
KEPT_EVENTS = 1000
"""How many delivered events of a subscription can be asked for again."""

_FRESH: Record = {
    "error": "", "began": "", "queued": 0, "numbered": 0, "done": 0, "failures": 0, "failing_since": "", "beat": "",
    "leased": "", "holder": "",
}  # fmt: skip
_WITH_BODY = """SELECT s.*, r.body FROM subscription s JOIN resource r
                    ON r.type = 'Subscription' AND r.id = s.id AND r.source = s.organisation AND r.deleted = 0"""
_UNSERVED = "EXISTS (SELECT 1 FROM notification n WHERE n.subscription = s.id AND n.position > s.done)"


def get(tx: Tx, id_: str) -> Row | None:
    """A subscription's row, with the ``body`` of its resource."""
    return first(tx, f"{_WITH_BODY} WHERE s.id = :id", {"id": id_})


def put(tx: Tx, row: Mapping[str, Value]) -> None:
    """Keep what a Subscription says now (id, system, organisation, status, headers, heartbeat, ends, due).

    One that was there keeps its queue and its numbers; one that is asked for anew is tried at once.  What was written
    before it was asked for, or while it was off, is not told.
    """
    known = first(tx, "SELECT status FROM subscription WHERE id = :id", {"id": row["id"]})
    if known is None:
        add(tx, SubscriptionRow, [{**_FRESH, **row, "asked": row["due"]}])
        return
    if known.status == "off":
        run(tx, "UPDATE subscription SET asked = :due WHERE id = :id", {"id": row["id"], "due": row["due"]})
    run(
        tx,
        """UPDATE subscription SET status = :status, headers = :headers, heartbeat = :heartbeat, ends = :ends
            WHERE id = :id""",
        row,
    )
    if row["status"] == "requested":
        run(
            tx,
            """UPDATE subscription SET due = :due, failures = 0, failing_since = '', error = '' WHERE id = :id""",
            {"id": row["id"], "due": row["due"]},
        )
    elif row["status"] == "off":
        forget_events(tx, str(row["id"]))


def headers(row: Row, seal: Sealing) -> list[tuple[str, str]]:
    """The headers that are sent with every message of a subscription: its owner's secrets."""
    text = row.headers if row.headers.startswith(_PLAIN) else seal.open(row.headers, _HEADERS, row.id)
    return [(str(name), str(value)) for name, value in loads(text)]


def sealed(id_: str, pairs: Sequence[tuple[str, str]], seal: Sealing) -> str:
    """The same as they are kept: who has the rows, and not the key, reads nothing in them."""
    return seal.close(dumps(pairs), _HEADERS, id_)


def seal_plain(tx: Tx, seal: Sealing) -> None:
    """Seal the headers that were kept before there were seals."""
    for row in query(tx, "SELECT id, headers FROM subscription WHERE headers LIKE '[%'", {}):
        kept = sealed(row.id, headers(row, seal), seal)
        run(tx, "UPDATE subscription SET headers = :headers WHERE id = :id", {"id": row.id, "headers": kept})


def stands(tx: Tx, id_: str, status: str, error: str, began: str) -> None:
    """The hub's own word on a subscription; ``began`` is kept from the first time that it is active."""
    run(
        tx,
        """UPDATE subscription SET status = :status, error = :error,
                  began = CASE WHEN began = '' THEN :began ELSE began END WHERE id = :id""",
        {"id": id_, "status": status, "error": error, "began": began},
    )
    if status == "off":
        forget_events(tx, id_)


def remove(tx: Tx, id_: str) -> None:
    """The subscription is deleted, and with it its queue."""
    run(tx, "DELETE FROM notification WHERE subscription = :id", {"id": id_})
    run(tx, "DELETE FROM subscription WHERE id = :id", {"id": id_})


def forget_events(tx: Tx, id_: str) -> None:
    """Nothing of what waits is going to be told."""
    run(
        tx,
        """DELETE FROM notification WHERE subscription = :id
              AND position > (SELECT done FROM subscription s WHERE s.id = :id)""",
        {"id": id_},
    )


# -- from the outbox to the queues


def collecting(tx: Tx) -> Sequence[Row]:
    """The subscriptions for which events are kept: active ones, those that begin, and those that stumbled."""
    return query(
        tx,
        f"{_WITH_BODY} WHERE s.status IN ('requested', 'active') OR (s.status = 'error' AND s.began <> '')",
        {},
    )


def enqueue(tx: Tx, row: Row, events: Sequence[Record]) -> None:
    """Put events (patient, kind, type, id, version, recorded) at the end of a queue."""
    if not events:
        return
    run(tx, "UPDATE subscription SET queued = queued + :count WHERE id = :id", {"id": row.id, "count": len(events)})
    now = first(tx, "SELECT queued FROM subscription WHERE id = :id", {"id": row.id})
    if now is None:
        return
    start = int(now.queued) - len(events) + 1
    add(
        tx,
        NotificationRow,
        [
            {**event, "subscription": row.id, "position": start + place, "number": None}
            for place, event in enumerate(events)
        ],
    )


# -- serving a queue


def due(tx: Tx, now: str, count: int) -> list[str]:
    """The ids of subscriptions for which there is something to do now, and that nobody serves."""
    rows = query(
        tx,
        f"""SELECT s.id FROM subscription s WHERE s.due <= :now AND s.leased < :now
               AND (s.status = 'requested'
                    OR (s.status = 'active' AND ((s.beat <> '' AND s.beat <= :now)
                        OR (s.ends <> '' AND s.ends <= :now) OR {_UNSERVED})))
             ORDER BY s.due {AT_MOST}""",  # noqa: S608 - our own texts
        {"now": now, "count": count},
    )
    return [row.id for row in rows]


def claim(tx: Tx, id_: str, holder: str, now: str, until: str) -> Row | None:
    """Take a subscription until ``until``; none when somebody else has it, or when it is gone or not to be served."""
    taken = run(
        tx,
        """UPDATE subscription SET leased = :until, holder = :holder
            WHERE id = :id AND due <= :now AND (leased < :now OR holder = :holder)
              AND status IN ('requested', 'active')""",
        {"id": id_, "holder": holder, "now": now, "until": until},
    )
    return get(tx, id_) if taken else None


def release(tx: Tx, id_: str, holder: str) -> None:
    """Let others have it."""
    run(tx, "UPDATE subscription SET leased = '' WHERE id = :id AND holder = :holder", {"id": id_, "holder": holder})


def held(tx: Tx, id_: str, holder: str) -> Row | None:
    """The row, when ``holder`` still has it."""
    row = get(tx, id_)
    return row if row is not None and row.holder == holder and row.leased else None


def next_events(tx: Tx, row: Row, count: int) -> Sequence[Row]:
    """The first events of a queue that are not served."""
    return query(
        tx,
        f"""SELECT * FROM notification WHERE subscription = :id AND position > :done ORDER BY position {AT_MOST}""",  # noqa: S608
        {"id": row.id, "done": row.done, "count": count},
    )


def events_between(tx: Tx, id_: str, since: int, until: int, count: int) -> Sequence[Row]:
    """Events that have a number, by their numbers, both bounds included."""
    return query(
        tx,
        f"""SELECT * FROM notification WHERE subscription = :id AND number >= :since AND number <= :until
             ORDER BY position {AT_MOST}""",  # noqa: S608
        {"id": id_, "since": since, "until": until, "count": count},
    )


def number(tx: Tx, id_: str, numbers: Mapping[int, int], dropped: Sequence[int]) -> None:
    """Give events (by their places) their numbers, and take those away of which nothing may be told."""
    for position, given in numbers.items():
        run(
            tx,
            "UPDATE notification SET number = :number WHERE subscription = :id AND position = :position",
            {"id": id_, "position": position, "number": given},
        )
    if numbers:
        run(
            tx,
            "UPDATE subscription SET numbered = :number WHERE id = :id",
            {"id": id_, "number": max(numbers.values())},
        )
    for position in dropped:
        run(
            tx,
            "DELETE FROM notification WHERE subscription = :id AND position = :position",
            {"id": id_, "position": position},
        )


def served(tx: Tx, row: Row, upto: int, beat: str, now: str) -> None:
    """A message was taken: the queue is served up to a place; the next heartbeat is at ``beat`` ("" for none)."""
    run(
        tx,
        """UPDATE subscription SET done = CASE WHEN :upto > done THEN :upto ELSE done END, failures = 0,
                  failing_since = '', error = '', due = :now, beat = :beat WHERE id = :id""",
        {"id": row.id, "upto": upto, "beat": beat, "now": now},
    )
    run(
        tx,
        "DELETE FROM notification WHERE subscription = :id AND position <= :upto AND number <= :oldest",
        {"id": row.id, "upto": upto, "oldest": int(row.numbered) - KEPT_EVENTS},
    )


def failed(tx: Tx, id_: str, error: str, now: str, due_: str) -> None:
    """A message was not taken; it is tried again at ``due_``."""
    run(
        tx,
        """UPDATE subscription SET failures = failures + 1, error = :error, due = :due,
                  failing_since = CASE WHEN failing_since = '' THEN :now ELSE failing_since END WHERE id = :id""",
        {"id": id_, "error": error, "now": now, "due": due_},
    )


# -- how it stands


def waiting(tx: Tx, id_: str) -> tuple[int, str]:
    """How many events of a subscription are not delivered, and the instant of the oldest ("" for none)."""
    row = first(
        tx,
        """SELECT count(*) AS waiting, coalesce(min(n.recorded), '') AS oldest
             FROM notification n JOIN subscription s ON s.id = n.subscription
            WHERE n.subscription = :id AND n.position > s.done""",
        {"id": id_},
    )
    return (int(row.waiting), str(row.oldest)) if row else (0, "")


def figures(tx: Tx) -> tuple[dict[str, int], int, str, int]:
    """For all: how many subscriptions by status, undelivered events, the oldest's instant, changes to be looked at."""
    by_status = dict.fromkeys(STATUSES, 0) | {row.status: int(row.n) for row in query(tx, _BY_STATUS, {})}
    row = first(
        tx,
        """SELECT count(*) AS waiting, coalesce(min(n.recorded), '') AS oldest
             FROM notification n JOIN subscription s ON s.id = n.subscription WHERE n.position > s.done""",
        {},
    )
    unread = first(tx, "SELECT count(*) AS n FROM outbox", {})
    assert row is not None
    assert unread is not None
    return by_status, int(row.waiting), str(row.oldest), int(unread.n)


_BY_STATUS = "SELECT status, count(*) AS n FROM subscription GROUP BY status"


def of_organisation(tx: Tx, organisation: str, ids: Sequence[str]) -> Sequence[Row]:
    """The subscriptions of an organisation's systems; those among ``ids`` when there are any."""
    marks, bound = in_list("i", ids)
    narrowed = f" AND s.id IN ({marks})" if ids else ""
    return query(
        tx,
        f"{_WITH_BODY} WHERE s.organisation = :organisation{narrowed} ORDER BY s.id",
        {**bound, "organisation": organisation},
    )
