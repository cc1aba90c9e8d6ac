"""Codes of long-term care insurance (介護保険) and their Japanese names (FACTS §3.1, §8.10).

要介護状態区分 and the two 自立度 use the numbers of the national care-plan files, so that those files, LIFE and
claims meet in one code system.
"""

from functools import cache

from profiles.canonical import CARE_LEVEL, DEMENTIA_INDEPENDENCE, LTC_ITEM, PHYSICAL_INDEPENDENCE
from profiles.resource import Resource
from profiles.tables import rows

ITEM_OF = {
    CARE_LEVEL: "care-level",
    PHYSICAL_INDEPENDENCE: "physical-independence",
    DEMENTIA_INDEPENDENCE: "dementia-independence",
}


@cache
def _displays() -> dict[tuple[str, str], str]:
    return {(row["system"], row["code"]): row["display"] for row in rows("long_term_care.csv")}


def display_of(system: str, code: str) -> str | None:
    """The Japanese name of a code of long-term care, ``None`` when the code does not exist."""
    return _displays().get((system, code))


def codes_of(system: str) -> dict[str, str]:
    """Every code of one of the systems with its Japanese name, in order."""
    return {code: display for (one, code), display in _displays().items() if one == system}


def concept(system: str, code: str) -> Resource:
    """The CodeableConcept of a code of long-term care; raises ``KeyError`` for a code that does not exist."""
    display = _displays()[(system, code)]
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def item(system: str) -> Resource:
    """``Observation.code`` of the observation whose value is a code of ``system``."""
    return concept(LTC_ITEM, ITEM_OF[system])
