"""The closed lists of words: those of DESIGN §1 and §4 and of CONSENT §2 to §4, and no other."""

from datetime import timedelta

import pytest

from consent import Asker, Disaster, Emergency, Facts, Period, Policy, Scope, scope_for, vocabulary
from hub.projections.professions import PROFESSIONS
from hub.web.words import KINDS, PURPOSES
from profiles import category_names
from tests.unit.consent.test_consent_rules import NOW

EVER_PUBLISHED = set(category_names()) - {"consent", "directory", "other"}
# CONSENT §4
MEDICATION = {"prescription", "injection", "dispensing", "medication-use"}
BOTH_SETS = {"demographics", "emergency-contact", "care-team", "allergy", "device", "ltc-certification"} | MEDICATION
EMERGENCY_SET = BOTH_SETS | {"problem", "acp", "emergency-plan", "laboratory", "vital-signs"}
DISASTER_SET = BOTH_SETS | {"service-use"}


def test_every_word_has_a_name_for_people() -> None:
    assert set(PROFESSIONS) == vocabulary.PROFESSIONS
    assert set(KINDS) == vocabulary.ORGANISATION_KINDS
    assert set(PURPOSES) == vocabulary.PURPOSES


def test_every_category_that_a_resource_may_have_can_be_shared_but_three() -> None:
    everything = Policy.from_rows([{"publisher": "*", "category": "*", "space": "team"}], [], [])
    assert {one for one in category_names() if everything.spaces_published("clinic", one)} == EVER_PUBLISHED
    for category in EVER_PUBLISHED:
        named = Policy.from_rows([{"publisher": "clinic", "category": category, "space": "team"}], [], [])
        assert named.spaces_published("clinic", category) == {"team"}


@pytest.mark.parametrize("category", category_names())
def test_every_category_may_be_written_by_those_whom_a_row_names(category: str) -> None:
    assert Policy.from_rows([], [], [{"kind": "clinic", "categories": [category]}]).may_write("clinic", category)


def shown(scope: object) -> set[str]:
    """The categories of which something of today is shown, published by somebody else."""
    assert isinstance(scope, Scope)
    of_today = (
        Facts(("hana",), "clinic", "clinic", one, "X/1", clinical_date="2026-11-20") for one in category_names()
    )
    return {facts.category for facts in of_today if scope.admits(facts).permit}


@pytest.mark.parametrize(
    ("emergencies", "disasters", "categories"),
    [
        ([Emergency("e1", "hana", "hosp", "dr-sato", NOW + timedelta(minutes=5))], [], EMERGENCY_SET),
        ([], [Disaster("d1", frozenset({"hosp"}), frozenset({"hana"}), Period())], DISASTER_SET),
        ([], [], set()),
    ],
)
def test_what_an_emergency_and_a_disaster_show(
    emergencies: list[Emergency], disasters: list[Disaster], categories: set[str]
) -> None:
    scope = scope_for(
        Asker("hosp", "hospital", "TREAT", True, "dr-sato", "physician"),
        Policy.from_rows([], [], []),
        patients=["hana"],
        relations=[],
        consents=[],
        emergencies=emergencies,
        disasters=disasters,
        now=NOW,
        token_allows=True,
    )
    assert shown(scope) == categories
