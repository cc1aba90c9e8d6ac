"""The decision engine: who may see what of whom, now, and why (CONSENT.md).  Pure; standard library only.

``read_consent`` and ``Policy.from_rows`` turn what is stored into rules, ``scope_for`` turns rules and a
caller into a ``Scope``, ``Scope.admits`` decides about one resource, ``explain`` says it in Japanese;
``what_if`` says what a consent would change before it is signed.
"""

from consent.decide import emergency_refusals, scope_for
from consent.explain import explain, explain_to_staff, name_of_consent
from consent.model import (
    ANYTHING,
    Asker,
    ConsentRecord,
    ConsentRule,
    Disaster,
    Emergency,
    Facts,
    Known,
    Match,
    Relation,
    Role,
    roles_in_force,
)
from consent.period import Period, days, span
from consent.policy import Policy, PolicyError, Publications, default_read_rows
from consent.reading import compile_consent, read_consent
from consent.recording import is_new_word, may_follow, may_record
from consent.scope import Decision, Opening, Override, PatientScope, Reason, Refusal, Scope
from consent.vocabulary import LABELS, SOURCE_ONLY, UNKNOWN_LABEL
from consent.what_if import what_if

__all__ = [
    "ANYTHING",
    "LABELS",
    "SOURCE_ONLY",
    "UNKNOWN_LABEL",
    "Asker",
    "ConsentRecord",
    "ConsentRule",
    "Decision",
    "Disaster",
    "Emergency",
    "Facts",
    "Known",
    "Match",
    "Opening",
    "Override",
    "PatientScope",
    "Period",
    "Policy",
    "PolicyError",
    "Publications",
    "Reason",
    "Refusal",
    "Relation",
    "Role",
    "Scope",
    "compile_consent",
    "days",
    "default_read_rows",
    "emergency_refusals",
    "explain",
    "explain_to_staff",
    "is_new_word",
    "may_follow",
    "may_record",
    "name_of_consent",
    "read_consent",
    "roles_in_force",
    "scope_for",
    "span",
    "what_if",
]
