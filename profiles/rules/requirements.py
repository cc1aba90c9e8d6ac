"""One row of ``jp_core.csv`` as a function of the element that it is about."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from profiles.definitions.elements import choices_of, elements_of
from profiles.normalise import old_systems
from profiles.references import target_type
from profiles.resource import Json, Resource, as_object, as_text, codings
from profiles.rules.surroundings import Place

_Located: TypeAlias = tuple[Place, Json]
_Find: TypeAlias = Callable[[Json, Place], Sequence[_Located]]
_IsMember: TypeAlias = Callable[[Json], bool]
Broken: TypeAlias = Callable[[Json, Place], Iterable[Place]]
"""Of the value of an element and its place: the places at which it is against the row."""


_NAMED_BY = {"extension": "url", "identifier": "system"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a profile asks of the element ``name`` of the object at ``above``.

    Where the element is there, under one of its JSON ``names``, ``broken`` says what is wrong with it; where it is
    not, that is wrong itself if it ``must_be``.
    """

    rule: str
    sentence: str
    only_warns: bool
    above: tuple[str, ...]
    name: str
    names: frozenset[str]
    must_be: bool
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class _Row:
    is_member: _IsMember | None
    within: tuple[str, ...]
    value: str


def compile_row(row: Mapping[str, str]) -> Requirement:
    """The requirement of a row."""
    kind = row["profile"].split("_")[1]
    *above, name = row["path"].split(".")
    within = tuple(row["within"].split(".")) if row["within"] else ()
    verb, warns = row["rule"].removeprefix("should "), row["rule"].startswith("should ")
    about = (name,) if verb == "one" else (name, *within)
    profile = row["profile"].removeprefix("JP_").replace("_", "-").lower()
    compiled = _Row(_membership(row["slice"], name), within, row["value"])
    names = _names(_kind_at(kind, above), name)
    broken: Broken | None = None
    if verb == "types":
        names, broken = _types(_kind_at(kind, above), name, names, compiled)
    elif verb != "min" or compiled.is_member:
        broken = _VERBS[verb](compiled)
    rule = f"jp-{profile}-{about[-1].partition('#')[0].removesuffix('[x]').lower()}"
    return Requirement(rule, row["sentence"], warns, tuple(above), name, names, verb in ("min", "one"), broken)


def _kind_at(kind: str, steps: Iterable[str]) -> str:
    for step in steps:
        kind = "Extension" if step == "extension" else elements_of(kind)[step].type
    return kind


def _names(kind: str, name: str) -> frozenset[str]:
    """The JSON names of an element of a type: one, or those of each type of ``value[x]``."""
    if not name.endswith("[x]"):
        return frozenset({name})
    return frozenset(one.name for one in choices_of(kind, name[:-3]))


