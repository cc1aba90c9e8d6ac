"""What may stand on a paper consent: whom and what its exceptions may name, and who may sign it."""

from collections.abc import Collection
from dataclasses import dataclass

from hub.access.agreements import names
from hub.access.decide import Grant
from hub.context import Context
from hub.interactions.consent_desk.desk import is_of_the_city, taken_here
from hub.interactions.consent_desk.named import records, records_in, signers
from hub.projections.consent_typed import Known
from hub.projections.professions import PROFESSIONS
from hub.store import registry
from hub.store.database import Tx
from profiles import category_names

KEPT = "前の用紙で指定した情報（ここに種類などは出ません）"
_NOT_SHARED = frozenset({"consent", "directory", "other"})


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers, each as (value, name); ``records`` are what single ones are called, by their reference."""

    organisations: list[tuple[str, str]]
    professions: list[tuple[str, str]]
    people: list[tuple[str, str]]
    categories: list[tuple[str, str]]
    sources: list[tuple[str, str]]
    signers: list[tuple[str, str]]
    records: dict[str, str]
    may_add_proxy: bool
    own: frozenset[str]

    @property
    def known(self) -> Known:
        recipients = [value for value, _ in (*self.organisations, *self.professions, *self.people)]
        return Known(
            frozenset(recipients),
            frozenset(value for value, _ in self.categories),
            frozenset(value for value, _ in self.sources),
            frozenset(value for value, _ in self.signers),
            self.records,
            self.own,
            self.may_add_proxy,
        )


def choices(tx: Tx, grant: Grant, patient: str, wanted: Collection[str], context: Context) -> Choices:
    """What may stand on a paper of this resident; of the single records those among the ``wanted`` references.

    What an earlier paper names may be named again, whatever has become of it.
    """
    caller = grant.caller
    earlier = records_in(one.terms for one in taken_here(tx, caller, patient, context))
    known, of_city = names(tx), is_of_the_city(caller)
    organisations = [(row.id, str(row.name)) for row in registry.organisations(tx)]
    own = set[str]()
    if not of_city:
        own = {f"Organization/{caller.organisation}"}
        own |= {f"Practitioner/{one}" for one in registry.staff(tx, caller.organisation)}
    return Choices(
        organisations=[(f"Organization/{id_}", name) for id_, name in organisations],
        professions=[(f"profession/{code}", name) for code, name in PROFESSIONS.items()],
        people=[(reference, name) for reference, name in known.items() if reference.startswith("Practitioner/")],
        categories=[(code, name) for code, name in category_names().items() if code not in _NOT_SHARED],
        sources=organisations,
        signers=[(one, name) for one, name in signers(tx, grant, patient).items() if one.startswith("RelatedPerson/")],
        records=dict.fromkeys(earlier.intersection(wanted), KEPT) | records(tx, grant, patient, among=wanted),
        may_add_proxy=of_city,
        own=frozenset(own),
    )
