"""One walk over a resource: required codes, reference targets, empty objects, and the rules of each type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from profiles.definitions import definitions
from profiles.instants import instants_of
from profiles.issues import Issue, error
from profiles.resource import Json, Resource, as_text, codings
from profiles.rules.references import check_target
from profiles.rules.surroundings import Rule, Surroundings


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its type, the codes or (system, code) pairs it is bound to, the types that it may name."""

    kind: str
    value_set: str = ""
    codes: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    targets: frozenset[str] = frozenset()


_IN_EVERY_TYPE = {
    "extension": Element("Extension"),
    "modifierExtension": Element("Extension"),
    "contained": Element("Resource"),
}
_DATES = frozenset({"date", "dateTime", "instant"})
_OF_PRIMITIVE = Element("Element")  # what stands beside a primitive value, as in _birthDate


@cache
def elements_of(kind: str) -> dict[str, Element]:
    """The elements of a type or backbone element (by its name in ``r4.json``) that have something to check."""
    return _IN_EVERY_TYPE | {name: _element(text) for name, text in definitions()["types"].get(kind, {}).items()}


def _element(text: str) -> Element:
    kind, _, rest = text.partition(" ")
    if kind == "Reference":
        return Element(kind, targets=frozenset(rest.split(",")) if rest else frozenset())
    by_system = definitions()["valueSets"].get(rest, {})
    pairs = frozenset((system, code) for system, codes in by_system.items() for code in codes)
    if kind == "code":
        return Element(kind, rest, codes=frozenset(code for _, code in pairs))
    return Element(kind, rest, pairs=pairs)


def walk(resource: Resource, place: str, table: Mapping[str, tuple[Rule, ...]]) -> list[Issue]:
    """Every issue of ``resource`` and of all below it; ``place`` is the FHIRPath of the resource itself.

    ``table`` gives the rules of a type by its name, ``Observation`` or ``Patient.contact``.
    """
    found: list[Issue] = []
    _Walk(table, Surroundings.of(resource), found).visit(resource, as_text(resource.get("resourceType")), place)
    return found


@dataclass(frozen=True, slots=True)
class _Walk:
    table: Mapping[str, tuple[Rule, ...]]
    around: Surroundings
    found: list[Issue]

    def visit(self, value: Resource, kind: str, place: str) -> None:
        """Find the issues of an object of type ``kind``."""
        if not value:
            self.found.append(error(place, "ele-1", "An empty object is not allowed; leave the element out."))
        for rule in self.table.get(kind, ()):
            self.found.extend(rule(value, place, self.around))
        elements = elements_of(kind)
        for name, child in value.items():
            element = elements.get(name)
            # fhirkit sees those of complex types
            if not child and child == [] and (element is None or element.kind[:1].islower()):
                text = "An empty array is not allowed; leave the element out."
                self.found.append(error(f"{place}.{name}", "ele-1", text))
            if element is not None:
                self.judge(child, element, f"{place}.{name}")
            elif name[:1] == "_" and isinstance(child, dict | list):
                self.judge(child, _OF_PRIMITIVE, f"{place}.{name}")

    def judge(self, value: Json, element: Element, place: str) -> None:
        """Find the issues of the value or values of an element."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.judge(item, element, f"{place}[{index}]")
        elif isinstance(value, str):
            if element.codes and value not in element.codes:
                self.found.append(_not_bound(place, value, element))
            elif element.kind in _DATES and instants_of(value) is None:
                self.found.append(error(place, "date", f"{value[:40]!r} is not a day of the calendar."))
        elif isinstance(value, dict):
            if element.kind == "Resource":
                self.inner(value, place)
                return
            if element.pairs:
                self.found.extend(_check_bound(value, element, place))
            if element.targets:
                self.found.extend(check_target(value, place, element.targets, self.around))
            self.visit(value, element.kind, place)

    def inner(self, resource: Resource, place: str) -> None:
        """Find those of a contained resource (same surroundings) or of the resource of a Bundle's entry (its own)."""
        if is_contained(place):
            self.visit(resource, as_text(resource.get("resourceType")), place)
        else:
            self.found.extend(walk(resource, place, self.table))


def is_contained(place: str) -> bool:
    """Whether ``place`` is that of a contained resource."""
    return place.rpartition(".")[2].startswith("contained")


def _check_bound(value: Resource, element: Element, place: str) -> Iterator[Issue]:
    found = codings({"coding": [value]} if element.kind == "Coding" else value)
    if not any(pair in element.pairs for pair in found):
        yield _not_bound(place, ", ".join(f"{system}#{code}" for system, code in found) or "no code", element)


def _not_bound(place: str, found: str, element: Element) -> Issue:
    codes = sorted(element.codes or {code for _, code in element.pairs})
    allowed = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
    return error(place, "binding", f"{found[:100]!r} is not in the value set {element.value_set}: {allowed}.")
