"""What is done at the care-team desk: somebody joins, leaves, hands over; a first contact is settled; all is undone.

Each is one piece of work of the lane.  Teams are written as FHIR, on the way in, at the version that the page showed;
first contacts are rows of their own (``hub.store.desk``).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from hub.access import rules
from hub.access.caller import authenticate
from hub.context import Caller, Context, Credential
from hub.draft import Amend, Change, Draft
from hub.errors import Conflict, Malformed, Refused, Stale, not_found
from hub.interactions.care_team_desk import keepers
from hub.interactions.care_team_desk.plan import HandOver, check_not_own, left_behind, planned, receiving
from hub.interactions.care_team_desk.team import choices
from hub.interactions.desk import Settlement, settle_contact
from hub.interactions.my_people import today
from hub.interactions.receive import valid
from hub.projections.care_team import Key, Member, Names, Numbers, begins_after, joined, left, new_team
from hub.projections.rows import record
from hub.projections.wording import plain
from hub.store import audit, desk, registry, relations, resources
from hub.store import care_teams as store
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import Row
from hub.write_path import write
from profiles import Issue
from profiles.json import read_json
from profiles.resource import Resource, as_object

ADD, END, HAND_OVER, UNDO = (f"operation:care-team-{act}" for act in ("add", "end", "hand-over", "undo"))
ROLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes an act back.

    By ``kind``: ``team`` (``id``, and the ``version`` that the act made), ``end`` (of the relation ``id``,
    "origin/organisation/person", whose end was ``version`` before), ``confirm`` or ``refuse`` (of the organisation
    ``id``).
    """

    kind: str
    id: str
    version: str = ""


def join(
    tx: Tx, credential: Credential, patient: str, key: Key, role: str, starts: date, base: str, context: Context
) -> list[Undo]:
    """Somebody new belongs to the team; ``base`` is the caller's team as the page showed it ("id:version", or "").

    Raises ``Refused``, ``NotFound``; ``Stale`` for another ``base``; ``Conflict`` for somebody who belongs to it,
    or to the caller's own office: that is the secretariat's to say.
    """
    caller = _keeper(tx, credential, patient, context)
    check_not_own(tx, caller, key)
    speaking = _speaking(tx, key, context)
    team = receiving(store.of_source(tx, patient, caller.organisation), context)
    if base != (f"{team.id}:{team.version}" if team is not None else ""):
        raise _stale()
    if team is not None and _standing(tx, patient, f"CareTeam/{team.id}", key, context) is not None:
        raise Conflict("They belong to this team already.", reason="member")
    member = Member(*key, plain(role, ROLE_LENGTH), starts.isoformat())
    change = speaking.created(patient, caller, member) if team is None else speaking.changed(team, (), "", member)
    undo = _write(tx, credential, [change], ADD, context)
    _log(tx, caller, ADD, patient, [key], context)
    return undo


def end(
    tx: Tx, credential: Credential, patient: str, origin: str, key: Key, last: date, version: str, context: Context
) -> list[Undo]:
    """Somebody belongs to the team until the end of ``last``; when that is today, until now.

    ``origin`` is the CareTeam at ``version`` that gives the relation, or "desk" for a first contact that was confirmed.
    Of a team that was left behind (``plan.left_behind``) the relation ends, and the team stays as it was published.
    Raises ``Refused``, ``NotFound`` for a relation that there is not or that another organisation published,
    ``Stale`` for another ``version``, ``Conflict`` for one that is over, or that began later than ``last``.
    """
    caller = _keeper(tx, credential, patient, context)
    row = _standing(tx, patient, origin, key, context)
    if row is None:
        raise Conflict("This has ended already.", reason="over")
    until = _until(last, context)
    if rules.relation(row).period.has_begun(context.now) and begins_after(row.starts, until):
        raise Conflict("It began later than that.", reason="order")
    behind = left_behind(tx, caller, patient, context).get(origin)
    if behind is not None and behind.version != version:
        raise _stale()
    if behind is not None or origin == desk.DESK:
        undo = [_end(tx, row, until)]
    else:
        team = resources.own(tx, "CareTeam", origin.partition("/")[2], caller.organisation)
        if team is None or team.facts.patient != patient:
            raise Refused("Only who published this team can change it.", reason="not-own")
        speaking = _speaking(tx, None, context)
        change = Change("PATCH", "CareTeam", team.id, if_match=version, amend=speaking.amend({key}, until, None))
        undo = _write(tx, credential, [change], END, context)
    _log(tx, caller, END, patient, [key], context)
    return undo


