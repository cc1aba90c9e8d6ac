"""A care team is a relation for whom, and as long as, it says: moved, over and not yet begun it opens nothing."""

from itertools import count

import pytest

from tests.api.team_desk import TeamDesk, outcome
from tests.hub_in_test import Body, City, care_team, note

pytestmark = pytest.mark.one_hub
NUMBERS = count(8_400_000_001)
CLINIC = "Organization/clinic"


@pytest.fixture
def other(city: City) -> str:
    """Another resident, whom the hospital looks after."""
    resident = city.resident(f"{next(NUMBERS):010d}", name="川上 次郎", birth="1941-06-02")
    city.team(resident, "Organization/hosp")
    return resident


@pytest.fixture
def one(city: City, person: str) -> Body:
    """What the hospital told the team of the one resident, who consents."""
    city.consent(person)
    return city.created("hosp-ehr", note(person))


def reads(city: City, one: Body, who: str = "clinic-emr") -> bool:
    """Whether they read it, and have a feed of whom it is about."""
    person = one["subject"]["reference"].removeprefix("Patient/")
    asked = (f"/fhir/Communication/{one['id']}", f"/feed?patient={person}", f"/fhir/Patient/{person}/_history")
    statuses = {city.get(who, path).status_code for path in asked}
    assert statuses in ({200}, {404}), statuses
    return statuses == {200}


def written(city: City, team: Body, **changed: object) -> Body:
    """The team as the municipality writes it again; without what is None."""
    body = {name: value for name, value in {**team, **changed}.items() if value is not None}
    answer = city.put("city-registry", f"/fhir/CareTeam/{team['id']}", body)
    assert answer.status_code == 200, answer.text
    stored: Body = answer.json()
    return stored


# -- of whom


@pytest.mark.promise("every-relation-can-be-ended")
def test_a_team_that_is_moved_to_another_resident_leaves_the_first_at_once(
    city: City, person: str, other: str, one: Body
) -> None:
    city.consent(other)
    theirs = city.created("hosp-ehr", note(other))
    team = city.team(person, CLINIC)
    assert (reads(city, one), reads(city, theirs)) == (True, False)
    moved = written(city, team, subject={"reference": f"Patient/{other}"})
    assert (reads(city, one), reads(city, theirs)) == (False, True)
    written(city, moved, subject={"reference": f"Patient/{person}"})
    assert (reads(city, one), reads(city, theirs)) == (True, False)


@pytest.mark.promise("every-relation-can-be-ended")
def test_a_team_that_is_patched_to_another_resident_leaves_the_first_at_once(
    city: City, person: str, other: str, one: Body
) -> None:
    team = city.team(person, CLINIC)
    patch = [{"op": "replace", "path": "/subject/reference", "value": f"Patient/{other}"}]
    headers = city.headers("city-registry", content_type="application/json-patch+json")
    assert city.client.patch(f"/fhir/CareTeam/{team['id']}", json=patch, headers=headers).status_code == 200
    assert not reads(city, one)


@pytest.mark.promise("every-relation-can-be-ended")
def test_a_team_that_is_moved_and_then_deleted_leaves_nobody_behind(
    city: City, person: str, other: str, one: Body
) -> None:
    team = written(city, city.team(person, CLINIC), subject={"reference": f"Patient/{other}"})
    assert city.delete("city-registry", f"/fhir/CareTeam/{team['id']}").status_code == 204
    assert not reads(city, one)


@pytest.mark.promise("every-relation-can-be-ended")
def test_a_team_that_loses_its_subject_looks_after_nobody(city: City, person: str, one: Body) -> None:
    written(city, city.team(person, CLINIC), subject=None)
    assert not reads(city, one)


@pytest.mark.promise("every-relation-can-be-ended")
def test_within_one_push_too_the_first_resident_is_left(city: City, person: str, other: str, one: Body) -> None:
    team = city.team(person, CLINIC)
    moved = {**care_team(other, CLINIC), "id": team["id"]}
    request = {"method": "PUT", "url": f"CareTeam/{team['id']}"}
    push = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": moved, "request": request}]}
    assert city.post("city-registry", "/fhir", push).status_code == 200
    assert not reads(city, one)


# -- when


OVER = {"start": "2024-01-01", "end": "2026-11-21"}


@pytest.mark.promise("every-relation-can-be-ended")
@pytest.mark.parametrize(
    ("team_s", "own"),
    [
        (OVER, None),
        (OVER, {"start": "2024-01-01"}),
        (OVER, {"start": "2024-01-01", "end": "2028-12-31"}),
        ({"end": "2026-10"}, {"start": "2024-01-01"}),
        ({"start": "2026-11-23"}, None),
        ({"start": "2026-11-23"}, {"end": "2028-01-31"}),
        ({"start": "2026-11-23"}, {"start": "2024-01-01"}),
        ({"start": "2024-01-01"}, {"end": "2026-11-21"}),
        ({"start": "2024-01-01"}, {"start": "2027"}),
    ],
)
def test_nobody_belongs_to_a_team_longer_than_there_is_one(
    city: City, person: str, one: Body, team_s: dict[str, str], own: dict[str, str] | None
) -> None:
    city.created("city-registry", {**care_team(person, CLINIC, period=own), "period": team_s})
    assert not reads(city, one)


def test_within_both_periods_they_read_and_to_the_last_moment(city: City, person: str, one: Body) -> None:
    team = {**care_team(person, CLINIC, period={"start": "2024-01-01"}), "period": {"start": "2023", "end": "2026-11"}}
    city.created("city-registry", team)
    assert reads(city, one)
    city.clock.move(days=8, hours=11, minutes=59)
    assert reads(city, one)
    city.clock.move(minutes=1)  # the 1st of December in Japan
    assert not reads(city, one)


def test_a_team_that_gets_an_end_ends_for_all_its_members(city: City, person: str, one: Body) -> None:
    team = city.team(person, CLINIC, period={"start": "2024-01-01"})
    assert reads(city, one)
    written(city, team, period=OVER)
    assert not reads(city, one)


@pytest.mark.parametrize("status", ["proposed", "suspended", "inactive", "entered-in-error"])
def test_a_team_that_is_not_in_use_looks_after_nobody(city: City, person: str, one: Body, status: str) -> None:
    team = city.created("city-registry", {**care_team(person, CLINIC), "status": status})
    assert not reads(city, one)
    written(city, team, status="active")
    assert reads(city, one)
    written(city, team, status=status)
    assert not reads(city, one)


@pytest.mark.promise("every-relation-can-be-ended")
def test_what_the_desk_ends_within_a_team_that_has_a_period_stays_ended(city: City, person: str, one: Body) -> None:
    team = city.created("city-registry", {**care_team(person, CLINIC), "period": {"start": "2024-01-01"}})
    assert reads(city, one)
    assert outcome(TeamDesk(city, person).end("clinic/")) == "done=end"
    assert not reads(city, one)
    ended = city.get("city-registry", f"/fhir/CareTeam/{team['id']}").json()
    assert ended["participant"][0]["period"] == {"end": "2026-11-22T11:59:59+09:00"}
    written(city, ended, period={"start": "2024-01-01", "end": "2028-12-31"})
    assert not reads(city, one)
