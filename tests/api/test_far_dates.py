"""Dates at the edges of the calendar (9999-12-31 is "no end" to many systems) make nothing of a person unreadable."""

from typing import Any

import pytest

from tests.api.emergencies import allergy, declared
from tests.api.looking import prescription
from tests.api.pages_city import CARE_MANAGER, SECRETARIAT, browser_of
from tests.api.pages_city import PHYSICIAN as DOCTOR
from tests.hub_in_test import Body, City, note, observation

PARAMEDIC = "pm-hori/fire/paramedic"
FAR = [
    "9999-12-31T23:59:59+09:00", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+09:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31", "0001-01-01", "9999-12", "9999", "0001",
]  # fmt: skip
DAYS: list[Any] = [999_999_999_999, -999_999_999_999, 1e300, 0]
TEAM = ("Organization/hosp", "Organization/clinic", "Practitioner/cm-ito")


def of(type_: str, person: str, **more: object) -> Body:
    subject = {"subject": {"reference": f"Patient/{person}"}}
    return {"resourceType": type_, **subject, "code": {"text": "何か"}, **more}


def everything(person: str, far: str) -> list[Body]:
    """One of each kind that a page or a document arranges by its date."""
    moment = far if "T" in far else f"{far}-01-01"[:10] + "T00:00:00+09:00"
    period = {"start": far, "end": far}
    drug = prescription(person, "薬")
    return [
        observation(person, 7.0, effectiveDateTime=far, issued=moment),
        {**drug, "authoredOn": far},
        {**prescription(person, "ずっとの薬"), "authoredOn": far, "dispenseRequest": {"validityPeriod": period}},
        of(
            "MedicationStatement",
            person,
            status="active",
            effectivePeriod=period,
            medicationCodeableConcept={"text": "x"},
        ),
        allergy(person, recordedDate=far, onsetDateTime=far),
        note(person, sent=far),
        of("Condition", person, onsetDateTime=far, abatementDateTime=far, recordedDate=far),
        of("Procedure", person, status="completed", performedPeriod=period),
        of("DiagnosticReport", person, status="final", effectivePeriod=period, issued=moment),
        of("ServiceRequest", person, status="active", intent="order", occurrencePeriod=period, authoredOn=far),
        of("CarePlan", person, status="active", intent="plan", period=period, created=far),
    ]


def opened(city: City, person: str) -> dict[str, int]:
    """How each page and document about somebody answers."""
    found = {}
    for role in (CARE_MANAGER, DOCTOR):
        browser = browser_of(city, role)
        for page in ("/people", f"/people/{person}", f"/people/{person}/handoff"):
            found[f"{role} {page}"] = browser.get(page).status_code
    paramedic = browser_of(city, PARAMEDIC)
    said = {"name": "山田 花子", "birth": "", "number": "", "reason": "意識がない", "place": "北町"}
    sheet = paramedic.post("/emergency", said).headers["location"]
    found["sheet"] = paramedic.get(sheet).status_code
    found["record"] = browser_of(city, SECRETARIAT).get(f"/access-record/{person}").status_code
    for path in (
        f"/feed?patient={person}",
        f"/fhir/Patient/{person}/$everything",
        f"/fhir/Observation?patient={person}",
    ):
        found[path] = city.get("hosp-ehr", path).status_code
    found["$handoff"] = city.post("hosp-ehr", f"/fhir/Patient/{person}/$handoff", {}).status_code
    return found


@pytest.fixture
def person(city: City) -> str:
    one = city.resident()
    city.team(one, *TEAM)
    city.consent(one)
    return one


@pytest.mark.parametrize("far", FAR)
def test_nothing_about_somebody_closes_because_of_a_far_date(city: City, person: str, far: str) -> None:
    taken = [city.post("hosp-ehr", f"/fhir/{one['resourceType']}", one).status_code for one in everything(person, far)]
    assert set(taken) <= {201, 400, 422}
    assert taken.count(201) > len(taken) / 2
    assert set(opened(city, person).values()) == {200}


@pytest.mark.parametrize("days", DAYS)
def test_nor_because_of_an_endless_supply(city: City, person: str, days: float) -> None:
    supply = {
        "expectedSupplyDuration": {"value": days, "unit": "日", "system": "http://unitsofmeasure.org", "code": "d"}
    }
    assert (
        city.post(
            "hosp-ehr", "/fhir/MedicationRequest", {**prescription(person, "薬"), "dispenseRequest": supply}
        ).status_code
        == 201
    )
    assert set(opened(city, person).values()) == {200}
    assert declared(city, name="山田 花子")["patient"] == person


@pytest.mark.parametrize("born", ["9999-12-31", "0001-01-01", "9999", "0001-01"])
def test_nor_because_of_a_day_of_birth(city: City, born: str) -> None:
    one = city.resident(birth=born)
    city.team(one, *TEAM)
    city.consent(one)
    assert set(opened(city, one).values()) == {200}
