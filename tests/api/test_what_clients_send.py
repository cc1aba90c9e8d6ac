"""What public clients send beyond the letter of the standard, taken as they mean it (tests/clients)."""

import json

import pytest

from tests.fhir_answers import issues
from tests.hub_in_test import City, observation

NUMBER = "http://hosp.test/obs"


@pytest.fixture
def person(city: City) -> str:
    resident = city.resident("0000000001")
    city.team(resident, "Organization/hosp")
    return resident


def test_a_condition_in_the_url_of_a_create_is_if_none_exist(city: City, person: str) -> None:
    where = f"/fhir/Observation?identifier={NUMBER}|C-1"
    answers = [city.post("hosp-ehr", where, observation(person, number="C-1")) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    issues(city.post("hosp-ehr", "/fhir/Observation?nonsense=1", observation(person)), 400)
    assert city.post("hosp-ehr", "/fhir/Observation?_pretty=true", observation(person)).status_code == 201
    assert city.post("hosp-ehr", "/fhir/Observation?", observation(person)).status_code == 201


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
def test_a_merge_patch_changes_what_it_names_and_takes_away_what_is_null(
    city: City, person: str, media_type: str
) -> None:
    stored = city.created("hosp-ehr", observation(person, number="C-2"))
    document = {"note": [{"text": "朝食前"}], "identifier": None, "code": {"text": "体重"}}
    answer = city.client.patch(
        f"/fhir/Observation/{stored['id']}",
        content=json.dumps(document),
        headers=city.headers("hosp-ehr", content_type=media_type),
    )
    assert answer.status_code == 200, answer.text
    patched = answer.json()
    assert patched["note"] == [{"text": "朝食前"}]
    assert "identifier" not in patched
    assert patched["code"] == {**stored["code"], "text": "体重"}
    assert patched["status"] == stored["status"]


@pytest.mark.parametrize(
    ("document", "status"), [({}, 400), ([], 400), ("x", 400), ({"id": "other"}, 422), ({"status": None}, 422)]
)
def test_a_merge_patch_that_cannot_be_is_refused(city: City, person: str, document: object, status: int) -> None:
    stored = city.created("hosp-ehr", observation(person))
    answer = city.client.patch(
        f"/fhir/Observation/{stored['id']}",
        content=json.dumps(document),
        headers=city.headers("hosp-ehr", content_type="application/merge-patch+json"),
    )
    issues(answer, status)
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


def test_of_a_refusal_the_errors_come_before_the_warnings(city: City, person: str) -> None:
    stranger = {"resourceType": "Observation", "category": [{"text": "家で測る"}]}  # read before the status
    wrong = {**stranger, **observation(person), **stranger, "status": "perhaps"}
    found = issues(city.post("hosp-ehr", "/fhir/Observation", wrong), 422)
    severities = [one["severity"] for one in found]
    assert set(severities) == {"error", "warning"}
    assert severities == sorted(severities)


def test_a_count_of_nought_is_answered_with_the_total(city: City, person: str) -> None:
    city.created("hosp-ehr", observation(person))
    answer = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=0&_totalMethod=count").json()
    assert (answer["total"], answer.get("entry")) == (1, None)
    of_the_hub = city.get("hosp-ehr", "/fhir/CodeSystem?_count=0&_totalMethod=count").json()
    assert (of_the_hub["total"] > 0, of_the_hub.get("entry")) == (True, None)


def test_the_capability_statement_says_where_the_token_endpoint_is(city: City) -> None:
    [rest] = city.client.get("/fhir/metadata").json()["rest"]
    [uris] = rest["security"]["extension"]
    told = city.client.get("/fhir/.well-known/smart-configuration").json()
    assert uris["extension"] == [{"url": "token", "valueUri": told["token_endpoint"]}]
