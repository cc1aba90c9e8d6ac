"""Readers of FHIR JSON that refuse what they do not fully understand (CONSENT §3.4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class UnreadableError(ValueError):
    """A part of a rule that cannot be read; the text says where and why."""


def mapping(value: object, place: str) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise UnreadableError(f"{place} is not an object")
    return value


def objects(value: object, place: str) -> list[Mapping[str, object]]:
    """A JSON array of objects with at least one member: an empty list of alternatives says nothing."""
    if not isinstance(value, list) or not value:
        raise UnreadableError(f"{place} is not a list of objects")
    return [mapping(item, f"{place}[{index}]") for index, item in enumerate(value)]


def text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise UnreadableError(f"{place} is not a text")
    return value


def only(value: Mapping[str, object], known: Iterable[str], place: str) -> None:
    """Refuse an object with a member that is not ``known``: it might change what the others mean."""
    strange = sorted(set(value) - set(known))
    if strange:
        raise UnreadableError(f"{place}.{strange[0]} is not understood in a rule")


def coding(value: object, place: str) -> tuple[str, str]:
    """(system, code) of a Coding."""
    one = mapping(value, place)
    only(one, ("id", "system", "version", "code", "display", "userSelected"), place)
    return text(one.get("system"), f"{place}.system"), text(one.get("code"), f"{place}.code")


def concept(value: object, place: str) -> tuple[str, str]:
    """(system, code) of a CodeableConcept with exactly one coding."""
    one = mapping(value, place)
    only(one, ("id", "coding", "text"), place)
    found = objects(one.get("coding"), f"{place}.coding")
    if len(found) != 1:
        raise UnreadableError(f"{place} has {len(found)} codings: a rule needs one")
    return coding(found[0], f"{place}.coding[0]")


def reference(value: object, place: str) -> tuple[str, str]:
    """(type, id) of a Reference to a resource of the hub, written as "Type/id"."""
    one = mapping(value, place)
    only(one, ("id", "reference", "type", "display"), place)
    kind, _, name = text(one.get("reference"), f"{place}.reference").partition("/")
    if not kind or not name or "/" in name or ":" in kind or kind.startswith("#"):
        raise UnreadableError(f"{place}.reference is not of the form Type/id")
    return kind, name


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object: each is read, or noted in ``problems`` and replaced by ``unread``."""

    raw: Mapping[str, object]
    place: str
    problems: list[str]

    def read(self, name: str, reader: Callable[[object, str], T], absent: T, unread: T) -> T:
        """An optional field."""
        return self.need(name, reader, unread) if name in self.raw else absent

    def need(self, name: str, reader: Callable[[object, str], T], unread: T) -> T:
        """A field without which the rule has no meaning."""
        try:
            return reader(self.raw.get(name), f"{self.place}.{name}")
        except UnreadableError as problem:
            self.problems.append(str(problem))
            return unread

    def only(self, known: Iterable[str]) -> None:
        """Note the first field that is not ``known``."""
        try:
            only(self.raw, known, self.place)
        except UnreadableError as problem:
            self.problems.append(str(problem))
