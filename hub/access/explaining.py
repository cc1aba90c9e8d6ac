"""A recorded reason in plain Japanese, for those who read the log (CONSENT.md §9)."""

from collections.abc import Sequence

from consent import Decision, explain
from consent.explain import SENTENCES


def explain_reason(reason: str, rules: Sequence[str] = (), *, permit: bool = True) -> list[str]:
    """Why something was shown or not, and which rules decided.

    Empty for a reason that no rule of CONSENT.md §4 gives: a failure, or the log's own business.
    """
    for known in SENTENCES:
        if known == reason:
            return explain(Decision(permit, known, tuple(rules)))
    return []