def hand_over(
    tx: Tx, credential: Credential, patient: str, asked: HandOver, state: str, context: Context
) -> list[Undo]:
    """The one office leaves and the other begins, at once; ``state`` is that of the plan that was shown.

    Raises what ``planned`` raises, ``Refused``, ``NotFound``, ``Stale`` for another state.
    """
    caller = _keeper(tx, credential, patient, context)
    speaking = _speaking(tx, asked.coming, context)
    plan = planned(tx, caller, patient, asked, context)
    if plan.state != state:
        raise _stale()
    last, target = asked.last.isoformat(), plan.receiving
    gone: dict[str, set[Key]] = {}
    for row in plan.ends:
        gone.setdefault(row.origin, set()).add((row.organisation, row.person))
    others = [row for row in plan.ends if row.origin not in plan.teams]
    member = Member(*asked.coming, plain(asked.role, ROLE_LENGTH), asked.begins.isoformat())
    if target is None:
        changes = [speaking.created(patient, caller, member)]
    else:
        there = _standing(tx, patient, f"CareTeam/{target.id}", asked.coming, context)
        if there is not None and there.starts <= member.starts:
            member = Member(*asked.coming, member.role or there.role, there.starts)
        changes = [speaking.changed(target, gone.get(f"CareTeam/{target.id}", ()), last, member)]
    changes += [
        speaking.changed(team, gone[name], last, None)
        for name, team in plan.teams.items()
        if name in gone and (target is None or team.id != target.id)
    ]
    undo = _write(tx, credential, changes, HAND_OVER, context) + [_end(tx, row, last) for row in others]
    _log(tx, caller, HAND_OVER, patient, [asked.leaving, asked.coming], context)
    return undo


def settle(
    tx: Tx, credential: Credential, patient: str, organisation: str, decision: Settlement, context: Context
) -> list[Undo]:
    """Confirm or refuse a first contact, or take that back.  Nobody settles that of their own organisation.

    Raises ``Refused``, ``NotFound``, ``Conflict`` for one that was settled meanwhile.
    """
    caller = _keeper(tx, credential, patient, context)
    if organisation == caller.organisation:
        raise Refused("Somebody else must settle this contact.", reason="own-contact")
    settle_contact(tx, caller, patient, organisation, decision, context)
    return [Undo(decision, organisation)] if decision in ("confirm", "refuse") else []


def take_back(tx: Tx, credential: Credential, patient: str, undo: Iterable[Undo], context: Context) -> None:
    """Take an act back, whole.

    Raises ``Refused``, ``NotFound``, ``Stale`` or ``Conflict`` where something of it was changed since.
    """
    caller = _keeper(tx, credential, patient, context)
    changes: list[Change] = []
    for one in undo:
        if one.kind == "team":
            changes.append(_restored(tx, caller, patient, one))
        elif one.kind == "end":
            origin, organisation, person = one.id.rsplit("/", 2)
            if origin != desk.DESK and origin not in left_behind(tx, caller, patient, context):
                raise not_found("not-own")
            row = _of(tx, patient, origin, (organisation, person))
            if row is None or not desk.end(tx, row, one.version):
                raise _stale()
        elif one.id == caller.organisation:
            raise Refused("Somebody else must settle this contact.", reason="own-contact")
        else:
            settle_contact(tx, caller, patient, one.id, "undo" if one.kind == "confirm" else "wait", context)
    if changes:
        _write(tx, credential, changes, UNDO, context)
    _log(tx, caller, UNDO, patient, [], context)


