"""batch (FHIR R4 §3.1.0.11.1): every entry by itself, each with its own answer."""

import json

import pytest

from tests.hub_in_test import BASE_URL, Body, City, entry, note, observation

pytestmark = pytest.mark.one_hub


def batch(*entries: object) -> Body:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def run(city: City, *entries: object, who: str = "hosp-ehr", **headers: str) -> list[Body]:
    """The entries of the answer to a batch, which as a whole must succeed."""
    answer = city.post(who, "/fhir", batch(*entries), **headers)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "batch-response")
    assert len(bundle["entry"]) == len(entries)
    found: list[Body] = bundle["entry"]
    return found


def get(url: str) -> Body:
    return {"request": {"method": "GET", "url": url}}


def statuses(entries: list[Body]) -> list[str]:
    return [one["response"]["status"][:3] for one in entries]


def place(one: Body) -> str:
    issues = [issue for issue in one["response"]["outcome"]["issue"] if issue["severity"] == "error"]
    return str(issues[0]["expression"][0])


def test_what_is_wrong_with_one_entry_is_no_concern_of_the_others(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    entries = run(
        city,
        entry(observation(person, 1)),
        entry(observation(person, status="finished")),
        entry(observation("nobody")),
        entry({**stored, "status": "amended"}, "PUT", f"Observation/{stored['id']}"),
        entry({**stored, "id": "0" * 32}, "PUT", f"Observation/{'0' * 32}"),
        entry(observation(person), "PATCH", f"Observation/{stored['id']}"),
        entry(observation(person), url="Condition"),
        entry(observation(person), ifNoneExists="identifier=1"),
        7,
        {"resource": observation(person)},
        entry(note(person)),
    )
    assert statuses(entries) == ["201", "422", "422", "200", "404", "400", "400", "422", "422", "422", "201"]
    assert place(entries[1]).removesuffix(".value") == "Bundle.entry[1].resource.status"
    assert place(entries[6]) == "Bundle.entry[6].request.url"
    assert place(entries[7]) == "Bundle.entry[7].request.ifNoneExists"
    for one in entries:
        failed = one["response"]["status"][0] == "4"
        assert ("location" in one["response"]) != failed
        assert not failed or one["response"]["outcome"]["resourceType"] == "OperationOutcome"
    held = city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()
    assert held["total"] == 2


def test_a_batch_reads_and_searches_as_the_doors_do(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    read, search, unknown, hidden_type, wrong, nonsense = run(
        city,
        get(f"Observation/{stored['id']}"),
        get(f"Observation?patient={person}"),
        get("Observation/nobody"),
        get("AuditEvent/1"),
        get("Observation?pateint=1"),
        get("Nonsense"),
    )
    assert read["resource"] == stored
    assert read["response"]["etag"] == f'W/"{stored["meta"]["versionId"]}"'
    assert search["resource"] == city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()
    assert search["resource"]["link"][0]["url"] == f"{BASE_URL}/fhir/Observation?patient={person}"
    assert statuses([unknown, hidden_type, wrong, nonsense]) == ["404", "403", "400", "400"]
    assert "patient" in wrong["response"]["outcome"]["issue"][0]["diagnostics"]


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_hidden_and_unknown_are_one_in_a_batch_too(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    hidden, unknown = run(city, get(f"Observation/{stored['id']}"), get(f"Observation/{'0' * 32}"), who="clinic-emr")
    assert hidden == unknown
    assert statuses([hidden]) == ["404"]


def test_each_entry_is_in_the_access_log(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    before = len(city.log())
    run(city, get(f"Observation/{stored['id']}"), get("Observation/nobody"), entry(observation(person)))
    new = city.log()[: len(city.log()) - before]
    assert sorted((row["interaction"], row["outcome"]) for row in new) == [
        ("create", "0"),
        ("read", "0"),
        ("read", "8"),
    ]


def test_a_batch_sent_again_under_its_key_has_one_effect(city: City, person: str) -> None:
    entries = [entry(observation(person, 1)), entry(observation(person, status="finished")), entry(note(person))]
    first = run(city, *entries, idempotency_key="b-1")
    assert run(city, *entries, idempotency_key="b-1") == first
    assert city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()["total"] == 1


def test_decimals_pass_through_a_batch_digit_for_digit(city: City, person: str) -> None:
    body = json.dumps(batch(entry(observation(person, "?")))).replace('"?"', "1.10")
    answer = city.post("hosp-ehr", "/fhir", body.encode()).json()
    location = answer["entry"][0]["response"]["location"]
    read = city.post("hosp-ehr", "/fhir", batch(get(location.partition("/_history/")[0])))
    assert b'"value":1.10,' in read.content


def test_a_batch_that_is_no_bundle_or_too_long_is_refused_whole(city: City, person: str) -> None:
    assert city.post("hosp-ehr", "/fhir", batch(*[entry(observation(person))] * 501)).status_code == 413
    assert city.post("hosp-ehr", "/fhir", batch()).status_code == 400
    assert city.post("hosp-ehr", "/fhir", {**batch(entry(observation(person))), "entries": []}).status_code == 422
    assert city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()["total"] == 0
