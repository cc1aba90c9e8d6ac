"""Parts of a resource: ``_summary`` and ``_elements`` (FHIR R4 §3.1.1.5.8, §3.1.1.5.9).  Pure.

What is left carries the tag ``SUBSETTED``, so that nobody takes it for the whole and writes it back.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from profiles.definitions.elements import Element, elements_of
from profiles.resource import Json, Resource, as_list, as_object, as_text

Summary: TypeAlias = Literal["true", "text", "data", "false"]

SUBSETTED: Resource = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
# What a reader cannot do without: which resource it is, and what changes the meaning of the rest.
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})


def summary_of(resource: Resource, summary: Summary) -> Resource:
    """The part that ``_summary`` asks for: ``true`` the summary elements, ``text`` the narrative and what is mandatory,
    ``data`` all but the narrative, ``false`` the resource as it is."""
    if summary == "false":
        return resource
    if summary == "data":
        return _tagged({name: value for name, value in resource.items() if name != "text"})
    kind = as_text(resource.get("resourceType"))
    if summary == "text":
        return _tagged(_chosen(resource, kind, lambda one: one.is_mandatory or one.name == "text"))
    return _tagged(_summarised(resource, kind))


def elements_only(resource: Resource, names: Sequence[str]) -> Resource:
    """The named top-level elements (``value`` means every ``value[x]``), and those that are mandatory."""
    wanted = frozenset(names)
    kind = as_text(resource.get("resourceType"))
    return _tagged(_chosen(resource, kind, lambda one: one.is_mandatory or one.name in wanted or one.choice in wanted))


def _chosen(resource: Resource, kind: str, keep: Callable[[Element], bool]) -> Resource:
    known = elements_of(kind)
    return {name: value for name, value in resource.items() if name in _ALWAYS or _kept(known, name, keep)}


def _kept(known: dict[str, Element], name: str, keep: Callable[[Element], bool]) -> bool:
    # ``_birthDate`` holds the extensions of ``birthDate`` and goes where that goes.
    element = known.get(name.removeprefix("_"))
    return element is not None and keep(element)


def _summarised(value: Resource, type_: str) -> Resource:
    known = elements_of(type_)
    kept: Resource = {}
    for name, child in value.items():
        element = known.get(name.removeprefix("_"))
        if name in _ALWAYS:
            kept[name] = child
        elif element is not None and element.is_summary:
            kept[name] = _inside(child, element.type)
    return kept


def _inside(value: Json, type_: str) -> Json:
    """Backbone elements have summary elements of their own; data types are kept whole."""
    if "." not in type_:
        return value
    if isinstance(value, list):
        return [_inside(one, type_) for one in value]
    return _summarised(value, type_) if isinstance(value, dict) else value


def _tagged(resource: Resource) -> Resource:
    meta = as_object(resource.get("meta"))
    tags = [one for one in as_list(meta.get("tag")) if as_object(one).get("code") != SUBSETTED["code"]]
    return {**resource, "meta": {**meta, "tag": [*tags, SUBSETTED]}}
