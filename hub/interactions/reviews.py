"""The municipality's review queue (CONSENT.md §6): what waits to be looked at, and what its officers found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.context import Caller, Context, Credential, instant
from hub.errors import Conflict, Malformed, Refused, not_found
from hub.interactions.access_record import kinds_of
from hub.interactions.disaster.declare import is_officer, may_look, refuse_others
from hub.interactions.emergency.declare import allow_again
from hub.interactions.listed import about
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.audit_event import AuditRecord
from hub.projections.rows import record
from hub.question import Shown
from hub.store import audit, disasters, emergencies, registry, reviews
from hub.store.database import Tx
from hub.store.sql import Row

ON_A_PAGE, CLOSED, SEEN = 50, 20, 50
LONGEST = 1000
QUESTION, UNREADABLE = "question", "unreadable-consent"
JUDGED = ("justified", "not-justified", "unclear")
ANSWERED = ("answered",)
WITHOUT_NOTE = frozenset({"justified"})


@dataclass(frozen=True, slots=True)
class Opened:
    """What an emergency or a disaster opened: by whom, when, until when; ``about`` is the place, or the areas.

    ``goes_on``: more may be seen by it yet.
    """

    who: str
    organisation_name: str
    since: str
    until: str
    about: str
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Helped:
    """What one person, or a system ("" for its name), of an organisation saw by a disaster."""

    organisation_name: str
    person_name: str
    residents: int
    accesses: int


@dataclass(frozen=True, slots=True)
class Access:
    """An entry of the log, and of what kinds what it showed is (``hub.interactions.access_record.Entry``)."""

    record: AuditRecord
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One case.  ``person`` and ``organisation_name`` opened it; ``patient`` is none for what is about nobody.

    ``accesses`` are what the log has: what an emergency showed, or the access that a question is about.
    ``own``: the reader may not close it.  ``stopped``: nobody has let the person of an alarm declare again;
    ``allowed`` and ``allowed_by`` say when and who has.
    ``finding`` is "" while it waits.
    """

    id: str
    kind: str
    subject: str
    text: str
    opened: str
    person: str
    organisation_name: str
    patient: Person | None
    what: Opened | None
    accesses: tuple[Access, ...]
    helped: tuple[Helped, ...]
    own: bool
    stopped: bool
    allowed: str
    allowed_by: str
    finding: str
    note: str
    closed: str
    closed_by: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A part of all that ``wait``, ``alarms`` first; those closed last.  ``acts``: the reader decides here.

    ``next``: after which case the following part begins; "" on the last.
    """

    waiting: list[Case]
    wait: int
    alarms: int
    next: str
    closed: list[Case]
    acts: bool


@dataclass(frozen=True, slots=True)
class Reviews:
    """``GET /reviews``, for officers and auditors; an auditor is told no resident's name.

    ``after`` is the id of the last case of the part before.
    """

    after: str = ""
    interaction: str = "page"
    type: str = ""
    query: str = "reviews"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[ReviewPage]:
        caller = grant.caller
        refuse_others(caller, who=may_look)
        rows, (wait, alarms) = reviews.waiting(tx, ON_A_PAGE + 1, self.after), reviews.how_many_wait(tx)
        waiting, closed = rows[:ON_A_PAGE], reviews.closed(tx, CLOSED)
        concerned = list(dict.fromkeys(row.patient for row in (*waiting, *closed) if row.patient))
        people = {one: Person(one) for one in concerned}
        if grant.covers("Patient"):
            with about(tx, grant, self, concerned, context) as wider:
                people = shown_people(tx, wider, concerned, today(context), source=caller.organisation)
        reader = _Reader(tx, caller, context, people, registry.person_names(tx), registry.organisation_names(tx))
        page = ReviewPage(
            waiting=[reader.case(row) for row in waiting],
            wait=wait,
            alarms=alarms,
            next=waiting[-1].id if len(rows) > ON_A_PAGE else "",
            closed=[reader.case(row) for row in closed],
            acts=is_officer(caller),
        )
        return Shown(page, {one.id: (one.record,) for one in people.values() if one.record}, "officer")


def close(tx: Tx, credential: Credential, id_: str, finding: str, note: str, context: Context) -> None:
    """Write the finding of a case.

    Raises ``Refused`` for everybody but a municipal officer whom it is not about, ``NotFound``, ``Malformed`` for a
    finding that the case does not have or a note that is missing, ``Conflict`` for one that was closed meanwhile.
    """
    caller, case = _for_officer(tx, credential, id_, context)
    said = note.strip()
    if finding not in findings_of(case.kind) or len(said) > LONGEST:
        raise Malformed("There is no such finding, or its note is too long.", reason="finding")
    if not said and finding not in WITHOUT_NOTE:
        raise Malformed("This finding needs a note that says why.", reason="note-missing")
    if not reviews.close(tx, case, finding, said, instant(context.now), caller.person or ""):
        raise Conflict("Somebody else closed this case.", reason="decided")
    _log(tx, caller, "close", case, finding, context)


def reopen(tx: Tx, credential: Credential, id_: str, context: Context) -> None:
    """Take a finding back.  Raises as ``close`` does."""
    caller, case = _for_officer(tx, credential, id_, context)
    if not reviews.reopen(tx, case):
        raise Conflict("This case is open.", reason="decided")
    _log(tx, caller, "reopen", case, case.finding, context)


def allow(tx: Tx, credential: Credential, id_: str, context: Context) -> None:
    """Let the person of an alarm declare emergencies again.  Raises as ``close`` and ``allow_again`` do."""
    _, case = _for_officer(tx, credential, id_, context)
    if case.kind != reviews.ALARM:
        raise not_found()
    stop = emergencies.stop_before(tx, _id(case.subject), case.opened)
    if stop is None or stop.allowed:  # a page of before does not lift a stop that came after it
        raise Conflict("Somebody else let this person declare again.", reason="decided")
    allow_again(tx, credential, _id(case.subject), context)


def findings_of(kind: str) -> tuple[str, ...]:
    """The findings that a case of this kind can have."""
    return ANSWERED if kind in (QUESTION, UNREADABLE) else JUDGED


def _for_officer(tx: Tx, credential: Credential, id_: str, context: Context) -> tuple[Caller, Row]:
    caller = authenticate(tx, credential, context)
    refuse_others(caller)
    case = reviews.one(tx, id_)
    if case is None:
        raise not_found()
    if caller.person == _concerned(tx, case):
        raise Refused("Nobody decides on a case about themselves.", reason="own-case")
    return caller, case


def _concerned(tx: Tx, case: Row) -> str:
    """Whose deed it is that is looked at."""
    if case.kind == reviews.ALARM:
        return _id(case.subject)
    if case.kind == QUESTION:
        asked = audit.find(tx, {"id": _id(case.subject)}, count=1)
        return str(asked[0].person or "") if asked else ""
    return str(case.person)


def _id(subject: str) -> str:
    return subject.partition("/")[2]


def _log(tx: Tx, caller: Caller, step: str, case: Row, finding: str, context: Context) -> None:
    said = record(
        caller,
        context,
        interaction=f"operation:review-{step}",
        patient=case.patient or None,
        what=(f"ReviewCase/{case.id}", case.subject),
        query=f"reviews/{case.id}?finding={finding}",
        reason="review",
    )
    audit.put(tx, [said])


@dataclass(frozen=True, slots=True)
class _Reader:
    """What turns rows of the queue into cases, for one reader."""

    tx: Tx
    caller: Caller
    context: Context
    people: Mapping[str, Person]
    names: Mapping[str, str]
    places: Mapping[str, str]

    def case(self, row: Row) -> Case:
        what, accesses, helped = self._opened(row)
        is_alarm = row.kind == reviews.ALARM
        stop = emergencies.stop_before(self.tx, _id(row.subject), row.opened) if is_alarm else None
        return Case(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            text=row.text,
            opened=row.opened,
            person=self._name(_id(row.subject) if is_alarm else row.person),
            organisation_name=self.places.get(row.organisation, row.organisation),
            patient=self.people.get(row.patient),
            what=what,
            accesses=accesses,
            helped=helped,
            own=self.caller.person == _concerned(self.tx, row),
            stopped=stop is not None and not stop.allowed,
            allowed=stop.allowed if stop is not None else "",
            allowed_by=self._name(stop.allowed_by) if stop is not None else "",
            finding=row.finding,
            note=row.note,
            closed=row.closed,
            closed_by=self._name(row.closed_by),
        )

    def _opened(self, row: Row) -> tuple[Opened | None, tuple[Access, ...], tuple[Helped, ...]]:
        if row.kind == "emergency":
            return (*self._emergency(_id(row.subject)), ())
        if row.kind == "disaster":
            what, helped = self._disaster(_id(row.subject))
            return what, (), helped
        if row.kind == QUESTION:
            asked = audit.find(self.tx, {"id": _id(row.subject)}, count=1)
            return None, self._accesses(row.patient, asked), ()
        return None, (), ()

    def _emergency(self, id_: str) -> tuple[Opened | None, tuple[Access, ...]]:
        one = emergencies.one(self.tx, id_)
        if one is None:
            return None, ()
        place = self.places.get(one.organisation, one.organisation)
        seen = reviews.seen_in_emergency(self.tx, one.patient, one.person, one.declared, one.until, SEEN)
        what = Opened(self._name(one.person), place, one.declared, one.until, one.place, self._is_ahead(one.until))
        return what, self._accesses(one.patient, seen)

    def _disaster(self, id_: str) -> tuple[Opened | None, tuple[Helped, ...]]:
        one = disasters.one(self.tx, id_)
        if one is None:
            return None, ()
        until = one.ended or one.ends
        rows = reviews.seen_in_disaster(self.tx, f"Disaster/{id_}", one.confirmed, until, SEEN)
        who = f"{self._name(one.declared_by)}、{self._name(one.confirmed_by)}"
        since = max(one.starts, one.confirmed)
        areas = "、".join(disasters.areas(one))
        place = self.places.get(self.caller.organisation, "")
        what = Opened(who, place, since, until, areas, self._is_ahead(until))
        return what, tuple(Helped(row.organisation_name, row.person_name, row.residents, row.accesses) for row in rows)

    def _is_ahead(self, moment: str) -> bool:
        return moment > instant(self.context.now)

    def _accesses(self, patient: str, rows: Sequence[Row]) -> tuple[Access, ...]:
        records = [audit.record_of(row, self.context.base_url) for row in rows]
        kinds = kinds_of(self.tx, patient, records)
        return tuple(Access(record, kinds[record.id]) for record in records)

    def _name(self, person: str) -> str:
        return self.names.get(person, person)
