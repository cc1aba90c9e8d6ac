"""Every case of CONSENT §10 that the engine decides, through both of its forms (CONSENT §4)."""

import pytest

from consent import Decision, Refusal
from tests.unit.consent.case import Case, cases
from tests.unit.consent.rows import admitted

CASES = dict(cases())
DECISIONS = [pytest.param(case, id=name) for name, case in CASES.items() if "resource" in case.content]
RECORDINGS = [pytest.param(case, id=name) for name, case in CASES.items() if "writer" in case.content]


@pytest.mark.parametrize("case", DECISIONS)
def test_the_decision_is_as_expected(case: Case) -> None:
    scope = case.scope()
    decision = Decision(False, scope.reason) if isinstance(scope, Refusal) else scope.admits(case.facts())
    found = {"permit": decision.permit, "reason": decision.reason, "rules": list(decision.rules)}
    assert {key: found[key] for key in case.expected} == dict(case.expected)


@pytest.mark.parametrize("case", DECISIONS)
def test_a_query_finds_what_is_permitted_and_nothing_else(case: Case) -> None:
    assert admitted(case.scope(), [case.facts()]) == [case.expected["permit"]]


@pytest.mark.parametrize("case", RECORDINGS)
def test_a_consent_is_recorded_only_by_those_who_may(case: Case) -> None:
    assert case.recording() == case.expected["not-recorded"]


def test_every_file_is_used() -> None:
    assert len(DECISIONS) + len(RECORDINGS) == len(CASES)
    assert len(CASES) >= 40
