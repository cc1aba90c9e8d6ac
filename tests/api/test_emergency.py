"""``Patient/$declare-emergency`` (CONSENT.md §6, TRUST T-070): one person sees one patient, for an hour."""

import json
from urllib.parse import parse_qs

import pytest

from tests.api.emergencies import (
    DECLARE,
    NURSE,
    PARAMEDIC,
    REASON,
    WHY,
    allergy,
    cases,
    declare,
    declared,
    relative,
    somebody,
)
from tests.api.looking import assert_unknown
from tests.hub_in_test import NOON, Body, City, note, observation, patient

pytestmark = pytest.mark.one_hub
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@pytest.fixture(autouse=True)
def noon(city: City) -> None:
    city.clock.now = NOON


def found(city: City, who: str, path: str) -> set[str]:
    """The ids that a search finds."""
    answer = city.get(who, path)
    assert answer.status_code == 200, answer.text
    return {one["resource"]["id"] for one in answer.json().get("entry", [])}


# -- who it is


@pytest.mark.parametrize("by", ["name", "folded name", "kana", "birth date", "number", "wide number", "all"])
def test_one_who_matches_exactly_is_found(city: City, by: str) -> None:
    born = f"19{len(by):02d}-03-0{len(by) % 9 + 1}"
    person, name = somebody(city, birth=born)
    record = city.get("city-registry", f"/fhir/Patient/{person}").json()
    kana = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation", "valueCode": "SYL"}
        ],
        "family": "シケン",
        "given": [name[3:]],
    }
    number = record["identifier"][0]["value"]
    assert city.put("city-registry", f"/fhir/Patient/{person}", {**record, "name": [*record["name"], kana]}).is_success
    said = {
        "name": {"name": name},
        "folded name": {"name": name.replace(" ", "\u3000")},
        "kana": {"name": f"しけん {name[3:]}"},
        "birth date": {"birthDate": born},
        "number": {"identifier": number},
        "wide number": {"identifier": number.translate({ord(one): ord(one) + 0xFEE0 for one in "0123456789"})},
        "all": {"name": name, "birthDate": born, "identifier": number},
    }[by]
    assert declared(city, **said) == {"patient": person, "until": "2026-11-22T04:00:00.000Z"}


def test_nobody_and_several_are_one_answer(city: City) -> None:
    person, name = somebody(city)
    city.created("hosp-ehr", patient("0000000777", name=name, birth="1951-01-01"))  # known to the hospital alone
    city.resident("0000000778", name="塔野 一人", birth="1952-01-01")
    answers = [
        declare(city, name=name),
        declare(city, name="だれ でもない"),
        declare(city, name="塔野"),
        declare(city, name="塔野 一人", birthDate="1952-01-02"),
        declare(city, name=name, identifier="011234-0000000778"),
    ]
    assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
    assert declared(city, name=name, birthDate="1940-05-01")["patient"] == person
    assert [row["reason"] for row in city.log(interaction="operation:declare-emergency", outcome="8")] == [
        "unmatched"
    ] * 5


def test_a_number_is_taken_as_an_identifier_too(city: City) -> None:
    person, _ = somebody(city)
    (number,) = city.get("city-registry", f"/fhir/Patient/{person}").json()["identifier"]
    said = [{"name": "identifier", "valueIdentifier": number}, *WHY]
    answer = city.post(PARAMEDIC, DECLARE, {"resourceType": "Parameters", "parameter": said})
    assert answer.json()["parameter"][0] == {
        "name": "patient",
        "valueReference": {"reference": f"Patient/{person}"},
    }


# -- what it opens


def held(city: City, person: str) -> dict[str, str]:
    """Resources of the patient, by what each is: of the emergency set and not."""
    return {
        "allergy": city.created("hosp-ehr", allergy(person))["id"],
        "contact": city.created("city-registry", relative(person))["id"],
        "recent": city.created("hosp-ehr", observation(person))["id"],
        "old": city.created("hosp-ehr", observation(person, effectiveDateTime="2026-08-01"))["id"],
        "note": city.created("hosp-ehr", note(person))["id"],
    }


PLACES = {"allergy": "AllergyIntolerance", "contact": "RelatedPerson", "recent": "Observation", "old": "Observation"}


