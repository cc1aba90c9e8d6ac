"""Notifications: which changes a subscriber is told of, and what it may be shown of each when it is told.

Both are judged with the rights that the subscriber's system has at that moment (CONSENT.md §8): a change that it may
not see is never put into its queue, and one in the queue is judged again before every attempt to send it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from hub.access import decide
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.errors import NotFound, Refused
from hub.interactions.history import is_first_shown
from hub.interactions.read import further_of_past, patients_of_current, visible
from hub.interactions.search import allowed, asked_by
from hub.notify.messages import Event, Standing
from hub.notify.subscribed import Subscribed
from hub.question import Shown
from hub.read_path import show
from hub.store import resources, search, timeline
from hub.store.database import Tx
from hub.store.sql import Row
from profiles import parse_query

INTERACTION = "notification"


@dataclass(frozen=True, slots=True)
class Happened:
    """One change, as the outbox and the queues have it; ``place`` is where it stands there."""

    place: int
    patient: str
    kind: str
    type: str
    id: str
    version: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of a change now: its kind, and the version's bytes unless it was deleted or withdrawn."""

    kind: str
    body: bytes


def matching(
    tx: Tx, caller: Caller, subscribed: Subscribed, happened: Sequence[Happened], context: Context
) -> list[Happened]:
    """Those changes that a subscription asks for and that its owner may see, in their order."""
    candidates = [one for one in happened if subscribed.may_concern(one.type, one.patient, one.kind)]
    found: set[int] = set()
    for type_, group in _by_type(candidates):
        patients = resources.with_further(tx, sorted({one.patient for one in group if one.patient}))
        try:
            grant = decide.read(tx, caller, INTERACTION, type_, patients, context)
        except Refused:
            continue
        found |= set(_wanted(tx, grant, subscribed, type_, group))
    return [one for one in candidates if one.place in found]


def _wanted(tx: Tx, grant: Grant, subscribed: Subscribed, type_: str, group: Sequence[Happened]) -> Iterator[int]:
    there = [one for one in group if one.kind != "deleted"]
    rows = _found(tx, grant, subscribed, type_, {one.id for one in there}, {one.patient for one in there})
    for one in group:
        row = rows.get(one.id) if one.kind != "deleted" else None
        if row is None and subscribed.topic is not None:
            # What was taken away has no index any more: whoever could see it hears that it is gone.
            row = _withdrawal(tx, grant, one)
        if row is None:
            continue
        further = resources.further_patients(tx, type_, one.id) if row.also_about else ()
        if subscribed.wants((row.patient, *further), row.category):
            yield one.place


def _found(
    tx: Tx, grant: Grant, subscribed: Subscribed, type_: str, ids: set[str], patients: set[str]
) -> dict[str, Row]:
    """The current resources among ``ids`` that match every search of the subscription, under the owner's predicate."""
    looked = asked_by(grant, tuple(sorted(patients)))
    rows: dict[str, Row] = {}
    for pairs in subscribed.searches_on(type_) or [[]]:
        if not ids:
            return {}
        parsed = parse_query(type_, [*pairs, ("_id", ",".join(sorted(ids)))])
        try:
            rows = {row.id: row for row in search.find(tx, allowed(parsed, grant), looked, count=len(ids))}
        except Refused:  # a way over types that the owner's scopes do not cover (any more)
            return {}
        ids = set(rows)
    return rows


def _withdrawal(tx: Tx, grant: Grant, one: Happened) -> Row | None:
    """The line of the timeline that says it was retracted, for those who could see it before (CONSENT.md §4)."""
    predicate, parameters = grant.predicate("t")
    return timeline.withdrawal(tx, predicate, parameters, (one.patient, one.type, one.id, one.version))


def _by_type(happened: Iterable[Happened]) -> Iterator[tuple[str, list[Happened]]]:
    def type_of(one: Happened) -> str:
        return one.type

    for type_, group in groupby(sorted(happened, key=type_of), key=type_of):
        yield type_, list(group)


@dataclass(frozen=True, slots=True)
class Notification:
    """Changes of one type, about to be told to a subscriber: by place, what of each may be told."""

    subscription: str
    type: str
    happened: tuple[Happened, ...]
    withdrawals: bool
    interaction: str = INTERACTION

    @property
    def query(self) -> str:
        return f"Subscription/{self.subscription}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        about = (patient for one in self.happened for patient in (one.patient, *self._current(tx, one)) if patient)
        return tuple(dict.fromkeys(about))

    def _current(self, tx: Tx, one: Happened) -> tuple[str, ...]:
        return patients_of_current(tx, self.type, one.id)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[dict[int, Told]]:
        told: dict[int, Told] = {}
        shown: dict[str, tuple[str, ...]] = {}
        rows: list[Row] = []
        for one in self.happened:
            judged = self._shown(tx, grant, one) or (self._withdrawn(tx, grant, one) if self.withdrawals else None)
            if judged is not None:
                row, told[one.place] = judged
                what = f"{one.type}/{one.id}/_history/{one.version}"
                shown[row.patient] = (*shown.get(row.patient, ()), what)
                rows.append(row)
        return Shown(told, shown, rows=rows)

    def _shown(self, tx: Tx, grant: Grant, one: Happened) -> tuple[Row, Told] | None:
        """The version of the change, when it and the current one may be seen (as ``vread`` has it)."""
        try:
            current, _ = visible(tx, grant, one.type, one.id)
        except NotFound:
            return None
        row: Row | None = current
        if one.version != current.version:
            row = resources.find_version(tx, one.type, one.id, one.version)
        if row is None or row.source != current.source or row.deleted:
            return None
        if row is not current and not grant.permits(row, further_of_past(row)).permit:
            return None
        began = one.kind == "updated" and is_first_shown(tx, grant, row)
        return row, Told("created" if began else one.kind, grant.redacted(row, current))

    def _withdrawn(self, tx: Tx, grant: Grant, one: Happened) -> tuple[Row, Told] | None:
        row = _withdrawal(tx, grant, one)
        return None if row is None else (row, Told("deleted", b""))


def tell(
    tx: Tx, caller: Caller, subscription: str, subscribed: Subscribed, happened: Sequence[Happened], context: Context
) -> dict[int, Told]:
    """By place, what may be told now; it is in the access log, in this commit.

    A system that may not ask for a type at all is told nothing of it.
    """
    told: dict[int, Told] = {}
    for type_, group in _by_type(happened):
        question = Notification(subscription, type_, tuple(group), subscribed.topic is not None)
        try:
            of_type: dict[int, Told] = show(tx, caller, question, context).answer
        except Refused:
            continue
        told.update(of_type)
    return told


def happened_of(rows: Iterable[Row]) -> list[Happened]:
    """Rows of a queue as the changes that they stand for."""
    return [Happened(row.position, row.patient, row.kind, row.type, row.id, row.version, row.recorded) for row in rows]


def event_of(row: Row, number: int, told: Told | None) -> Event:
    """An event of a queue under its number, with what may be told of it."""
    if told is None:
        return Event(number, "")
    return Event(number, row.recorded, told.kind, row.type, row.id, told.body)


def events_of(rows: Iterable[Row], told: dict[int, Told]) -> list[Event]:
    """The same of events that have their numbers."""
    return [event_of(row, row.number, told.get(row.position)) for row in rows]


def standing_of(row: Row, subscribed: Subscribed, *, waiting: int = 0, oldest: str = "") -> Standing:
    """How a subscription's row says that it stands."""
    topic = subscribed.topic.url if subscribed.topic else ""
    return Standing(row.id, row.status, topic, row.numbered, row.error, waiting, oldest)
