"""The papers of the consent desk: the resident's copy to print, and the scanned form (CONSENT.md §3.5, §9)."""

from base64 import b64decode
from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.errors import not_found
from hub.interactions.consent_desk.desk import (
    ResidentConsents,
    is_of_the_city,
    reason_of,
    resident,
    to_compare,
)
from hub.interactions.my_people import Person, today
from hub.interactions.what_if import Difference, WhatIf
from hub.projections.consent_copy import Section, exceptions, refusal, sections
from hub.projections.consent_form import SPACES, Taken, Terms, consent
from hub.question import Shown
from hub.store import fence, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import as_object, as_text, objects


@dataclass(frozen=True, slots=True)
class CopyPage:
    """The resident's copy: what was decided, what may be seen besides (``exceptions``), and who sees what now."""

    person: Person
    sections: list[Section]
    exceptions: str
    seen: Difference
    of_the_city: bool


@dataclass(frozen=True, slots=True)
class ResidentCopy:
    """``GET /consents/{patient}/copy``: what was agreed and who sees what now, to print for the resident."""

    patient: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "consents/copy"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.around(tx, (self.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[CopyPage]:
        shown = ResidentConsents(self.patient).answer(tx, grant, context)
        to_compare(shown.answer.person, grant.caller)
        # Who sees what by consent is who would lose it were everything revoked now.
        here = Taken(self.patient, f"Patient/{self.patient}", "", grant.caller.organisation, "", "", "", "")
        moment = context.now.isoformat(timespec="seconds")
        nothing = consent(Terms(moment, tuple(SPACES), False), here, status="inactive")
        difference = WhatIf(self.patient, nothing).answer(tx, grant, context).answer
        page = shown.answer
        refused = refusal((one.agreement for one in page.told), today(context).isoformat())
        copy = CopyPage(
            page.person,
            sections(page.told, of_the_city=page.of_the_city),
            exceptions(refused, complete=difference.complete),
            difference,
            page.of_the_city,
        )
        return Shown(copy, shown.patients, shown.reason, category="consent")


@dataclass(frozen=True, slots=True)
class SignedForm:
    """``GET /consents/{patient}/forms/{id}``: the scanned paper, for the municipality and for those who took it."""

    patient: str
    id: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"consents/forms/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[tuple[str, str, bytes]]:
        resident(tx, grant, self.patient, context)
        row = self._row(tx, grant.caller, "DocumentReference", self.id)
        attachments = [
            as_object(one.get("attachment")) for one in objects(as_object(read_json(row.body)).get("content"))
        ]
        kind, _, name = as_text(attachments[0].get("url")).partition("/") if attachments else ("", "", "")
        if kind != "Binary":
            raise not_found()
        scan = as_object(read_json(self._row(tx, grant.caller, "Binary", name).body))
        answer = (
            as_text(attachments[0].get("title")),
            as_text(scan.get("contentType")),
            b64decode(as_text(scan.get("data"))),
        )
        what = f"DocumentReference/{row.id}/_history/{row.version}"
        return Shown(answer, {self.patient: (what,)}, reason_of(grant.caller), category="consent")

    def _row(self, tx: Tx, caller: Caller, type_: str, id_: str) -> Row:
        """A paper of this resident's consents; nothing else is shown here, whoever asks."""
        with fence.lifted(tx):
            rows = resources.current(tx, type_, id_)
        for row in rows:
            mine = is_of_the_city(caller) or row.source == caller.organisation
            if (row.patient, row.category, row.deleted) == (self.patient, "consent", 0) and mine:
                return row
        raise not_found()
