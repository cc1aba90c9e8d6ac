"""``renkei identity``: a wrong link is taken away by an operator, and given back."""

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from profiles.canonical import KAIGO_INSURED_NO
from tests.api.team_desk import TeamDesk, outcome
from tests.hub_in_test import City, observation, patient

NUMBER = "011234-0000000001"


def renkei(city: City, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["identity", *arguments, *city.options])


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the city and the hospital know by the same number."""
    person = city.resident()
    assert city.created("hosp-ehr", patient())["id"] == person
    return person


def test_show_lists_every_source_of_a_number(city: City, person: str) -> None:
    lines = renkei(city, "show", person).output.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["city", "hosp"]
    assert "No identifier leads to" in str(renkei(city, "show", "nobody").exception)


def test_an_unlinked_source_may_not_publish_until_the_link_is_given_back(city: City, person: str) -> None:
    place = (person, KAIGO_INSURED_NO, NUMBER, "--source", "hosp")
    assert renkei(city, "unlink", *place).exit_code == 0
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 422
    assert "is not linked" in str(renkei(city, "unlink", *place).exception)
    assert renkei(city, "link", *place).exit_code == 0
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201
    assert city.created("hosp-ehr", patient())["id"] == person
    assert [row["interaction"] for row in city.log(organisation="") if row["interaction"].startswith("identity")] == [
        "identity-link",
        "identity-unlink",
    ]


@pytest.mark.promise("a-link-gives-no-right")
def test_unlinking_takes_away_at_once_also_what_the_desk_had_confirmed(city: City, person: str) -> None:
    city.team(person, "Organization/hosp")
    city.consent(person)
    other = city.created("hosp-ehr", observation(person))
    assert city.created("clinic-emr", patient())["id"] == person
    asked = (f"/fhir/Observation/{other['id']}", f"/fhir/Observation/{other['id']}/_history")

    def statuses() -> set[int]:
        return {city.get("clinic-emr", path).status_code for path in asked}

    place, desk = (person, KAIGO_INSURED_NO, NUMBER, "--source", "clinic"), TeamDesk(city, person)
    assert outcome(desk.settle("clinic", "confirm")) == "done=confirm"
    assert statuses() == {200}
    assert renkei(city, "unlink", *place).exit_code == 0
    assert statuses() == {404}
    assert city.post("clinic-emr", "/fhir/Observation", observation(person)).status_code == 422
    assert renkei(city, "link", *place).exit_code == 0
    assert city.get("clinic-emr", asked[0]).status_code == 404, "it waits to be confirmed again"
    assert outcome(desk.settle("clinic", "confirm")) == "done=confirm"
    assert statuses() == {200}

    city.team(person, "Organization/clinic")
    assert renkei(city, "unlink", *place).exit_code == 0
    assert statuses() == {200}, "the municipality says so by itself"


def test_a_link_that_never_was_cannot_be_made(city: City, person: str) -> None:
    result = renkei(city, "link", person, KAIGO_INSURED_NO, NUMBER, "--source", "clinic")
    assert "was not taken away" in str(result.exception)
