"""The consent desk: a resident, their consents in words, and what became of each (CONSENT.md §3).

The municipality's desk sees every consent of a resident, and the scanned papers.  Another organisation that the policy
lets write consents sees, of the residents whom it looks after, what it took itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.access.agreements import agreements, may_write_consents
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.errors import NOT_FOR_ROLE, Refused, not_found
from hub.interactions.consent_desk.history import Event, history
from hub.interactions.consent_desk.named import called
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.agreement import Agreement, in_words, spaces
from hub.projections.consent_copy import Ending, Told
from hub.projections.consent_form import SPACES
from hub.question import Shown
from hub.store.database import Tx

PROFESSION = "consent-desk"
NO_NAME = "no-name"
_NEVER = frozenset({"auditor", "paramedic"})


def at_the_desk(tx: Tx, caller: Caller) -> None:
    """Raises ``Refused`` for everybody who takes no consents: see ``takes_consents``."""
    if not caller.in_force:
        raise Refused("Your role, or your organisation's membership, is not in force.", reason="not-in-force")
    if not takes_consents(tx, caller):
        raise Refused("This page is for those who take the residents' consents.", reason=NOT_FOR_ROLE)


def takes_consents(tx: Tx, caller: Caller) -> bool:
    """The municipality's consent desk; elsewhere, people of a kind of organisation that may write consents."""
    if caller.person is None or caller.profession in _NEVER or caller.purpose == "AUDIT":
        return False
    return (not is_of_the_city(caller) or caller.profession == PROFESSION) and may_write_consents(tx, caller)


def is_of_the_city(caller: Caller) -> bool:
    return caller.organisation_kind == "municipality"


def resident(tx: Tx, grant: Grant, patient: str, context: Context) -> Person:
    """The resident at the desk: the city's record; elsewhere only somebody whom the caller looks after now.

    Raises ``Refused``, and ``NotFound`` alike for somebody unknown and somebody whom others look after.
    """
    at_the_desk(tx, grant.caller)
    if is_of_the_city(grant.caller):
        person = shown_people(tx, grant, [patient], today(context), source=grant.caller.organisation)[patient]
        if not person.record:
            raise not_found("no-relation")
        return person
    if patient not in grant.related:  # an emergency or a disaster is for reading what helps
        raise not_found("no-relation")
    return shown_people(tx, grant, [patient], today(context))[patient]


def to_compare(person: Person, caller: Caller) -> None:
    """Raises ``Refused`` where there is no name to compare with the paper: it may be somebody else's.

    Outside the municipality, somebody of whom the caller's organisation has no record of its own, and no consent in
    force opens another's.
    """
    if not (person.name or is_of_the_city(caller)):
        raise Refused("There is no name to compare with the paper: the municipality's desk takes it.", reason=NO_NAME)


def taken_here(tx: Tx, caller: Caller, patient: str, context: Context) -> list[Agreement]:
    """The consents that the desk may see: all at the municipality, elsewhere what was taken there."""
    found = agreements(tx, caller, patient, context.now)
    return [one for one in found if is_of_the_city(caller) or one.source == caller.organisation]


@dataclass(frozen=True, slots=True)
class AtTheDesk:
    """``GET /consents``: nobody is shown yet."""

    interaction: str = "page"
    type: str = ""
    query: str = "consents"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[None]:
        at_the_desk(tx, grant.caller)
        return Shown(None, {}, reason_of(grant.caller))


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """A resident at the desk.  ``spaces`` says of each space which consent speaks for it, if any is known here."""

    person: Person
    told: list[Told]
    spaces: dict[str, Told | None]
    history: list[Event] = field(default_factory=list)
    of_the_city: bool = True


@dataclass(frozen=True, slots=True)
class ResidentConsents:
    """``GET /consents/{patient}``."""

    patient: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "consents"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[ConsentsPage]:
        person, caller = resident(tx, grant, self.patient, context), grant.caller
        taken = taken_here(tx, caller, self.patient, context)
        known = called(tx, grant, self.patient, [one.terms for one in taken])
        events = history(tx, self.patient, {one.id for one in taken}, known)
        told = [told_of(one, known, [event for event in events if event.consent == one.id]) for one in taken]
        page = ConsentsPage(
            person,
            told,
            {space: next((one for one in told if space in one.agreement.speaks), None) for space in SPACES},
            events,
            is_of_the_city(caller),
        )
        return Shown(page, {self.patient: shown_of(person, told)}, reason_of(caller), category="consent")


def told_of(one: Agreement, known: Mapping[str, str], events: Sequence[Event] = ()) -> Told:
    """A consent in words; ``known`` says what is called what, ``events`` what was done with it, the last first."""
    last = events[0] if events and one.state == "revoked" else None
    only_ends = bool(events) and all(event.ends for event in events)
    return Told(
        one,
        [f"{spaces(one.terms)}の同意を取り消します。"] if only_ends else in_words(one.terms, known),
        known.get(one.signer, "代理の方"),
        known.get(f"Organization/{one.taker}", ""),
        in_words(replace(one.terms, spaces=one.speaks), known) if one.speaks else (),
        Ending(last.recorded, last.organisation, last.person, last.signed, last.signer) if last else None,
        only_ends,
    )


def shown_of(person: Person, told: Sequence[Told]) -> tuple[str, ...]:
    """What the log says was shown of a resident."""
    consents = (f"Consent/{one.agreement.id}/_history/{one.agreement.version}" for one in told)
    return tuple(filter(None, (person.record, *consents)))


def reason_of(caller: Caller) -> str:
    return "desk" if is_of_the_city(caller) else "own"
