"""A protected address is in no answer, and no question finds it (CONSENT.md §5)."""

import pytest

from profiles.canonical import LABEL
from tests.api.emergencies import PARAMEDIC, declared
from tests.hub_in_test import NOON, Body, City, observation, patient

ADDRESS: Body = {
    "address": [{"text": "試験市花園６丁目", "postalCode": "099-9915"}],
    "telecom": [{"system": "phone", "value": "0165-00-1071"}],
}
PROTECTED: Body = {**ADDRESS, "meta": {"security": [{"system": LABEL, "code": "ADDRESS-PROTECTED"}]}}
QUESTIONS = ["address=試験市", "address:contains=花園", "address-postalcode=099-9915", "telecom=0165-00-1071"]


@pytest.mark.promise("a-protected-address-is-in-no-answer")
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_condition_on_a_protected_address_matches_only_others(city: City, question: str) -> None:
    hidden = city.resident("0000000001", name="佐々木 明美", **PROTECTED)
    shown = city.resident("0000000002", name="山田 花子", **ADDRESS)
    _looked_after(city, hidden, shown)

    assert "address" not in city.get("dr-sato", f"/fhir/Patient/{hidden}").json()
    assert "address" in city.get("dr-sato", f"/fhir/Patient/{shown}").json()
    found = city.get("dr-sato", f"/fhir/Patient?{question}").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [shown]


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_to_sort_by_address_does_not_tell_a_protected_one(city: City) -> None:
    hidden = city.resident("0000000001", name="佐々木 明美", **PROTECTED)
    before = city.resident("0000000002", address=[{"postalCode": "000-0000"}])
    after = city.resident("0000000003", name="高橋 一", address=[{"postalCode": "900-0000"}])
    _looked_after(city, hidden, before, after)

    found = city.get("dr-sato", "/fhir/Patient?_sort=address-postalcode").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [before, after, hidden]


def _looked_after(city: City, *people: str) -> None:
    for person in people:
        city.team(person, "Practitioner/dr-sato")
        city.consent(person)


@pytest.mark.promise("a-protected-address-is-in-no-answer")
@pytest.mark.parametrize("first", ["city", "hospital"])
def test_another_organisations_record_does_not_tell_it_in_an_emergency(city: City, first: str) -> None:
    """What a hospital keeps of the same person bears no label: nobody but the hospital is shown its record."""
    city.clock.now = NOON
    number = {"city": "9200000001", "hospital": "9200000002"}[first]
    name = f"試験 {number}子"
    theirs = patient(number, name=name, **ADDRESS)
    if first == "hospital":
        kept = city.created("hosp-ehr", theirs)
        person = city.resident(number, name=name, **PROTECTED)
    else:
        person = city.resident(number, name=name, **PROTECTED)
        kept = city.post("hosp-ehr", "/fhir/Patient", theirs).json()
    assert kept["id"] == person
    assert declared(city, PARAMEDIC, identifier=f"011234-{number}")["patient"] == person

    questions = [
        f"Patient/{person}",
        f"Patient?_id={person}",
        f"Patient?_id={person}&address=試験市",
        f"Patient/{person}/_history",
        f"Patient/{person}/$everything",
        f"CareTeam?patient={person}&_include=CareTeam:patient",
    ]
    for question in questions:
        answer = city.get(PARAMEDIC, f"/fhir/{question}")
        assert answer.status_code == 200, question
        assert "花園" not in answer.text, question
        assert "0165-00-1071" not in answer.text, question
    assert city.get(PARAMEDIC, f"/fhir/Patient?_id={person}").json()["total"] == 1
    assert city.get(PARAMEDIC, f"/fhir/Patient?_id={person}&address=試験市").json()["total"] == 0
    assert city.get(PARAMEDIC, f"/fhir/Patient/{person}/_history/{kept['meta']['versionId']}").status_code == 404
    assert "花園" in city.get("hosp-ehr", f"/fhir/Patient/{person}").text


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_a_version_of_a_withdrawn_record_is_not_shown_by_its_number(city: City) -> None:
    """What the hospital withdrew stays withdrawn, though the municipality's record may be seen (TRUST T-057)."""
    city.clock.now = NOON
    number = "9200000003"
    person = city.resident(number)
    kept = city.post("hosp-ehr", "/fhir/Patient", patient(number, **ADDRESS)).json()
    only_there: Body = {"meta": {"security": [{"system": LABEL, "code": "SOURCE-ONLY"}]}}
    withdrawn = city.put("hosp-ehr", f"/fhir/Patient/{person}", {**patient(number, **only_there), "id": person})
    assert withdrawn.status_code == 200, withdrawn.text
    declared(city, PARAMEDIC, identifier=f"011234-{number}")
    assert city.get(PARAMEDIC, f"/fhir/Patient/{person}").status_code == 200
    assert city.get(PARAMEDIC, f"/fhir/Patient/{person}/_history/{kept['meta']['versionId']}").status_code == 404


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_a_patient_whom_a_record_contains_does_not_tell_it(city: City) -> None:
    """Some systems put the person into each of their records, without the label of the person's own."""
    number = "9200000004"
    person = city.resident(number, **PROTECTED)
    city.team(person, "Organization/hosp", "Practitioner/dr-hayashi")
    city.consent(person)
    contained = {"resourceType": "Patient", "id": "p1", "name": [{"text": "試験 花子"}], **ADDRESS}
    measured = observation(person) | {"contained": [contained], "focus": [{"reference": "#p1"}]}
    kept = city.created("hosp-ehr", measured)
    of_hospital = city.get("hosp-ehr", f"/fhir/Observation/{kept['id']}").json()
    assert of_hospital["contained"] == [contained]

    questions = [
        f"Observation/{kept['id']}",
        f"Observation/{kept['id']}/_history/{kept['meta']['versionId']}",
        f"Observation/{kept['id']}/_history",
        f"Observation?patient={person}",
        f"Patient/{person}/$everything",
    ]
    for question in questions:
        answer = city.get("dr-hayashi", f"/fhir/{question}")
        assert answer.status_code == 200, question
        assert "試験 花子" in answer.text, question
        assert "花園" not in answer.text, question
        assert "0165-00-1071" not in answer.text, question
