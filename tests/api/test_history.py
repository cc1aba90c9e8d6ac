"""history of one resource (FHIR R4 §3.1.0.8): every version, newest first, nothing of others."""

import pytest

from tests.hub_in_test import BASE_URL, Body, City, observation, patient


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital looks after."""
    resident = city.resident()
    city.team(resident, "Organization/hosp")
    return resident


def history(city: City, place: str, who: str = "hosp-ehr") -> list[Body]:
    """The entries of a history, which must be shown."""
    response = city.get(who, f"/fhir/{place}/_history")
    assert response.status_code == 200, response.text
    bundle = response.json()
    assert (bundle["type"], bundle["total"]) == ("history", len(bundle["entry"]))
    entries: list[Body] = bundle["entry"]
    return entries


def changed(city: City, stored: Body, **members: object) -> Body:
    response = city.put("hosp-ehr", f"/fhir/{stored['resourceType']}/{stored['id']}", {**stored, **members})
    assert response.status_code in (200, 201), response.text
    new: Body = response.json()
    return new


def test_every_version_is_there_newest_first_as_it_was_read(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person, 6.5))
    city.clock.move(seconds=1)
    second = changed(city, first, status="amended")
    city.clock.move(seconds=1)
    place = f"Observation/{first['id']}"
    assert city.delete("hosp-ehr", f"/fhir/{place}").status_code == 204
    city.clock.move(seconds=1)
    back = changed(city, first, status="corrected")
    entries = history(city, place)
    assert [entry.get("resource") for entry in entries] == [back, None, second, first]
    assert [entry["request"] for entry in entries] == [
        {"method": "PUT", "url": place},
        {"method": "DELETE", "url": place},
        {"method": "PUT", "url": place},
        {"method": "POST", "url": "Observation"},
    ]
    assert [entry["response"]["status"][:3] for entry in entries] == ["200", "204", "200", "201"]
    for entry in entries:
        assert entry["fullUrl"] == f"{BASE_URL}/fhir/{place}"
        if "resource" in entry:
            meta = entry["resource"]["meta"]
            assert entry["response"]["etag"] == f'W/"{meta["versionId"]}"'
            assert entry["response"]["lastModified"] == meta["lastUpdated"]


def test_the_order_holds_within_one_instant_and_when_the_clock_steps_back(city: City, person: str) -> None:
    versions = [city.created("hosp-ehr", observation(person, 0))]
    for number in range(1, 9):
        if number == 5:
            city.clock.move(hours=-1)
        versions.append(changed(city, versions[-1], valueQuantity={"value": number}))
    shown = [entry["resource"] for entry in history(city, f"Observation/{versions[0]['id']}")]
    assert shown == versions[::-1]
    times = [version["meta"]["lastUpdated"] for version in versions]
    assert times == sorted(set(times))


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_others_see_the_history_only_while_they_see_the_resource(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    first = city.created("hosp-ehr", observation(person))
    changed(city, first, status="amended")
    place = f"/fhir/Observation/{first['id']}/_history"
    assert city.get("clinic-emr", place).status_code == 404
    city.consent(person)
    assert [one["resource"]["status"] for one in history(city, f"Observation/{first['id']}", "clinic-emr")] == [
        "amended",
        "final",
    ]
    city.delete("hosp-ehr", f"/fhir/Observation/{first['id']}")
    assert city.get("clinic-emr", place).status_code == 404
    assert len(history(city, f"Observation/{first['id']}")) == 3


def test_a_version_that_was_withheld_then_is_withheld_now(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    city.consent(person)
    secret = {"system": "https://renkei.example/fhir/CodeSystem/label", "code": "SOURCE-ONLY"}
    first = city.created("hosp-ehr", observation(person, 6.6, meta={"security": [secret]}))
    second = changed(city, {name: value for name, value in first.items() if name != "meta"}, status="amended")
    assert [one["resource"] for one in history(city, f"Observation/{first['id']}", "clinic-emr")] == [second]
    old = f"/fhir/Observation/{first['id']}/_history/{first['meta']['versionId']}"
    assert city.get("clinic-emr", old).status_code == 404
    assert city.get("hosp-ehr", old).status_code == 200


def test_the_history_of_a_person_is_that_of_the_record_that_is_shown(city: City, person: str) -> None:
    own = city.created("hosp-ehr", patient(name="山田 はな"))
    assert own["id"] == person
    assert [one["resource"]["name"][0]["text"] for one in history(city, f"Patient/{person}")] == ["山田 はな"]
    city.consent(person)
    assert [one["resource"]["name"][0]["text"] for one in history(city, f"Patient/{person}")] == ["山田 花子"]


def test_what_history_does_not_do_is_refused_and_named(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    refused = city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}/_history?_list=2026")
    assert refused.status_code == 400
    assert "_list" in refused.json()["issue"][0]["diagnostics"]
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}/_history?_format=json").status_code == 200
