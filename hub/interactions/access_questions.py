"""Finding the resident who stands at the desk, and what they ask about an access (TRUST T-099)."""

from dataclasses import dataclass

from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.context import Context, Credential, instant
from hub.errors import Conflict, Malformed, not_found
from hub.identity.exact import exactly_one
from hub.interactions.access_record import QUESTION
from hub.interactions.desk import at_the_desk
from hub.interactions.why import may_ask_now
from hub.projections.rows import record
from hub.question import Shown
from hub.store import access_record as store
from hub.store import audit, reviews
from hub.store.database import Tx

ASK = "operation:ask-about-access"
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class FindResident:
    """The one resident of whom all that was said is true, by id; "" for nobody and for more than one.

    ``query`` names the page that asks; with nothing said, it only opens.  What was typed is not in the log, who was
    found is.
    """

    name: str = ""
    birth_date: str = ""
    number: str = ""
    interaction: str = "operation:find-resident"
    type: str = ""
    query: str = "access-record"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[str]:
        (may_ask_now if self.query == "why" else at_the_desk)(grant.caller)
        found = exactly_one(tx, self.name, self.birth_date, self.number) or ""
        return Shown(found, {found: ()} if found else {}, "desk")


def ask(tx: Tx, credential: Credential, patient: str, event: str, text: str, context: Context) -> None:
    """Put a resident's question about one entry of their record before the municipality's reviewers.

    Raises ``Refused``, ``NotFound`` for an entry that is not of this resident's record, ``Malformed`` for no question
    or a long one, ``Conflict`` while an earlier question about the entry waits for its answer.
    """
    caller = authenticate(tx, credential, context)
    at_the_desk(caller)
    question, subject = text.strip(), f"AuditEvent/{event}"
    if store.entry(tx, patient, event) is None:
        raise not_found()
    if not question or len(question) > LONGEST:
        raise Malformed(f"A question has between 1 and {LONGEST} characters.", reason="question")
    if any(not row.closed for row in reviews.about(tx, patient, QUESTION, [subject])):
        raise Conflict("A question about this entry waits for its answer already.", reason="asked")
    reviews.put(
        tx,
        {
            "patient": patient,
            "id": context.new_id(),
            "kind": QUESTION,
            "subject": subject,
            "text": question,
            "opened": instant(context.now),
            "organisation": caller.organisation,
            "person": caller.person or "",
            "finding": "",
            "note": "",
            "closed": "",
            "closed_by": "",
        },
    )
    audit.put(tx, [record(caller, context, interaction=ASK, patient=patient, what=(subject,), reason="desk")])
