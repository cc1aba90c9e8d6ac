"""A paper consent while it is typed: a draft, which counts for nothing until it is saved (CONSENT.md §9).

What is reviewed is what is saved: both are made of the same draft by ``paper``, and ``mark`` names its content together
with the resident's consents as they were when it was shown.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps, loads

from hub.access import decide
from hub.access.agreements import versions_of_all
from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.context import Caller, Context, Credential, instant
from hub.errors import not_found
from hub.interactions.consent_desk.choices import choices
from hub.interactions.consent_desk.desk import reason_of, resident, taken_here, to_compare
from hub.interactions.consent_desk.named import signers
from hub.projections.agreement import Agreement
from hub.projections.consent_form import Scan, Taken, consent
from hub.projections.consent_typed import Read, Typed, read_terms, records_typed, signed_at
from hub.projections.rows import record
from hub.store import audit, consent_drafts, consent_papers
from hub.store.database import Tx
from hub.store.sql import Record, Row
from profiles.json import read_json
from profiles.resource import Resource, as_object

DRAFT = "operation:consent-draft"
LIFETIME = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a draft says, read: a consent to register (``read``), or one to revoke (``ends``) and why.

    ``problems`` are by field; while there are any, nothing may be saved.
    """

    signer: str
    signed: str
    problems: dict[str, str]
    read: Read | None = None
    ends: Agreement | None = None
    stored: Resource | None = None
    why: str = ""

    def resource(self, taken: Taken, form: str = "") -> Resource:
        """The Consent as it would be written; with an id when it takes the place of the caller's own one.

        Another organisation's consent is not the caller's to change: it is revoked by a later one for its spaces.
        """
        if self.read is not None:
            return consent(self.read.terms, taken, form)
        assert self.ends is not None
        if self.stored is not None:
            return {**self.stored, "status": "inactive"}
        terms = self.ends.terms
        nothing = type(terms)(self.signed, self.ends.speaks, False)
        return consent(nothing, taken, form, status="inactive")


def paper(tx: Tx, grant: Grant, draft: Row, context: Context) -> Paper:
    """The draft, read with what may stand on it now."""
    typed: Typed = loads(draft.fields)
    made = datetime.fromisoformat(draft.made)
    if draft.concerns:
        return _revocation(tx, grant, draft, typed, made, context)
    known = choices(tx, grant, draft.patient, records_typed(typed), context).known
    read = read_terms(typed, known, made)
    if not draft.scan_size:
        read.problems["scan"] = "署名のある用紙を読み取ったファイルを付けてください。"
    _scan_problem(typed, read.problems)
    return Paper(read.signer or f"Patient/{draft.patient}", read.terms.signed, read.problems, read=read)


def _revocation(tx: Tx, grant: Grant, draft: Row, typed: Typed, made: datetime, context: Context) -> Paper:
    problems: dict[str, str] = {}
    caller = grant.caller
    ends = next((one for one in taken_here(tx, caller, draft.patient, context) if one.id == draft.concerns), None)
    if ends is None:
        raise not_found()
    signed, why = signed_at(typed, made, problems, "申し出の日"), typed.get("why", "").strip()
    if "signed" not in problems and signed[:10] < ends.terms.signed[:10]:
        problems["signed"] = "取り消しの日が、同意の日より前です。用紙を確かめてください。"
    signer = typed.get("signer", "")
    if signer not in ("patient", *signers(tx, grant, draft.patient)):
        problems["signer"] = "取り消しを申し出たのがどなたかを選んでください。"
    _scan_problem(typed, problems)
    rows = consent_papers.consents(tx, draft.patient)
    own = next((row for row in rows if row.id == ends.id and row.source == caller.organisation), None)
    stored = as_object(read_json(own.body)) if own is not None else None
    who = f"Patient/{draft.patient}" if signer in ("patient", "") else signer
    return Paper(who, signed, problems, ends=ends, stored=stored, why=why)


def _scan_problem(typed: Typed, problems: dict[str, str]) -> None:
    if typed.get("scan-problem"):
        problems["scan"] = typed["scan-problem"]


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it was sent: its fields, the scanned paper if there is a new one, the draft that it goes on with."""

    typed: Mapping[str, str]
    scan: Scan | None
    draft: str
    concerns: str
    base: str


def keep(tx: Tx, credential: Credential, patient: str, posted: Posted, context: Context) -> str:
    """Keep what was typed as a draft of the caller's, whatever is missing yet; gives its id.  Nothing of it counts.

    Raises ``Refused``, and ``NotFound`` for a resident, a draft, or a consent to revoke that is not the desk's.
    """
    caller = authenticate(tx, credential, context)
    grant = decide.read(tx, caller, "page", "*", (patient,), context)
    to_compare(resident(tx, grant, patient, context), caller)
    if posted.concerns and all(one.id != posted.concerns for one in taken_here(tx, caller, patient, context)):
        raise not_found()
    draft: Record = {
        "patient": patient,
        "id": posted.draft or context.new_id(),
        "fields": dumps(dict(posted.typed), ensure_ascii=False),
        "base": posted.base,
        "made": context.now.isoformat(),
        "expires": instant(context.now + LIFETIME),
    }
    if posted.draft:
        known = own_draft(tx, caller, patient, posted.draft, context)
        if known.concerns != posted.concerns:
            raise not_found()
        consent_drafts.change(tx, draft)
    else:
        nothing: Record = {"scan_name": "", "scan_type": "", "scan_size": 0, "scan": b"", "saved": ""}
        consent_drafts.put(tx, {**draft, **nothing, "caller": caller.key, "concerns": posted.concerns})
    if posted.scan is not None:
        scan: Record = {"scan_name": posted.scan.name, "scan_type": posted.scan.type, "scan": posted.scan.data}
        at: Record = {"patient": patient, "id": draft["id"], "scan_size": len(posted.scan.data)}
        consent_drafts.attach(tx, {**at, **scan})
    audit.put(
        tx,
        [record(caller, context, interaction=DRAFT, patient=patient, reason=reason_of(caller), category="consent")],
    )
    return str(draft["id"])


def own_draft(tx: Tx, caller: Caller, patient: str, id_: str, context: Context) -> Row:
    """The caller's own draft.  Raises ``NotFound`` for any other, and for one that is over."""
    row = consent_drafts.find(tx, patient, id_, instant(context.now))
    if row is None or row.caller != caller.key:
        raise not_found()
    return row


def base(tx: Tx, caller: Caller, patient: str) -> str:
    """A name for the resident's consents as they are now, and for the rules under which they are read."""
    return _digest([versions_of_all(tx, patient), caller.rules])


def mark(draft: Row, base_now: str) -> str:
    """A name for what a draft says, beside the consents that there are: what is saved must bear the one shown."""
    return _digest([draft.id, draft.concerns, draft.fields, draft.made, draft.scan_name, draft.scan_size, base_now])


def _digest(value: object) -> str:
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:40]


def taken(caller: Caller, patient: str, signer: str, signed: str, context: Context) -> Taken:
    """Who takes the paper, and when."""
    return Taken(
        patient,
        signer,
        signed,
        caller.organisation,
        caller.organisation_name,
        caller.person or "",
        caller.person_name,
        instant(context.now),
    )
