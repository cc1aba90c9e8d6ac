"""The types of elements, from the StructureDefinitions of a FHIR package: where an expression's steps lead.

Used when the table is made, never by the hub.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from profiles.resource import Resource, as_list, as_object, as_text, objects
from profiles.search.expressions import Branch, Step, Untranslatable

VALUES = {
    "token": ["code", "boolean", "Coding", "CodeableConcept", "Identifier", "ContactPoint", "id", "string", "uri"],
    "date": ["date", "dateTime", "instant", "Period", "Timing"],
    "string": ["string", "markdown", "HumanName", "Address"],
    "reference": ["Reference", "canonical", "uri"],
    "number": ["decimal", "integer", "positiveInt", "unsignedInt", "Range"],
    "quantity": ["Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "Money", "Range", "SampledData"],
    "uri": ["uri", "url", "canonical", "oid", "uuid"],
}
"""The datatypes in which the values of a kind are looked for."""

_ANY_RESOURCE = "http://hl7.org/fhir/StructureDefinition/Resource"
_OF_STRINGS = "http://hl7.org/fhirpath/System."


@dataclass(frozen=True, slots=True)
class Place:
    """Where values stand: the written path with its datatype, the targets of a Reference (none: any), one or many."""

    path: str
    type: str
    targets: tuple[str, ...] = ()
    many: bool = False

    @property
    def text(self) -> str:
        return f"{self.path}:{self.type}"


class Structures:
    """The elements of every type: ``Observation.component`` → its children."""

    def __init__(self, definitions: list[Resource]) -> None:
        self._elements = {
            as_text(element.get("path")): element
            for structure in definitions
            if structure.get("derivation") != "constraint"
            for element in objects(as_object(structure.get("snapshot")).get("element"))
        }

    def places(self, type_: str, branch: Branch, kind: str) -> list[Place]:
        """Every place to which a branch leads from ``type_`` that holds values of ``kind``.  May be none."""
        found = [Place("", type_)]
        for step in branch.steps:
            found = [further for place in found for further in self._below(place, step)]
        wanted = VALUES.get(kind, [])
        if branch.steps and branch.steps[-1].name == "extension":
            found = [one for place in found for type_ in wanted[:5] for one in self._below(place, Step("value", type_))]
        if kind == "composite":
            return found
        return [place for place in found if place.type in wanted]

    def _below(self, place: Place, step: Step) -> Iterator[Place]:
        parent, name = place.type, step.name
        plain, choice = f"{parent}.{name}", f"{parent}.{name}[x]"
        element = self._elements.get(plain) or self._elements.get(choice)
        if element is None:
            raise Untranslatable(f"{parent} has no element {name}")
        many = place.many or (element.get("max") != "1" and not step.only)
        if reference := as_text(element.get("contentReference")):
            yield Place(_joined(place.path, name, step), reference.lstrip("#"), (), many)
            return
        for kind in objects(element.get("type")):
            code = as_text(kind.get("code")).replace(_OF_STRINGS, "").replace("String", "id")
            if step.cast and step.cast.lower() != code.lower():
                continue
            written = f"{name}{code[:1].upper()}{code[1:]}" if choice in self._elements else name
            inner = plain if code in ("BackboneElement", "Element") else code
            yield Place(_joined(place.path, written, step), inner, _targets(kind), many)


def _joined(path: str, name: str, step: Step) -> str:
    written = f"{name}[{step.only}]" if step.only else name
    return f"{path}.{written}" if path else written


def _targets(kind: Resource) -> tuple[str, ...]:
    profiles = as_list(kind.get("targetProfile"))
    if _ANY_RESOURCE in profiles:
        return ()
    return tuple(as_text(profile).rpartition("/")[2] for profile in profiles)
