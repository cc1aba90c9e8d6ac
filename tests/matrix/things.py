"""What the matrix asks for: one thing of each kind, about each of the residents."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.api.emergencies import allergy
from tests.api.looking import NEVER_USED, prescription
from tests.hub_in_test import Body, note, observation
from tests.leaks.ground import encounter, labelled

SYSTEM = "http://hosp.test/matrix"


@dataclass(frozen=True, slots=True)
class Thing:
    """A stored thing: where it is, whom it is about, and what only it bears."""

    content: str
    type: str
    id: str
    version: str
    patient: str
    number: str

    def never(self, number: str) -> "Thing":
        """The same of an id and a number that were never used."""
        patient = NEVER_USED if self.id == self.patient else self.patient
        return replace(self, id=NEVER_USED, number=number, patient=patient)

    def of_nobody(self, number: str) -> "Thing":
        """The same of a resident who never was."""
        return replace(self.never(number), patient=NEVER_USED)

    @property
    def names(self) -> tuple[str, ...]:
        """All that tells it from another in an answer."""
        return tuple(one for one in (self.id, self.patient, self.number) if one)


@dataclass(frozen=True, slots=True)
class Content:
    """A kind of information: its source publishes it, ``make`` writes it; what is not made is there already."""

    id: str
    ja: str
    type: str
    source: str = "hosp-ehr"
    make: Callable[[str], Body] | None = None


def _condition(person: str) -> Body:
    return {"resourceType": "Condition", "code": {"text": "高血圧症"}, "subject": {"reference": f"Patient/{person}"}}


def _document(person: str) -> Body:
    attached = {"contentType": "text/plain", "data": "44GC", "title": "紹介状"}
    known = {"subject": {"reference": f"Patient/{person}"}, "content": [{"attachment": attached}]}
    return {"resourceType": "DocumentReference", "status": "current", "date": "2026-11-20T09:00:00+09:00", **known}


def _care_plan(person: str) -> Body:
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{person}"},
        "title": "週間の計画",
    }


def _organisation(person: str) -> Body:
    return {"resourceType": "Organization", "name": "試験市立病院 地域連携室", "active": True}


CONTENTS = (
    Content("demographics", "基本情報（Patient）", "Patient", "city-registry"),
    Content("care-team", "担当者（CareTeam）", "CareTeam", "city-registry"),
    Content("consent", "同意（Consent）", "Consent", "city-registry"),
    Content("laboratory", "検査結果（Observation）", "Observation", make=observation),
    Content("prescription", "処方（MedicationRequest）", "MedicationRequest", make=lambda one: prescription(one, "薬")),
    Content("problem", "病名（Condition）", "Condition", make=_condition),
    Content("allergy", "アレルギー（AllergyIntolerance）", "AllergyIntolerance", make=allergy),
    Content("note", "申し送り（Communication）", "Communication", make=note),
    Content("document", "文書（DocumentReference）", "DocumentReference", make=_document),
    Content("encounter", "受診（Encounter）", "Encounter", make=encounter),
    Content("care-plan", "ケアプラン（CarePlan）", "CarePlan", "care-plan-app", _care_plan),
    Content("restricted", "取り扱い注意 R の検査", "Observation", make=lambda one: observation(one, **labelled("R"))),
    Content("hiv", "HIV の札の検査", "Observation", make=lambda one: observation(one, **labelled("HIV"))),
    Content(
        "withheld", "外に出さない検査", "Observation", make=lambda one: observation(one, **labelled("SOURCE-ONLY"))
    ),
    Content("directory", "機関の案内（Organization）", "Organization", make=_organisation),
)
BY_ID = {one.id: one for one in CONTENTS}


def written(content: Content, person: str, number: str) -> Body:
    """The resource to store."""
    assert content.make is not None, content.id
    return {**content.make(person), "identifier": [{"system": SYSTEM, "value": number}]}