@dataclass(frozen=True, slots=True)
class _Speaking:
    """How changes to teams are written: with what everybody is called, and whose the numbers are."""

    names: Names
    numbers: Numbers

    def created(self, patient: str, caller: Caller, member: Member) -> Change:
        team = new_team(patient, caller.organisation, self.names)
        resource, findings = valid(joined(team, member, self.numbers, self.names), strict=False)
        return Change("POST", "CareTeam", resource=resource, findings=findings)

    def changed(self, team: Row, gone: Collection[Key], last: str, member: Member | None) -> Change:
        return Change("PATCH", "CareTeam", team.id, if_match=team.version, amend=self.amend(gone, last, member))

    def amend(self, gone: Collection[Key], last: str, member: Member | None) -> Amend:
        """The members ``gone`` stay until ``last``, and ``member`` joins."""

        def amended(stored: Resource) -> tuple[Resource, tuple[Issue, ...]]:
            team = left(stored, gone, last, self.numbers)
            return valid(joined(team, member, self.numbers, self.names) if member else team, strict=False)

        return amended


def _speaking(tx: Tx, key: Key | None, context: Context) -> _Speaking:
    """Raises ``Malformed`` for an organisation, or a person there, who cannot be chosen."""
    known = choices(tx, context)
    people = {(one.id, person): name for one in known for person, name, _ in one.people}
    if key is not None and key not in people and key not in {(one.id, "") for one in known}:
        raise Malformed("There is no such organisation, or nobody of this name works there.")
    names = Names({one.id: one.name for one in known}, {person: name for (_, person), name in people.items()})
    return _Speaking(names, registry.organisation_numbers(tx))


def _keeper(tx: Tx, credential: Credential, patient: str, context: Context) -> Caller:
    caller = authenticate(tx, credential, context)
    keepers.check(tx, caller, patient, context)
    return caller


def _of(tx: Tx, patient: str, origin: str, key: Key) -> Row | None:
    rows = relations.of_patient(tx, patient)
    return next((row for row in rows if (row.origin, row.organisation, row.person) == (origin, *key)), None)


def _standing(tx: Tx, patient: str, origin: str, key: Key, context: Context) -> Row | None:
    """The relation that a team gives, unless it waits or is over."""
    row = _of(tx, patient, origin, key)
    relation = rules.relation(row) if row is not None else None
    return None if relation is None or relation.pending or relation.period.is_over(context.now) else row


def _until(last: date, context: Context) -> str:
    """The end of a day; of today, the second that has just gone by: what ends today ends at once."""
    if last != today(context):
        return last.isoformat()
    return (context.now.astimezone(JST).replace(microsecond=0) - timedelta(seconds=1)).isoformat()


def _end(tx: Tx, row: Row, until: str) -> Undo:
    if not desk.end(tx, row, until):
        raise _stale()
    return Undo("end", f"{row.origin}/{row.organisation}/{row.person}", row.ends)


def _restored(tx: Tx, caller: Caller, patient: str, undo: Undo) -> Change:
    """The team as it was before the version of the act; one that the act made was entered in error."""
    team = resources.own(tx, "CareTeam", undo.id, caller.organisation)
    if team is None or team.facts.patient != patient:
        raise not_found("not-own")
    past = [row for row in resources.versions(tx, "CareTeam", undo.id) if row.source == caller.organisation]
    earlier = next((bytes(row.body) for row in past if not row.is_current and not row.deleted), None)

    def amended(stored: Resource) -> tuple[Resource, tuple[Issue, ...]]:
        before = as_object(read_json(earlier)) if earlier else {**stored, "status": "entered-in-error"}
        return valid(before, strict=False)

    return Change("PATCH", "CareTeam", undo.id, if_match=undo.version, amend=amended)


def _write(tx: Tx, credential: Credential, changes: list[Change], interaction: str, context: Context) -> list[Undo]:
    """Write teams, on the way in; gives what takes back those that are different now."""
    before = {change.id: change.if_match for change in changes}
    written = write(tx, credential, Draft(tuple(changes), interaction), context)
    return [Undo("team", one.id, one.version) for one in written if before.get(one.id) != one.version]


def _log(tx: Tx, caller: Caller, interaction: str, patient: str, keys: Iterable[Key], context: Context) -> None:
    what = tuple(f"Practitioner/{person}" if person else f"Organization/{place}" for place, person in keys)
    right = keepers.right_of(caller)
    one = record(caller, context, interaction=interaction, patient=patient, what=what, query="care-teams", reason=right)
    audit.put(tx, [one])


def _stale() -> Stale:
    return Stale("Somebody else has changed this. Look at it again.")
