"""What a hand-over would change: whose relations end, which stay, and which team takes the new one."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from hub.access import rules
from hub.access.authorise import own_of
from hub.context import Caller, Context, instant
from hub.errors import Conflict, Malformed
from hub.interactions.care_team_desk import keepers
from hub.interactions.my_people import today
from hub.projections.care_team import Key, Own, takes_members
from hub.store import care_teams as store
from hub.store import desk, fence, registry, relations
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import as_object


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who leaves and who comes, as (organisation, person): without a person it is the whole organisation.

    ``last`` is the last day of the one, ``begins`` the first day of the other: the same day, or the next.
    """

    leaving: Key
    coming: Key
    role: str
    last: date
    begins: date


@dataclass(frozen=True, slots=True)
class Plan:
    """``ends`` are the relations to end, ``stays`` those of the same office that the caller cannot end.

    ``teams`` are the caller's own by reference, ``receiving`` that of the new member or none.  ``state`` says what all
    this was found from: with another state, somebody was faster.
    """

    ends: tuple[Row, ...]
    stays: tuple[Row, ...]
    teams: Mapping[str, Row]
    receiving: Row | None
    state: str


@dataclass(frozen=True, slots=True)
class Managing:
    """``places``: person → the one organisation at which they manage care, for relations that name only them."""

    places: Mapping[str, str]
    kinds: Mapping[str, str]


def managing(tx: Tx) -> Managing:
    """Who manages care, and where."""
    places: dict[str, str] = {}
    for row in registry.people(tx):
        if row.kind in keepers.MANAGING or row.person not in places:
            places[row.person] = row.organisation
    return Managing(places, {row.id: row.kind for row in registry.organisations(tx)})


def planned(tx: Tx, caller: Caller, patient: str, asked: HandOver, context: Context) -> Plan:
    """How the hand-over would be done now.

    Raises ``Malformed`` for an office that manages no care, ``Conflict`` for days gone by, for a hand-over to
    oneself or to the caller's own office (``check_not_own``), and when the caller can end no relation of who leaves.
    """
    offices = managing(tx)
    if not all(offices.kinds.get(one) in keepers.MANAGING for one in (asked.leaving[0], asked.coming[0])):
        raise Malformed("The management of care goes from one office of it to another.")
    if asked.last < today(context):
        raise Conflict("The last day has gone by.", reason="past")
    (office, person), (new_office, new_person) = asked.leaving, asked.coming
    if office == new_office and (person == new_person or not person or not new_person):
        raise Conflict("Who comes is who leaves.", reason="same")
    check_not_own(tx, caller, asked.coming)
    teams = {f"CareTeam/{row.id}": row for row in store.of_source(tx, patient, caller.organisation)}
    free = {desk.DESK, *left_behind(tx, caller, patient, context)}
    ends, stays = [], []
    for row in relations.of_patient(tx, patient):
        relation = rules.relation(row)
        if relation.pending or relation.period.is_over(context.now) or not _is_of(row, asked.leaving, offices):
            continue
        theirs = asked.leaving[1] in ("", row.person)
        ours = row.origin in teams or row.origin in free
        if theirs and ours and not _ends_earlier(row, asked.last):
            ends.append(row)
        elif not row.ends or not _ends_earlier(row, asked.last):
            stays.append(row)
    if not ends:
        raise Conflict("There is no relation of theirs that you could end.", reason="nobody")
    touched = [teams[row.origin] for row in ends if row.origin in teams]
    team = receiving(touched, context) or receiving(list(teams.values()), context)
    return Plan(tuple(ends), tuple(stays), teams, team, _state(ends, teams, team))


def check_not_own(tx: Tx, caller: Caller, coming: Key) -> None:
    """Raises ``Conflict`` for somebody to whom a team of the caller's would give no relation: its own office."""
    own = own_of(tx, caller)
    if own is not None and own.has(coming):
        raise Conflict("Your own office and its people are added by the secretariat.", reason="own-office")


def left_behind(tx: Tx, caller: Caller, patient: str, context: Context) -> dict[str, Row]:
    """The teams, by reference, of others who no longer look after the resident: the secretariat ends what they gave.

    Whoever published one can write it again, and then it gives no relation at all (``authorise.WriteGrant``).
    """
    if not keepers.keeps_all(caller):
        return {}
    with fence.lifted(tx):
        teams = store.origins(tx, patient)
    publishers = {f"CareTeam/{row.id}": row.source for row in teams}
    here = [row for row in relations.of_patient(tx, patient) if _is_now(row, context)]
    given: dict[str, set[str]] = {}
    for source in set(publishers.values()):
        own = Own(source, registry.staff(tx, source))
        by = {publishers.get(row.origin, row.origin) for row in here if own.has((row.organisation, row.person))}
        given[source] = by - {source}
    left = gone(given, caller.organisation)
    return {f"CareTeam/{row.id}": row for row in teams if row.source in left}


def gone(given: Mapping[str, Set[str]], keeper: str) -> set[str]:
    """Who no longer looks after a resident, of those by whom ``given`` says that they do, "desk" or another of them.

    Those of whom nobody says it; and those who say it of one another alone: the keeper, who does not, must be able to
    end that.
    """
    sound = {keeper, desk.DESK, *(name for name, by in given.items() if not by)}
    while more := {name for name, by in given.items() if by & sound} - sound:
        sound |= more
    return {name for name, by in given.items() if name != keeper and (not by or name not in sound)}


def _is_now(row: Row, context: Context) -> bool:
    relation = rules.relation(row)
    return not relation.pending and relation.period.covers(context.now)


def receiving(teams: Sequence[Row], context: Context) -> Row | None:
    """The team among these, newest first, that a new member joins: one that is in use and has no end."""
    now = instant(context.now)
    return next(
        (row for row in teams if not row.withheld and takes_members(as_object(read_json(bytes(row.body))), now)), None
    )


def _is_of(row: Row, leaving: Key, offices: Managing) -> bool:
    """Whether it is a relation of the office that leaves, or of the person there who does; also the office's own."""
    organisation, person = leaving
    place = row.organisation or offices.places.get(row.person, "")
    return place == organisation and (not person or row.person in ("", person))


def _ends_earlier(row: Row, last: date) -> bool:
    return bool(row.ends) and row.ends[:10] < last.isoformat()


def _state(ends: Sequence[Row], teams: Mapping[str, Row], team: Row | None) -> str:
    found = {f"{row.origin} {row.organisation} {row.person} {row.ends}" for row in ends}
    found |= {f"{name} {teams[name].version}" for name in {row.origin for row in ends} if name in teams}
    if team is not None:
        found.add(f"{team.id} {team.version}")
    return sha256("|".join(sorted(found)).encode()).hexdigest()[:32]
