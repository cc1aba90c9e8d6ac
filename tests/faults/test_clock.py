"""A clock that stands still, jumps or steps back (TRUST T-144)."""

from uuid import uuid4

import pytest

from hub.context import instant
from hub.demo.keys import assertion
from tests.fhir_answers import ids
from tests.hub_in_test import BASE_URL, City, note, observation, sign_in


def resident(city: City) -> str:
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/clinic", "Practitioner/cm-ito")
    city.consent(person)
    return person


def tokens_are_good(city: City, token: str) -> bool:
    answer = city.client.get("/fhir/Observation", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.mark.promise("a-wrong-clock-gives-no-right-back")
def test_a_token_ends_when_the_clock_jumps_forward(city: City) -> None:
    """T-144: a day ahead, a token of five minutes is worth nothing; an assertion is judged by the new time."""
    token = str(sign_in(city, "hosp-ehr").json()["access_token"])
    assert tokens_are_good(city, token)
    city.clock.move(days=1)
    assert not tokens_are_good(city, token)
    assert sign_in(city, "hosp-ehr").status_code == 200


@pytest.mark.promise("a-wrong-clock-gives-no-right-back")
def test_a_token_does_not_live_longer_because_the_clock_steps_back(city: City) -> None:
    """T-144: a token of the future is none; small steps, as of a clock that is set right, harm nobody."""
    token = str(sign_in(city, "hosp-ehr").json()["access_token"])
    city.clock.move(seconds=-20)
    assert tokens_are_good(city, token)
    city.clock.move(hours=-1)
    assert not tokens_are_good(city, token)
    new = sign_in(city, "hosp-ehr")
    assert new.status_code == 200
    assert tokens_are_good(city, str(new.json()["access_token"]))


@pytest.mark.promise("a-wrong-clock-gives-no-right-back")
def test_a_used_assertion_stays_used_whatever_the_clock_does(city: City) -> None:
    """T-144: a clock that jumps a day ahead and is set right again makes no used assertion good."""
    moment = int(city.clock.now.timestamp())
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.cruds",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(city.keys, "hosp-ehr", f"{BASE_URL}/oauth/token", uuid4().hex, moment),
    }
    assert city.client.post("/oauth/token", data=form).status_code == 200
    for seconds in (10, 86400, -86400, -30):
        city.clock.move(seconds=seconds)
        assert sign_in(city, "clinic-emr").status_code == 200  # which also forgets what is long over
        assert city.client.post("/oauth/token", data=form).status_code == 401


def test_versions_of_a_resource_never_go_back_in_time(city: City) -> None:
    """T-144: each version is later than the one before it, also when the clock is an hour behind."""
    person = resident(city)
    kept = city.created("hosp-ehr", observation(person))
    moments = [kept["meta"]["lastUpdated"]]
    for step, value in ((-3600, 1), (0, 2), (-86400, 3), (90000, 4)):
        city.clock.move(seconds=step)
        body = {**observation(person, value), "id": kept["id"]}
        changed = city.put("hosp-ehr", f"/fhir/Observation/{kept['id']}", body)
        assert changed.status_code == 200, changed.text
        moments.append(changed.json()["meta"]["lastUpdated"])
    assert moments == sorted(set(moments))
    history = city.get("hosp-ehr", f"/fhir/Observation/{kept['id']}/_history").json()
    assert [one["resource"]["meta"]["lastUpdated"] for one in history["entry"]] == moments[::-1]


def test_the_feed_is_in_the_order_of_writing_whatever_the_clock_says(city: City) -> None:
    """T-144: a cursor skips and repeats nothing when the clock stands still, jumps and steps back."""
    person = resident(city)
    written: list[str] = []
    read: list[str] = []
    cursor = ""
    for step in (0, 0, 86400, -90000, 0, -3600, 7200):
        city.clock.move(seconds=step)
        written.append(city.created("hosp-ehr", note(person, f"申し送り {len(written)}"))["id"])
        page = city.get("cm-ito", f"/feed?since={cursor}").json()
        read += [item["title"] for item in page["items"] if item["title"].startswith("申し送り：")]
        cursor = page["next"]
    assert read == [f"申し送り：申し送り {number}" for number in range(len(written))]
    assert len(set(written)) == len(written)
    assert set(written) <= set(ids(city.get("hosp-ehr", f"/fhir/Communication?patient={person}&_count=100")))


def test_the_log_keeps_its_order_whatever_the_clock_says(city: City) -> None:
    """T-144: the log is read in the order in which things happened, each with the time that it was then."""
    person = resident(city)
    asked: list[str] = []
    moments: list[str] = []
    for number, step in enumerate((0, -3600, 7200, -86400)):
        city.clock.move(seconds=step)
        asked.append(f"number-{number}")
        moments.append(instant(city.clock.now))
        city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_id={asked[-1]}")
    rows = city.log(interaction="search-type")[::-1]
    assert [row["recorded"] for row in rows] == moments
    assert [name in row["query"] for row, name in zip(rows, asked, strict=True)] == [True] * 4