def readable(city: City, who: str, of: dict[str, str]) -> set[str]:
    return {
        name for name, id_ in of.items() if city.get(who, f"/fhir/{PLACES.get(name, 'Communication')}/{id_}").is_success
    }


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_it_opens_the_emergency_set_of_one_patient_until_its_end(city: City) -> None:
    person, name = somebody(city)
    other, _ = somebody(city)
    mine, theirs = held(city, person), held(city, other)
    assert readable(city, PARAMEDIC, mine) == set()
    declared(city, name=name)
    assert readable(city, PARAMEDIC, mine) == {"allergy", "contact", "recent"}
    assert city.get(PARAMEDIC, f"/fhir/Patient/{person}").json()["name"][0]["text"] == name
    assert readable(city, PARAMEDIC, theirs) == set()
    assert_unknown(city, PARAMEDIC, f"/fhir/Patient/{other}")
    city.clock.move(minutes=59, seconds=59)
    assert readable(city, PARAMEDIC, mine) == {"allergy", "contact", "recent"}
    city.clock.move(seconds=1)
    assert readable(city, PARAMEDIC, mine) == set()
    assert_unknown(city, PARAMEDIC, f"/fhir/Patient/{person}")


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_what_is_about_one_patient_opens_and_closes_with_it(city: City) -> None:
    person, name = somebody(city)
    held(city, person)

    def doors() -> list[int]:
        seen = [city.get(PARAMEDIC, path).status_code for path in (f"/feed?patient={person}", everything)]
        return [*seen, city.post(PARAMEDIC, f"/fhir/Patient/{person}/$handoff", {}).status_code]

    everything = f"/fhir/Patient/{person}/$everything"
    assert doors() == [404, 404, 404]
    declared(city, name=name)
    assert doors() == [200, 200, 200]
    categories = {one["category"] for one in city.get(PARAMEDIC, f"/feed?patient={person}").json()["items"]}
    assert categories == {"allergy", "emergency-contact", "laboratory", "care-team"}
    city.clock.move(minutes=60, seconds=1)
    assert doors() == [404, 404, 404]


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_it_is_the_persons_alone_and_in_that_role(city: City) -> None:
    person, name = somebody(city)
    mine = held(city, person)
    declared(city, name=name)
    assert readable(city, "cm-ito", mine) == set()
    assert readable(city, "clinic-emr", mine) == set()
    declared(city, NURSE, name=name)
    assert readable(city, NURSE, mine) == {"allergy", "contact", "recent", "old", "note"}  # of the hospital's own


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_a_search_finds_the_patient_that_it_names_and_across_patients_nobody(city: City) -> None:
    person, name = somebody(city)
    mine = held(city, person)
    declared(city, name=name)
    assert found(city, PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}") == {mine["allergy"]}
    assert found(city, PARAMEDIC, f"/fhir/Observation?patient={person}") == {mine["recent"]}
    assert found(city, PARAMEDIC, f"/fhir/Patient?_id={person}") == {person}
    for across in (
        "AllergyIntolerance", "Observation?code=4548-4", f"Patient?name={name}", "Patient?birthdate=1940-05-01",
        "Patient?_has:AllergyIntolerance:patient:clinical-status=active", f"AllergyIntolerance?patient.name={name}",
    ):  # fmt: skip
        assert found(city, PARAMEDIC, f"/fhir/{across}") == set(), across
    assert city.get(PARAMEDIC, "/feed").json()["items"] == []
    assert city.get(PARAMEDIC, "/fhir/Patient/$everything").json().get("entry", []) == []


def test_it_exports_and_writes_nothing(city: City) -> None:
    person, name = somebody(city)
    declared(city, name=name)
    for path in ("/fhir/Patient/$export", "/fhir/$export"):
        assert city.get(PARAMEDIC, path, prefer="respond-async").status_code == 403
    writing = {"Authorization": f"Bearer {city.token(PARAMEDIC, scopes='user/*.cruds')}"}
    answer = city.client.post("/fhir/Communication", json=note(person), headers=writing)
    assert answer.status_code == 422  # a patient whom the fire department does not know
    assert city.log(person=PARAMEDIC, interaction="create", outcome="0") == []


@pytest.mark.promise("emergency-can-be-forbidden")
def test_a_resident_may_forbid_all_but_contact_and_wishes(city: City) -> None:
    person, name = somebody(city)
    mine = held(city, person)
    wishes = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": {"reference": f"Patient/{person}"},
    }
    said = {"linkId": "end-of-life", "text": "心肺蘇生", "answer": [{"valueString": "望まない"}]}
    asked = {"questionnaire": "https://renkei.example/fhir/Questionnaire/acp", "item": [said]}
    told = city.created("hosp-ehr", {**wishes, **asked})
    etreat = {"type": "deny", "purpose": [{"system": ACT_REASON, "code": "ETREAT"}]}
    city.consent(person, exceptions=[etreat])
    assert declared(city, name=name)["patient"] == person
    assert readable(city, PARAMEDIC, mine) == {"contact"}
    assert city.get(PARAMEDIC, f"/fhir/QuestionnaireResponse/{told['id']}").status_code == 200
    assert_unknown(city, PARAMEDIC, f"/fhir/Patient/{person}")


