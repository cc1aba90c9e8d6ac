"""Leave to write a Consent: who took it, on what paper, and what it may take the place of (CONSENT.md §3.2, §3.5)."""

from collections.abc import Sequence
from datetime import datetime

from consent import is_new_word, may_follow, may_record
from hub.access import compiled
from hub.access.facts import facts_of
from hub.context import Caller
from hub.draft import Bound, Version
from hub.errors import Refused
from hub.store import registry, resources
from hub.store.database import Tx
from profiles.json import read_json
from profiles.resource import Resource, as_object, as_text, objects, reference_of

_TEXTS = {
    "performer-is-writer": "Nobody consents in the resident's place.",
    "not-the-taker": "A Consent is written by the municipality, or by the organisation that took the paper.",
    "favours-writer": "A Consent that permits its own writer is written by the municipality.",
    "not-related": "Only an organisation that looks after the resident now writes their Consent."
    " Ask the municipality to confirm that you do, or to record it.",
    "no-signed-form": "The signed form of this Consent is missing. Send it with the Consent in one transaction:"
    " a DocumentReference of the category consent with the scanned paper, which the Consent names as sourceReference"
    " (or the paper in its sourceAttachment.data), and a Provenance whose target is the Consent and whose entity is"
    " the DocumentReference. To revoke the Consent, write it again with status inactive and nothing else changed.",
    "no-rule-any-more": "A recorded Consent is revoked, with status inactive: it does not become a draft, an error or"
    " something else than a consent to sharing. Recorded by mistake, it is revoked, and the right one recorded anew.",
    "another-resident": "A recorded Consent stays with its resident. Revoke it with status inactive, and record the"
    " right one for the right resident anew.",
    "fewer-spaces": "A recorded Consent keeps the spaces (category) for which it was recorded: an earlier one would"
    " come back. Revoke it with status inactive, and record what holds now anew.",
    "earlier-date": "The dateTime of a recorded Consent does not go back: an earlier one would come back."
    " Revoke it with status inactive, and record what holds now anew.",
}


def check(tx: Tx, caller: Caller, bound: Bound, bounds: Sequence[Bound], now: datetime, *, is_related: bool) -> None:
    """Whether this Consent of the push ``bounds`` may be written; what is no consent to sharing is let through.

    ``is_related``: the caller looks after the resident now, and that is confirmed.  Raises ``Refused``.
    """
    resource = bound.resource
    if resource is None:
        return
    facts = facts_of(resource, bound.patients, caller)
    is_consent = facts.category == "consent"
    if is_consent:
        staff = registry.staff(tx, caller.organisation)
        _refuse(may_record(resource, caller.organisation, caller.organisation_kind, staff))
    if bound.found:
        return
    old = _recorded(bound)
    stored = as_object(read_json(old.body)) if old else {}
    before = compiled.read_record(old.facts.patient, old.id, old.version, stored) if old else None
    after = compiled.read_record(facts.patient, bound.id, "", resource) if is_consent else None
    if before is not None:
        _refuse(may_follow(before, after, now))
    if after is None or caller.organisation_kind == "municipality":
        return
    if not is_related:
        _refuse("not-related")
    is_as_signed = not is_new_word(before, after) and _names(resource) == _names(stored)
    if not is_as_signed and not _has_form(tx, caller, bound, resource, bounds):
        _refuse("no-signed-form")


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise Refused(_TEXTS[reason], reason=reason)


def _recorded(bound: Bound) -> Version | None:
    """The consent to sharing that is written over, if it is one."""
    old = bound.previous
    return old if old is not None and not old.deleted and old.facts.category == "consent" else None


# -- the signed form


def _names(consent: Resource) -> tuple[str, str]:
    """The form that a Consent names: the reference of its DocumentReference, or the paper itself."""
    attached = as_object(consent.get("sourceAttachment"))
    return reference_of(consent.get("sourceReference")), as_text(attached.get("data"))


def _has_form(tx: Tx, caller: Caller, bound: Bound, consent: Resource, bounds: Sequence[Bound]) -> bool:
    """Whether the caller keeps the form that the Consent names, and this push says that it was written by it."""
    form, attached = _names(consent)
    if form and not _is_paper(tx, caller, form, bound.patients, bounds):
        return False
    return bool(form or attached) and any(_says_so(one, bound.reference, form) for one in bounds)


def _says_so(one: Bound, consent: str, form: str) -> bool:
    """Whether it is a Provenance of this Consent, made from this form."""
    if one.change.type != "Provenance" or one.resource is None or one.found:
        return False
    targets = {reference_of(target) for target in objects(one.resource.get("target"))}
    made_from = {reference_of(entity.get("what")) for entity in objects(one.resource.get("entity"))}
    return consent in targets and (not form or form in made_from)


def _is_paper(tx: Tx, caller: Caller, form: str, patients: Sequence[str], bounds: Sequence[Bound]) -> bool:
    """Whether the caller keeps a DocumentReference of this name about the resident, and what it shows."""
    if not form.startswith("DocumentReference/"):
        return False
    document = _own(tx, caller, form, patients, bounds)
    shown = [as_object(one.get("attachment")) for one in objects(document.get("content"))]
    return any(
        as_text(one.get("data")) or as_text(_own(tx, caller, as_text(one.get("url")), patients, bounds).get("data"))
        for one in shown
    )


def _own(tx: Tx, caller: Caller, reference: str, patients: Sequence[str], bounds: Sequence[Bound]) -> Resource:
    """A paper of the resident's consents that the caller publishes in this push or before it; empty for any other.

    Of the category of consents: such a paper is shared with nobody, and the municipality's desk can open it.
    """
    pushed = next((one for one in bounds if one.reference == reference and not one.found), None)
    if pushed is not None:
        paper = pushed.resource or {}
        facts = facts_of(paper, pushed.patients, caller)
    else:
        kind, _, id_ = reference.partition("/")
        stored = resources.own(tx, kind, id_, caller.organisation)
        if stored is None or stored.deleted:
            return {}
        paper, facts = as_object(read_json(stored.body)), stored.facts
    is_of_these = (facts.category, facts.patient, facts.withheld) == ("consent", *patients[:1], 0)
    return paper if is_of_these else {}
