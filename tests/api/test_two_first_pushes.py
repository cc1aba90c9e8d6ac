"""Two systems push the same, new person at the same moment: one Patient, and everything of both pushes."""

from threading import Barrier, Thread
from uuid import uuid4

import httpx2
import pytest

from hub.identity.match import MEMBER_ID
from hub.store import identity
from profiles.canonical import KAIGO_INSURED_NO
from tests.hub_in_test import Body, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.one_hub

ROUNDS = 20
RESULTS = 5
NUMBERED_BY = ((MEMBER_ID, "06012345:記号:{}:01"), (KAIGO_INSURED_NO, "011234-{}"))


def first_push(system: str, value: str, name: str) -> Body:
    """A new person with results, all by a name that only this bundle knows."""
    who = f"urn:uuid:{uuid4()}"
    person = {**patient(name=name), "identifier": [{"system": system, "value": value}]}
    results = [entry(observation("", number, subject={"reference": who})) for number in range(RESULTS)]
    return transaction(*results, entry(person, full_url=who), entry({**note(""), "subject": {"reference": who}}))


def at_once(city: City, pushes: dict[str, Body]) -> dict[str, httpx2.Response]:
    """Every system pushes when all are ready."""
    ready, answers = Barrier(len(pushes)), dict[str, httpx2.Response]()
    headers = {who: city.headers(who, content_type="application/fhir+json") for who in pushes}

    def push(who: str) -> None:
        ready.wait()
        answers[who] = city.client.post("/fhir", json=pushes[who], headers=headers[who])

    threads = [Thread(target=push, args=(who,)) for who in pushes]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return answers


def filed_under(answer: httpx2.Response) -> str:
    """The person of a push that must have succeeded."""
    assert answer.status_code == 200, answer.text
    locations = [one["response"]["location"] for one in answer.json()["entry"]]
    [person] = [one.split("/")[1] for one in locations if one.startswith("Patient/")]
    return str(person)


def test_one_person_and_all_of_both(city: City) -> None:
    people = set()
    for round_ in range(ROUNDS):
        system, value = NUMBERED_BY[round_ % 2]
        name = f"同時 {round_}"
        pushes = {who: first_push(system, value.format(round_), name) for who in ("hosp-ehr", "clinic-emr")}
        [person] = {filed_under(answer) for answer in at_once(city, pushes).values()}
        people.add(person)
        for who in pushes:
            for type_, many in (("Observation", RESULTS), ("Communication", 1), ("Patient", 1)):
                query = f"_id={person}" if type_ == "Patient" else f"patient={person}"
                held = city.get(who, f"/fhir/{type_}?{query}").json()
                assert held["total"] == many, (who, type_)
    assert len(people) == ROUNDS
    queued = city.store.lane.do(lambda tx: identity.candidates(tx))
    assert [row for row in queued if {row.patient, row.other} & people] == []


def test_of_two_who_disagree_there_are_two_and_a_doubt(city: City) -> None:
    number = "06012345:記号:999:01"
    pushes = {who: first_push(MEMBER_ID, number, f"相違 {who}") for who in ("hosp-ehr", "clinic-emr")}
    for one in pushes["clinic-emr"]["entry"]:
        if one["resource"]["resourceType"] == "Patient":
            one["resource"]["birthDate"] = "1940-05-02"
    people = {filed_under(answer) for answer in at_once(city, pushes).values()}
    assert len(people) == 2
    queued = city.store.lane.do(lambda tx: identity.candidates(tx))
    assert [row.why for row in queued if {row.patient, row.other} == people] == [
        "same number, but birth date or sex differ"
    ]
