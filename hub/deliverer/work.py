"""The deliverer's work in the store: each function is one piece of work of the lane, and bounded.

From the outbox to the queues of those whom it concerns; from a queue to a message; from an answer to what is next.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.context import Caller, Context, instant
from hub.deliverer.sender import Answer
from hub.errors import Busy
from hub.interactions.notification import Happened, event_of, happened_of, matching, standing_of, tell
from hub.notify import messages
from hub.notify.messages import Event, Message
from hub.notify.reading import stored
from hub.notify.standing import stand
from hub.notify.subscribed import LONGEST_TIMEOUT, Headers, Subscribed
from hub.notify.waits import Waits
from hub.projections.rows import record
from hub.store import audit, outbox, registry, relations, subscriptions
from hub.store.database import Tx
from hub.store.sql import Row

AT_ONCE, AT_ONCE_FOR_NOBODY = 64, 1000
"""Changes that are looked at in one piece of work, and that are passed over when nobody subscribed."""
PAIRS = 128
"""Changes times subscriptions that are judged in one piece of work."""
NO_MEMBER = "the system or its organisation is no longer a member"
_GONE = 410


def fan_out(tx: Tx, context: Context) -> bool:
    """Put the oldest changes into the queues of those whom they concern; says whether there may be more.

    The changes leave the outbox in the same commit.  Raises ``Busy`` when another process was at the same ones.
    """
    collecting = subscriptions.collecting(tx)
    if not collecting:
        return outbox.pass_over(tx, AT_ONCE_FOR_NOBODY) == AT_ONCE_FOR_NOBODY
    happened = [_happened(row) for row in outbox.waiting(tx, AT_ONCE)]
    if not happened:
        return False
    near = relations.organisations_near(tx, sorted({one.patient for one in happened if one.patient}))
    concerned = _bounded(happened, collecting, near, context)
    taken = [one.place for one in happened[: len(concerned)]]
    if outbox.take(tx, taken) != len(taken):
        raise Busy("Another process looks at the outbox.", reason="outbox")
    for row in collecting:
        mine = [one for one, rows in zip(happened, concerned, strict=False) if row.id in rows]
        owner = registry.system_caller(tx, row.system, context.now) if mine else None
        if owner is not None and owner.in_force:
            found = matching(tx, owner, stored(bytes(row.body), context.base_url, context.nearby), mine, context)
            subscriptions.enqueue(tx, row, [_queued(one) for one in found])
        elif mine and row.status != "error":
            stand(tx, row, "error", NO_MEMBER, owner or _somebody(row), context)
    return len(taken) < len(happened) or len(happened) == AT_ONCE


def _bounded(
    happened: Sequence[Happened], collecting: Sequence[Row], near: set[tuple[str, str]], context: Context
) -> list[set[str]]:
    """For the first changes the subscriptions that may be concerned: as many as one piece of work judges."""
    asked = [(row, stored(bytes(row.body), context.base_url, context.nearby)) for row in collecting]
    concerned: list[set[str]] = []
    pairs = 0
    for one in happened:
        rows = {
            row.id
            for row, subscribed in asked
            if subscribed.may_concern(one.type, one.patient, one.kind)
            and one.recorded > row.asked
            and (not one.patient or (one.patient, row.organisation) in near)
        }
        pairs += len(rows)
        if concerned and pairs > PAIRS:
            break
        concerned.append(rows)
    return concerned


def _happened(row: Row) -> Happened:
    type_, id_, _, version = str(row.reference).split("/")
    return Happened(row.sequence, row.patient, row.kind, type_, id_, version, row.recorded)


def _queued(one: Happened) -> dict[str, str | int | bytes | None]:
    return {
        "patient": one.patient,
        "kind": one.kind,
        "type": one.type,
        "id": one.id,
        "version": one.version,
        "recorded": one.recorded,
    }


def due(tx: Tx, count: int, context: Context) -> list[str]:
    """The subscriptions that wait for something."""
    return subscriptions.due(tx, instant(context.now), count)


def prepare(tx: Tx, id_: str, holder: str, waits: Waits, context: Context) -> Message | bool:
    """Take a subscription and make its next message; without one, whether to ask again at once.

    What is told is judged now, and in the access log in this commit, before anything leaves.
    """
    until = context.now + timedelta(seconds=LONGEST_TIMEOUT) + waits.grace
    row = subscriptions.claim(tx, id_, holder, instant(context.now), instant(until))
    if row is None:
        return False
    owner = registry.system_caller(tx, row.system, context.now)
    if owner is None or not owner.in_force:
        _stop(tx, row, holder, "error", NO_MEMBER, owner, context)
        return False
    if row.ends and row.ends <= instant(context.now):
        _stop(tx, row, holder, "off", "", owner, context)
        return False
    subscribed = stored(bytes(row.body), context.base_url, context.nearby)
    headers = _headers(row, context)
    sent = instant(context.now)
    if row.status == "requested":
        _note(tx, owner, row, "handshake", context)
        return messages.handshake(subscribed, headers, standing_of(row, subscribed), sent, context.base_url)
    waiting = subscriptions.next_events(tx, row, subscribed.most)
    if waiting:
        return _events(tx, row, owner, subscribed, waiting, holder, context)
    if row.beat and row.beat <= sent:
        _note(tx, owner, row, "heartbeat", context)
        return messages.heartbeat(subscribed, headers, standing_of(row, subscribed), sent, context.base_url)
    subscriptions.release(tx, id_, holder)
    return False


def _headers(row: Row, context: Context) -> Headers:
    assert context.seal is not None, "the deliverer works through the doors, which have one"
    return tuple(subscriptions.headers(row, context.seal))


def _events(
    tx: Tx, row: Row, owner: Caller, subscribed: Subscribed, waiting: Sequence[Row], holder: str, context: Context
) -> Message | bool:
    """A message with the next events, as far as they may be told now; true when nothing of them may."""
    told = tell(tx, owner, row.id, subscribed, happened_of(waiting), context)
    numbers: dict[int, int] = {}
    dropped: list[int] = []
    events: list[Event] = []
    last = int(row.numbered)
    for one in waiting:
        if one.number is None and one.position not in told:
            dropped.append(one.position)
            continue
        if one.number is None:
            last += 1
            numbers[one.position] = last
        events.append(event_of(one, numbers.get(one.position, one.number), told.get(one.position)))
    subscriptions.number(tx, row.id, numbers, dropped)
    if not events:
        return True
    standing = replace(standing_of(row, subscribed), numbered=last)
    headers = _headers(row, context)
    upto = int(waiting[-1].position)
    return messages.told(subscribed, headers, standing, events, upto, instant(context.now), context.base_url)


def settle(tx: Tx, id_: str, holder: str, message: Message, answer: Answer, waits: Waits, context: Context) -> bool:
    """Write down how a message was answered; says whether to go on at once.

    A message that another process took over meanwhile is its business: it sends the same numbers again.
    """
    row = subscriptions.held(tx, id_, holder)
    if row is None:
        return False
    if row.status not in ("requested", "active"):
        subscriptions.release(tx, id_, holder)
        return False
    owner = registry.system_caller(tx, row.system, context.now)
    now = instant(context.now)
    if answer.taken:
        beat = instant(context.now + timedelta(seconds=row.heartbeat)) if row.heartbeat else ""
        subscriptions.served(tx, row, message.upto, beat, now)
        if message.kind == "handshake" and row.status == "requested":
            stand(tx, row, "active", "", owner or _somebody(row), context)
        return True
    if message.kind == "handshake" and row.status == "requested":
        _stop(tx, row, holder, "error", f"handshake: {answer.said}", owner, context)
    elif answer.status == _GONE:
        _stop(tx, row, holder, "off", answer.said, owner, context)
    else:
        since = datetime.fromisoformat(row.failing_since) if row.failing_since else None
        again = context.now + waits.after(int(row.failures) + 1)
        subscriptions.failed(tx, id_, answer.said, now, instant(again))
        if waits.is_over(since, context.now):
            _stop(tx, row, holder, "error", answer.said, owner, context)
    subscriptions.release(tx, id_, holder)
    return False


def _stop(tx: Tx, row: Row, holder: str, status: str, error: str, owner: Caller | None, context: Context) -> None:
    stand(tx, row, status, error, owner or _somebody(row), context)
    subscriptions.release(tx, row.id, holder)


def _note(tx: Tx, owner: Caller, row: Row, reason: str, context: Context) -> None:
    """In the log, that a message without any event was sent."""
    audit.put(tx, [record(owner, context, interaction="notification", query=f"Subscription/{row.id}", reason=reason)])


def _somebody(row: Row) -> Caller:
    """For the log: a system that is no longer registered."""
    return Caller(row.organisation, "", "", row.system, None, "", None, "", "", False, False, "")
