"""A recorded reason in plain Japanese, for those who read the log (CONSENT.md §9)."""

from collections.abc import Mapping, Sequence

from consent import Decision, Reason, explain, explain_to_staff, name_of_consent
from consent.explain import SENTENCES, Audience

__all__ = ["READ_TABLE", "Audience", "Decision", "Reason", "explain_reason", "explain_to_staff", "name_of_consent"]

READ_TABLE = "policy:read"
"""In the log, the rule that decides a ``role``: the city's table of what a role reads (CONSENT.md §2)."""


def explain_reason(
    reason: str,
    rules: Sequence[str] = (),
    *,
    permit: bool = True,
    audience: Audience = "municipality",
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Why something was shown or not, and which rules decided; ``words`` says what rules are called.

    Empty for a reason that no rule of CONSENT.md §4 gives: a failure, or the log's own business.
    """
    for known in SENTENCES:
        if known == reason:
            return explain(Decision(permit, known, tuple(rules)), audience, words)
    return []
