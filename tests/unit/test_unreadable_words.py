"""What of a consent could not be read is said in Japanese: where, and for the commonest mistakes why."""

import re

import pytest

from hub.access.compiled import CORRUPT
from hub.web.unreadable_words import in_japanese
from tests.unit.consent.test_consent_reading import UNREADABLE, read

ELSE = "決まりにない書き方が含まれています。"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (CORRUPT, ("ハブの中の控えが壊れています。用紙から、もう一度登録してください。",)),
        (
            "Consent.performer: RelatedPerson/x is neither the patient nor a proxy on a legal basis",
            ("署名した人が、ご本人でも、法的な根拠を登録してある代理の方でもありません。",),
        ),
        (
            "Consent.performer: Patient/x is neither the patient nor a RelatedPerson",
            ("「署名した人」が読みとれません。",),
        ),
        ("'31 April' is not a FHIR date or dateTime", ("日付が読みとれません。",)),
        ("Consent.dateTime is not a text", ("「署名した日」が読みとれません。",)),
        ("Consent.provision.period contains no time at all", ("「いつからいつまでか」が読みとれません。",)),
        ("provision is not a list of objects", ("「例外」が読みとれません。",)),
        (
            "provision 2.actor: Organization/x is not known",
            ("例外2：この市に登録されていない機関か人が書かれています。",),
        ),
        ("provision 2.actor.role: urn:x#y is not known", ("例外2：「だれに、またはだれの記録を」が読みとれません。",)),
        ("provision 1.2.purpose is not a list of objects", ("例外1.2：「目的」が読みとれません。",)),
        (
            "provision 1 has a provision inside: only one level is understood",
            ("例外1：例外の中に、さらに例外が書かれています。",),
        ),
        (
            "provision 1 names its category twice, in class and in code; Consent.status: 'x; y' is not known",
            ("例外1：「情報の種類」が二とおりに書かれています。", "「状態」が読みとれません。", ELSE),
        ),
        ("Consent.modifierExtension is not understood in a rule", (ELSE,)),
        ("provision 3.action is not understood in a rule", (f"例外3：{ELSE}",)),
        ("whatever else; whatever else", (ELSE,)),
    ],
)
def test_each_problem_has_its_sentence_once(problem: str, said: tuple[str, ...]) -> None:
    assert in_japanese(problem) == said


@pytest.mark.parametrize("name", UNREADABLE)
def test_whatever_the_engine_says_is_told_in_japanese(name: str) -> None:
    problem = read(UNREADABLE[name]).unreadable or ""
    told = in_japanese(problem)
    assert told
    assert all(one.endswith("。") and not re.search("[A-Za-z]", one) for one in told)
    if "not understood in a rule" not in problem and " is not an object" not in problem:
        assert not any(ELSE in one for one in told), problem
