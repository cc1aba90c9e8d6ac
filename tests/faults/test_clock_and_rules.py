"""A clock that is wrong takes rights away, and gives back none that was taken (CONSENT.md §8; TRUST T-144)."""

from itertools import count

import pytest

from tests.api import emergencies
from tests.api.looking import prescription
from tests.hub_in_test import NOON, Body, City

pytestmark = [pytest.mark.one_hub, pytest.mark.promise("a-wrong-clock-gives-no-right-back")]
NUMBERS = count(9_500_000_001)
MARK = "ヒミツマル錠"
HOUR, DAY, YEAR = 3600, 86_400, 31_536_000


@pytest.fixture
def person(city: City) -> str:
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp", "Practitioner/cm-ito")
    return resident


@pytest.fixture
def secret(city: City, person: str) -> Body:
    return city.created("hosp-ehr", prescription(person, MARK))


def sees(city: City, secret: Body, who: str = "cm-ito") -> bool:
    """Whether a read and a search show it; they agree.  By a token of this moment."""
    here = f"/fhir/MedicationRequest/{secret['id']}"
    read, found = city.get(who, here), city.get(who, f"/fhir/MedicationRequest?_id={secret['id']}")
    assert (MARK in read.text) == (MARK in found.text)
    return MARK in read.text


@pytest.mark.parametrize("status", ["inactive", "rejected"])
@pytest.mark.parametrize("back", [30, HOUR, DAY, YEAR])
def test_what_was_revoked_stays_revoked_when_the_clock_steps_back(
    city: City, person: str, secret: Body, status: str, back: int
) -> None:
    agreed = city.consent(person)
    assert sees(city, secret)
    city.clock.move(seconds=1)
    over = {**agreed, "status": status, "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{agreed['id']}", over).status_code == 200
    assert not sees(city, secret)
    city.clock.move(seconds=-back)
    assert not sees(city, secret)


@pytest.mark.parametrize("back", [30, HOUR, DAY, YEAR])
def test_a_refusal_that_came_later_stays_one(city: City, person: str, secret: Body, back: int) -> None:
    city.consent(person)
    city.clock.move(minutes=1)
    city.consent(person, root="deny")
    assert not sees(city, secret)
    city.clock.move(seconds=-back)
    assert not sees(city, secret)


@pytest.mark.parametrize("wrong", [-YEAR, -DAY, -2 * HOUR, DAY, YEAR])
def test_a_revocation_works_though_the_clock_was_wrong_when_it_was_written(
    city: City, person: str, secret: Body, wrong: int
) -> None:
    agreed = city.consent(person)
    assert sees(city, secret)
    city.clock.move(seconds=wrong)
    over = {**agreed, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{agreed['id']}", over).status_code == 200
    assert not sees(city, secret)
    city.clock.now = NOON
    assert not sees(city, secret)


@pytest.mark.parametrize("back", [HOUR, DAY, YEAR])
def test_a_consent_is_not_older_than_itself(city: City, person: str, secret: Body, back: int) -> None:
    """It was signed at noon: before noon it opens nothing."""
    city.consent(person)
    assert sees(city, secret)
    city.clock.move(seconds=-back)
    assert not sees(city, secret)


@pytest.mark.parametrize("ahead", [13 * HOUR, DAY, YEAR])
def test_what_ends_has_ended_when_the_clock_jumps_ahead(city: City, person: str, secret: Body, ahead: int) -> None:
    city.consent(person, provision={"type": "permit", "period": {"end": "2026-11-22"}})
    assert sees(city, secret)
    city.clock.move(seconds=ahead)
    assert not sees(city, secret)


@pytest.mark.parametrize("step", [-YEAR, -DAY, -HOUR, -120, HOUR, DAY, YEAR])
def test_an_emergency_is_not_made_longer_by_any_clock(city: City, step: int) -> None:
    city.clock.now = NOON
    person, name = emergencies.somebody(city)
    stored = city.created("hosp-ehr", emergencies.allergy(person))
    here = f"/fhir/AllergyIntolerance/{stored['id']}"
    emergencies.declared(city, name=name)
    assert city.get("pm-hori", here).status_code == 200
    city.clock.move(seconds=step)
    assert city.get("pm-hori", here).status_code == 404
