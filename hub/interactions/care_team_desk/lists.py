"""The list of the care-team desk: residents for whom somebody waits first, or whom a name or a number finds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import NOT_FOR_ROLE, Refused
from hub.identity import residents
from hub.identity.match import MEMBER_ID, key
from hub.interactions.care_team_desk import keepers
from hub.interactions.my_people import ON_A_PAGE, Person, shown_people, today
from hub.question import Shown
from hub.store import care_teams as store
from hub.store import registry, relations
from hub.store.database import Tx
from profiles import fold_name
from profiles.canonical import KAIGO_INSURED_NO

MOST = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A resident on the list, and how many organisations wait to be confirmed."""

    person: Person
    waiting: int


@dataclass(frozen=True, slots=True)
class TeamList:
    """``everybody``: all residents could be asked for.  ``more``: so many are not on this page."""

    people: list[Listed]
    everybody: bool
    more: int = 0


@dataclass(frozen=True, slots=True)
class AllTeams:
    """``GET /care-teams`` for the secretariat: those who wait, or whom an exact name or number finds."""

    asked: str = ""
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "care-teams?q=" if self.asked else "care-teams"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        if not self.asked:
            return tuple(row.patient for row in store.waiting(tx, MOST))
        return found(tx, self.asked, registry.municipality(tx))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[TeamList]:
        if not keepers.keeps_all(grant.caller):
            raise Refused("This list is the secretariat's.", reason=NOT_FOR_ROLE)
        people = shown_people(tx, grant, list(grant.asked), today(context), source=grant.caller.organisation)
        page = TeamList(_listed(tx, grant.asked, people), everybody=True)
        return Shown(page, _records(people.values()), "desk", category="care-team")


@dataclass(frozen=True, slots=True)
class MyTeams:
    """The same for a care manager, of the residents whom they look after."""

    asked: str = ""
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        return "care-teams?q=" if self.asked else "care-teams"

    def patients(self, tx: Tx) -> None:
        return None

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[TeamList]:
        caller = grant.caller
        keepers.check_role(caller)
        mine = keepers.looked_after(caller, relations.of_caller(tx, caller.organisation, caller.person), context)
        people = shown_people(tx, grant, list(mine), today(context))
        if self.asked:
            numbered = found(tx, self.asked, caller.organisation)
            wanted = fold_name(self.asked)
            mine = tuple(
                one
                for one in mine
                if one in numbered or wanted in (fold_name(people[one].name), fold_name(people[one].kana))
            )
        listed = _listed(tx, mine, people)
        page = TeamList(listed[:ON_A_PAGE], everybody=False, more=max(0, len(listed) - ON_A_PAGE))
        return Shown(page, _records(one.person for one in page.people), "care-manager", category="care-team")


def found(tx: Tx, asked: str, source: str) -> tuple[str, ...]:
    """The residents whom ``source`` calls exactly so, or whose number this is; ``asked`` may be the hub's id too."""
    numbers = [key(system, asked, "") for system in (KAIGO_INSURED_NO, MEMBER_ID)]
    by_number = [link.patient for link in residents.links(tx, numbers) if link.source == source]
    by_id = [asked] if relations.of_patient(tx, asked) else []
    return tuple(dict.fromkeys([*by_id, *by_number, *store.named(tx, fold_name(asked), source, MOST)]))


def _listed(tx: Tx, patients: Sequence[str], people: dict[str, Person]) -> list[Listed]:
    """Those for whom somebody waits come first."""
    counts: dict[str, int] = {}
    for row in store.waiting_for(tx, patients):
        counts[row.patient] = counts.get(row.patient, 0) + 1
    listed = [Listed(people[one], counts.get(one, 0)) for one in patients]
    return sorted(listed, key=lambda one: one.waiting == 0)


def _records(people: Iterable[Person]) -> dict[str, tuple[str, ...]]:
    return {one.id: (one.record,) if one.record else () for one in people}
