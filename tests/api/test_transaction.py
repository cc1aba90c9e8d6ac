"""transaction (FHIR R4 §3.1.0.11.2): all entries or none, and what their references come to mean."""

import json
from itertools import count
from uuid import uuid4

import pytest

from profiles.canonical import KAIGO_INSURED_NO
from tests.fhir_answers import issues, places
from tests.hub_in_test import BASE_URL, Body, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
NUMBER = "http://hosp.test/obs"


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def push(city: City, *entries: Body, who: str = "hosp-ehr") -> list[Body]:
    """The response entries of a transaction that must succeed."""
    answer = city.post(who, "/fhir", transaction(*entries))
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction-response")
    assert len(bundle["entry"]) == len(entries)
    responses: list[Body] = [one["response"] for one in bundle["entry"]]
    return responses


def refused(city: City, status: int, *entries: Body, who: str = "hosp-ehr") -> list[Body]:
    """The issues of a transaction that must be refused."""
    return issues(city.post(who, "/fhir", transaction(*entries)), status)


def resource(city: City, response: Body, who: str = "hosp-ehr") -> Body:
    """What a response entry's location shows."""
    answer = city.get(who, f"/fhir/{response['location']}")
    assert answer.status_code == 200, answer.text
    stored: Body = answer.json()
    return stored


def held(city: City, person: str, type_: str = "Observation", who: str = "hosp-ehr") -> list[Body]:
    bundle = city.get(who, f"/fhir/{type_}?patient={person}&_count=200").json()
    return [one["resource"] for one in bundle.get("entry", [])]


# -- what a transaction does


@pytest.mark.parametrize("door", ["/fhir", "/fhir/"])
def test_the_answer_has_one_entry_for_each_in_their_order(city: City, person: str, door: str) -> None:
    old = city.created("hosp-ehr", observation(person))
    going = city.created("hosp-ehr", observation(person))
    city.clock.move(seconds=1)
    bundle = transaction(
        entry(observation(person, 1)),
        entry({**old, "status": "amended"}, "PUT", f"Observation/{old['id']}"),
        {"request": {"method": "DELETE", "url": f"Observation/{going['id']}"}},
        entry(note(person)),
    )
    answer = city.post("hosp-ehr", door, bundle)
    assert answer.status_code == 200, answer.text
    entries = answer.json()["entry"]
    assert [one["response"]["status"] for one in entries] == ["201 Created", "200 OK", "204 No Content", "201 Created"]
    for one in entries:
        type_, id_, _, version = one["response"]["location"].split("/")
        assert one["response"]["etag"] == f'W/"{version}"'
        assert one["response"]["lastModified"] == "2026-11-22T03:00:01.000Z"
        if one["response"]["status"] != "204 No Content":
            assert one["fullUrl"] == f"{BASE_URL}/fhir/{type_}/{id_}"
    assert city.get("hosp-ehr", f"/fhir/Observation/{going['id']}").status_code == 410


def test_names_within_the_bundle_become_references(city: City) -> None:
    who, visit, result = urn(), urn(), urn()
    number = f"{next(NUMBERS):010d}"
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": who},
    }
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "検体検査"},
        "subject": {"reference": who},
        "encounter": {"reference": visit},
        "result": [{"reference": result}],
    }
    # An entry may name one that comes later.
    responses = push(
        city,
        entry(report),
        entry(observation("", subject={"reference": who}, encounter={"reference": visit}), full_url=result),
        entry(encounter, full_url=visit),
        entry(patient(number), full_url=who),
    )
    report_, result_, visit_, who_ = (resource(city, one) for one in responses)
    assert report_["subject"]["reference"] == f"Patient/{who_['id']}"
    assert report_["encounter"]["reference"] == f"Encounter/{visit_['id']}"
    assert report_["result"][0]["reference"] == f"Observation/{result_['id']}"
    assert result_["subject"]["reference"] == visit_["subject"]["reference"] == f"Patient/{who_['id']}"
    assert "urn:uuid" not in json.dumps([report_, result_, visit_, who_])


def test_an_attachment_names_a_binary_of_the_same_bundle(city: City, person: str) -> None:
    data = urn()
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "44GC"}
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": {"contentType": "text/plain", "url": data}}],
    }
    stored, kept = (resource(city, one) for one in push(city, entry(document), entry(binary, full_url=data)))
    assert stored["content"][0]["attachment"]["url"] == f"Binary/{kept['id']}"


