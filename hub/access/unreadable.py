"""A consent that cannot be read denies, and the secretariat is told (CONSENT.md §3.4)."""

from collections.abc import Iterable

from hub.access import rules
from hub.context import Caller, Context, instant
from hub.projections.version import Outcome
from hub.store import reviews
from hub.store.database import Tx

CASE = "unreadable-consent"


def tell(tx: Tx, outcomes: Iterable[Outcome], caller: Caller, context: Context) -> None:
    """Open a case in the review queue for each consent that was written and cannot be read; one while it is open."""
    written = {one.version.reference: one.version.facts.patient for one in outcomes if _is_consent(one)}
    if not written:
        return
    city = rules.of_city(tx, caller.rules)
    for record in rules.consents(tx, sorted(set(written.values())), city):
        if record.unreadable and record.id in written and not _waits(tx, record.patient, record.id):
            reviews.put(
                tx,
                {
                    "patient": record.patient,
                    "id": context.new_id(),
                    "kind": CASE,
                    "subject": record.id,
                    "text": record.unreadable,
                    "opened": instant(context.now),
                    "organisation": caller.organisation,
                    "person": caller.person or "",
                    "finding": "",
                    "note": "",
                    "closed": "",
                    "closed_by": "",
                },
            )


def _is_consent(outcome: Outcome) -> bool:
    return outcome.is_new and outcome.version.type == "Consent" and outcome.version.facts.category == "consent"


def _waits(tx: Tx, patient: str, consent: str) -> bool:
    return any(not case.closed for case in reviews.about(tx, patient, CASE, [consent]))
