"""The forms of the consent desk: a consent to register, written anew or gone on with, and one to revoke."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from json import loads

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import not_found
from hub.interactions.consent_desk.choices import Choices, choices
from hub.interactions.consent_desk.desk import reason_of, resident, shown_of, taken_here, to_compare, told_of
from hub.interactions.consent_desk.draft import base, own_draft, paper
from hub.interactions.consent_desk.named import called, records
from hub.interactions.my_people import Person
from hub.projections.agreement import Agreement
from hub.projections.consent_copy import Told
from hub.projections.consent_typed import exceptions, records_of, records_typed, typed_of
from hub.question import Shown
from hub.store.database import Tx
from hub.store.sql import Row

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form to fill in; ``left_out`` counts exceptions of the earlier consent for which it has no room.

    ``records`` are the single records to choose from, by the number of the exception and by their reference: those
    that were chosen, and all of which the exception ``listed`` speaks, or ``more`` than fit.
    """

    person: Person
    typed: dict[str, str]
    problems: dict[str, str]
    choices: Choices
    records: dict[int, dict[str, str]]
    base: str
    draft: str = ""
    scan_name: str = ""
    scan_size: int = 0
    left_out: int = 0
    ends: Told | None = None
    listed: int = 0
    more: bool = False
    saved: bool = False


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form: empty, as a draft was typed, or as an earlier consent (``anew``) says; ``ends`` is one to revoke.

    ``listed`` is the number of an exception for which single records are to be chosen; 0 for none.
    """

    patient: str
    draft: str = ""
    anew: str = ""
    ends: str = ""
    listed: int = 0
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        if self.ends:
            return "consents/revoke"
        return "consents/new/records" if self.listed else "consents/new"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[FormPage]:
        person, caller = resident(tx, grant, self.patient, context), grant.caller
        draft = own_draft(tx, caller, self.patient, self.draft, context) if self.draft else None
        if not (draft and draft.saved):  # by what was saved, the name may have gone
            to_compare(person, caller)
        earlier = {one.id: one for one in taken_here(tx, caller, self.patient, context)}
        ends = earlier.get(self.ends)
        if (self.ends and ends is None) or (self.anew and self.anew not in earlier):
            raise not_found()
        typed, left_out = self._typed(draft, earlier)
        offered = choices(tx, grant, self.patient, records_typed(typed), context)
        rows = exceptions(typed)
        of_row = records(tx, grant, self.patient, of=rows.get(self.listed, {})) if self.listed else {}
        told = [told_of(one, called(tx, grant, self.patient, [one.terms])) for one in [ends] if one]
        page = FormPage(
            person,
            typed,
            paper(tx, grant, draft, context).problems if draft and typed.get("action") == "check" else {},
            offered,
            _to_choose(rows, offered.records, self.listed, of_row),
            base(tx, caller, self.patient),
            draft.id if draft else "",
            draft.scan_name if draft else "",
            draft.scan_size if draft else 0,
            left_out,
            told[0] if told else None,
            self.listed,
            len(of_row) > MOST_LISTED,
            bool(draft and draft.saved),
        )
        return Shown(page, {self.patient: shown_of(person, told)}, reason_of(caller), category="consent")

    def _typed(self, draft: Row | None, earlier: Mapping[str, Agreement]) -> tuple[dict[str, str], int]:
        """The fields as they stand, and how many exceptions of the earlier consent found no room."""
        if draft is not None:
            typed: dict[str, str] = loads(draft.fields)
            return typed, 0
        if not self.anew:
            return {}, 0
        signer = earlier[self.anew].signer
        return typed_of(earlier[self.anew].terms, "patient" if signer == f"Patient/{self.patient}" else signer)


def _to_choose(
    rows: Mapping[int, Mapping[str, str]], chosen: Mapping[str, str], listed: int, of_row: Mapping[str, str]
) -> dict[int, dict[str, str]]:
    found = {number: {one: chosen[one] for one in records_of(row) if one in chosen} for number, row in rows.items()}
    return found | {listed: found.get(listed, {}) | dict(islice(of_row.items(), MOST_LISTED))}
