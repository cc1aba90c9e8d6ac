"""Saving a reviewed draft: the Consent, the signed form, the proxy and the Provenance in one push (CONSENT.md §3.5)."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.access import decide
from hub.access.caller import authenticate
from hub.context import Caller, Context, Credential, instant
from hub.draft import Change, Draft, Method
from hub.errors import Invalid, Stale
from hub.interactions.consent_desk.desk import reason_of, resident, to_compare
from hub.interactions.consent_desk.draft import Paper, base, mark, own_draft, paper, taken
from hub.interactions.receive import valid
from hub.projections import consent_form as form
from hub.projections.consent_form import Scan
from hub.projections.rows import record
from hub.store import audit, consent_drafts
from hub.store.database import Tx
from profiles.resource import Resource, as_object, as_text

REGISTER, REVOKE = "operation:consent-register", "operation:consent-revoke"
DISCARD = "operation:consent-discard"
_SIGNED, _REVOKED = "情報の共有に関する同意書", "情報の共有に関する同意の取り消し"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A draft with its scanned paper, as its owner wants it saved; ``mark`` is that of the page that showed it."""

    patient: str
    draft: str
    mark: str
    caller: Caller
    paper: Paper
    scan: Scan | None
    saved: bool

    @property
    def interaction(self) -> str:
        return REVOKE if self.paper.ends is not None else REGISTER


def load(tx: Tx, credential: Credential, patient: str, draft: str, shown: str, context: Context) -> Reviewed:
    """The draft to be saved.  Raises ``Invalid`` when something is missing, and as ``own_draft`` does."""
    caller = authenticate(tx, credential, context)
    grant = decide.read(tx, caller, "page", "*", (patient,), context)
    person = resident(tx, grant, patient, context)
    row = own_draft(tx, caller, patient, draft, context)
    if not row.saved:
        to_compare(person, caller)
    said = paper(tx, grant, row, context)
    if said.problems and not row.saved:
        raise Invalid("This draft is not complete.", reason="incomplete")
    data = consent_drafts.scan(tx, patient, draft)
    scan = Scan(row.scan_name, row.scan_type, data) if data else None
    return Reviewed(patient, draft, shown, caller, said, scan, bool(row.saved))


def draft_of(reviewed: Reviewed, context: Context) -> Draft:
    """What is to be written; pure, and slow with a large paper: made before its turn in the lane."""
    changes = tuple(_changes(reviewed, context))
    key = f"consent-desk {reviewed.draft}"
    return Draft(changes, reviewed.interaction, key, reviewed.mark)


def settle(tx: Tx, credential: Credential, reviewed: Reviewed, context: Context) -> None:
    """What comes first when it is written: it must be what was shown, beside the consents that it was shown with.

    Raises ``Stale`` otherwise.  A draft that was saved before is left to the answer that its key has.
    """
    caller = authenticate(tx, credential, context)
    grant = decide.read(tx, caller, "page", "*", (reviewed.patient,), context)
    person = resident(tx, grant, reviewed.patient, context)
    row = own_draft(tx, caller, reviewed.patient, reviewed.draft, context)
    if not row.saved:
        to_compare(person, caller)
        if mark(row, base(tx, caller, reviewed.patient)) != reviewed.mark:
            raise Stale("The resident's consents, or the draft, have changed since this was shown.", reason="changed")
        consent_drafts.saved(tx, reviewed.patient, reviewed.draft, instant(context.now))


def discard(tx: Tx, credential: Credential, patient: str, draft: str, context: Context) -> None:
    """Throw the caller's own draft away, the scanned paper with it."""
    caller = authenticate(tx, credential, context)
    own_draft(tx, caller, patient, draft, context)
    consent_drafts.remove(tx, patient, draft)
    audit.put(tx, [record(caller, context, interaction=DISCARD, patient=patient, reason=reason_of(caller))])


def _changes(reviewed: Reviewed, context: Context) -> Iterator[Change]:
    said, proxy = reviewed.paper, reviewed.paper.read.proxy if reviewed.paper.read else None
    signer = form.PROXY_URL if proxy is not None else said.signer
    note = taken(reviewed.caller, reviewed.patient, signer, said.signed, context)
    if proxy is not None:
        yield _new(form.PROXY_URL, form.related_person(proxy, note))
    paper_url = ""
    if reviewed.scan is not None:
        title = _REVOKED if said.ends is not None else _SIGNED
        yield _new(form.SCAN_URL, form.scan(reviewed.scan, note))
        yield _new(form.FORM_URL, form.document(reviewed.scan, title, note))
        paper_url = form.FORM_URL
    resource = said.resource(note, paper_url)
    target = form.CONSENT_URL
    if said.stored is not None:
        target = f"Consent/{as_text(resource.get('id'))}"
        version = as_text(as_object(said.stored.get("meta")).get("versionId"))
        yield _change("PUT", resource, id_=as_text(resource.get("id")), if_match=version)
    else:
        yield _new(form.CONSENT_URL, resource)
    targets = (target, form.FORM_URL) if paper_url else (target,)
    activity = "UPDATE" if said.stored is not None else "CREATE"
    yield _new(form.PROVENANCE_URL, form.provenance(note, targets, form=paper_url, activity=activity, why=said.why))


def _new(url: str, resource: Resource) -> Change:
    return _change("POST", resource, full_url=url)


def _change(method: Method, resource: Resource, *, id_: str = "", full_url: str = "", if_match: str = "") -> Change:
    normal, findings = valid(resource, strict=False)
    return Change(method, as_text(resource["resourceType"]), id_, normal, findings, full_url, if_match)
