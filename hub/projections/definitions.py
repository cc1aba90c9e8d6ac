"""The definitions that the hub ships, as resources with fixed ids: found by id and by a few search parameters.  Pure.

They are computed, not stored: a new version of the program has its own.  A CodeSystem or ValueSet that a member stores
is a resource like any other, with an id that the hub gives; the ids of the two cannot meet (those are 32 hex digits).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from hub.projections.operations import operation_definitions
from hub.projections.search_parameters import search_parameters
from profiles import fold_name, write_json
from profiles.resource import Resource, as_list, as_text, walk
from profiles.terminology import definitions_of_the_hub

TYPES = frozenset(
    {"CodeSystem", "ValueSet", "NamingSystem", "StructureDefinition", "OperationDefinition", "SearchParameter"}
)


@cache
def shipped() -> Mapping[str, Mapping[str, Resource]]:
    """Every definition by type and id."""
    found: dict[str, dict[str, Resource]] = {type_: {} for type_ in TYPES}
    for one in (*definitions_of_the_hub(), *operation_definitions(), *search_parameters()):
        found[as_text(one["resourceType"])][as_text(one["id"])] = one
    return found


@cache
def body_of(type_: str, id_: str) -> bytes | None:
    """The bytes of a definition; ``None`` when the hub ships none under this id."""
    one = shipped().get(type_, {}).get(id_)
    return None if one is None else write_json(one)


def matching(type_: str, asked: Sequence[tuple[str, str]]) -> list[str]:
    """The ids of those that match every condition, in their order.

    A condition that definitions are not searched by here matches none of them.
    """
    tests = [(_TESTS.get(name), value.split(",")) for name, value in asked]
    return [
        id_
        for id_, one in shipped().get(type_, {}).items()
        if all(test is not None and any(test(one, value) for value in values) for test, values in tests)
    ]


def _exactly(name: str) -> Callable[[Resource, str], bool]:
    return lambda one, value: one.get(name) == value.rpartition("|")[2]


def _holds(name: str) -> Callable[[Resource, str], bool]:
    return lambda one, value: value in as_list(one.get(name))


def _begins(name: str) -> Callable[[Resource, str], bool]:
    return lambda one, value: fold_name(as_text(one.get(name))).startswith(fold_name(value))


def _has_url(one: Resource, value: str) -> bool:
    url, _, version = value.partition("|")
    return one.get("url") == url and version in ("", one.get("version"))


def _has_code(one: Resource, value: str) -> bool:
    """Of a CodeSystem, one of its codes; of an OperationDefinition, its own."""
    code = value.rpartition("|")[2]
    return any(found.get("code") == code for _, found in walk(one) if found is not one or "concept" not in one)


_TESTS: dict[str, Callable[[Resource, str], bool]] = {
    "_id": _exactly("id"),
    "url": _has_url,
    "system": _has_url,
    "version": _exactly("version"),
    "status": _exactly("status"),
    "name": _begins("name"),
    "title": _begins("title"),
    "code": _has_code,
    "base": _holds("base"),
    "target": _holds("target"),
    "type": _exactly("type"),
}
