"""A list that was refused is one entry of the log: it stands in no resident's record, since nobody was asked about."""

import pytest

from tests.api.emergencies import PARAMEDIC
from tests.api.emergencies import declared as emergency
from tests.api.pages_city import PHYSICIAN, SECRETARIAT, browser_of
from tests.api.team_desk import patient_of
from tests.hub_in_test import City

LISTS = ("/reviews", "/desk", "/care-teams")


@pytest.fixture
def person(city: City) -> str:
    """Who stands on each of the lists: an emergency to review, and a first contact that waits."""
    one = city.resident()
    city.created("clinic-emr", patient_of(city, one))
    emergency(city, PARAMEDIC, name="山田 花子", birthDate="1940-05-01")
    return one


@pytest.mark.promise("no-rule-is-invented")
@pytest.mark.parametrize("path", LISTS)
def test_a_refused_list_is_in_the_log_once_and_in_no_residents_record(city: City, person: str, path: str) -> None:
    secretariat, physician = browser_of(city, SECRETARIAT), browser_of(city, PHYSICIAN)
    if path != "/reviews":
        assert "山田 花子" in secretariat.page(path), "the list has the resident on it"
    assert physician.get(path).status_code == 403
    [entry] = city.log(person="dr-sato", outcome="8")
    assert (entry["query"], entry["reason"], entry["patient"]) == (path.removeprefix("/"), "not-for-role", None)
