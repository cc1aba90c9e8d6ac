"""What a mutant is, all mutants of a resource, and whether validation finds one."""

from collections.abc import Iterator

from profiles import Issue, Resource, validate, write_json
from tests.properties.mutations.broken import Mutant
from tests.properties.mutations.bundles import bundle_mutants
from tests.properties.mutations.elements import element_mutants
from tests.properties.mutations.invariants import invariant_mutants
from tests.properties.mutations.japanese import japanese_mutants
from tests.properties.mutations.spot import spots

__all__ = ["Mutant", "is_caught", "mutants"]


def mutants(root: Resource) -> Iterator[Mutant]:
    """Every mutant of a valid resource, in a fixed order."""
    for spot in spots(root):
        yield from element_mutants(spot)
        yield from invariant_mutants(spot)
        yield from bundle_mutants(spot)
        yield from japanese_mutants(spot)


def errors(resource: Resource) -> list[Issue]:
    """The errors of a resource."""
    return [issue for issue in validate(resource, write_json(resource)) if issue.severity == "error"]


def is_caught(mutant: Mutant) -> bool:
    """Whether there is an error at one of the places where it must be; the resource had none before."""
    return any(issue.path in mutant.paths for issue in errors(mutant.resource))
