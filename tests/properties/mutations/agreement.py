"""How many mutants of a corpus are caught at the right path, each kind of mistake at each element at most so often."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from profiles import Resource
from tests.properties.mutations.mutant import Mutant, errors, is_caught, mutants


@dataclass
class Agreement:
    """What was counted: ``missed`` are the mutants that were not caught at the right path."""

    resources: int = 0
    refused: int = 0
    made: Counter[str] = field(default_factory=Counter)
    missed: list[Mutant] = field(default_factory=list)

    @property
    def caught(self) -> float:
        """The share of the mutants that were caught."""
        total = self.made.total()
        return (total - len(self.missed)) / total if total else 0.0


def measure(resources: Iterable[Resource], often: int) -> Agreement:
    """Mutate every valid resource; the same mistake at the same element is tried ``often`` times over the corpus."""
    found, tried = Agreement(), Counter[tuple[str, str]]()
    for resource in resources:
        found.resources += 1
        if errors(resource):
            found.refused += 1
            continue
        for mutant in mutants(resource):
            spot = (mutant.what, mutant.where)
            if tried[spot] < often:
                tried[spot] += 1
                found.made[mutant.what] += 1
                if not is_caught(mutant):
                    found.missed.append(mutant)
    return found
