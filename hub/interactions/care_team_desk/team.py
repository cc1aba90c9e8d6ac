"""The care team of one resident, as far as its keeper may see it, and a hand-over before it is done (CONSENT.md §1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from hub.access import rules
from hub.access.authorise import own_of
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.interactions.care_team_desk import keepers
from hub.interactions.care_team_desk.plan import HandOver, left_behind, managing, planned, receiving
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.care_team import Key
from hub.question import Shown
from hub.store import care_teams as store
from hub.store import desk, fence, registry, relations, resources
from hub.store.database import Tx
from hub.store.sql import Row


@dataclass(frozen=True, slots=True)
class Membership:
    """A relation as people read it.

    ``origin`` is the CareTeam that gives it, "desk" for a first contact that was confirmed; ``version`` that team's,
    ``recorded_by`` an organisation or, of a confirmation, a person.  ``state`` is now, later or over.  ``ours`` says
    that the reader may end it, ``left_behind`` that it does so for an office that is gone (``plan.left_behind``).
    ``place`` is the organisation, also of a relation that names a person alone.  A moment is a FHIR date or
    dateTime, "" is without a bound.
    """

    organisation: str
    organisation_name: str
    kind: str
    person: str
    person_name: str
    role: str
    starts: str
    ends: str
    state: str
    origin: str
    version: str
    recorded: str
    recorded_by: str
    ours: bool
    left_behind: bool = False
    place: str = ""

    def is_read_by(self, other: "Membership") -> bool:
        """Whether all of this relation go on reading by another one when this one has ended."""
        if other == self or other.state == "over":
            return False
        return other.key == self.key or (bool(other.place) and other.place == self.place and not other.person)

    def has_colleague(self, other: "Membership") -> bool:
        """Whether one of the people of this relation, which is an organisation's, has a relation of their own."""
        return not self.person and bool(other.person) and other.state != "over" and other.place == self.place != ""

    def is_followed_by(self, other: "Membership") -> bool:
        """Whether the other one begins on this one's last day, or on the next."""
        days = [moment[:10] for moment in (self.ends, other.starts)]
        if self.key == other.key or any(len(day) < len("2026-11-22") for day in days):
            return False
        last, first = map(date.fromisoformat, days)
        return timedelta(0) <= first - last <= timedelta(days=1)

    @property
    def key(self) -> Key:
        return self.organisation, self.person

    @property
    def manages(self) -> bool:
        return self.kind in keepers.MANAGING


