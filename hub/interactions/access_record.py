"""A resident's own record of access: who saw what of theirs, when and why, for the desk that hands it to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Literal, TypeAlias

from hub.access.decide import Grant
from hub.access.labels import bits
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context, instant
from hub.errors import Malformed, not_found
from hub.interactions.deciding import NamedRule, named_rules
from hub.interactions.desk import at_the_desk
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.audit_event import AuditRecord
from hub.projections.audit_event.refusals import is_refused_look
from hub.projections.wording import day
from hub.question import Shown
from hub.store import access_record as store
from hub.store import audit, fence, registry, resources, reviews
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import Row
from profiles.categories import OTHER

Show: TypeAlias = Literal["", "people", "refused", "undone", "special"]
Special: TypeAlias = Literal["", "emergency", "disaster"]
QUESTION = "question"
ON_A_PAGE, ON_PAPER = 200, 1000
REST_OF_A_DAY = 500
"""So many more entries a page may have to end with a whole day."""
LOOKED_THROUGH = 2000
"""So many entries are looked through for a page that shows only some."""
_NOT_TOLD = bits(["UNINFORMED", "UNDELIVERED"])


@dataclass(frozen=True, slots=True)
class Looking:
    """What is asked for.  ``since`` and ``until`` are days in Japan, both included; "" is without a bound.

    ``cursor`` is the sealed end of the page before.
    """

    patient: str
    since: str = ""
    until: str = ""
    show: Show = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the municipality was to look at: the resident's ``question``, or an ``emergency``.

    ``finding`` is "" until it has.
    """

    kind: str
    text: str
    opened: str
    finding: str
    note: str
    closed: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.  ``kinds`` are categories, or resource types where no category is known."""

    record: AuditRecord
    kinds: tuple[str, ...]
    asked: tuple[Asked, ...] = ()

    @property
    def special(self) -> Special:
        """Whether it was an access by an emergency or a disaster, or the declaration of one."""
        return _special(self.record.reason, self.record.purpose, self.record.interaction)

    @property
    def waits(self) -> bool:
        """Whether something that was asked about it has no answer yet."""
        return any(one.kind == QUESTION and not one.closed for one in self.asked)


@dataclass(frozen=True, slots=True)
class Machines:
    """What the systems of one organisation did on a day, without anybody in front of them."""

    organisation: str
    organisation_name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day in Japan; each entry stands in one of the four.

    What people did, what systems did, looks that were refused, and what was tried and not done.
    """

    date: str
    people: tuple[Entry, ...]
    machines: tuple[Machines, ...]
    refused: tuple[Entry, ...]
    undone: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """``kinds``: organisation id → kind; ``rules``: what decided these entries is called."""

    person: Person
    days: list[Day]
    next: str
    kinds: dict[str, str]
    rules: Mapping[tuple[str, str], NamedRule]


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """``GET /access-record/{patient}/entries/{id}``: one entry, as the only one of a page."""

    patient: str
    id: str
    interaction: str = "operation:access-record"
    type: str = ""

    @property
    def query(self) -> str:
        return f"access-record/{self.patient}/entries/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[RecordPage]:
        at_the_desk(grant.caller)
        row = store.entry(tx, self.patient, self.id)
        if row is None:
            raise not_found()
        return _shown(tx, grant, self.patient, [row], "", context)


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """``GET /access-record/{patient}``, and as ``…/print`` on paper."""

    looking: Looking
    seal: Seal
    on_paper: bool = False
    type: str = ""

    @property
    def interaction(self) -> str:
        return "operation:access-record-print" if self.on_paper else "operation:access-record"

    @property
    def query(self) -> str:
        asked = {"from": self.looking.since, "to": self.looking.until, "show": self.looking.show}
        narrowing = "&".join(f"{name}={value}" for name, value in asked.items() if value)
        return f"access-record/{self.looking.patient}?{narrowing}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.looking.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[RecordPage]:
        at_the_desk(grant.caller)
        patient = self.looking.patient
        with fence.lifted(tx):
            known = bool(resources.records_of(tx, [patient]))
        if not known:
            raise not_found()
        rows, following = self._window(tx, grant)
        return _shown(tx, grant, patient, rows, following, context)

    def _window(self, tx: Tx, grant: Grant) -> tuple[list[Row], str]:
        """The rows of the page, and the sealed place to go on from when there are more."""
        since, until = _midnight(self.looking.since, 0), _midnight(self.looking.until, 1)
        size = ON_PAPER if self.on_paper else ON_A_PAGE
        most = LOOKED_THROUGH if self.looking.show else size + REST_OF_A_DAY
        before = self._opened(grant)
        found = store.of_patient(tx, self.looking.patient, since=since, until=until, before=before, count=most + 1)
        wanted = [row for row in found[:most] if self._is_wanted(row)]
        more = len(found) > most
        shown = wanted[: _cut(wanted, size, more=more)]
        if len(shown) == len(wanted) and not more:
            return shown, ""
        last = shown[-1] if len(shown) < len(wanted) else found[most - 1]
        return shown, self.seal.close(f"{last.sequence} {last.recorded}", grant.caller.key, self.query)

    def _is_wanted(self, row: Row) -> bool:
        if self.looking.show == "special":
            return bool(_special(row.reason, row.purpose, row.interaction))
        if self.looking.show in ("refused", "undone"):
            is_refused = is_refused_look(row.interaction, row.outcome)
            return not _succeeded(row) and is_refused == (self.looking.show == "refused")
        return self.looking.show == "" or (bool(row.person) and _succeeded(row))

    def _opened(self, grant: Grant) -> store.Place | None:
        if not self.looking.cursor:
            return None
        try:
            opened = self.seal.open(self.looking.cursor, grant.caller.key, self.query)
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this record.") from error
        sequence, _, recorded = opened.partition(" ")
        return store.Place(recorded, int(sequence))


