"""What to look for in a resource of one type, compiled once: element by element, each walked only once.

All parameters of the type are sorted by the elements that they read; an element that no parameter reads is not
looked at, a parameter whose element is absent costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from profiles.resource import Json, Resource, objects
from profiles.search.composites import composite
from profiles.search.emit import emitter
from profiles.search.emitting import Emit, Rows
from profiles.search.parameters import Parameter, parameters_of
from profiles.search.paths import Step, read_path, read_steps

Handle: TypeAlias = Callable[[Json, Rows, str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each element of the resource, and with the resource itself (when one of the names is there)."""

    elements: dict[str, Handle]
    whole: tuple[tuple[frozenset[str], Handle], ...]


@dataclass(slots=True)
class _Node:
    """One element while the plan is made: what reads it, and the elements below that are read."""

    reads: list[Emit] = field(default_factory=list)
    below: dict[Step, "_Node"] = field(default_factory=dict)

    def at(self, steps: tuple[Step, ...]) -> "_Node":
        node = self
        for step in steps:
            node = node.below.setdefault(step, _Node())
        return node


@cache
def plan_of(resource_type: str) -> Plan:
    """The plan of a type; of an unknown one the parameters of every type."""
    root, whole = _Node(), list[tuple[frozenset[str], Handle]]()
    for parameter in parameters_of(resource_type):
        if parameter.numbers == (parameter.number,):
            _add(parameter, root, whole)
    elements: dict[str, list[Handle]] = {}
    for step, node in root.below.items():
        elements.setdefault(step.name, []).append(_handle(step, node))
    return Plan({name: _all(handles) for name, handles in elements.items()}, tuple(whole))


def _add(parameter: Parameter, root: _Node, whole: list[tuple[frozenset[str], Handle]]) -> None:
    if parameter.kind == "composite":
        read = composite(parameter)
        for path in parameter.paths:
            if steps := read_steps(path):
                root.at(steps).reads.append(read)
            else:
                second = [read_path(one).steps[0].name for one in parameter.components[1].paths]
                whole.append((frozenset(second), read))
        return
    for path in parameter.paths:
        if path == ".:deceased":
            whole.append((frozenset({"resourceType"}), emitter(parameter.kind, "deceased", parameter.number)))
            continue
        place = read_path(path)
        read = emitter(parameter.kind, place.type, parameter.number, parameter.targets, of_patient=parameter.of_patient)
        root.at(place.steps).reads.append(read)


def _handle(step: Step, node: _Node) -> Handle:
    """What to do with the value of an element: one item, or an array of them."""
    children = tuple((further.name, _handle(further, below)) for further, below in node.below.items())
    reads = (*node.reads, _descend(children)) if children else tuple(node.reads)
    key, value = step.key, step.value
    if not key and len(reads) == 1:
        return _each(reads[0])

    def handle(found: Json, rows: Rows, own: str) -> None:
        for item in found if type(found) is list else (found,):
            if not key or _has(item, key, value):
                for read in reads:
                    read(item, rows, own)

    return handle


def _each(read: Handle) -> Handle:
    def handle(found: Json, rows: Rows, own: str) -> None:
        if type(found) is list:
            for item in found:
                read(item, rows, own)
        else:
            read(found, rows, own)

    return handle


def _descend(children: tuple[tuple[str, Handle], ...]) -> Handle:
    def handle(item: Json, rows: Rows, own: str) -> None:
        if type(item) is dict:
            for name, further in children:
                if (found := item.get(name)) is not None:
                    further(found, rows, own)

    return handle


def _has(item: Json, key: str, value: str) -> bool:
    if type(item) is not dict:
        return False
    if key == "extension":
        return any(one.get("url") == value for one in objects(item.get("extension")))
    return item.get(key) == value


def _all(handles: list[Handle]) -> Handle:
    if len(handles) == 1:
        return handles[0]

    def handle(found: Json, rows: Rows, own: str) -> None:
        for one in handles:
            one(found, rows, own)

    return handle


def is_readable(parameter: Parameter) -> bool:
    """Whether every path of the parameter can be compiled."""
    try:
        _add(parameter, _Node(), [])
    except (KeyError, ValueError):
        return False
    return True


def resource_type_of(resource: Resource) -> str:
    """The type of a resource, "" when it has none."""
    kind = resource.get("resourceType")
    return kind if type(kind) is str else ""
