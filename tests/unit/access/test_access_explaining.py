"""CONSENT §9: a reason that was recorded is explained as the decision was; what no rule decided is not."""

from consent import Decision, explain
from hub.access.explaining import explain_reason


def test_a_recorded_reason_is_explained_as_the_decision_was() -> None:
    refused = Decision(False, "resident-denied", ("Consent/c1",))
    words = {"Consent/c1": "2026年4月1日の同意"}
    assert explain_reason("resident-denied", ["Consent/c1"], permit=False, words=words) == explain(refused, words=words)
    assert explain_reason("own") == explain(Decision(True, "own"))
    assert explain_reason("own", audience="resident") == explain(Decision(True, "own"), "resident")


def test_a_failure_has_no_rule_that_explains_it() -> None:
    assert explain_reason("busy") == []