# -- what it leaves


def test_it_is_in_the_log_and_in_the_review_queue(city: City) -> None:
    person, name = somebody(city)
    declared(city, name=name, place="栄町４丁目")
    (row,) = city.log(interaction="operation:declare-emergency", patient=person)
    assert (row["purpose"], row["reason"], row["person"], row["outcome"]) == ("ETREAT", "declared", PARAMEDIC, "0")
    assert parse_qs(row["query"].partition("?")[2]) == {"reason": [REASON], "place": ["栄町４丁目"]}
    assert name not in row["query"]
    (case,) = cases(city, patient=person)
    (subject,) = json.loads(row["what"])
    assert (case["kind"], case["subject"], case["text"]) == ("emergency", subject, f"{REASON}（栄町４丁目）")
    assert (case["organisation"], case["person"], case["opened"]) == ("fire", PARAMEDIC, row["recorded"])
    event: Body = city.get("aud-kondo", f"/fhir/AuditEvent/{row['id']}").json()
    assert event["type"]["code"] == "110113"
    assert event["subtype"][0]["code"] == "110127"
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"


def test_what_is_read_by_it_is_logged_as_an_emergency(city: City) -> None:
    person, name = somebody(city)
    mine = held(city, person)
    declared(city, name=name)
    (opened,) = city.log(interaction="operation:declare-emergency", patient=person)
    city.get(PARAMEDIC, f"/fhir/AllergyIntolerance/{mine['allergy']}")
    city.get(PARAMEDIC, f"/fhir/Observation?patient={person}")
    rows = [row for row in city.log(patient=person, person=PARAMEDIC) if row["id"] != opened["id"]]
    assert [row["interaction"] for row in rows] == ["search-type", "read"]
    assert {(row["purpose"], row["reason"], row["rules"]) for row in rows} == {("ETREAT", "emergency", opened["rules"])}


@pytest.mark.promise("emergency-is-told-to-the-care-team")
def test_the_care_team_hears_of_it_and_nobody_else(city: City) -> None:
    person, name = somebody(city, "Practitioner/cm-ito", "Organization/pharm")
    ended = {"start": "2020-01-01", "end": "2026-10-01"}
    city.team(person, "Organization/clinic", period=ended)
    before = {who: city.get(who, f"/feed?patient={person}").json().get("next") for who in ("cm-ito", "dr-sato")}
    declared(city, name=name)
    for who in ("cm-ito", "dr-sato", "pharm-rx"):
        (item,) = city.get(who, f"/feed?patient={person}&scene=emergency").json()["items"]
        assert "12:00 に、試験市消防署の救急隊員 堀 大地 さんが宣言しました。13:00 まで" in item["text"]
        assert REASON not in json.dumps(item, ensure_ascii=False)
    for who, since in before.items():
        (item,) = city.get(who, f"/feed?patient={person}&since={since}").json()["items"]
        assert item["title"].startswith("申し送り：緊急アクセス")
    assert city.get("clinic-emr", f"/feed?patient={person}").status_code == 404
    assert found(city, "clinic-emr", f"/fhir/Communication?patient={person}") == set()
    city.consent(person)  # with consent too each sees its own, once
    assert len(found(city, "hosp-ehr", f"/fhir/Communication?patient={person}&sent=2026-11-22")) == 1
    assert found(city, PARAMEDIC, f"/fhir/Communication?patient={person}") == set()
    assert found(city, "city-registry", f"/fhir/Communication?patient={person}") == set()


def test_a_record_that_was_taken_back_names_nobody(city: City) -> None:
    gone = city.created("hosp-ehr", patient("0000000555", name="去野 月子", birth="1933-03-03"))["id"]
    assert declared(city, name="去野 月子")["patient"] == gone
    assert city.delete("hosp-ehr", f"/fhir/Patient/{gone}").status_code == 204
    assert declare(city, name="去野 月子").status_code == 404


def test_the_operation_is_described(city: City) -> None:
    described: Body = city.get(PARAMEDIC, "/fhir/OperationDefinition/declare-emergency").json()
    assert described["affectsState"] is True
    assert [one["name"] for one in described["parameter"] if one["use"] == "out"] == ["patient", "until"]
