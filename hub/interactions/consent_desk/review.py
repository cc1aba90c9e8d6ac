"""Before a consent is saved: what it says in words, and who would gain and lose what (CONSENT.md §9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.access.agreements import speaks_for
from hub.access.decide import Grant
from hub.context import Context
from hub.interactions.consent_desk.desk import reason_of, resident, shown_of, to_compare
from hub.interactions.consent_desk.draft import base, mark, own_draft, paper, taken
from hub.interactions.consent_desk.named import called
from hub.interactions.my_people import Person, today
from hub.interactions.what_if import Difference, WhatIf
from hub.projections.agreement import Agreement, in_words
from hub.projections.consent_copy import closed_until
from hub.question import Shown
from hub.store import resources
from hub.store.database import Tx


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What would be saved, in words, and what it would change.

    ``others_changed``: since the form was opened somebody else changed the resident's consents.  ``in_vain``: the
    spaces for which a later consent goes on to speak, ``until_then`` says what it closes before it begins.  ``mark``
    goes back with "save".
    """

    person: Person
    words: list[str]
    signer: str
    signed: str
    difference: Difference
    mark: str
    others_changed: bool
    in_vain: Sequence[str]
    until_then: str
    scan_name: str
    scan_size: int
    ends: Agreement | None
    why: str
    problems: dict[str, str]
    saved: bool


@dataclass(frozen=True, slots=True)
class Review:
    """``GET /consents/{patient}/drafts/{draft}``."""

    patient: str
    draft: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "consents/review"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.around(tx, (self.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[ReviewPage]:
        person, caller = resident(tx, grant, self.patient, context), grant.caller
        draft = own_draft(tx, caller, self.patient, self.draft, context)
        if not draft.saved:  # by what was saved, the name may have gone
            to_compare(person, caller)
        said, base_now = paper(tx, grant, draft, context), base(tx, caller, self.patient)
        difference, in_vain, until_then = Difference((), ()), frozenset[str](), ""
        if not said.problems and not draft.saved:
            consent = said.resource(taken(caller, self.patient, f"Patient/{self.patient}", said.signed, context))
            difference = WhatIf(self.patient, consent).answer(tx, grant, context).answer
            if said.read is not None:
                speaks, in_vain = speaks_for(tx, caller, self.patient, consent, context.now)
                until_then = closed_until(said.read.terms, speaks, today(context).isoformat())
        terms = said.read.terms if said.read else said.ends.terms if said.ends else None
        known = called(tx, grant, self.patient, [terms] if terms else ())
        proxy = said.read.proxy if said.read else None
        page = ReviewPage(
            person=person,
            words=in_words(terms, known) if terms else [],
            signer=f"{proxy.name}（{proxy.relationship}、{proxy.basis}）" if proxy else known.get(said.signer, ""),
            signed=said.signed,
            difference=difference,
            mark=mark(draft, base_now),
            others_changed=bool(draft.base) and draft.base != base_now,
            in_vain=sorted(in_vain),
            until_then=until_then,
            scan_name=draft.scan_name,
            scan_size=draft.scan_size,
            ends=said.ends,
            why=said.why,
            problems=said.problems,
            saved=bool(draft.saved),
        )
        return Shown(page, {self.patient: shown_of(person, ())}, reason_of(caller), category="consent")