def test_an_absolute_name_is_remembered_for_its_source_alone(city: City, person: str) -> None:
    url = f"http://hosp.test/fhir/Encounter/{uuid4()}"
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"{BASE_URL}/fhir/Patient/{person}"},
    }
    [first] = push(city, entry(encounter, full_url=url))
    visit = resource(city, first)
    # A later bundle refers to it, absolutely or relative to its own base.
    known = {"reference": f"{BASE_URL}/fhir/Patient/{person}"}
    later = f"http://hosp.test/fhir/Observation/{uuid4()}"
    short = "/".join(url.split("/")[-2:])
    absolute, relative = push(
        city,
        entry(observation(person, encounter={"reference": url})),
        entry(observation("", subject=known, encounter={"reference": short}), full_url=later),
    )
    for one in (absolute, relative):
        assert resource(city, one)["encounter"]["reference"] == f"Encounter/{visit['id']}"
    # Sent again under its name it is the same resource, and a change of it a new version.
    [same] = push(city, entry(encounter, full_url=url))
    assert (same["status"], same["location"]) == ("200 OK", first["location"])
    [changed] = push(city, entry({**encounter, "status": "cancelled"}, full_url=url))
    assert changed["location"].startswith(f"Encounter/{visit['id']}/")
    assert changed["location"] != first["location"]
    # Another source means its own thing by the same name.
    city.team(person, "Organization/clinic")
    [other] = push(city, entry(encounter, full_url=url), who="clinic-emr")
    assert (other["status"], other["location"].split("/")[1] != visit["id"]) == ("201 Created", True)


def test_relative_references_are_read_against_the_name_of_their_entry(city: City) -> None:
    base, number = f"http://hosp.test/{uuid4()}/fhir", f"{next(NUMBERS):010d}"
    who, result = push(
        city,
        entry(patient(number), full_url=f"{base}/Patient/7"),
        entry(observation("7"), full_url=f"{base}/Observation/8"),
    )
    assert resource(city, result)["subject"]["reference"] == f"Patient/{resource(city, who)['id']}"
    [again] = push(city, entry(observation("7", 9.9), full_url=f"{base}/Observation/9"))
    assert resource(city, again)["subject"]["reference"] == f"Patient/{resource(city, who)['id']}"
    [place] = places(
        refused(city, 422, entry(observation("7"), full_url=f"http://elsewhere.test/{uuid4()}/Observation/8"))
    )
    assert place == "Bundle.entry[0].resource.subject"


def test_only_absolute_names_are_remembered(city: City, person: str) -> None:
    name = urn()
    push(city, entry(observation(person, number="U-1"), full_url=name))
    [second] = push(city, entry(observation(person, number="U-2"), full_url=name))
    assert second["status"] == "201 Created"
    [place] = places(refused(city, 422, entry(observation(person, derivedFrom=[{"reference": name}]))))
    assert place == "Bundle.entry[0].resource.derivedFrom[0]"


# -- conditions


