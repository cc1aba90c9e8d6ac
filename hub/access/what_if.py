"""Who would gain and who would lose what by a consent (CONSENT.md §9): the engine's answer, from what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from consent import Asker, ConsentRecord, Disaster, Relation, may_record, what_if
from consent.period import local_day
from consent.vocabulary import RECENT_DAYS
from consent.what_if import Change as Moved
from consent.what_if import Counted, Difference, Seat, World
from hub.access import compiled, disasters, rules
from hub.access.decide import Grant, stored_facts
from hub.access.emergencies import emergency
from hub.context import Caller, instant
from hub.store import disasters as declared
from hub.store import registry, relations, resources
from hub.store import what_if as store
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.resource import Resource, as_text

__all__ = ["Drafted", "Moved", "drafted", "may_be_recorded"]

PURPOSES = ("CAREMGT", "TREAT", "COC")
"""What a person may say they ask for; what a page says for them is the first."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a consent that is not stored would change, and why it could not be read in full ("" when it can)."""

    difference: Difference
    unreadable: str


def drafted(tx: Tx, grant: Grant, patient: str, consent: Resource, now: datetime, *, of_all: bool) -> Drafted:
    """Compare what is with what would be.

    ``of_all``: count everything that is stored of the patient; else only what the caller's own grant shows.
    """
    caller = grant.caller
    city = rules.of_city(tx, caller.rules)
    shared = [(row, resources.further_patients(tx, row.type, row.id)) for row in store.shared(tx, patient)]
    everybody = tuple(dict.fromkeys([patient, *(one for row, others in shared for one in (row.patient, *others))]))
    before = rules.consents(tx, everybody, city)
    id_ = as_text(consent.get("id"))
    draft = compiled.read_record(patient, id_, "", consent)
    after = [record for record in before if record.id != f"Consent/{id_}"]
    new = rules.known(tx, [draft], city) if draft is not None else []
    world = World(
        city.policy,
        everybody,
        tuple(_relations(tx, everybody)),
        tuple(emergency(row) for row in store.emergencies(tx, patient, now)),
        (),
        now,
    )
    seats = _seats(tx, world, [*before, *new], patient)
    world = replace(world, disasters=tuple(_disasters(tx, caller, seats, everybody, now)))
    counted = list(_counted(tx, patient, shared, [*before, *new], now))
    if not of_all:
        counted = [one for one in counted if grant.scope.admits(one.facts).permit]
    return Drafted(what_if(world, seats, before, [*after, *new], counted), "".join(one.unreadable or "" for one in new))


def may_be_recorded(tx: Tx, caller: Caller, consent: Resource) -> str | None:
    """Why the caller's organisation may not write this Consent; none when it may (CONSENT.md §3.5)."""
    city = rules.of_city(tx, caller.rules)
    if not city.policy.may_write(caller.organisation_kind, "consent"):
        return "not-publishable"
    staff = registry.staff(tx, caller.organisation)
    return may_record(consent, caller.organisation, caller.organisation_kind, staff)


def _relations(tx: Tx, patients: Iterable[str]) -> Iterator[Relation]:
    for patient in patients:
        yield from (rules.relation(row) for row in relations.of_patient(tx, patient))


def _seats(tx: Tx, world: World, consents: Iterable[ConsentRecord], patient: str) -> list[Seat]:
    """Everybody who can meet anything of the patient, and who works with them: those whom a rule may tell apart alone.

    Who is related no longer, or not yet, is asked about too: the engine says that they see nothing.
    """
    near = [one for one in world.relations if one.patient == patient]
    persons = {one.person for one in near if one.person} | {one.person for one in world.emergencies}
    organisations = {one.organisation for one in near if one.organisation}
    named = persons | {person for record in consents for rule in record.exceptions for person in rule.persons}
    alike: defaultdict[tuple[Asker, tuple[str, ...]], list[str]] = defaultdict(list)
    for row in store.roles(tx, organisations, persons, world.now):
        person = row.person if row.person in named else None
        alike[_asker(row, person, PURPOSES), PURPOSES].append(row.person)
    for row in store.systems(tx, organisations, world.now):
        purposes = (row.purpose,)
        alike[_asker(row, None, purposes), purposes].append(row.id)
    return [Seat(asker, tuple(members), purposes) for (asker, purposes), members in alike.items()]


def _asker(row: Row, person: str | None, purposes: Sequence[str]) -> Asker:
    return Asker(row.organisation, row.kind, purposes[0], True, person, row.profession)


def _disasters(
    tx: Tx, caller: Caller, seats: Iterable[Seat], patients: Sequence[str], now: datetime
) -> Iterator[Disaster]:
    if not declared.standing(tx, instant(now)):
        return
    for organisation in {seat.asker.organisation for seat in seats}:
        helper = replace(caller, organisation=organisation, helps=True)
        yield from disasters.counting(tx, helper, "read", patients, now)


def _counted(
    tx: Tx,
    patient: str,
    shared: Iterable[tuple[Row, tuple[str, ...]]],
    consents: Iterable[ConsentRecord],
    now: datetime,
) -> Iterator[Counted]:
    days = {local_day(now - timedelta(days=RECENT_DAYS))}
    references: set[str] = set()
    for match in (rule.match for record in consents for rule in record.exceptions):
        references |= match.references
        if match.clinical_from is not None:
            days.add(match.clinical_from)
        if match.clinical_to is not None:
            days.add(_day_after(match.clinical_to))
    for row in store.counted(tx, patient, days, references):
        yield Counted(stored_facts(row, (patient,), row.reference), row.n)
    for row, others in shared:
        yield Counted(stored_facts(row, (row.patient, *others), f"{row.type}/{row.id}"), 1)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
