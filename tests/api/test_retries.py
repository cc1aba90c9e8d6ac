"""Idempotency-Key: a request that is sent again has one effect and gets the first answer (TRUST T-127, T-128)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx2
import pytest

from tests.hub_in_test import NOON, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital and the clinic look after; it is noon."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp", "Organization/clinic")
    return resident


def held(city: City, person: str, who: str = "hosp-ehr") -> int:
    total: int = city.get(who, f"/fhir/Observation?patient={person}").json()["total"]
    return total


def same(first: httpx2.Response, second: httpx2.Response) -> bool:
    names = ("content-type", "etag", "location", "last-modified")
    return (first.status_code, first.content, [first.headers.get(name) for name in names]) == (
        second.status_code,
        second.content,
        [second.headers.get(name) for name in names],
    )


def test_a_create_sent_again_gets_the_first_answer(city: City, person: str) -> None:
    before = len(city.log(reason="replay"))
    first = city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="key-1")
    city.clock.move(hours=1)
    again = city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="key-1")
    assert first.status_code == 201
    assert same(first, again)
    assert held(city, person) == 1
    written = [row["query"] for row in city.log(patient=person) if row["interaction"] == "create"]
    assert written.count("create") == 3  # the person, the team, the observation: each once
    replays = city.log(reason="replay")
    assert (len(replays) - before, replays[0]["interaction"]) == (1, "create")


def test_without_a_key_each_request_is_its_own(city: City, person: str) -> None:
    for _ in range(2):
        assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201
    assert held(city, person) == 2


def test_a_transaction_sent_again_gets_the_first_answer(city: City, person: str) -> None:
    bundle = transaction(entry(observation(person)), entry(note(person)), entry(patient(f"{next(NUMBERS):010d}")))
    first = city.post("hosp-ehr", "/fhir", bundle, idempotency_key="key-2")
    again = city.post("hosp-ehr", "/fhir", bundle, idempotency_key="key-2")
    assert first.status_code == 200, first.text
    assert same(first, again)
    assert held(city, person) == 1


def test_an_update_and_a_deletion_sent_again_get_the_first_answer(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place, seen = f"/fhir/Observation/{stored['id']}", f'W/"{stored["meta"]["versionId"]}"'
    change = {**stored, "status": "amended"}
    first, again = (city.put("hosp-ehr", place, change, if_match=seen, idempotency_key="key-3") for _ in range(2))
    assert (first.status_code, same(first, again)) == (200, True)
    seen = first.headers["ETag"]
    gone, once_more = (city.delete("hosp-ehr", place, if_match=seen, idempotency_key="key-4") for _ in range(2))
    assert (gone.status_code, same(gone, once_more)) == (204, True)
    # The answer to the first request stays the answer, whatever became of the resource.
    late = city.put("hosp-ehr", place, change, if_match=f'W/"{stored["meta"]["versionId"]}"', idempotency_key="key-3")
    assert same(first, late)
    assert city.get("hosp-ehr", place).status_code == 410


@pytest.mark.parametrize("other", ["body", "door", "method"])
def test_a_key_belongs_to_one_request(city: City, person: str, other: str) -> None:
    stored, key = city.created("hosp-ehr", observation(person)), f"key-5-{other}"
    first = city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key=key)
    assert first.status_code == 201
    if other == "body":
        answer = city.post("hosp-ehr", "/fhir/Observation", observation(person, 9.9), idempotency_key=key)
    elif other == "door":
        answer = city.post("hosp-ehr", "/fhir", transaction(entry(observation(person))), idempotency_key=key)
    else:
        answer = city.put("hosp-ehr", f"/fhir/Observation/{stored['id']}", stored, idempotency_key=key)
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert (issue["code"], "another request" in issue["diagnostics"]) == ("business-rule", True)
    assert held(city, person) == 2


def test_a_key_is_its_clients_own(city: City, person: str) -> None:
    answers = [
        city.post(who, "/fhir/Observation", observation(person), idempotency_key="key-6")
        for who in ("hosp-ehr", "clinic-emr")
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_refusal_is_not_remembered(city: City, person: str) -> None:
    stranger = city.resident(f"{next(NUMBERS):010d}", name="別人 太郎", birth="1950-01-01")
    refused = city.post("hosp-ehr", "/fhir/Observation", observation(stranger), idempotency_key="key-7")
    assert refused.status_code == 422
    city.team(stranger, "Organization/hosp")
    now = city.post("hosp-ehr", "/fhir/Observation", observation(stranger), idempotency_key="key-7")
    assert now.status_code == 201


def test_twenty_at_the_same_time_have_one_effect(city: City, person: str) -> None:
    city.token("hosp-ehr")

    def push(_: int) -> httpx2.Response:
        return city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="key-8")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(push, range(20)))
    assert all(same(answers[0], one) for one in answers)
    assert (answers[0].status_code, held(city, person)) == (201, 1)


def test_a_key_that_is_too_long_is_refused(city: City, person: str) -> None:
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="k" * 256).status_code == 400
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="k" * 255).status_code == 201
    assert held(city, person) == 1


def test_ingest_needs_a_key(city: City, person: str) -> None:
    refused = city.post("hosp-ehr", "/ingest/fhir", transaction(entry(observation(person))))
    assert (refused.status_code, "Idempotency-Key" in refused.text) == (400, True)
    assert held(city, person) == 0
