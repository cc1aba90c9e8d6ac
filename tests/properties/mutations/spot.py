"""The objects of a resource with their types, and copies of a resource that differ in one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from profiles.definitions.elements import Element, elements_of
from profiles.resource import Json, Resource

Steps: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Spot:
    """An object of type ``kind`` (``HumanName``, ``Patient.contact``) at ``steps`` below the resource ``root``."""

    root: Resource
    steps: Steps
    kind: str
    value: Resource

    def path(self, *more: str | int) -> str:
        """The FHIRPath of the object, or of what is below it."""
        text = str(self.root["resourceType"])
        for step in (*self.steps, *more):
            text += f"[{step}]" if isinstance(step, int) else f".{step}"
        return text

    def with_value(self, value: Json) -> Resource:
        """A copy of the whole resource with ``value`` in the place of the object."""
        changed = _replaced(self.root, self.steps, value)
        assert isinstance(changed, dict)
        return changed

    def having(self, **members: Json) -> Resource:
        """A copy of the whole resource in which the object has these members too."""
        return self.with_value({**self.value, **members})

    def without(self, *names: str) -> Resource:
        """A copy of the whole resource in which the object lacks these members."""
        return self.with_value({name: child for name, child in self.value.items() if name not in names})


def _replaced(whole: Json, steps: Steps, value: Json) -> Json:
    if not steps:
        return value
    first, rest = steps[0], steps[1:]
    if isinstance(whole, list) and isinstance(first, int):
        return [*whole[:first], _replaced(whole[first], rest, value), *whole[first + 1 :]]
    assert isinstance(whole, dict)
    assert isinstance(first, str)
    return {name: _replaced(child, rest, value) if name == first else child for name, child in whole.items()}


_EXTENSION = Element("extension", "Extension", is_list=True, is_mandatory=False, is_summary=False)


def element(kind: str, name: str) -> Element | None:
    """What the definitions say of a member of an object."""
    if name in ("extension", "modifierExtension"):
        return _EXTENSION
    return elements_of(kind).get(name)


def spots(root: Resource) -> Iterator[Spot]:
    """Every object of a resource whose type is known, the resource itself first."""
    yield from _below(Spot(root, (), str(root["resourceType"]), root))


def _below(spot: Spot) -> Iterator[Spot]:
    yield spot
    for name, child in spot.value.items():
        known = element(spot.kind, name)
        if known is None or known.type[:1].islower():
            continue
        items = list(enumerate(child)) if isinstance(child, list) else [(None, child)]
        for index, item in items:
            if isinstance(item, dict):
                kind = str(item.get("resourceType")) if known.type == "Resource" else known.type
                steps = (*spot.steps, name) if index is None else (*spot.steps, name, index)
                yield from _below(Spot(spot.root, steps, kind, item))
