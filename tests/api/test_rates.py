"""How often one may ask (TRUST T-138): by who one is, whatever token, address or process one comes by."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from hub.doors import Doors
from hub.settings import Settings
from hub.sharing import share
from hub.store import retention
from tests.api.emergencies import PARAMEDIC, allergy, declare, declared, somebody
from tests.api.pages_city import CARE_MANAGER, browser_of
from tests.fhir_answers import issues
from tests.hub_in_test import BASE_URL, QUIET, Body, City, observation, sign_in, small_city

CLIENT, RESIDENT = 8, 4
LIMITED = QUIET.model_copy(update={"rate_client": CLIENT, "rate_resident": RESIDENT})
POLICY = f'"client";q={CLIENT};w=60, "resident";q={RESIDENT};w=60'
ANY = "/fhir/Observation?code=4548-4"
OTHER_PARAMEDIC = "pm-oki"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def hub_settings() -> Settings:
    return LIMITED


@pytest.fixture
def person(city: City) -> str:
    """A resident of the hospital, with an observation; what that took is a minute ago."""
    found = city.resident()
    city.team(found, "Organization/hosp")
    city.consent(found)
    city.created("hosp-ehr", observation(found))
    city.clock.move(minutes=1)
    return found


def asked(city: City, times: int, who: str = "hosp-ehr", path: str = ANY, **headers: str) -> list[int]:
    return [city.get(who, path, **headers).status_code for _ in range(times)]


def doors(city: City) -> Doors:
    found = city.client.app.state.doors  # type: ignore[attr-defined]
    assert isinstance(found, Doors)
    return found


# -- of one client


def test_who_asked_too_often_is_told_when_to_go_on(city: City, person: str) -> None:
    city.clock.move(seconds=20)
    served = city.get("hosp-ehr", ANY)
    assert served.headers["RateLimit-Policy"] == POLICY
    assert asked(city, CLIENT - 1) == [200] * (CLIENT - 1)
    before = city.log()
    refused = city.get("hosp-ehr", ANY)
    [issue] = issues(refused, 429)
    assert issue["code"] == "throttled"
    assert "40 seconds" in issue["diagnostics"]
    told = [refused.headers[name] for name in ("Retry-After", "RateLimit", "RateLimit-Policy")]
    assert told == ["40", '"client";r=0;t=40', POLICY]
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 429
    assert city.get("hosp-ehr", "/feed").json()["status"] == 429
    assert city.log() == before
    city.clock.move(seconds=40)
    assert asked(city, 1) == [200]


def test_another_client_is_not_kept_waiting(city: City, person: str) -> None:
    assert asked(city, CLIENT + 1)[-1] == 429
    assert asked(city, CLIENT, "clinic-emr") == [200] * CLIENT


def test_no_address_and_no_other_token_makes_one_somebody_else(city: City, person: str) -> None:
    """T-138: what is counted is the client, not what it says of itself."""
    statuses = []
    narrow = {"Authorization": f"Bearer {city.token('hosp-ehr', scopes='system/Observation.rs')}"}
    elsewhere = TestClient(city.client.app, base_url=BASE_URL, client=("192.0.2.7", 40000))
    elsewhere.portal = city.client.portal
    for number in range(CLIENT):
        named = dict.fromkeys(("X-Forwarded-For", "Forwarded", "X-Real-IP"), f"198.51.100.{number}")
        client, token = ((city.client, narrow), (elsewhere, city.headers("hosp-ehr")))[number % 2]
        statuses.append(client.get(ANY, headers={**token, **named}).status_code)
    assert statuses == [200] * CLIENT
    assert [client.get(ANY, headers=narrow).status_code for client in (city.client, elsewhere)] == [429, 429]
    assert asked(city, 1, x_forwarded_for="203.0.113.9") == [429]


def test_a_wrong_token_is_nobodys(city: City, person: str) -> None:
    wrong = {"Authorization": "Bearer invented"}
    assert {city.client.get(ANY, headers=wrong).status_code for _ in range(CLIENT + 2)} == {401}
    assert asked(city, CLIENT) == [200] * CLIENT


def test_a_batch_is_as_many_requests_as_it_has_entries(city: City, person: str) -> None:
    def batch(entries: int, type_: str = "batch") -> int:
        entry: Body = {"request": {"method": "GET", "url": "Observation?code=4548-4"}}
        body = {"resourceType": "Bundle", "type": type_, "entry": [entry] * entries}
        return city.post("hosp-ehr", "/fhir", body).status_code

    assert (batch(2), batch(CLIENT - 5, "transaction"), *asked(city, 2)) == (200, 200, 200, 429)


def test_what_watches_the_hub_is_free(city: City, person: str) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert asked(city, CLIENT + 1, path=path) == [200] * (CLIENT + 1)
    assert "RateLimit-Policy" not in city.get("hosp-ehr", "/healthz").headers
    assert asked(city, CLIENT) == [200] * CLIENT


def test_a_flood_is_a_number_and_one_line_a_minute(city: City, person: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        asked(city, CLIENT + 5)
        city.clock.move(minutes=1)
    assert 'renkei_refused_for_rate_total{limit="client"} 10\n' in city.client.get("/metrics").text
    said = [line for line in capsys.readouterr().out.splitlines() if "too many requests" in line]
    assert len(said) == 2
    assert all("system/hosp-ehr" in line and person not in line for line in said)


def test_signing_in_is_a_request_of_the_client_who_did(city: City, person: str) -> None:
    assert asked(city, CLIENT - 1) == [200] * (CLIENT - 1)
    assert sign_in(city, "hosp-ehr").status_code == 200
    before = city.log()
    refused = sign_in(city, "hosp-ehr")
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert (refused.headers["Retry-After"], refused.headers["RateLimit"]) == ("60", '"client";r=0;t=60')
    assert city.log() == before
    # Who is not that client neither learns of it nor adds to it.
    assert sign_in(city, "hosp-ehr", now=city.clock.now - timedelta(hours=1)).status_code == 401
    assert sign_in(city, "clinic-emr").status_code == 200


def test_a_person_is_told_on_a_page(city: City, person: str) -> None:
    browser = browser_of(city, CARE_MANAGER)
    city.clock.move(minutes=1)
    assert {browser.get("/people").status_code for _ in range(CLIENT)} == {200}
    refused = browser.get("/people")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "少し時間をおいて" in refused.text
    assert browser.get("/sign-in").status_code == 200


def test_who_is_in_an_emergency_is_never_told_to_wait(city: City) -> None:
    person, name = somebody(city)
    city.created("hosp-ehr", allergy(person))
    declared(city, name=name)
    seen = asked(city, CLIENT + RESIDENT, PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}")
    assert set(seen) == {200}
    city.clock.move(minutes=1)
    assert asked(city, CLIENT + 1, OTHER_PARAMEDIC)[-1] == 429
    assert declare(city, OTHER_PARAMEDIC, name=name).status_code == 200
    assert asked(city, 1, OTHER_PARAMEDIC) == [200]


# -- of one client about one resident


WAYS = {
    "read": "/fhir/Patient/{}",
    "history": "/fhir/Patient/{}/_history",
    "compartment": "/fhir/Patient/{}/Observation",
    "everything": "/fhir/Patient/{}/$everything",
    "patient": "/fhir/Observation?patient={}",
    "subject": "/fhir/Observation?subject=Patient/{}",
    "subject with its type": "/fhir/Observation?subject:Patient={}",
    "absolute": f"/fhir/Observation?subject={BASE_URL}/fhir/Patient/{{}}",
    "among others": "/fhir/Observation?patient=nobody,{}",
    "id": "/fhir/Patient?_id={}",
    "feed": "/feed?patient={}",
}


@pytest.mark.parametrize("way", [*WAYS, "posted", "batch"])
def test_a_resident_is_counted_by_whatever_way_they_are_named(city: City, person: str, way: str) -> None:
    def ask(resident: str) -> httpx2.Response:
        if way == "posted":
            return city.post("hosp-ehr", "/fhir/Observation/_search", f"patient={resident}".encode(), content_type=FORM)
        if way == "batch":
            entry: Body = {"request": {"method": "GET", "url": f"Observation?patient={resident}"}}
            return city.post("hosp-ehr", "/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
        return city.get("hosp-ehr", WAYS[way].format(resident))

    assert ask(person).status_code == 200
    assert asked(city, RESIDENT - 1, path=f"/fhir/Patient/{person}") == [200] * (RESIDENT - 1)
    refused = ask(person)
    assert (refused.status_code, refused.headers["RateLimit"]) == (429, '"resident";r=0;t=60')
    assert ask("somebody-else").status_code in (200, 404)
    assert city.get("clinic-emr", f"/fhir/Patient/{person}").status_code == 404


def test_the_limit_of_a_resident_says_nothing_of_who_there_is(city: City, person: str) -> None:
    """Hidden and unknown are told the same, at the limit too: what is counted is what was asked."""
    told = []
    for resident in (person, uuid4().hex):
        answers = [city.get("clinic-emr", f"/fhir/Patient/{resident}") for _ in range(RESIDENT + 1)]
        told.append([(one.status_code, one.content, {**one.headers, "x-request-id": ""}) for one in answers])
        city.clock.move(minutes=1)
    assert told[0] == told[1]
    assert [status for status, _, _ in told[0]] == [404] * RESIDENT + [429]


# -- over all processes


@pytest.mark.postgresql
def test_two_processes_count_together(tmp_path: Path, store_kind: str) -> None:
    with ExitStack() as stack:
        one, other = (stack.enter_context(small_city(tmp_path, LIMITED)) for _ in range(2))

        def tell() -> None:
            for hub in (one, other):
                assert hub.client.portal is not None
                hub.client.portal.call(share, doors(hub))

        for hub in (one, other):
            assert asked(hub, CLIENT // 2) == [200] * (CLIENT // 2)
        tell()
        assert asked(other, 1) == [429]
        asked(one, 1)  # it told before the other counted, and hears with its next news
        tell()
        assert asked(one, 1) == [429]

        path = "/fhir/Patient/some-resident"
        assert asked(one, RESIDENT, "clinic-emr", path) == asked(other, 1, "clinic-emr", path) * RESIDENT
        tell()
        assert asked(other, 1, "clinic-emr", path) == [429]
        assert asked(other, 1, "pharm-rx", path) == [404]

        for hub in (one, other):
            hub.clock.move(minutes=1)
        assert (asked(one, 1), asked(other, 1)) == ([200], [200])
        # two minutes on: the hubs, which tell by themselves too, may have told of the minute that runs
        one.store.lane.do(lambda tx: retention.sweep(tx, one.clock.now + timedelta(minutes=2), timedelta(days=14)))
        left = one.store.lane.do(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM rate").scalar())
        assert left == 0
