"""The purpose of use: a person names one, a system has its registered one, an emergency cannot just be claimed."""

import pytest

from tests.hub_in_test import City, consent, note

PURPOSE = "x_purpose_of_use"


def opened_for(purpose: str, patient: str, city: City) -> None:
    """A consent that denies all but what is asked for one purpose."""
    system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    exception = {"type": "permit", "purpose": [{"system": system, "code": purpose}]}
    city.created("city-registry", consent(patient, "medical", "team", root="deny", exceptions=[exception]))


def test_a_permit_for_one_purpose_opens_for_that_purpose_alone(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    opened_for("COC", person, city)
    pushed = city.created("hosp-ehr", note(person))
    path = f"/fhir/Communication/{pushed['id']}"
    assert city.get("cm-ito", path).status_code == 404
    assert city.get("cm-ito", path, **{PURPOSE: "COC"}).status_code == 200


@pytest.mark.parametrize("claimed", ["ETREAT", "DISASTER", "PATRQT", "anything"])
def test_an_emergency_is_declared_and_never_claimed(city: City, claimed: str) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    opened_for("ETREAT", person, city)
    pushed = city.created("hosp-ehr", note(person))
    assert city.get("cm-ito", f"/fhir/Communication/{pushed['id']}", **{PURPOSE: claimed}).status_code == 400


def test_a_system_keeps_the_purpose_of_its_registration(city: City) -> None:
    assert city.get("hosp-ehr", "/fhir/Patient", **{PURPOSE: "TREAT"}).status_code == 200
    assert city.get("hosp-ehr", "/fhir/Patient", **{PURPOSE: "CAREMGT"}).status_code == 403


def test_a_refusal_keeps_the_purpose_that_was_named(city: City) -> None:
    person = city.resident()
    assert city.get("cm-ito", f"/fhir/Patient/{person}", **{PURPOSE: "COC"}).status_code == 404
    assert city.get("hosp-ehr", f"/fhir/Patient/{person}", **{PURPOSE: "COC"}).status_code == 403
    refused = city.log(outcome="8")
    assert [(row["person"] or row["system"], row["purpose"]) for row in refused] == [
        ("hosp-ehr", "TREAT"),  # a system's is that of its registration
        ("cm-ito", "COC"),
    ]