@dataclass(frozen=True, slots=True)
class Contact:
    """An organisation that waits, or was refused (``by`` whom); ``own`` is the reader's own."""

    organisation: str
    name: str
    kind: str
    since: str
    by: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An organisation that can be chosen, and its people: (id, name, professions)."""

    id: str
    name: str
    kind: str
    people: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class TeamPage:
    """``base`` is the team that a new member joins, as "id:version", "" for one that is yet to be made.

    ``may_add`` is false where the reader's organisation may publish no team of this resident.  ``moves``: who may
    hand over the management of care, as (key, name).  ``sees_all``: there is no relation that the reader may not see.
    """

    person: Person
    memberships: list[Membership]
    waiting: list[Contact]
    refused: list[Contact]
    choices: list[Choice]
    moves: list[tuple[Key, str]]
    base: str
    may_add: bool
    reader: str
    today: str
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Team:
    """``GET /care-teams/{id}``."""

    patient: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"care-teams/{self.patient}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[TeamPage]:
        caller, patient = grant.caller, self.patient
        keepers.check(tx, caller, patient, context)
        person = _person(tx, grant, patient, context)
        shown, told = _memberships(tx, grant, patient, context)
        waiting, refused = _contacts(tx, caller, patient)
        base = receiving(store.of_source(tx, patient, caller.organisation), context)
        own = own_of(tx, caller)
        known = bool(relations.of_caller_to(tx, caller.organisation, caller.person, patient))
        table = rules.of_city(tx, caller.rules).policy
        page = TeamPage(
            person=person,
            memberships=shown,
            waiting=waiting,
            refused=refused,
            choices=[one for one in choices(tx, context) if own is None or one.id != own.organisation],
            moves=_moves(shown),
            base=f"{base.id}:{base.version}" if base is not None else "",
            may_add=known and table.may_write(caller.organisation_kind, "care-team"),
            reader=caller.organisation,
            today=today(context).isoformat(),
            sees_all=keepers.keeps_all(caller),
        )
        what = (*((person.record,) if person.record else ()), *told)
        return Shown(page, {patient: what}, keepers.right_of(caller), category="care-team")


@dataclass(frozen=True, slots=True)
class HandOverPage:
    """What a hand-over would change, before it is done.  ``own`` says that it is the reader's own office who leaves.

    ``sees_all`` as in ``TeamPage``.
    """

    person: Person
    asked: HandOver
    leaving: list[Membership]
    staying: list[Membership]
    coming: Membership
    state: str
    own: bool
    sees_all: bool


@dataclass(frozen=True, slots=True)
class HandingOver:
    """``GET /care-teams/{id}/hand-over``."""

    patient: str
    asked: HandOver
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"care-teams/{self.patient}/hand-over"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[HandOverPage]:
        caller, patient, asked = grant.caller, self.patient, self.asked
        keepers.check(tx, caller, patient, context)
        plan = planned(tx, caller, patient, asked, context)
        person = _person(tx, grant, patient, context)
        shown, told = _memberships(tx, grant, patient, context)
        ends, stays = ({(row.origin, row.organisation, row.person) for row in rows} for rows in (plan.ends, plan.stays))
        organisations, names = {row.id: row for row in registry.organisations(tx)}, registry.person_names(tx)
        place = organisations[asked.coming[0]]
        coming = Membership(
            organisation=place.id,
            organisation_name=place.name,
            kind=place.kind,
            person=asked.coming[1],
            person_name=names.get(asked.coming[1], ""),
            role=asked.role,
            starts=asked.begins.isoformat(),
            ends="",
            state="later",
            origin="",
            version="",
            recorded="",
            recorded_by=caller.organisation_name,
            ours=True,
        )
        page = HandOverPage(
            person=person,
            asked=asked,
            leaving=[one for one in shown if (one.origin, *one.key) in ends],
            staying=[one for one in shown if (one.origin, *one.key) in stays],
            coming=coming,
            state=plan.state,
            own=asked.leaving[0] == caller.organisation,
            sees_all=keepers.keeps_all(caller),
        )
        what = (*((person.record,) if person.record else ()), *told)
        return Shown(page, {patient: what}, keepers.right_of(caller), category="care-team")


def choices(tx: Tx, context: Context) -> list[Choice]:
    """Every organisation, with the people who have a role there now."""
    day = today(context).isoformat()
    people: dict[str, dict[str, tuple[str, list[str]]]] = {}
    for row in registry.people(tx):
        if row.starts <= day and (not row.ends or row.ends >= day):
            people.setdefault(row.organisation, {}).setdefault(row.person, (row.name, []))[1].append(row.profession)
    return [
        Choice(
            row.id,
            row.name,
            row.kind,
            tuple((id_, name, tuple(roles)) for id_, (name, roles) in people.get(row.id, {}).items()),
        )
        for row in registry.organisations(tx)
    ]


def _person(tx: Tx, grant: Grant, patient: str, context: Context) -> Person:
    source = grant.caller.organisation if keepers.keeps_all(grant.caller) else ""
    return shown_people(tx, grant, [patient], today(context), source=source)[patient]


def _memberships(tx: Tx, grant: Grant, patient: str, context: Context) -> tuple[list[Membership], tuple[str, ...]]:
    """The relations that the reader may see, and the versions of the teams that give them.

    The secretariat sees that there is a relation, whoever recorded it; a care manager what the resident's consent and
    the city's table show of others' teams, and what waited at the desk.
    """
    caller = grant.caller
    with fence.lifted(tx):
        origins = {f"CareTeam/{row.id}": row for row in store.origins(tx, patient)}
        further = {name: resources.further_patients(tx, "CareTeam", row.id) for name, row in origins.items()}
    seen = {
        name: row
        for name, row in origins.items()
        if keepers.keeps_all(caller) or grant.permits(row, further[name]).permit
    }
    behind = left_behind(tx, caller, patient, context)
    rows = [row for row in relations.of_patient(tx, patient) if row.origin in seen or row.origin == desk.DESK]
    organisations = {row.id: row for row in registry.organisations(tx)}
    names = registry.person_names(tx)
    works_at = managing(tx).places
    shown = []
    for row in rows:
        origin = seen.get(row.origin)
        place = organisations.get(row.organisation or works_at.get(row.person, ""))
        by = row.role.removeprefix(desk.CONFIRMED_BY) if origin is None else origin.source
        shown.append(
            Membership(
                organisation=row.organisation,
                organisation_name=place.name if place is not None else row.organisation,
                kind=place.kind if place is not None else "",
                person=row.person,
                person_name=names.get(row.person, row.person),
                role=row.role if origin is not None else "",
                starts=row.starts,
                ends=row.ends,
                state=_state(row, context),
                origin=row.origin,
                version=origin.version if origin is not None else "",
                recorded=origin.recorded if origin is not None else row.starts,
                recorded_by=_name_of(by, organisations, names),
                ours=origin is None or origin.source == caller.organisation or row.origin in behind,
                left_behind=row.origin in behind,
                place=place.id if place is not None else "",
            )
        )
    shown.sort(key=lambda one: (one.organisation_name, one.person_name, one.starts))
    return shown, tuple(f"{name}/_history/{row.version}" for name, row in seen.items())


def _state(row: Row, context: Context) -> str:
    relation = rules.relation(row)
    if relation.pending or relation.period.is_over(context.now):
        return "over"
    return "now" if relation.period.has_begun(context.now) else "later"


def _name_of(by: str, organisations: dict[str, Row], names: dict[str, str]) -> str:
    return organisations[by].name if by in organisations else names.get(by, by)


def _contacts(tx: Tx, caller: Caller, patient: str) -> tuple[list[Contact], list[Contact]]:
    """The first contacts that wait, and those that were refused."""
    organisations, names = {row.id: row for row in registry.organisations(tx)}, registry.person_names(tx)
    waiting = [
        Contact(place.id, place.name, place.kind, row.starts, own=place.id == caller.organisation)
        for row in store.waiting_for(tx, [patient])
        if (place := organisations.get(row.organisation)) is not None
    ]
    refused = [
        Contact(place.id, place.name, place.kind, row.ends, names.get(by, by), place.id == caller.organisation)
        for row in relations.of_patient(tx, patient)
        if row.pending and row.ends and (place := organisations.get(row.organisation)) is not None
        for by in [row.role.removeprefix(desk.REFUSED_BY)]
    ]
    return waiting, refused


def _moves(shown: Iterable[Membership]) -> list[tuple[Key, str]]:
    """Who manages the care, and could hand it over: each organisation as a whole, and each of its people."""
    moves: dict[Key, str] = {}
    for one in shown:
        if one.manages and one.ours and one.state != "over":
            if one.organisation:
                moves.setdefault((one.organisation, ""), one.organisation_name)
            if one.person:
                moves.setdefault(one.key, f"{one.organisation_name} {one.person_name}")
    return list(moves.items())
