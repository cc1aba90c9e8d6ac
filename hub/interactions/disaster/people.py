"""Helping in a disaster (CONSENT.md §7): one resident of the area, found exactly or not at all, and what helps them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from hub.access.decide import Grant
from hub.context import Context, instant
from hub.errors import NOT_FOR_ROLE, Refused, not_found
from hub.identity.exact import exactly_one
from hub.interactions.disaster.declare import may_help
from hub.interactions.emergency.pages import on_the_sheet, record_of
from hub.interactions.handoff import MOST, held
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.emergency_sheet import Sheet, disaster_sheet
from hub.question import Shown, by_patient
from hub.store import disasters, resources
from hub.store.database import Tx
from profiles.json import read_json
from profiles.resource import as_object

FIND = "operation:disaster-find"


@dataclass(frozen=True, slots=True)
class Helping:
    """A disaster in force in which the reader's organisation helps."""

    name: str
    areas: tuple[str, ...]
    ends: str


@dataclass(frozen=True, slots=True)
class Helpers:
    """``GET /disaster/people``: what is in force for the reader's organisation."""

    interaction: str = "page"
    type: str = ""
    query: str = "disaster/people"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[Helping]]:
        _be_somebody(grant)
        return Shown(_in_force(tx, grant, context), {})


@dataclass(frozen=True, slots=True)
class FindInDisaster:
    """``POST /disaster/people``: the id of the one resident of the area of whom all that is given is true.

    Nobody, more than one, and somebody whom no disaster in force reaches are one answer.
    """

    name: str
    birth_date: str
    identifier: str
    interaction: str = FIND
    type: str = "Patient"

    @property
    def query(self) -> str:
        given = {"name": self.name, "birthDate": self.birth_date, "identifier": self.identifier}
        return f"disaster/people?{urlencode({name: value[:100] for name, value in given.items() if value})}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        found = exactly_one(tx, self.name, self.birth_date, self.identifier)
        return () if found is None else (found,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[str]:
        _be_somebody(grant)
        for patient in grant.asked:
            _be_reached(grant, patient)
            return Shown(patient, {patient: ()})
        raise not_found("unmatched")


@dataclass(frozen=True, slots=True)
class DisasterSheetPage:
    """Who it is, what helps them, and until when it may be seen."""

    person: Person
    sheet: Sheet
    helping: list[Helping]


@dataclass(frozen=True, slots=True)
class DisasterSheet:
    """``GET /disaster/people/{id}``: what the disaster set has of a resident of the area."""

    id: str
    interaction: str = "operation:disaster-sheet"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"disaster/people/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.id,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[DisasterSheetPage]:
        _be_somebody(grant)
        _be_reached(grant, self.id)
        predicate, parameters = grant.predicate("r")
        rows = resources.compartment(tx, self.id, predicate, parameters, MOST)
        record = record_of(tx, grant, self.id)
        told = [one for one in rows if one.type != "Patient"]
        patient = as_object(read_json(grant.redacted(record))) if record is not None else None
        sheet = disaster_sheet(patient, held(tx, told), context.now)
        shown = [*([record] if record is not None else []), *on_the_sheet(told, sheet)]
        person = shown_people(tx, grant, [self.id], today(context))[self.id]
        page = DisasterSheetPage(person, sheet, _in_force(tx, grant, context))
        return Shown(page, by_patient(shown) or {self.id: ()}, rows=shown)


def _be_somebody(grant: Grant) -> None:
    if not may_help(grant.caller):
        raise Refused("This page is for the people who help in a disaster.", reason=NOT_FOR_ROLE)


def _be_reached(grant: Grant, patient: str) -> None:
    """Raises ``NotFound`` for somebody whom no disaster in force opens to the caller."""
    if not any(one.reason == "disaster" for one in grant.scope.of(patient).overrides):
        raise not_found("no-disaster")


def _in_force(tx: Tx, grant: Grant, context: Context) -> list[Helping]:
    rows = disasters.in_force(tx, grant.caller.organisation, instant(context.now))
    return [Helping(row.name, disasters.areas(row), row.ends) for row in rows]
