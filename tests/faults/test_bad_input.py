"""Resources that must not be taken, whatever else is right about them (TRUST T-105, T-108, T-109, T-111, T-113).

Each file of tests/cases/bad-input is one of them, named after the promise and the fault; ``at`` is the place that
the refusal must name.
"""

import json
from pathlib import Path

import pytest

from tests.fhir_answers import issues
from tests.hub_in_test import Body, City, note, small_city

pytestmark = pytest.mark.one_hub

CASES = sorted((Path(__file__).parent.parent / "cases" / "bad-input").glob("*.json"))


@pytest.fixture(scope="module")
def person(one_hub: City) -> str:
    resident = one_hub.resident()
    one_hub.team(resident, "Organization/hosp")
    return resident


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_harmful_resource_is_refused_with_its_place(city: City, person: str, case: Path) -> None:
    """T-105, T-108, T-109, T-111, T-113: 422 with the place, and nothing is stored."""
    told = json.loads(case.read_text("utf-8").replace("PERSON", person))
    resource, at = told["resource"], told["at"]
    found = issues(city.post("hosp-ehr", f"/fhir/{resource['resourceType']}", resource), 422)
    assert at in [place for one in found for place in one.get("expression", [])], found
    kept = city.get("hosp-ehr", f"/fhir/{resource['resourceType']}?patient={person}").json()
    assert kept["total"] == 0


def test_the_same_resource_without_its_fault_is_taken(tmp_path: Path, store_kind: str) -> None:
    """What the refusals above are measured against."""
    with small_city(tmp_path) as city:
        person = city.resident()
        city.team(person, "Organization/hosp")
        fine: tuple[Body, ...] = (
            {
                **note(person),
                "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
            },
            note(person, partOf=[{"reference": "https://other.example/fhir/Communication/1"}]),
            note(person, subject={"reference": f"http://hub.test/fhir/Patient/{person}"}),
        )
        for resource in fine:
            answer = city.post("hosp-ehr", "/fhir/Communication", resource)
            assert answer.status_code == 201, answer.text
