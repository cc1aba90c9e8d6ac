"""The one line that staff may be told of what they do not see (CONSENT.md §9)."""

from hub.access.decide import Grant
from hub.access.explaining import Decision, Reason, explain_to_staff
from hub.store import fence, registry, resources, timeline
from hub.store.database import Tx
from hub.store.sql import Row

LOOKED_AT = 5000
"""So many items that are not shown are looked at, the last ones."""
_THE_RESIDENTS_WILL: frozenset[Reason] = frozenset({"resident-denied", "no-consent"})


def line_for_staff(tx: Tx, grant: Grant, patient: str) -> str:
    """That something of a patient's timeline is not shown because the resident wills it so; "" for nothing to tell.

    Only where the city file says ``explain-hidden``.  It tells neither by which rule, nor how much.
    """
    city = registry.city(tx)
    if city is None or not city.explain_hidden:
        return ""
    predicate, parameters = grant.predicate("t")
    with fence.lifted(tx):
        rows = timeline.not_admitted(tx, patient, predicate, parameters, LOOKED_AT)
        for row in rows:
            said = _said(_decision(tx, grant, row))
            if said:
                return said
    return ""


def _decision(tx: Tx, grant: Grant, row: Row) -> Decision:
    further = resources.further_patients(tx, row.type, row.id) if row.also_about else ()
    return grant.permits(row, further)


def _said(decision: Decision) -> str:
    # Where no consent was ever given, no rule decided, and nothing was willed.
    willed = decision.rules or decision.reason != "no-consent"
    return "".join(explain_to_staff(decision, _THE_RESIDENTS_WILL)) if willed else ""