def _membership(text: str, name: str) -> _IsMember | None:
    """Whether a value is of a slice: ``system``, ``system#code``, ``#code|code``, a URL, or ``begins*``."""
    if not text:
        return None
    if text.endswith("*"):
        return lambda value: as_text(as_object(value).get("system")).startswith(text[:-1])
    system, _, code = text.partition("#")
    codes = code.split("|")
    systems = (system, *old_systems(system))
    if name in _NAMED_BY and not code:  # the usual slices
        key = _NAMED_BY[name]
        return lambda value: isinstance(value, dict) and value.get(key) in systems

    def is_member(value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        own = value.get("system") or value.get("url")
        if own is not None and not code:
            return own in systems
        concept = value["code"] if isinstance(value.get("code"), dict) else value
        found = codings(concept if "coding" in as_object(concept) else {"coding": [value]})
        return any((not system or one in systems) and (not code or other in codes) for one, other in found)

    return is_member


def _members(row: _Row) -> _Find:
    """The values of the element that the row is about."""
    is_member = row.is_member

    def find(value: Json, place: Place) -> Sequence[_Located]:
        if not isinstance(value, list):
            return ((place, value),) if is_member is None or is_member(value) else ()
        return [((place, index), item) for index, item in enumerate(value) if is_member is None or is_member(item)]

    return find


def _slice_within(step: str) -> tuple[str, _Find]:
    """The element of ``section#360|362``, and how to find those of its values that have one of the codes."""
    name, _, codes = step.partition("#")
    return name, _members(_Row(_membership(codes and f"#{codes}", name), (), ""))


def _finder(steps: tuple[str, ...]) -> _Find:
    """What stands at a path below a value, each with its place."""
    if not steps:
        return lambda value, place: ((place, value),)
    step, below = steps[0], _finder(steps[1:])

    def find(value: Json, place: Place) -> Sequence[_Located]:
        child = value.get(step) if isinstance(value, dict) else None
        if child is None:
            return ()
        where = (place, step)
        if not isinstance(child, list):
            return below(child, where)
        return [found for index, item in enumerate(child) for found in below(item, (where, index))]

    return find


def is_there(value: Json, name: str) -> bool:
    """Whether an element is there, or says why it is absent (data-absent-reason)."""
    return isinstance(value, dict) and (name in value or f"_{name}" in value)


def _each(value: Json, is_member: _IsMember | None, holds: Callable[[Resource], bool]) -> bool:
    """Whether all members are objects of which it holds: the usual case, for which no place is built."""
    for one in value if isinstance(value, list) else (value,):
        if (is_member is None or is_member(one)) and (not isinstance(one, dict) or not holds(one)):
            return False
    return True


def _min(row: _Row) -> Broken:
    members = _members(row)
    return lambda value, place: () if members(value, place) else (place,)


def _max(row: _Row) -> Broken:
    members, number = _members(row), int(row.value)
    if row.within:
        child, of_slice = _slice_within(row.within[0])
        return lambda value, place: [
            where
            for parent, member in members(value, place)
            if isinstance(member, dict) and child in member
            for where, _ in of_slice(member[child], (parent, child))[number:]
        ]

    def broken(value: Json, place: Place) -> Iterable[Place]:
        if not isinstance(value, list) or len(value) <= number:  # the usual case
            return ()
        return [where for where, _ in members(value, place)[number:]]

    return broken


def _one(row: _Row) -> Broken:
    """One of the slice, and in it what is ``within``."""
    members, child = _members(row), row.within[0] if row.within else ""

    def broken(value: Json, place: Place) -> Iterable[Place]:
        found = members(value, place)
        without = [(where, child) for where, one in found if child and not is_there(one, child)]
        return [*(where for where, _ in found[1:]), *without] if found else (place,)

    return broken


def _has(row: _Row) -> Broken:
    *above, last = row.within
    members, parents = _members(row), _finder(tuple(above))
    if "#" in last:
        child, of_slice = _slice_within(last)
        return lambda value, place: [
            (where, child)
            for parent, member in members(value, place)
            for where, one in parents(member, parent)
            if not of_slice(as_object(one).get(child), (where, child))
        ]

    def broken(value: Json, place: Place) -> Iterable[Place]:
        if not above and _each(value, row.is_member, lambda one: last in one):
            return ()
        return [
            (where, last)
            for parent, member in members(value, place)
            for where, one in parents(member, parent)
            if not is_there(one, last)
        ]

    return broken


def _unless(row: _Row, within: tuple[str, ...], holds: Callable[[Json], bool]) -> Broken:
    members, find = _members(row), _finder(within)
    only = within[0] if len(within) == 1 else ""

    def is_right(one: Resource) -> bool:
        return only not in one or holds(one[only])

    def broken(value: Json, place: Place) -> Iterable[Place]:
        if only and _each(value, row.is_member, is_right):
            return ()
        found = members(value, place)
        return [where for parent, one in found for where, below in find(one, parent) if not holds(below)]

    return broken


def _is(row: _Row) -> Broken:
    allowed = frozenset(one for name in row.value.split("|") for one in (name, *old_systems(name)))
    return _unless(row, row.within, lambda one: isinstance(one, str) and one in allowed)


def _matches(row: _Row) -> Broken:
    form = re.compile(row.value)
    return _unless(row, row.within, lambda one: bool(form.fullmatch(as_text(one))))


def _targets(row: _Row) -> Broken:
    allowed = frozenset(("", *row.value.split("|")))
    usual = ("urn:", *(f"{one}/" for one in row.value.split("|")))

    def holds(reference: Json) -> bool:
        return isinstance(reference, str) and (reference.startswith(usual) or target_type(reference) in allowed)

    return _unless(row, (*row.within, "reference"), holds)


def _first(row: _Row) -> Broken:
    members, find = _members(row), _finder(row.within)

    def broken(value: Json, place: Place) -> Iterable[Place]:
        first = members(value, place)[:1]
        return [where for parent, one in first for where, found in find(one, parent) if found != row.value]

    return broken


def _types(kind: str, name: str, names: frozenset[str], row: _Row) -> tuple[frozenset[str], Broken]:
    """The names of a choice that are not allowed, which are wrong where they are; or those within an element."""
    choice = row.within[0] if row.within else name
    allowed = {f"{choice[:-3]}{one[:1].upper()}{one[1:]}" for one in row.value.split("|")}
    if not row.within:
        return names - allowed, lambda _, place: (place,)
    forbidden = _names(_kind_at(kind, (name,)), choice) - allowed
    members = _members(row)

    def broken(value: Json, place: Place) -> Iterable[Place]:
        return [
            (where, one)
            for where, member in members(value, place)
            if isinstance(member, dict) and not forbidden.isdisjoint(member)
            for one in sorted(forbidden & member.keys())
        ]

    return names, broken


_VERBS: dict[str, Callable[[_Row], Broken]] = {
    "min": _min,
    "max": _max,
    "one": _one,
    "has": _has,
    "is": _is,
    "matches": _matches,
    "targets": _targets,
    "first": _first,
}
