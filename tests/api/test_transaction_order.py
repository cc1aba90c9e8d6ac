"""The order of a transaction (FHIR R4 §3.1.0.11.2): DELETE, POST, PUT and PATCH, GET and HEAD, then references."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from hub.identity.match import MEMBER_ID
from profiles.canonical import KAIGO_INSURED_NO
from tests.fhir_answers import issues, places
from tests.hub_in_test import BASE_URL, Body, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
NUMBER = "http://hosp.test/obs"


def push(city: City, *entries: Body, who: str = "hosp-ehr", **headers: str) -> list[Body]:
    """The entries of the answer to a transaction that must succeed."""
    answer = city.post(who, "/fhir", transaction(*entries), **headers)
    assert answer.status_code == 200, answer.text
    found: list[Body] = answer.json()["entry"]
    assert len(found) == len(entries)
    return found


def get(url: str, method: str = "GET", **request: str) -> Body:
    return {"request": {"method": method, "url": url, **request}}


def held(city: City, person: str, type_: str = "Observation") -> list[Body]:
    bundle = city.get("hosp-ehr", f"/fhir/{type_}?patient={person}&_count=200").json()
    return [one["resource"] for one in bundle.get("entry", [])]


# -- what writes


def test_what_is_deleted_is_not_found_by_what_is_created_after_it(city: City, person: str) -> None:
    old = city.created("hosp-ehr", observation(person, 1, number="O-1"))
    new = entry(observation(person, 2, number="O-1"), ifNoneExist=f"identifier={NUMBER}|O-1")
    made, gone = push(city, new, get(f"Observation?identifier={NUMBER}|O-1", "DELETE"))
    assert (made["response"]["status"], gone["response"]["status"]) == ("201 Created", "204 No Content")
    [left] = held(city, person)
    assert (left["id"] != old["id"], left["valueQuantity"]["value"]) == (True, 2)


def test_what_is_deleted_and_changed_at_once_is_refused(city: City, person: str) -> None:
    old = city.created("hosp-ehr", observation(person, number="O-2"))
    change = entry(observation(person, 9, number="O-2"), "PUT", f"Observation?identifier={NUMBER}|O-2")
    answer = city.post("hosp-ehr", "/fhir", transaction(change, get(f"Observation/{old['id']}", "DELETE")))
    assert places(issues(answer, 400)) == ["Bundle.entry[1]"]
    assert held(city, person) == [old]


def test_two_conditions_that_find_the_same_are_refused(city: City, person: str) -> None:
    both = observation(person, number="O-3")
    both["identifier"].append({"system": NUMBER, "value": "O-3b"})
    old = city.created("hosp-ehr", both)
    one = entry({**both, "status": "amended"}, "PUT", f"Observation?identifier={NUMBER}|O-3")
    two = entry({**both, "status": "corrected"}, "PUT", f"Observation?identifier={NUMBER}|O-3b")
    assert places(issues(city.post("hosp-ehr", "/fhir", transaction(one, two)), 400)) == ["Bundle.entry[1]"]
    assert held(city, person) == [old]


# -- references


def test_a_condition_names_what_the_same_bundle_brings(city: City) -> None:
    number, identifier = f"{next(NUMBERS):010d}", f"{NUMBER}|O-4-{next(NUMBERS)}"
    who = {"reference": f"Patient?identifier={KAIGO_INSURED_NO}|011234-{number}"}
    base = observation("", subject=who, number=identifier.partition("|")[2])
    later = observation("", subject=who, derivedFrom=[{"reference": f"Observation?identifier={identifier}"}])
    result, derived, resident = push(city, entry(base), entry(later), entry(patient(number)))
    stored = city.get("hosp-ehr", f"/fhir/{derived['response']['location']}").json()
    assert stored["subject"] == {"reference": "/".join(resident["response"]["location"].split("/")[:2])}
    assert stored["derivedFrom"] == [{"reference": "/".join(result["response"]["location"].split("/")[:2])}]


def test_a_condition_that_finds_one_stored_and_one_pushed_is_unresolvable(city: City, person: str) -> None:
    city.created("hosp-ehr", observation(person, number="O-5"))
    named = observation(person, derivedFrom=[{"reference": f"Observation?identifier={NUMBER}|O-5"}])
    twice = transaction(entry(observation(person, number="O-5")), entry(named))
    assert places(issues(city.post("hosp-ehr", "/fhir", twice), 422)) == ["Bundle.entry[1].resource.derivedFrom[0]"]
    # The stored one may be changed or deleted by the same bundle: then it counts as it will be.
    change = entry(observation(person, 9, number="O-5"), "PUT", f"Observation?identifier={NUMBER}|O-5")
    push(city, change, entry(named))
    gone = get(f"Observation?identifier={NUMBER}|O-5", "DELETE")
    answer = city.post("hosp-ehr", "/fhir", transaction(gone, entry(named)))
    assert places(issues(answer, 422)) == ["Bundle.entry[1].resource.derivedFrom[0]"]


@pytest.mark.parametrize("more", [{}, {"type": "Patient"}, {"display": "山田 花子"}])
def test_a_subject_by_number_alone_is_the_person_of_that_number(city: City, more: Body) -> None:
    number = f"{next(NUMBERS):010d}"
    resident = city.resident(number)
    city.team(resident, "Organization/hosp")
    subject = {"identifier": {"system": KAIGO_INSURED_NO, "value": f"011234-{number}"}, **more}
    stored = city.created("hosp-ehr", observation("", subject=subject))
    assert stored["subject"] == {"reference": f"Patient/{resident}", **subject}
    assert [one["id"] for one in held(city, resident)] == [stored["id"]]
    # Sent again, and as a change of itself, it stays what it is.
    again = city.put("hosp-ehr", f"/fhir/Observation/{stored['id']}", {**stored, "subject": subject})
    assert again.json() == stored


def test_a_subject_of_a_number_that_one_does_not_know_is_unresolvable(city: City, person: str) -> None:
    value = city.get("city-registry", f"/fhir/Patient/{person}").json()["identifier"][0]["value"]
    hidden = {"identifier": {"system": KAIGO_INSURED_NO, "value": value}}
    nobody = {"identifier": {"system": KAIGO_INSURED_NO, "value": "011234-9999999999"}}
    answers = [city.post("clinic-emr", "/fhir/Observation", observation("", subject=one)) for one in (hidden, nobody)]
    assert answers[0].content == answers[1].content
    assert places(issues(answers[0], 422)) == ["Observation.subject"]
    bundle = transaction(entry(note(person)), entry(observation("", subject=nobody)))
    found = issues(city.post("hosp-ehr", "/fhir", bundle), 422)
    assert places(found) == ["Bundle.entry[1].resource.subject"]


def test_a_subject_by_number_that_the_same_bundle_registers(city: City) -> None:
    number = f"{next(NUMBERS):010d}"
    subject = {"identifier": {"system": KAIGO_INSURED_NO, "value": f"011234-{number}"}}
    result, resident = push(city, entry(observation("", subject=subject)), entry(patient(number)))
    stored = city.get("hosp-ehr", f"/fhir/{result['response']['location']}").json()
    assert resident["response"]["location"].startswith(f"{stored['subject']['reference']}/")


# -- what reads


def test_reads_see_what_the_same_transaction_wrote(city: City, person: str) -> None:
    old = city.created("hosp-ehr", observation(person, 1))
    going = city.created("hosp-ehr", observation(person, 2))
    page, made, one, head, _, past = push(
        city,
        get(f"Observation?patient={person}"),
        entry(note(person)),
        get(f"Observation/{old['id']}"),
        get(f"Observation/{old['id']}", "HEAD"),
        get(f"Observation/{going['id']}", "DELETE"),
        get(f"Observation/{old['id']}/_history/{old['meta']['versionId']}"),
    )
    assert [one["resource"]["id"] for one in page["resource"]["entry"]] == [old["id"]]
    assert made["response"]["status"] == "201 Created"
    assert one["resource"] == past["resource"] == old
    assert one["fullUrl"] == f"{BASE_URL}/fhir/Observation/{old['id']}"
    assert one["response"]["etag"] == head["response"]["etag"] == f'W/"{old["meta"]["versionId"]}"'
    assert "resource" not in head
    known = get(f"Observation/{old['id']}", ifNoneMatch=f'W/"{old["meta"]["versionId"]}"')
    [unchanged] = push(city, known)
    assert (unchanged["response"]["status"], "resource" in unchanged) == ("304 Not Modified", False)
    assert [one["interaction"] for one in city.log(patient=person)[:2]] == ["read", "vread"]


def test_a_read_that_is_refused_undoes_the_whole(city: City, person: str) -> None:
    stranger = city.resident(f"{next(NUMBERS):010d}")
    hidden = city.created("city-registry", note(stranger))
    answers = [
        city.post("hosp-ehr", "/fhir", transaction(entry(note(person)), get(f"Communication/{id_}")))
        for id_ in (hidden["id"], "0" * 32)
    ]
    assert answers[0].content == answers[1].content
    assert places(issues(answers[0], 404)) == ["Bundle.entry[1]"]
    assert held(city, person, "Communication") == []
    for url in ("Observation/x/_history", "Observation/x/y/z", "Nonsense?x=1", "$everything"):
        found = issues(city.post("hosp-ehr", "/fhir", transaction(get(url))), 400)
        assert places(found) == ["Bundle.entry[0].request.url"]


def test_a_retried_transaction_has_the_first_answer_and_reads_anew(city: City, person: str) -> None:
    bundle = transaction(entry(observation(person)), get(f"Observation?patient={person}"))
    first, second = (city.post("hosp-ehr", "/fhir", bundle, idempotency_key=f"t-{person}").json() for _ in range(2))
    assert first == second
    assert len(held(city, person)) == 1


# -- the answer


@pytest.mark.parametrize("type_", ["transaction", "batch"])
def test_the_client_says_what_stands_in_the_entries(city: City, person: str, type_: str) -> None:
    bundle = {**transaction(entry(note(person)), entry(observation(person, category=None))), "type": type_}
    del bundle["entry"][1]["resource"]["category"]
    shown: dict[str, list[Body]] = {}
    for word in ("minimal", "representation", "OperationOutcome"):
        answer = city.post("hosp-ehr", "/fhir", bundle, prefer=f"return={word}")
        shown[word] = answer.json()["entry"]
        for one in shown[word]:
            assert one["response"].keys() >= {"status", "location", "etag", "lastModified"}
    assert [one.keys() for one in shown["minimal"]] == [{"fullUrl", "response"}] * 2
    assert ["outcome" in one["response"] for one in shown["minimal"]] == [False, True]
    full = shown["representation"][0]
    assert full["resource"] == city.get("hosp-ehr", f"/fhir/{full['response']['location']}").json()
    assert [one["response"]["outcome"]["issue"][0]["severity"] for one in shown["OperationOutcome"]] == [
        "information",
        "warning",
    ]


def test_the_same_transaction_ten_times_at_once_makes_one_set(city: City, person: str) -> None:
    number = f"{next(NUMBERS):010d}"
    who = {"reference": f"Patient?identifier={KAIGO_INSURED_NO}|011234-{number}"}
    bundle = transaction(
        entry(patient(number), ifNoneExist=f"identifier={KAIGO_INSURED_NO}|011234-{number}"),
        entry(observation("", subject=who, number=number), "PUT", f"Observation?identifier={NUMBER}|{number}"),
        entry(note("", subject=who), ifNoneExist=f"identifier={NUMBER}|note-{number}"),
    )
    bundle["entry"][2]["resource"]["identifier"] = [{"system": NUMBER, "value": f"note-{number}"}]
    token = city.headers("hosp-ehr")  # made before the crowd comes
    with ThreadPoolExecutor(10) as crowd:
        answers = list(crowd.map(lambda _: city.client.post("/fhir", json=bundle, headers=token), range(10)))
    assert {one.status_code for one in answers} == {200}
    made = [tuple(entry["response"]["location"] for entry in one.json()["entry"]) for one in answers]
    assert len(set(made)) == 1
    created = [one for one in answers if one.json()["entry"][1]["response"]["status"] == "201 Created"]
    assert len(created) == 1


@pytest.mark.promise("pending-reads-nothing")
@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_first_contact_names_people_by_numbers_that_it_pushed_itself_alone(city: City) -> None:
    number, insured = f"{next(NUMBERS):010d}", f"00012345:あ12:{next(NUMBERS):05d}:01"
    of_city, of_clinic = (
        {"system": MEMBER_ID, "value": insured},
        {"system": KAIGO_INSURED_NO, "value": f"011234-{number}"},
    )
    resident = city.resident(number)
    record = city.get("city-registry", f"/fhir/Patient/{resident}").json()
    known = {**record, "identifier": [*record["identifier"], of_city]}
    assert city.put("city-registry", f"/fhir/Patient/{resident}", known).status_code == 200
    assert city.created("clinic-emr", patient(number))["id"] == resident

    def told(named: Body) -> list[int]:
        by_condition = {"reference": f"Patient?identifier={named['system']}|{named['value']}"}
        pushed = city.post("clinic-emr", "/fhir", transaction(entry(observation("", subject=by_condition))))
        alone = city.post("clinic-emr", "/fhir/Observation", observation("", subject={"identifier": named}))
        return [pushed.status_code, alone.status_code]

    assert told(of_clinic) == [200, 201]
    assert told(of_city) == told({**of_city, "value": f"{insured[:-1]}9"}) == [422, 422]
    # The whole Patient may be sent with the number at any time; nothing is told of who knew it before.
    with_both = patient(number, identifier=[of_clinic, of_city])
    assert city.created("clinic-emr", with_both)["id"] == resident
    assert told(of_city) == [200, 201]


def test_who_looked_after_somebody_names_them_by_numbers_of_others_also_afterwards(city: City) -> None:
    """Records are late: that the relation has ended takes no push away."""
    number = f"{next(NUMBERS):010d}"
    resident = city.resident(number)
    city.team(resident, "Organization/day", period={"start": "2025-01-01", "end": "2025-12-31"})
    by_number = {"identifier": {"system": KAIGO_INSURED_NO, "value": f"011234-{number}"}}
    stored = city.created("day-app", note("", subject=by_number))
    assert stored["subject"]["reference"] == f"Patient/{resident}"
