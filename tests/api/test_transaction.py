"""transaction (FHIR R4 §3.1.0.11.2): all entries or none, and what their references come to mean."""

import json
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import httpx2
import pytest

from profiles.canonical import KAIGO_INSURED_NO
from tests.hub_in_test import BASE_URL, NOON, Body, City, entry, note, observation, patient, small_city, transaction

NUMBERS = count(1)
NUMBER = "http://hosp.test/obs"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One hub for the whole file: each test brings residents of its own."""
    with small_city(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital looks after; it is noon."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp")
    return resident


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


def issues(answer: httpx2.Response, status: int) -> list[Body]:
    assert answer.status_code == status, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    found: list[Body] = answer.json()["issue"]
    return found


def places(found: list[Body]) -> list[str]:
    return [one["expression"][0] for one in found if one["severity"] == "error"]


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
    [place] = places(refused(city, 422, entry(observation("7"), full_url=f"http://elsewhere.test/{uuid4()}/Observation/8")))
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
    [stored] = push(city, entry(observation(person, derivedFrom=[{"reference": f"Observation?identifier={NUMBER}|C-1"}])))
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


# -- all or nothing


def test_one_bad_entry_of_many_and_nothing_is_stored(city: City, person: str) -> None:
    before = len(city.log())
    good = [entry(observation(person, number)) for number in range(40)]
    bad = [
        entry(observation(person, status="finished")),
        entry(observation(person, effectiveDateTime="yesterday", code="HbA1c")),
        {"resource": observation(person)},
        entry(observation(person), "PATCH"),
        entry(observation(person), url="Condition"),
    ]
    found = refused(city, 422, *good[:20], *bad, *good[20:])
    concerned = {place.split(".")[1] for place in places(found)}
    assert concerned == {f"entry[{number}]" for number in range(20, 25)}
    assert "Bundle.entry[20].resource.status" in [place.removesuffix(".value") for place in places(found)]
    assert {place.removesuffix(".value") for place in places(found)} >= {
        "Bundle.entry[21].resource.effectiveDateTime",
        "Bundle.entry[21].resource.code",
    }
    assert held(city, person) == []
    assert len([row for row in city.log()[: len(city.log()) - before] if row["outcome"] == "0"]) == 1  # held() itself
    push(city, *good)
    assert len(held(city, person)) == 40


@pytest.mark.parametrize(
    "spoiler",
    [
        lambda person: entry(observation("nobody")),  # a reference that leads nowhere
        lambda person: entry(observation(person, id="0" * 32), "PUT", f"Observation/{'0' * 32}"),  # not one's own
        lambda person: {"request": {"method": "DELETE", "url": f"Observation/{'0' * 32}"}},
        lambda person: entry(observation(person), ifNoneExist="identifer=x"),
    ],
)
def test_what_is_seen_only_inside_the_store_undoes_all_as_well(city: City, person: str, spoiler: object) -> None:
    assert callable(spoiler)
    answer = city.post("hosp-ehr", "/fhir", transaction(entry(observation(person)), spoiler(person)))
    assert answer.status_code in (400, 404, 422), answer.text
    assert held(city, person) == []
    feed = city.get("hosp-ehr", f"/feed?patient={person}").json()
    assert [item["category"] for item in feed["items"] if item["category"] == "laboratory"] == []


def test_every_unresolvable_reference_is_named(city: City, person: str) -> None:
    found = refused(
        city,
        422,
        entry(observation(person)),
        entry(observation("nobody", performer=[{"reference": "Patient/nobody"}])),
        entry(observation(person, encounter={"reference": urn()})),
    )
    assert places(found) == [
        "Bundle.entry[1].resource.subject",
        "Bundle.entry[1].resource.performer[0]",
        "Bundle.entry[2].resource.encounter",
    ]
    assert held(city, person) == []


def test_every_entry_that_may_not_be_published_is_named(city: City, person: str) -> None:
    city.team(person, "Organization/pharm")
    found = refused(
        city, 403, entry(observation(person)), entry(note(person)), entry(observation(person)), who="pharm-rx"
    )
    assert places(found) == ["Bundle.entry[0]", "Bundle.entry[2]"]
    assert held(city, person, "Communication", "pharm-rx") == []


# -- twice in one bundle


def test_a_thing_may_be_changed_once_in_a_bundle(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"Observation/{stored['id']}"
    change, gone = entry(stored, "PUT", place), {"request": {"method": "DELETE", "url": place}}
    found = entry(observation(person), ifNoneExist=f"_id={stored['id']}")
    for twice in ((change, change), (change, gone), (gone, gone), (found, gone), (change, found)):
        [issue] = refused(city, 400, entry(note(person)), *twice)
        assert issue["expression"] == ["Bundle.entry[2]"]
    assert held(city, person) == [stored]
    assert held(city, person, "Communication") == []
    same = push(city, found, found)
    assert [one["status"] for one in same] == ["200 OK", "200 OK"]


def test_a_name_or_a_condition_is_used_once_in_a_bundle(city: City, person: str) -> None:
    name = urn()
    refused(city, 422, entry(observation(person, 1), full_url=name), entry(observation(person, 2), full_url=name))
    once = entry(observation(person, number="T-1"), ifNoneExist=f"identifier={NUMBER}|T-1")
    upsert = entry(observation(person, number="T-1"), "PUT", f"Observation?identifier={NUMBER}|T-1")
    for twice in ((once, once), (upsert, upsert), (once, upsert)):
        [issue] = refused(city, 400, *twice)
        assert issue["expression"] == ["Bundle.entry[1]"]
    assert held(city, person) == []


def test_a_person_comes_once_in_a_bundle(city: City) -> None:
    number = f"{next(NUMBERS):010d}"
    local = [{"system": "http://hosp.test/patient", "value": number}]
    both = patient(number)
    both["identifier"] += local
    [issue] = refused(city, 400, entry(patient(number)), entry(patient(number, name="山田 はな")))
    assert issue["expression"] == ["Bundle.entry[1]"]
    push(city, entry(both))
    [issue] = refused(city, 400, entry(patient(number)), entry({**both, "identifier": local}))
    assert issue["expression"] == ["Bundle.entry[1]"]


# -- what is not a transaction


def test_the_bundle_itself_must_be_right(city: City, person: str) -> None:
    good = entry(observation(person))
    typo = {**good, "request": {**good["request"], "ifNoneExists": "identifier=1"}}
    assert places(refused(city, 422, good, typo)) == ["Bundle.entry[1].request.ifNoneExists"]
    number = {**good, "request": {**good["request"], "ifNoneExist": 1}}
    assert places(refused(city, 422, number)) == ["Bundle.entry[0].request.ifNoneExist"]
    missing = {"resourceType": "Bundle", "type": "transaction", "entry": [good, 1]}
    assert issues(city.post("hosp-ehr", "/fhir", missing), 422)
    lone = {"resourceType": "Bundle", "type": "transaction", "entry": good}
    assert issues(city.post("hosp-ehr", "/fhir", lone), 422)
    assert places(refused(city, 422)) == ["Bundle.entry"]
    other = {"resourceType": "Bundle", "type": "transaction", "entry": [{**good, "search": {"mode": "match"}}]}
    assert issues(city.post("hosp-ehr", "/fhir", other), 422)
    assert held(city, person) == []


def test_what_is_no_transaction_or_too_much_is_refused(city: City, person: str) -> None:
    for body in (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation(person)}]},
        {"resourceType": "Bundle", "type": "transaction"},
        {"resourceType": "Bundle"},
        observation(person),
    ):
        assert issues(city.post("hosp-ehr", "/fhir", body), 400)
    many = [entry(observation(person))] * 501
    assert issues(city.post("hosp-ehr", "/fhir", transaction(*many)), 413)
    assert held(city, person) == []


def test_decimals_pass_through_a_bundle_digit_for_digit(city: City, person: str) -> None:
    body = json.dumps(transaction(entry(observation(person, "?")))).replace('"?"', "1.10")
    answer = city.post("hosp-ehr", "/fhir", body.encode())
    stored = city.get("hosp-ehr", f"/fhir/{answer.json()['entry'][0]['response']['location']}")
    assert b'"value":1.10,' in stored.content


def test_what_was_found_but_kept_comes_back_with_the_answer(city: City, person: str) -> None:
    [response] = push(city, entry(observation(person)))
    [issue, *_] = response["outcome"]["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["Observation.category"])
