"""Patient/$match: who a record may be about, for the municipality's secretariat (FHIR R4, Patient operation)."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.errors import NOT_FOR_ROLE, Refused
from hub.identity import residents
from hub.identity.grades import Grade, Namesake, grades
from hub.identity.match import person
from hub.question import Shown, by_patient
from hub.store import identity, search
from hub.store.database import Tx
from hub.store.sql import in_list
from profiles import normalise
from profiles.resource import Resource

LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who may be the one: the record that the caller may see, and how likely."""

    id: str
    body: bytes
    grade: Grade


@dataclass(frozen=True, slots=True)
class MatchPatient:
    """``POST Patient/$match``: at most ``count`` people; ``certain``: only the one beyond doubt.

    Names are compared with those that the municipality itself has on record, and only of people whose record it may see
    is anything told.
    """

    resource: Resource
    certain: bool
    count: int
    interaction: str = "operation:match"
    type: str = "Patient"
    query: str = "Patient/$match"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[Found]]:
        _at_the_secretariat(grant.caller)
        graded = self._graded(tx, grant.caller.organisation)
        marks, bound = in_list("m", list(graded)[:LOOKED_AT])
        predicate, parameters = grant.predicate("r", patient_records=True)
        rows = {
            row.id: row
            for row in search.patient_records(tx, f"r.patient IN ({marks}) AND {predicate}", {**parameters, **bound})
        }
        wanted = [one for one, grade in graded.items() if one in rows and (grade == "certain" or not self.certain)][
            : self.count
        ]
        found = [Found(one, grant.redacted(rows[one]), graded[one]) for one in wanted]
        return Shown(found, by_patient([rows[one] for one in wanted]), "desk")

    def _graded(self, tx: Tx, source: str) -> dict[str, Grade]:
        asked = person(normalise(self.resource), source)
        born = identity.born(tx, asked.birth_date, source) if asked.birth_date else ()
        return grades(
            asked,
            residents.links(tx, asked.keys),
            residents.resolve(tx, asked, source),
            [Namesake(row.patient, row.name, row.sex) for row in born],
            [(row.patient, row.other) for row in identity.candidates(tx)],
        )


def _at_the_secretariat(caller: Caller) -> None:
    if caller.organisation_kind != "municipality" or caller.profession != "secretariat":
        raise Refused("Looking for people by who they are is the secretariat's.", reason=NOT_FOR_ROLE)
