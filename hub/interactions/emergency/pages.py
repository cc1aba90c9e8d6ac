"""What the pages of emergency access show: the caller's own emergencies, and the sheet of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.access.decide import Grant
from hub.access.emergencies import may_declare, who
from hub.context import Context, Credential, instant
from hub.errors import NOT_FOR_ROLE, NotFound, Refused, not_found
from hub.interactions.emergency.declare import is_fresh
from hub.interactions.handoff import MOST, held
from hub.interactions.my_people import Person, shown_people, today
from hub.interactions.read import visible
from hub.projections.emergency_sheet import Sheet, emergency_sheet
from hub.question import Shown, by_patient
from hub.store import emergencies, registry, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import as_object

OVER = "emergency-over"


@dataclass(frozen=True, slots=True)
class Open:
    """An emergency in force; ``left`` is how many seconds of it."""

    id: str
    person: Person
    reason: str
    place: str
    declared: str
    until: str
    left: int

    @property
    def minutes(self) -> int:
        """The same in minutes, the last one begun."""
        return -(-self.left // 60)


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """``fresh``: the caller signed in so lately that they may declare now."""

    fresh: bool
    stopped: bool
    open: list[Open]


@dataclass(frozen=True, slots=True)
class EmergencyForm:
    """``GET /emergency``, for those who may declare."""

    credential: Credential
    now: datetime
    interaction: str = "page"
    type: str = "*"
    query: str = "emergency"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        caller = registry.caller(tx, self.credential, self.now)
        rows = emergencies.not_over(tx, who(caller), instant(self.now)) if caller is not None else ()
        return tuple(dict.fromkeys(row.patient for row in rows))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[EmergencyPage]:
        caller = grant.caller
        if not may_declare(caller):
            raise Refused(
                "An emergency is declared by a physician, a nurse or a paramedic on duty.", reason=NOT_FOR_ROLE
            )
        rows = emergencies.not_over(tx, who(caller), instant(context.now))
        people = shown_people(tx, grant, [row.patient for row in rows], today(context))
        page = EmergencyPage(
            fresh=is_fresh(registry.proved(tx, self.credential), context),
            stopped=emergencies.stopped(tx, caller.person or ""),
            open=[_open(row, people[row.patient], context) for row in rows],
        )
        records: dict[str, tuple[str, ...]] = {
            one.person.id: (one.person.record,) for one in page.open if one.person.record
        }
        return Shown(page, records)


@dataclass(frozen=True, slots=True)
class SheetPage:
    """An emergency in force, and what is shown of its patient."""

    emergency: Open
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class EmergencySheet:
    """``GET /emergency/{id}``: for the one who declared it, until its end."""

    id: str
    interaction: str = "operation:emergency-sheet"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"Emergency/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        row = emergencies.one(tx, self.id)
        return resources.with_further(tx, (row.patient,)) if row is not None else ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[SheetPage]:
        row = emergencies.one(tx, self.id)
        if row is None or (row.person, row.organisation, row.profession) != who(grant.caller):
            raise not_found()
        if row.until <= instant(context.now):
            raise NotFound("This emergency access is over.", reason=OVER)
        predicate, parameters = grant.predicate("r")
        rows = resources.compartment(tx, row.patient, predicate, parameters, MOST)
        record = record_of(tx, grant, row.patient)
        told = [one for one in rows if one.type != "Patient"]
        patient = as_object(read_json(grant.redacted(record))) if record is not None else None
        sheet = emergency_sheet(patient, held(tx, told), context.now)
        shown = [*([record] if record is not None else []), *on_the_sheet(told, sheet)]
        person = shown_people(tx, grant, [row.patient], today(context))[row.patient]
        page = SheetPage(_open(row, person, context), sheet)
        return Shown(page, by_patient(shown) or {row.patient: ()}, rows=shown)


def _open(row: Row, person: Person, context: Context) -> Open:
    left = int((datetime.fromisoformat(row.until) - context.now).total_seconds())
    return Open(row.id, person, row.reason, row.place, row.declared, row.until, left)


def record_of(tx: Tx, grant: Grant, patient: str) -> Row | None:
    """Who the patient is, when the caller may see it: a resident may have forbidden even that."""
    try:
        return visible(tx, grant, "Patient", patient)[0]
    except NotFound:
        return None


def on_the_sheet(rows: Sequence[Row], sheet: Sheet) -> list[Row]:
    """What of the rows is on the sheet: the log says what was shown, not what could have been."""
    shown = {line.reference for section in sheet.sections for line in section.lines}
    return [row for row in rows if f"{row.type}/{row.id}" in shown]
