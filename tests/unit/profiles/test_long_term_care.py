"""Codes of long-term care insurance."""

import pytest

from profiles import Resource, category_of
from profiles.canonical import CARE_LEVEL, DEMENTIA_INDEPENDENCE, PHYSICAL_INDEPENDENCE
from profiles.japan import codes_of, concept, display_of, item


def test_care_levels_are_those_of_the_national_files() -> None:
    assert list(codes_of(CARE_LEVEL)) == ["01", "06", "12", "13", "21", "22", "23", "24", "25"]
    assert display_of(CARE_LEVEL, "22") == "要介護2"
    assert display_of(PHYSICAL_INDEPENDENCE, "21") == "A1"
    assert display_of(DEMENTIA_INDEPENDENCE, "05") == "Ⅲa"
    assert display_of(CARE_LEVEL, "99") is None


@pytest.mark.parametrize("system", [CARE_LEVEL, PHYSICAL_INDEPENDENCE, DEMENTIA_INDEPENDENCE])
def test_an_observation_of_each_is_certification_information(system: str) -> None:
    code = next(iter(codes_of(system)))
    observation: Resource = {
        "resourceType": "Observation",
        "code": item(system),
        "valueCodeableConcept": concept(system, code),
    }

    assert category_of(observation) == "ltc-certification"


def test_an_unknown_code_makes_no_concept() -> None:
    with pytest.raises(KeyError):
        concept(CARE_LEVEL, "99")
