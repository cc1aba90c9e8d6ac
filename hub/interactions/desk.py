"""The secretariat's desk: first contacts, people who may be one, consents that cannot be read (CONSENT.md §3.4, §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hub.access import rules
from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.context import Caller, Context, Credential, instant
from hub.errors import NOT_FOR_ROLE, Conflict, Refused, not_found
from hub.interactions.care_team_desk import keepers
from hub.interactions.listed import about
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.rows import record
from hub.question import Shown
from hub.store import audit, identity, registry, relations
from hub.store import desk as store
from hub.store.database import Tx
from hub.store.sql import Row

PROFESSIONS = frozenset({"secretariat", "consent-desk"})
LATEST, UNREADABLE = 20, 200

PairDecision = Literal["different", "hold", "undo"]
ContactDecision = Literal["confirm", "undo"]
Settlement = Literal["confirm", "undo", "refuse", "wait"]


@dataclass(frozen=True, slots=True)
class Contact:
    """An organisation that pushed something of a patient to whom it had no relation, and since when.

    ``by`` names the person who confirmed it, empty while it waits.
    """

    patient: Person
    organisation: str
    organisation_name: str
    organisation_kind: str
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who may be one person.  ``decision`` is empty while it waits; ``by`` then names who put it off."""

    left: Person
    right: Person
    why: str
    recorded: str
    decision: str
    decided: str
    by: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A consent that counts as a refusal because it cannot be read in full; ``problem`` says where and why."""

    patient: Person
    consent: str
    problem: str


@dataclass(frozen=True, slots=True)
class DeskPage:
    """What waits, and what was decided last and can still be undone.

    ``unreadable`` are the first of ``unreadable_in_all``.
    """

    contacts: list[Contact]
    confirmed: list[Contact]
    pairs: list[Pair]
    decided: list[Pair]
    unreadable: list[Unreadable]
    unreadable_in_all: int


@dataclass(frozen=True, slots=True)
class Desk:
    """``GET /desk``.  Of residents it shows only what the municipality's own records say."""

    interaction: str = "page"
    type: str = "*"
    query: str = "desk"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[DeskPage]:
        at_the_desk(grant.caller)
        unread = rules.unreadable(tx, rules.of_city(tx, grant.caller.rules))
        concerned = list(dict.fromkeys([*_waiting(tx), *(one.patient for one in unread[:UNREADABLE])]))
        with about(tx, grant, self, concerned, context) as wider:
            people = shown_people(tx, wider, concerned, today(context), source=grant.caller.organisation)
        organisations = {row.id: row for row in registry.organisations(tx)}
        names = registry.person_names(tx)
        page = DeskPage(
            contacts=_contacts(relations.pending(tx), people, organisations, names),
            confirmed=_contacts(store.confirmed(tx, LATEST), people, organisations, names),
            pairs=[_pair(row, people, names) for row in identity.candidates(tx)],
            decided=[_pair(row, people, names) for row in store.decided(tx, LATEST)],
            unreadable=[Unreadable(people[one.patient], one.id, one.unreadable or "") for one in unread[:UNREADABLE]],
            unreadable_in_all=len(unread),
        )
        return Shown(page, _told(page), "own")


def at_the_desk(caller: Caller) -> None:
    """Raises ``Refused`` for everybody but the municipality's secretariat and consent desk, in force."""
    if caller.organisation_kind != "municipality" or caller.profession not in PROFESSIONS or not caller.in_force:
        raise Refused("This page is the secretariat's.", reason=NOT_FOR_ROLE if caller.in_force else "not-in-force")


