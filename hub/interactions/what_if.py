"""What a consent would change, before it is signed (CONSENT.md §9): who gains and who loses what, in counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.access.decide import Grant
from hub.access.what_if import Moved, drafted, may_be_recorded
from hub.context import Context
from hub.errors import NOT_FOR_ROLE, Refused, not_found
from hub.interactions.desk import PROFESSIONS
from hub.question import Shown
from hub.store import fence, registry, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Change:
    """So many resources of a category that people of one profession at one organisation begin, or cease, to see.

    ``people`` names those whom it concerns; empty when it is everybody of the profession there.  ``purposes`` are the
    purposes of use for which it is so; empty when it is so for all of them.
    """

    organisation: str
    organisation_name: str
    kind: str
    profession: str
    category: str
    count: int
    people: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes.  ``complete`` is false when only what the asking organisation sees itself was counted.

    ``unreadable`` says, in English for the secretariat, why the consent could not be read in full: it would deny
    everything in its space.
    """

    gains: tuple[Change, ...]
    losses: tuple[Change, ...]
    complete: bool = True
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """``consent`` is a Consent as it would be written: with ``id`` it takes the place of that one, without it is new.

    For the municipality's consent desk, which is told of everything that is stored, and for others who may write this
    consent for somebody whom they look after: they are told of what they see themselves.  Nothing is written but the
    access log.  Raises ``Refused``, and ``NotFound`` for a patient whom the caller may not know of.
    """

    patient: str
    consent: Resource
    interaction: str = "operation:what-if"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"Patient/{self.patient}/what-if"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.around(tx, (self.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Difference]:
        at_the_city = self._allowed(tx, grant)
        with fence.lifted(tx):
            found = drafted(tx, grant, self.patient, self.consent, context.now, of_all=at_the_city)
            organisations = {row.id: row for row in registry.organisations(tx)}
        names = registry.person_names(tx)

        def told(changes: Iterable[Moved]) -> tuple[Change, ...]:
            return tuple(_told(one, organisations[one.organisation], names) for one in changes)

        gains, losses = told(found.difference.gains), told(found.difference.losses)
        answer = Difference(gains, losses, at_the_city, found.unreadable)
        return Shown(answer, {self.patient: ()}, "desk", category="consent")

    def _allowed(self, tx: Tx, grant: Grant) -> bool:
        """Whether the caller is the municipality's desk, which is told of everything."""
        caller = grant.caller
        reason = may_be_recorded(tx, caller, self.consent)
        at_the_city = caller.organisation_kind == "municipality"
        if reason is not None or (at_the_city and caller.profession not in PROFESSIONS):
            raise Refused(
                "Only who may write this Consent can ask what it would change.", reason=reason or NOT_FOR_ROLE
            )
        if not at_the_city and self.patient not in grant.related:
            raise not_found("no-relation")
        if not resources.records_of(tx, [self.patient]):
            raise not_found()
        return at_the_city


def _told(change: Moved, organisation: Row, names: Mapping[str, str]) -> Change:
    people = tuple(names.get(one, one) for one in change.persons)
    place = (organisation.id, organisation.name, organisation.kind)
    return Change(*place, change.profession, change.category, change.count, people, change.purposes)
