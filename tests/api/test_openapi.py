"""/openapi.json describes what is mounted outside /fhir, and what it describes is so (more of it: tests/clients)."""

import pytest

from hub.http.routes import OTHER
from tests.hub_in_test import Body, City


@pytest.fixture
def document(city: City) -> Body:
    answer = city.client.get("/openapi.json")
    assert answer.status_code == 200
    described: Body = answer.json()
    return described


def test_every_door_is_described_and_no_other(document: Body) -> None:
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    assert described == {(door.method, door.path) for door in OTHER}
    assert all(one["summary"] for path in document["paths"].values() for one in path.values())


def test_what_needs_a_token_says_so_and_nothing_else_does(city: City, document: Body) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            place = path.replace("{format}", "fhir")
            refused = city.client.request(method.upper(), place, headers={"Idempotency-Key": "1"})
            assert ("security" in operation) == ("WWW-Authenticate" in refused.headers), path


def test_every_format_and_what_it_may_be_called_is_there(city: City, document: Body) -> None:
    operation = document["paths"]["/ingest/{format}"]["post"]
    [formats] = [one["schema"]["enum"] for one in operation["parameters"] if one["in"] == "path"]
    for format_ in formats:
        answer = city.post("hosp-ehr", f"/ingest/{format_}", b"\0", idempotency_key=format_)
        assert answer.status_code in (400, 422), answer.text
    assert city.post("hosp-ehr", "/ingest/other", b"\0", idempotency_key="other").status_code == 404


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-13-01", "2026-11-20T25:00:00Z", "２０２６-11-20", "2026-11", "soon"]
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_day_that_there_is_not_is_no_bound_of_a_feed(city: City, name: str, day: str) -> None:
    answer = city.get("hosp-ehr", f"/feed?{name}={day}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert city.get("hosp-ehr", f"/feed?{name}=2024-02-29T23:59:59.5%2B09:00").status_code == 200
