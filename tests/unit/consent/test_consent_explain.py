"""CONSENT §9: why, in words: in full for the municipality and the resident, for staff what the city allows."""

from dataclasses import replace
from typing import get_args

import pytest

from consent import Decision, Reason, compile_consent, explain, explain_to_staff, name_of_consent
from consent.explain import HIDDEN_BY_RESIDENT, SENTENCES, TO_THE_RESIDENT
from consent.vocabulary import ACT_CODE_SYSTEM, SPACE_SYSTEM
from tests.unit.consent.strategies import Json, concept
from tests.unit.consent.test_consent_reading import consent

WORDS = {"Consent/c1": "2026年4月1日の同意（介護の場）"}


def test_every_reason_has_a_sentence_for_everybody_who_is_told() -> None:
    assert set(SENTENCES) == set(TO_THE_RESIDENT) == set(get_args(Reason))


def test_the_municipality_is_told_all_and_the_id_where_there_are_no_words() -> None:
    decision = Decision(False, "resident-denied", ("Consent/c1", "Consent/c9#1"))
    told = explain(decision, "municipality", WORDS)
    assert told[1] == "決め手となった定め：2026年4月1日の同意（介護の場）、Consent/c9#1"


def test_the_resident_is_told_in_their_own_words_and_no_id() -> None:
    decision = Decision(True, "consent", ("Consent/c1", "Consent/c9#1"))
    told = explain(decision, "resident", WORDS)
    assert told == [TO_THE_RESIDENT["consent"], "決め手となった定め：2026年4月1日の同意（介護の場）"]
    assert explain(decision, "resident") == [TO_THE_RESIDENT["consent"]]


@pytest.mark.parametrize("reason", get_args(Reason))
def test_staff_are_told_nothing_but_the_line_that_the_city_allows(reason: Reason) -> None:
    decision = Decision(False, reason, ("Consent/c1",))
    assert explain_to_staff(decision, ()) == []
    assert explain_to_staff(decision, {reason}) == [HIDDEN_BY_RESIDENT]
    assert explain_to_staff(replace(decision, permit=True), {reason}) == []


def space(*codes: str) -> list[Json]:
    return [concept(SPACE_SYSTEM, code) for code in codes]


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (consent(), "2026年4月1日の同意（介護の場）"),
        (consent(category=space("medical", "team")), "2026年4月1日の同意（医療の場と介護の場）"),
        (consent(dateTime="2026-03-31T15:30:00Z"), "2026年4月1日の同意（介護の場）"),
        (consent(status="inactive"), "2026年4月1日の同意の取り消し（介護の場）"),
        (
            consent(policyRule=concept(ACT_CODE_SYSTEM, "OPTOUT"), provision={"type": "deny"}),
            "2026年4月1日の共有しないという意思（介護の場）",
        ),
        (consent(provision=None), "2026年4月1日の読み取れない同意（介護の場）"),
        (consent(dateTime=None), "日付のない、読み取れない同意（介護の場）"),
    ],
)
def test_a_consent_has_a_name_that_people_use(resource: Json, name: str) -> None:
    record = compile_consent(resource)
    assert record is not None
    assert name_of_consent(record) == name
