"""The members of a CareTeam as relations, and the team with one more of them, or with one who leaves.  Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from profiles import canonical_identifier, canonical_system
from profiles.instants import EARLIEST, LATEST, in_japan, instants_of
from profiles.resource import Json, Resource, as_object, as_text, objects, reference_of

Key: TypeAlias = tuple[str, str]
"""(organisation, person): whom a membership is of, "" for none; with a person it is that person's alone."""
Numbers: TypeAlias = Mapping[tuple[str, str], str]
"""(identifier system, number) → the organisation that has it: a team may name it so."""

IN_USE = (None, "active")
"""The states of a CareTeam whose members are relations: in one that is only proposed nobody takes part yet."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who belongs to a team, as what, and when.

    ``starts`` and ``ends`` are FHIR dates, or dateTimes with Japan's offset, both included; "" is without a bound.
    """

    organisation: str
    person: str
    role: str = ""
    starts: str = ""
    ends: str = ""

    @property
    def key(self) -> Key:
        return self.organisation, self.person


@dataclass(frozen=True, slots=True)
class Own:
    """An organisation with its people: whom its own team gives no relation.

    Else it could stay for good, whatever the municipality ends: that it belongs to the team is for others to say.
    """

    organisation: str
    staff: frozenset[str]

    def has(self, key: Key) -> bool:
        organisation, person = key
        return organisation == self.organisation or (not organisation and person in self.staff)


@dataclass(frozen=True, slots=True)
class Names:
    """What organisations and people are called, by their ids: a team says it beside each reference."""

    organisations: Mapping[str, str]
    people: Mapping[str, str]


def members(team: Resource, numbers: Numbers) -> list[Member]:
    """Every member who belongs to the team at any time; of several entries for the same one the first counts."""
    found: dict[Key, Member] = {}
    for participant in _entries(team):
        key = _key(participant, numbers)
        if key is not None and key not in found:
            starts, ends = _bounds(participant, team)
            role = next((as_text(one.get("text")) for one in objects(participant.get("role"))), "")
            found[key] = Member(*key, role, in_japan(starts), in_japan(ends))
    return [one for one in found.values() if _begin(one.starts) < _over(one.ends)]


def takes_members(team: Resource, now: str) -> bool:
    """Whether somebody who joins the team belongs to it for as long as they are told: it is in use, and has no end.

    ``now`` is an instant.
    """
    starts, ends = _period(team)
    return team.get("status") in IN_USE and _begin(starts) <= now and _over(ends) == LATEST


def new_team(patient: str, organisation: str, names: Names) -> Resource:
    """A team of nobody yet, which ``organisation`` keeps."""
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "name": "支援チーム",
        "subject": {"reference": f"Patient/{patient}"},
        "managingOrganization": [_called("Organization", organisation, names.organisations)],
    }


def joined(team: Resource, member: Member, numbers: Numbers, names: Names) -> Resource:
    """The team with ``member``, whose earlier entries go: the history of the resource keeps them."""
    others: list[Json] = [one for one in _entries(team) if _key(one, numbers) != member.key]
    return {**team, "participant": [*others, _participant(member, names)]}


def left(team: Resource, keys: Collection[Key], end: str, numbers: Numbers) -> Resource:
    """The team whose members ``keys`` belong to it until ``end`` (a FHIR date or dateTime, included).

    Only their own periods say so: the team's is that of everybody, and bounds them still.  A membership that would
    begin only after that never was one: it goes.
    """
    kept: list[Json] = []
    seen: set[Key] = set()
    for entry in _entries(team):
        key = _key(entry, numbers)
        if key is None or key not in keys or key in seen:
            kept.append(entry)
            continue
        if begins_after(_bounds(entry, team)[0], end):
            return left(_without(team, key, numbers), keys, end, numbers)
        seen.add(key)
        kept.append({**entry, "period": {**as_object(entry.get("period")), "end": end}})
    rest: Resource = {name: value for name, value in team.items() if name != "participant"}
    return {**rest, "participant": kept} if kept else rest


def begins_after(start: str, end: str) -> bool:
    """Whether something that starts on ``start`` has not begun when ``end`` is over."""
    begin, over = instants_of(start), instants_of(end)
    return begin is not None and over is not None and begin[0] >= over[1]


def _without(team: Resource, key: Key, numbers: Numbers) -> Resource:
    return {**team, "participant": [one for one in _entries(team) if _key(one, numbers) != key]}


def _entries(team: Resource) -> list[Resource]:
    return objects(team.get("participant"))


def _period(holder: Resource) -> tuple[str, str]:
    """The start and the end of a period, as they are written."""
    period = as_object(holder.get("period"))
    return as_text(period.get("start")), as_text(period.get("end"))


def _bounds(participant: Resource, team: Resource) -> tuple[str, str]:
    """When an entry holds: within its own period and within the team's, the later start and the earlier end."""
    (start, end), (team_start, team_end) = _period(participant), _period(team)
    return max(start, team_start, key=_begin), min(end, team_end, key=_over)


def _begin(start: str) -> str:
    """The instant at which something begins; what begins some day that cannot be read never does."""
    instants = instants_of(start) if not start.startswith("9999") else None
    return (instants[0] if instants else LATEST) if start else EARLIEST


def _over(end: str) -> str:
    """The instant at which something is over, all of ``end`` being part of it; what cannot be read is over."""
    if not end or end.startswith("9999"):  # how registers write "without end" (consent/period.py)
        return LATEST
    instants = instants_of(end)
    return instants[1] if instants else EARLIEST


def _key(participant: Resource, numbers: Numbers) -> Key | None:
    """Whom an entry is about; none for relatives, devices and whatever else is no relation of the hub."""
    kind, _, member = _actor(participant.get("member"), numbers).partition("/")
    behalf = _actor(participant.get("onBehalfOf"), numbers).removeprefix("Organization/")
    if kind not in ("Organization", "Practitioner"):
        return None
    return (member, "") if kind == "Organization" else (behalf, member)


def _actor(reference: Json, numbers: Numbers) -> str:
    """What a Reference leads to: as it is written, or the organisation that has the number it gives instead."""
    number = as_object(as_object(reference).get("identifier"))
    system = canonical_system(as_text(number.get("system")))
    organisation = numbers.get((system, canonical_identifier(system, as_text(number.get("value")))), "")
    return reference_of(reference) or (f"Organization/{organisation}" if organisation else "")


def _participant(member: Member, names: Names) -> Resource:
    place = _called("Organization", member.organisation, names.organisations)
    person = _called("Practitioner", member.person, names.people)
    period: Resource = {name: day for name, day in (("start", member.starts), ("end", member.ends)) if day}
    return {
        **({"role": [{"text": member.role}]} if member.role else {}),
        **({"member": person, "onBehalfOf": place} if member.person else {"member": place}),
        **({"period": period} if period else {}),
    }


def _called(type_: str, id_: str, names: Mapping[str, str]) -> Resource:
    return {"reference": f"{type_}/{id_}", **({"display": names[id_]} if names.get(id_) else {})}
