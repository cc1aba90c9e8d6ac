"""A broken copy of a resource."""

from dataclasses import dataclass

from profiles import Resource
from tests.properties.mutations.spot import Spot


@dataclass(frozen=True)
class Mutant:
    """``resource`` breaks the rule ``what`` at one of ``paths``; ``where`` is the type and element."""

    what: str
    where: str
    resource: Resource
    paths: frozenset[str]


def broken(what: str, spot: Spot, resource: Resource, *paths: str, name: str = "") -> Mutant:
    """A mutant of the object at ``spot``."""
    return Mutant(what, f"{spot.kind}.{name}" if name else spot.kind, resource, frozenset(paths))