def test_a_conditional_reference_names_one_of_ones_own(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", observation(person, number="C-1"))
    [stored] = push(
        city, entry(observation(person, derivedFrom=[{"reference": f"Observation?identifier={NUMBER}|C-1"}]))
    )
    assert resource(city, stored)["derivedFrom"] == [{"reference": f"Observation/{visit['id']}"}]
    city.created("hosp-ehr", observation(person, number="C-2"))
    city.created("hosp-ehr", observation(person, number="C-2"))
    for number in ("C-2", "C-3"):  # two, none
        wrong = observation(person, derivedFrom=[{"reference": f"Observation?identifier={NUMBER}|{number}"}])
        assert places(refused(city, 422, entry(wrong))) == ["Bundle.entry[0].resource.derivedFrom[0]"]
    city.team(person, "Organization/clinic")
    city.consent(person)
    foreign = observation(person, derivedFrom=[{"reference": f"Observation?identifier={NUMBER}|C-1"}])
    assert places(refused(city, 422, entry(foreign), who="clinic-emr")) == ["Bundle.entry[0].resource.derivedFrom[0]"]


def test_a_person_is_named_by_number_only_by_those_who_know_them(city: City, person: str) -> None:
    number = city.get("city-registry", f"/fhir/Patient/{person}").json()["identifier"][0]["value"]
    known = {"reference": f"Patient?identifier={KAIGO_INSURED_NO}|{number}"}
    nobody = {"reference": f"Patient?identifier={KAIGO_INSURED_NO}|011234-9999999999"}
    [stored] = push(city, entry(observation("", subject=known)))
    assert resource(city, stored)["subject"]["reference"] == f"Patient/{person}"
    hidden = city.post("clinic-emr", "/fhir", transaction(entry(observation("", subject=known))))
    missing = city.post("clinic-emr", "/fhir", transaction(entry(observation("", subject=nobody))))
    assert places(issues(hidden, 422)) == ["Bundle.entry[0].resource.subject"]
    assert hidden.text.replace(number, "?") == missing.text.replace("011234-9999999999", "?")


def test_if_none_exist_creates_once(city: City, person: str) -> None:
    once = entry(observation(person, number="N-1"), ifNoneExist=f"identifier={NUMBER}|N-1")
    first, second = push(city, once)[0], push(city, once)[0]
    assert (first["status"], second["status"]) == ("201 Created", "200 OK")
    assert first["location"] == second["location"]
    [other_content] = push(city, {**once, "resource": observation(person, 9.9, number="N-1")})
    assert other_content["location"] == first["location"]
    header = city.post(
        "hosp-ehr", "/fhir/Observation", observation(person, number="N-1"), if_none_exist=f"identifier={NUMBER}|N-1"
    )
    assert (header.status_code, header.json()["id"]) == (200, first["location"].split("/")[1])
    assert len(held(city, person)) == 1
    # Nobody else's resource counts (TRUST T-081): the clinic learns nothing and gets its own.
    city.team(person, "Organization/clinic")
    city.consent(person)
    [own] = push(city, once, who="clinic-emr")
    assert own["status"] == "201 Created"


def test_if_none_exist_that_matches_several_is_refused(city: City, person: str) -> None:
    for _ in range(2):
        city.created("hosp-ehr", observation(person, number="N-2"))
    refused(city, 412, entry(observation(person), ifNoneExist=f"identifier={NUMBER}|N-2"))
    refused(city, 400, entry(observation(person), ifNoneExist="identifer=x"))
    refused(city, 400, entry(observation(person), ifNoneExist="_count=1"))
    assert len(held(city, person)) == 2


def test_a_conditional_update_makes_or_changes_one(city: City, person: str) -> None:
    condition = f"Observation?identifier={NUMBER}|P-1"
    [made] = push(city, entry(observation(person, 1, number="P-1"), "PUT", condition))
    [changed] = push(city, entry(observation(person, 2, number="P-1"), "PUT", condition))
    assert (made["status"], changed["status"]) == ("201 Created", "200 OK")
    [one] = held(city, person)
    assert one["valueQuantity"]["value"] == 2
    by_url = city.put("hosp-ehr", f"/fhir/{condition}", observation(person, 3, number="P-1"))
    assert (by_url.status_code, by_url.json()["id"]) == (200, one["id"])
    city.created("hosp-ehr", observation(person, number="P-1"))
    refused(city, 412, entry(observation(person, number="P-1"), "PUT", condition))
    assert city.put("hosp-ehr", f"/fhir/{condition}", observation(person)).status_code == 412
    assert city.put("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 400


def test_if_match_in_an_entry(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    change = entry({**stored, "status": "amended"}, "PUT", f"Observation/{stored['id']}")
    seen = f'W/"{stored["meta"]["versionId"]}"'
    change["request"]["ifMatch"] = seen
    push(city, change)
    change["resource"]["status"] = "corrected"
    refused(city, 412, change, entry(observation(person)))
    assert [one["status"] for one in held(city, person)] == ["amended"]


# -- what the answer says


def test_decimals_pass_through_a_bundle_digit_for_digit(city: City, person: str) -> None:
    body = json.dumps(transaction(entry(observation(person, "?")))).replace('"?"', "1.10")
    answer = city.post("hosp-ehr", "/fhir", body.encode())
    stored = city.get("hosp-ehr", f"/fhir/{answer.json()['entry'][0]['response']['location']}")
    assert b'"value":1.10,' in stored.content


def test_what_was_found_but_kept_comes_back_with_the_answer(city: City, person: str) -> None:
    [response] = push(city, entry(observation(person)))
    [issue, *_] = response["outcome"]["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["Observation.category"])
