"""Finding a resident at the consent desk: exactly, and by nothing that the caller may not see (CONSENT.md §5)."""

from dataclasses import dataclass

from hub.access import decide
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.identity import residents
from hub.identity.match import MEMBER_ID, key
from hub.interactions.consent_desk.desk import at_the_desk, is_of_the_city
from hub.interactions.my_people import Person, shown_people, today
from hub.question import Shown
from hub.store import fence, finding
from hub.store.database import Tx
from profiles import fold_name
from profiles.canonical import KAIGO_INSURED_NO

SHOWN_AT_ONCE, LOOKED_AT = 20, 500


@dataclass(frozen=True, slots=True)
class FindResidents:
    """Exactly this name (or kana), birth date, number: at most ``SHOWN_AT_ONCE`` people, and whether there are more.

    The municipality is asked about its own records.  Elsewhere it is compared with what the caller may see of those
    whom it looks after: without a consent, what its organisation wrote down itself.  What others say never matches
    (CONSENT.md §5): a guess would be confirmed.
    """

    name: str
    born: str
    number: str
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        asked = {"name": self.name, "born": self.born, "number": self.number}
        return f"consents?{'&'.join(f'{name}=' for name, value in asked.items() if value)}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[tuple[list[Person], bool]]:
        caller = grant.caller
        at_the_desk(tx, caller)
        source = caller.organisation if is_of_the_city(caller) else ""
        with fence.lifted(tx):  # who is meant is known before there is a grant
            near = self._near(tx, caller)
            if not source:
                grant = decide.read(tx, caller, self.interaction, self.type, near, context)
                near = sorted(grant.related)
        with fence.reaching(tx, caller.organisation, grant.reach):
            people = shown_people(tx, grant, near, today(context), source=source) if near else {}
        found = [one for one in people.values() if one.record and self._is(one)]
        shown = found[:SHOWN_AT_ONCE]
        told: dict[str, tuple[str, ...]] = {one.id: (one.record,) for one in shown}
        right = "desk" if source else ""
        return Shown((shown, len(found) > len(shown)), told, right, category="consent", grant=grant)

    def _near(self, tx: Tx, caller: Caller) -> list[str]:
        """Whom it may be about, whatever of it the caller may see."""
        if self.number:
            keys = (key(system, self.number, "") for system in (KAIGO_INSURED_NO, MEMBER_ID))
            links = residents.links(tx, [one for one in keys if one.value])
            known = (one.patient for one in links if is_of_the_city(caller) or one.source == caller.organisation)
            return list(dict.fromkeys([*known, self.number]))
        asked = fold_name(self.name), self.born, LOOKED_AT
        if is_of_the_city(caller):
            rows = finding.said_by(tx, caller.organisation, *asked)
        else:
            rows = finding.said_of_theirs(tx, caller.organisation, caller.person or "-", *asked)
        return [row.patient for row in rows]

    def _is(self, person: Person) -> bool:
        """Whether all that was asked stands in the record that is shown."""
        named = {fold_name(person.name), fold_name(person.kana)}
        return (not self.name or fold_name(self.name) in named) and (not self.born or person.born == self.born)
