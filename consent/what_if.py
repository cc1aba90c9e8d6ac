"""Before a consent is signed: who would gain, and who would lose, what (CONSENT §9).

Nothing of its own is decided here: the same ``scope_for`` and ``Scope.admits`` are asked twice, with the consents as
they are and as they would be, so that the answer is what really happens.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consent.decide import scope_for
from consent.model import Asker, ConsentRecord, Disaster, Emergency, Facts, Relation
from consent.policy import Policy
from consent.scope import Refusal, Scope


@dataclass(frozen=True, slots=True)
class Counted:
    """So many resources have the same facts."""

    facts: Facts
    count: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Those who stand alike: of one profession at one organisation, and named by no rule one without the others.

    ``members`` are their ids; ``purposes`` the purposes of use that they may name (a system has one, a person several).
    """

    asker: Asker
    members: tuple[str, ...]
    purposes: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        return self.asker.organisation, self.asker.profession or ""


@dataclass(frozen=True, slots=True)
class Change:
    """So many resources of a category that people of one profession at one organisation begin, or cease, to see.

    ``persons`` are the ids of those whom it concerns; empty when it is everybody of the profession there.
    ``purposes`` are the purposes of use for which it is so; empty when it is so for all.
    """

    organisation: str
    profession: str
    category: str
    count: int
    persons: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change of the consents gives, and what it takes away."""

    gains: tuple[Change, ...] = ()
    losses: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The facts of a decision that stay as they are, whatever the resident signs."""

    policy: Policy
    patients: tuple[str, ...]
    relations: tuple[Relation, ...]
    emergencies: tuple[Emergency, ...]
    disasters: tuple[Disaster, ...]
    now: datetime

    def scope(self, asker: Asker, consents: Iterable[ConsentRecord]) -> Scope | Refusal:
        return scope_for(
            asker,
            self.policy,
            patients=self.patients,
            relations=self.relations,
            consents=consents,
            emergencies=self.emergencies,
            disasters=self.disasters,
            now=self.now,
            token_allows=True,
        )


def what_if(
    world: World,
    seats: Sequence[Seat],
    before: Sequence[ConsentRecord],
    after: Sequence[ConsentRecord],
    counted: Sequence[Counted],
) -> Difference:
    """What those in ``seats`` would see of ``counted`` with the consents ``after`` instead of ``before``."""
    gains, losses = _Changes(seats), _Changes(seats)
    for seat in seats:
        gained: dict[str, Counter[str]] = {}
        lost: dict[str, Counter[str]] = {}
        for purpose in seat.purposes:
            asker = replace(seat.asker, purpose=purpose)
            was, will = world.scope(asker, before), world.scope(asker, after)
            gained[purpose], lost[purpose] = _moved(was, will, counted), _moved(will, was, counted)
        gains.add(seat, gained)
        losses.add(seat, lost)
    return Difference(gains.all(), losses.all())


def _moved(without: Scope | Refusal, within: Scope | Refusal, counted: Iterable[Counted]) -> Counter[str]:
    """By category, how much the second shows and the first does not."""
    found = Counter[str]()
    for one in counted:
        if _admits(within, one.facts) and not _admits(without, one.facts):
            found[one.facts.category] += one.count
    return found


def _admits(scope: Scope | Refusal, facts: Facts) -> bool:
    return isinstance(scope, Scope) and scope.admits(facts).permit


class _Changes:
    """The same change of several people is told once."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self._there: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for seat in seats:
            self._there[seat.place].update(seat.members)
        self._found: defaultdict[tuple[tuple[str, str], str, int, tuple[str, ...]], set[str]] = defaultdict(set)

    def add(self, seat: Seat, by_purpose: Mapping[str, Counter[str]]) -> None:
        for category in sorted(set().union(*by_purpose.values())):
            counts = {purpose: of[category] for purpose, of in by_purpose.items()}
            for count in sorted({*counts.values()} - {0}):
                purposes = tuple(purpose for purpose, of in counts.items() if of == count)
                told = () if len(purposes) == len(counts) else purposes
                self._found[seat.place, category, count, told].update(seat.members)

    def all(self) -> tuple[Change, ...]:
        return tuple(
            Change(*place, category, count, () if members == self._there[place] else tuple(sorted(members)), purposes)
            for (place, category, count, purposes), members in sorted(self._found.items(), key=lambda one: one[0])
        )