def decide_pair(
    tx: Tx, credential: Credential, patient: str, other: str, decision: PairDecision, context: Context
) -> None:
    """Say of two people that they are two (``different``), put it off (``hold``), or take either back (``undo``).

    Raises ``Refused``, and ``NotFound`` for a pair that nobody queued.  Nothing is merged here.
    """
    caller = authenticate(tx, credential, context)
    at_the_desk(caller)
    if store.pair(tx, patient, other) is None:
        raise not_found()
    kept = "different" if decision == "different" else ""
    when, by = ("", "") if decision == "undo" else (instant(context.now), caller.person or "")
    store.decide(tx, patient, other, kept, when, by)
    _log(tx, caller, f"operation:desk-pair-{decision}", (patient, other), context)


def decide_contact(
    tx: Tx, credential: Credential, patient: str, organisation: str, decision: ContactDecision, context: Context
) -> None:
    """Confirm a first contact, so that the organisation looks after the patient from today; or take that back.

    Raises ``Refused``, ``NotFound`` for a contact that there is not, ``Conflict`` for one that was decided meanwhile.
    """
    caller = authenticate(tx, credential, context)
    at_the_desk(caller)
    settle_contact(tx, caller, patient, organisation, decision, context)


def settle_contact(
    tx: Tx, caller: Caller, patient: str, organisation: str, decision: Settlement, context: Context
) -> None:
    """The same for whoever may decide.  ``refuse`` ends the waiting, ``wait`` takes that back."""
    if decision == "undo":
        if not store.withdraw(tx, patient, organisation):
            raise Conflict("This confirmation was taken back already.", reason="decided")
    elif decision == "wait":
        if not store.wait_again(tx, patient, organisation):
            raise Conflict("This refusal was taken back already.", reason="decided")
    elif store.waits(tx, patient, organisation):
        settle = store.confirm if decision == "confirm" else store.refuse
        settle(tx, patient, organisation, caller.person or "", today(context).isoformat())
    elif relations.of_patient(tx, patient):
        raise Conflict("This contact was decided already.", reason="decided")
    else:
        raise not_found()
    _log(tx, caller, f"operation:desk-contact-{decision}", (patient,), context, f"Organization/{organisation}")


def _log(tx: Tx, caller: Caller, interaction: str, patients: Sequence[str], context: Context, *concerned: str) -> None:
    right = keepers.right_of(caller)
    audit.put(
        tx,
        [
            record(caller, context, interaction=interaction, patient=one, what=concerned, query="desk", reason=right)
            for one in patients
        ],
    )


def _waiting(tx: Tx) -> list[str]:
    """Whom the contacts and the pairs of the page are about."""
    named = [row.patient for row in (*relations.pending(tx), *store.confirmed(tx, LATEST))]
    for row in (*identity.candidates(tx), *store.decided(tx, LATEST)):
        named += [row.patient, row.other]
    return named


def _contacts(
    rows: Sequence[Row], people: dict[str, Person], organisations: dict[str, Row], names: dict[str, str]
) -> list[Contact]:
    found = []
    for row in rows:
        place = organisations.get(row.organisation)
        # The municipality itself needs nobody's leave to register its residents.
        if place is not None and place.kind != "municipality":
            by = str(row._mapping.get("role", "")).removeprefix(store.CONFIRMED_BY)
            contact = Contact(people[row.patient], place.id, place.name, place.kind, row.starts, names.get(by, by))
            found.append(contact)
    return found


def _pair(row: Row, people: dict[str, Person], names: dict[str, str]) -> Pair:
    by = names.get(row.decided_by, row.decided_by)
    return Pair(people[row.patient], people[row.other], row.why, row.recorded, row.decision, row.decided, by)


def _told(page: DeskPage) -> dict[str, tuple[str, ...]]:
    """Who is on the page, with what is shown of them."""
    people = [one.patient for one in (*page.contacts, *page.confirmed)] + [one.patient for one in page.unreadable]
    for pair in (*page.pairs, *page.decided):
        people += [pair.left, pair.right]
    told = {one.id: {one.record} - {""} for one in people}
    for unread in page.unreadable:
        told[unread.patient.id].add(unread.consent)
    return {patient: tuple(sorted(what)) for patient, what in told.items()}
