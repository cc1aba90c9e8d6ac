"""A consent that cannot be read denies, and the secretariat is told (CONSENT.md §3.4)."""

from collections.abc import Iterable

import structlog

from consent import ConsentRecord
from hub.access import compiled, rules
from hub.context import Caller, Context, instant
from hub.projections.version import Outcome
from hub.store import reviews
from hub.store.database import Tx

CASE = "unreadable-consent"
log = structlog.get_logger("renkei")


def tell(tx: Tx, outcomes: Iterable[Outcome], caller: Caller, context: Context) -> None:
    """Open a case in the review queue for each consent that was written and cannot be read; one while it is open."""
    written = {one.version.reference: one.version.facts.patient for one in outcomes if _is_consent(one)}
    if not written:
        return
    city = rules.of_city(tx, caller.rules)
    for record in rules.consents(tx, sorted(set(written.values())), city):
        if record.unreadable and record.id in written and not _waits(tx, record.patient, record.id):
            _open(tx, record, context.new_id(), context, caller.organisation, caller.person or "")


def found(tx: Tx, records: Iterable[ConsentRecord], context: Context) -> None:
    """The same, once, for each consent that could be read when it was written, and that a decision met damaged."""
    for record in records:
        if record.unreadable != compiled.CORRUPT:
            continue
        # The case has the name of the version: of two who meet it at the same time one opens it.
        if all(case.id != record.version for case in reviews.about(tx, record.patient, CASE, [record.id])):
            _open(tx, record, record.version, context)
            log.error("a consent row cannot be read", consent=record.id, request=context.request_id)


def _open(tx: Tx, record: ConsentRecord, id_: str, context: Context, organisation: str = "", person: str = "") -> None:
    reviews.put(
        tx,
        {
            "patient": record.patient,
            "id": id_,
            "kind": CASE,
            "subject": record.id,
            "text": record.unreadable or "",
            "opened": instant(context.now),
            "organisation": organisation,
            "person": person,
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
