"""Finding the resident who stands at the desk, and what they ask about an access (TRUST T-099)."""

from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl, urlencode

from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Caller, Context, Credential, instant
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
class Typed:
    """What was typed to find a resident: name and birth date (an ISO date), or a number, or all."""

    name: str = ""
    birth: str = ""
    number: str = ""

    @property
    def lacking(self) -> str:
        """What is missing for anybody to be found: ``name``, ``birth``, or ``all`` of it; "" for nothing."""
        if not self.name and not self.birth:
            return "" if self.number else "all"
        return "" if self.name and self.birth else "birth" if self.name else "name"


NOTHING = Typed()


@dataclass(frozen=True, slots=True)
class Found:
    """``patient`` is "" for nobody and for more than one; ``sealed`` is what was typed, for an address to bear."""

    patient: str
    typed: Typed
    sealed: str


@dataclass(frozen=True, slots=True)
class FindResident:
    """The one resident of whom all that was typed is true, by id.

    ``query`` names the page that asks; with nothing typed, or with what was typed before (``sealed``), it only opens.
    What was typed is not in the log, who was found is.
    """

    seal: Seal
    typed: Typed = NOTHING
    sealed: str = ""
    interaction: str = "operation:find-resident"
    type: str = ""
    query: str = "access-record"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Found]:
        (may_ask_now if self.query == "why" else at_the_desk)(grant.caller)
        if self.sealed:
            return Shown(Found("", self._opened(grant.caller), self.sealed), {}, "desk")
        typed = self.typed
        found = exactly_one(tx, typed.name, typed.birth, typed.number) or ""
        sealed = self.seal.close(urlencode(asdict(typed)), grant.caller.key, self.interaction)
        return Shown(Found(found, typed, sealed), {found: ()} if found else {}, "desk")

    def _opened(self, caller: Caller) -> Typed:
        try:
            said = self.seal.open(self.sealed, caller.key, self.interaction)
        except BrokenSeal as error:
            raise Malformed("This link is not yours.") from error
        return Typed(**dict(parse_qsl(said, keep_blank_values=True)))


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