def _shown(
    tx: Tx, grant: Grant, patient: str, rows: Sequence[Row], following: str, context: Context
) -> Shown[RecordPage]:
    person = shown_people(tx, grant, [patient], today(context), source=grant.caller.organisation)[patient]
    entries = _entries(tx, patient, rows, context)
    page = RecordPage(
        person=person,
        days=_days(entries),
        next=following,
        kinds={row.id: row.kind for row in registry.organisations(tx)},
        rules=named_rules(tx, [(entry.record.rules, entry.record.recorded) for entry in entries]),
    )
    return Shown(page, {patient: (person.record,) if person.record else ()}, "record")


def _cut(wanted: Sequence[Row], size: int, *, more: bool) -> int:
    """How many stand on a page: ``size``, and the rest of the last day where its end is near."""
    if len(wanted) <= size:
        return len(wanted)
    last = day(wanted[size - 1].recorded)
    rest = next((count for count, row in enumerate(wanted[size:]) if day(row.recorded) != last), None)
    if rest is not None:
        return size + rest
    return size if more else len(wanted)


def _succeeded(row: Row) -> bool:
    return bool(row.outcome == "0" and row.interaction != "refusal")


def _special(reason: str, purpose: str, interaction: str) -> Special:
    if reason == "emergency" or purpose == "ETREAT" or "emergency" in interaction:
        return "emergency"
    return "disaster" if reason == "disaster" or purpose == "DISASTER" or "disaster" in interaction else ""


def _entries(tx: Tx, patient: str, rows: Sequence[Row], context: Context) -> list[Entry]:
    records = [audit.record_of(row, context.base_url) for row in rows]
    kinds = kinds_of(tx, patient, records)
    subjects = {record.id: _subjects(record) for record in records}
    asked: dict[str, list[Asked]] = {}
    for row in reviews.about(tx, patient, "", sorted({one for of in subjects.values() for one in of})):
        case = Asked(row.kind, row.text, row.opened, row.finding, row.note, row.closed)
        asked.setdefault(row.subject, []).append(case)
    return [
        Entry(record, kinds[record.id], tuple(case for one in subjects[record.id] for case in asked.get(one, ())))
        for record in records
    ]


def _subjects(record: AuditRecord) -> tuple[str, ...]:
    """By what names the municipality may have been asked to look at an entry: itself, the emergency that it used."""
    return (f"AuditEvent/{record.id}", *(rule for rule in record.rules if rule.startswith("Emergency/")))


def kinds_of(tx: Tx, patient: str, records: Sequence[AuditRecord]) -> dict[str, tuple[str, ...]]:
    """By the id of each record, of what kinds the things are that it names.

    Of what the resident has not been told (未告知, 未提供) the record says that it is something, not what.
    """
    named = {(type_, id_) for record in records for type_, id_ in _named(record)}
    with fence.lifted(tx):
        stored = store.kinds(tx, patient, {id_ for _, id_ in named})
    known = {(row.type, row.id): OTHER if row.label_bits & _NOT_TOLD else str(row.category) for row in stored}
    return {record.id: _kinds_of(record, known) for record in records}


def _kinds_of(record: AuditRecord, known: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    named = [known[one] for one in _named(record) if one in known]
    if record.category:
        return (OTHER,) if OTHER in named else (record.category,)
    types = [one.partition("/")[0].partition("?")[0] for one in record.what or (record.query,)]
    return tuple(dict.fromkeys(named or types))


def _named(record: AuditRecord) -> Iterator[tuple[str, str]]:
    """(type, id) of each reference among what the record names."""
    for one in record.what:
        type_, _, rest = one.partition("/")
        if rest:
            yield type_, rest.partition("/")[0]


def _days(entries: Sequence[Entry]) -> list[Day]:
    return [_day(date_, list(group)) for date_, group in groupby(entries, key=lambda one: day(one.record.recorded))]


def _day(date_: str, entries: Sequence[Entry]) -> Day:
    done = [entry for entry in entries if entry.record.succeeded]
    failed = [entry for entry in entries if not entry.record.succeeded]
    refused = [entry for entry in failed if is_refused_look(entry.record.interaction, entry.record.outcome)]
    systems: dict[tuple[str, str], list[Entry]] = {}
    for entry in done:
        if not entry.record.person:
            systems.setdefault((entry.record.organisation, entry.record.organisation_name), []).append(entry)
    return Day(
        date=date_,
        people=tuple(entry for entry in done if entry.record.person),
        machines=tuple(Machines(*organisation, tuple(of)) for organisation, of in systems.items()),
        refused=tuple(refused),
        undone=tuple(entry for entry in failed if entry not in refused),
    )


def _midnight(day_: str, later: int) -> str:
    """The instant at which a day in Japan begins, ``later`` days on; "" for no day."""
    if not day_:
        return ""
    try:
        return instant(datetime.combine(date.fromisoformat(day_), time(), JST) + timedelta(days=later))
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{day_!r} is not a day.") from error
