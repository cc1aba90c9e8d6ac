"""A transaction that is refused: nothing of it is stored, and everything wrong is named with its place."""

from itertools import count
from uuid import uuid4

import pytest

from tests.fhir_answers import issues, places
from tests.hub_in_test import Body, City, entry, note, observation, patient, transaction

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


def held(city: City, person: str, type_: str = "Observation", who: str = "hosp-ehr") -> list[Body]:
    bundle = city.get(who, f"/fhir/{type_}?patient={person}&_count=200").json()
    return [one["resource"] for one in bundle.get("entry", [])]


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
    for twice in ((change, change), (change, gone), (gone, gone), (change, found)):
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
