"""The checks of single elements: each function compiles one from what the definitions say of the element."""

import re
from collections.abc import Callable, Sequence

from profiles.definitions import definitions
from profiles.instants import instants_of
from profiles.resource import Json, Resource, codings
from profiles.rules.invariants import Invariant
from profiles.rules.references import check_reference
from profiles.rules.surroundings import Check, Place, Rule, Surroundings

_DATES = frozenset({"date", "dateTime", "instant"})
# Value sets that are not enumerated: what their codes look like.
_FORMS = {
    "mimetypes": (
        re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;.*)?|xml|json|ttl|html"),
        "a MIME type such as text/plain",
    ),
    "currencies": (re.compile(r"[A-Z]{3}"), "a currency of ISO 4217 such as JPY"),
}
_SHOWN = 12


def one(name: str, visit: Rule) -> Check:
    """A single object."""

    def check(value: Json, place: Place, around: Surroundings) -> None:
        if isinstance(value, dict):
            visit(value, (place, name), around)

    return check


def objects(name: str, visit: Rule) -> Check:
    """A list of objects."""

    def check(value: Json, place: Place, around: Surroundings) -> None:
        if isinstance(value, list):
            above = (place, name)
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    visit(item, (above, index), around)

    return check


def resources(name: str, visit: Rule) -> Check:
    """A resource inside another: it is judged by itself."""
    return one(name, visit)


def unknown(name: str) -> Check:
    """An element that fhirkit lets pass, though R4 does not have it."""

    def check(_value: Json, place: Place, around: Surroundings) -> None:
        around.error((place, name), "r4-structure", "FHIR R4 has no such element; leave it out.")

    return check


def url(value: Json, place: Place, around: Surroundings) -> None:
    """The URL of an extension, which the definitions call a string."""
    if isinstance(value, str) and value.split() != [value]:
        around.error((place, "url"), "url", "The url of an extension is a URI without spaces.")


def most(value: Json, place: Place, around: Surroundings) -> None:
    """The ``max`` of an ElementDefinition, which the definitions call a string."""
    if isinstance(value, str) and value != "*" and not (value.isascii() and value.isdigit()):
        around.error((place, "max"), "eld-3", f"{value[:40]!r} is neither a number nor *.")


def references(name: str, targets: frozenset[str], visit: Rule) -> Check:
    """A Reference, or a list of them, to resources of the types ``targets``."""

    def check(value: Json, place: Place, around: Surroundings) -> None:
        if isinstance(value, dict):
            check_reference(value, (place, name), targets, around)
            visit(value, (place, name), around)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    where = ((place, name), index)
                    check_reference(item, where, targets, around)
                    visit(item, where, around)

    return check


def with_invariants(invariants: Sequence[Invariant], visit: Rule) -> Rule:
    """An object for which the element has invariants of its own, besides those of its type."""

    def check(value: Resource, place: Place, around: Surroundings) -> None:
        for invariant in invariants:
            if invariant.is_broken(value, around.resource):
                around.report(invariant.severity, place, invariant.rule, invariant.text)
        visit(value, place, around)

    return check


def primitive(name: str, type_: str, value_set: str, *, is_list: bool) -> Check | None:
    """A primitive value or a list of them; ``None`` when there is nothing to check but what fhirkit checks."""
    of_one = _of_one(type_, value_set)
    if not is_list:
        return _single(name, of_one) if of_one else None

    def check(value: Json, place: Place, around: Surroundings) -> None:
        if not isinstance(value, list):
            return
        if not value:
            around.error((place, name), "ele-1", "An empty array is not allowed; leave the element out.")
        if of_one:
            for index, item in enumerate(value):
                if isinstance(item, str) and (problem := of_one(item)):
                    around.error(((place, name), index), *problem)

    return check


def _single(name: str, of_one: Callable[[str], tuple[str, str] | None]) -> Check:
    def check(value: Json, place: Place, around: Surroundings) -> None:
        if isinstance(value, str) and (problem := of_one(value)):
            around.error((place, name), *problem)

    return check


def _of_one(type_: str, value_set: str) -> Callable[[str], tuple[str, str] | None] | None:
    """What is wrong with one value: the rule and the sentence."""
    if type_ in _DATES:
        return _not_a_day
    if value_set in _FORMS:
        form, example = _FORMS[value_set]
        return lambda value: None if form.fullmatch(value) else ("binding", f"{value[:100]!r} is not {example}.")
    by_system = definitions()["valueSets"].get(value_set)
    if type_ != "code" or by_system is None:
        return None
    codes = frozenset(code for known in by_system.values() for code in known)
    return lambda value: None if value in codes else ("binding", _not_bound(value, value_set, codes))


def _not_a_day(value: str) -> tuple[str, str] | None:
    # fhirkit knows the form; which months have how many days, and that there is no year 0, it leaves.
    if (value[8:10] > "28" or value[:4] == "0000") and instants_of(value) is None:
        return "date", f"{value[:40]!r} is not a day of the calendar; correct the date."
    return None


def bound(type_: str, value_set: str, visit: Rule) -> Rule:
    """A Coding or a CodeableConcept of which one code must be in the value set."""
    by_system = definitions()["valueSets"][value_set]
    pairs = frozenset((system, code) for system, codes in by_system.items() for code in codes)
    codes = frozenset(code for _, code in pairs)

    def check(value: Resource, place: Place, around: Surroundings) -> None:
        found = codings({"coding": [value]} if type_ == "Coding" else value)
        if pairs.isdisjoint(found):
            said = ", ".join(f"{system}#{code}" for system, code in found) or "no code"
            around.error(place, "binding", _not_bound(said, value_set, codes))
        visit(value, place, around)

    return check


def _not_bound(found: str, value_set: str, codes: frozenset[str]) -> str:
    allowed = ", ".join(sorted(codes)[:_SHOWN]) + (", …" if len(codes) > _SHOWN else "")
    return f"{found[:100]!r} is not in the value set {value_set}: {allowed}."
