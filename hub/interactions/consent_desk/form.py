"""The forms of the consent desk: a consent to register, written anew or gone on with, and one to revoke."""

from dataclasses import dataclass
from json import loads

from hub.access.agreements import names
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.errors import not_found
from hub.interactions.consent_desk.choices import Choices, choices
from hub.interactions.consent_desk.desk import Told, reason_of, resident, shown_of, signers, taken_here
from hub.interactions.consent_desk.draft import base, own_draft, paper
from hub.interactions.my_people import Person
from hub.projections.agreement import Agreement, in_words
from hub.projections.consent_typed import expressible, typed_of
from hub.question import Shown
from hub.store.database import Tx
from hub.store.sql import Row


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form to fill in; ``left_out`` counts exceptions of the earlier consent that it has no field for."""

    person: Person
    typed: dict[str, str]
    problems: dict[str, str]
    choices: Choices
    base: str
    draft: str = ""
    scan_name: str = ""
    scan_size: int = 0
    left_out: int = 0
    ends: Told | None = None


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form: empty, as a draft was typed, or as an earlier consent (``anew``) says; ``ends`` is one to revoke."""

    patient: str
    draft: str = ""
    anew: str = ""
    ends: str = ""
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "consents/revoke" if self.ends else "consents/new"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[FormPage]:
        person, caller = resident(tx, grant, self.patient, context), grant.caller
        earlier = {one.id: one for one in taken_here(tx, caller, self.patient, context)}
        known = {**names(tx), **signers(tx, self.patient)}
        ends = earlier.get(self.ends)
        if (self.ends and ends is None) or (self.anew and self.anew not in earlier):
            raise not_found()
        told = [Told(one, in_words(one.terms, known), known.get(one.signer, "代理の方"), "") for one in [ends] if one]
        page = FormPage(
            person,
            {},
            {},
            choices(tx, caller, self.patient),
            base(tx, caller, self.patient),
            ends=told[0] if told else None,
        )
        if self.draft:
            page = _typed_before(tx, caller, page, own_draft(tx, caller, self.patient, self.draft, context), context)
        elif self.anew:
            page = _anew(page, earlier[self.anew], self.patient)
        return Shown(page, {self.patient: shown_of(person, told)}, reason_of(caller), category="consent")


def _typed_before(tx: Tx, caller: Caller, page: FormPage, draft: Row, context: Context) -> FormPage:
    typed: dict[str, str] = loads(draft.fields)
    problems = paper(tx, caller, draft, context).problems if typed.get("action") == "check" else {}
    return FormPage(
        page.person, typed, problems, page.choices, page.base, draft.id, draft.scan_name, draft.scan_size, 0, page.ends
    )


def _anew(page: FormPage, earlier: Agreement, patient: str) -> FormPage:
    signer = "patient" if earlier.signer == f"Patient/{patient}" else earlier.signer
    left_out = sum(not expressible(rule) for rule in earlier.terms.rules)
    return FormPage(
        page.person, typed_of(earlier.terms, signer), {}, page.choices, page.base, left_out=left_out, ends=page.ends
    )
