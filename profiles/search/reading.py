"""The text of a search value, read into the form that the index has (FHIR R4 §3.1.1.4)."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from math import inf, isfinite, nextafter
from typing import TypeGuard

from profiles.definitions import definitions
from profiles.instants import span_of
from profiles.normalise import canonical_identifier
from profiles.search import number_ranges
from profiles.search.parameters import Component, Kind, Parameter
from profiles.search.paths import read_path
from profiles.search.systems import MAX_CODE, bounded, folded, of_type_key, system_key
from profiles.search.values import (
    BadParameter,
    CompositeValue,
    DateValue,
    NumberValue,
    Prefix,
    ReferenceValue,
    Simple,
    StringValue,
    TokenValue,
    Value,
)
from profiles.terminology import value_set

PREFIXES: dict[str, Prefix] = {
    "eq": "eq", "ne": "ne", "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", "sa": "sa", "eb": "eb", "ap": "ap",
}  # fmt: skip
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}")
_ESCAPE = re.compile(r"\\([$,|\\])")
_WITH_FORMS = frozenset({"Identifier", "ContactPoint"})
_ABSOLUTE = ("http://", "https://", "urn:")


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """The parts of a text between separators that no backslash escapes, at most ``most`` cuts; still escaped."""
    if "\\" not in text:
        return text.split(separator, most)
    parts: list[str] = []
    start = place = 0
    while place < len(text) and len(parts) != most:
        if text[place] == "\\":
            place += 1
        elif text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]


def values_of(parameter: Parameter, text: str, modifier: str, type_: str) -> tuple[Value, ...]:
    """What one alternative may match; ``type_`` is the type that a reference was said to have.

    Raises ``BadParameter`` with the parameter's name.
    """
    if modifier == "text":
        return (string(parameter, text),)
    if modifier == "of-type":
        return of_type(parameter, text)
    if modifier in ("in", "not-in"):
        return of_value_set(parameter, text)
    if modifier == "identifier":
        return tokens(text, identifiers=True)
    if modifier == "above":
        return tuple(TokenValue(None, bounded(one)) for one in _above(_unescaped(text)))
    if modifier == "below":
        return (TokenValue(None, _unescaped(text)[: MAX_CODE // 2]),)
    if parameter.kind == "reference":
        return (reference(parameter, text, type_),)
    return _READERS[parameter.kind](parameter, text)


def token(parameter: Parameter, text: str) -> tuple[TokenValue, ...]:
    """``code``, ``system|code``, ``|code`` or ``system|``; an identifier in every form in which it may stand."""
    system, bar, code = _with_bar(text)
    if bar and system in _systems_of_code(parameter.type, parameter.paths):
        return (TokenValue(None, code),)  # the element is a code: its system is not written
    return tokens(text, identifiers=bool(datatypes(parameter) & _WITH_FORMS))


def tokens(text: str, *, identifiers: bool) -> tuple[TokenValue, ...]:
    """A token; of an identifier without a system also the plain form."""
    system, bar, code = _with_bar(text)
    key = system_key(system) if bar else None
    if not identifiers or not code:
        return (TokenValue(key, bounded(code)),)
    form = canonical_identifier(system, code)
    return tuple(TokenValue(key, bounded(one)) for one in dict.fromkeys((form,) if system else (code, form)))


def of_value_set(parameter: Parameter, text: str) -> tuple[TokenValue, ...]:
    """``url`` or ``url|version`` of a value set that the hub ships: its codes."""
    found = value_set(_unescaped(text))
    if found is None:
        raise BadParameter(parameter.name, text, "is not a value set of this hub; GET ValueSet lists them")
    return tuple(value for system, code in found.codes for value in token(parameter, f"{system}|{code}"))


def of_type(parameter: Parameter, text: str) -> tuple[TokenValue, ...]:
    """``system|code|value``: the type of an identifier, and its value."""
    parts = [_unescaped(part) for part in split(text, "|")]
    if len(parts) != 3 or not parts[1] or not parts[2]:
        raise BadParameter(parameter.name, text, "is not system|code|value: the type of an identifier and its value")
    system, code, value = parts
    forms = dict.fromkeys((value, canonical_identifier("", value)))
    return tuple(TokenValue(of_type_key(system), bounded(f"{code}|{one}")) for one in forms)


def date(parameter: Parameter, text: str) -> tuple[DateValue, ...]:
    """A date with an optional prefix."""
    prefix, rest = _prefix(text)
    rest = rest.replace(" ", "+")  # a plus that was not escaped in the URL
    span = span_of(rest) if _DATE.fullmatch(rest) else None
    if span is None:
        example = "2026-11-20, ge2026-11 or lt2026-11-20T09:00+09:00"
        raise BadParameter(parameter.name, text, f"is not a date such as {example}")
    return (DateValue(prefix, *span),)


def number(parameter: Parameter, text: str) -> tuple[NumberValue, ...]:
    """A number with an optional prefix."""
    return (NumberValue(*_number(parameter, text)),)


def quantity(parameter: Parameter, text: str) -> tuple[NumberValue, ...]:
    """``number``, ``number|system|code`` or ``number||unit``, with an optional prefix."""
    parts = split(text, "|")
    if len(parts) not in (1, 3):
        raise BadParameter(parameter.name, text, "is not number, number|system|code or number||unit")
    prefix, low, high = _number(parameter, parts[0])
    system, code = (_unescaped(part) for part in parts[1:]) if len(parts) == 3 else ("", "")
    return (NumberValue(prefix, low, high, system_key(system) if system else None, bounded(code)),)


def reference(parameter: Parameter, text: str, type_: str = "") -> ReferenceValue:
    """``Type/id``, an absolute URL, or an id alone for each type that the parameter may name (or for ``type_``)."""
    target = _unescaped(text).partition("/_history/")[0]
    if _RELATIVE.fullmatch(target) and type_ in ("", target.partition("/")[0]):
        return ReferenceValue((target,))
    if target.startswith(_ABSOLUTE):
        return ReferenceValue((bounded(target),))
    types = (type_,) if type_ else parameter.targets
    if not _ID.fullmatch(target) or not types:
        raise BadParameter(parameter.name, text, f"is not a reference such as {type_ or (*types, 'Patient')[0]}/123")
    return ReferenceValue(tuple(f"{one}/{target}" for one in types))


def string(parameter: Parameter, text: str) -> StringValue:
    """A text to find, folded and as written."""
    plain = _unescaped(text)
    if not folded(plain):
        raise BadParameter(parameter.name, text, "has no letters to look for")
    return StringValue(folded(plain), bounded(plain))


def composite(parameter: Parameter, text: str) -> tuple[CompositeValue, ...]:
    """``first$second``, each as its own kind is written."""
    parts = split(text, "$")
    if len(parts) != 2 or not all(parts):
        raise BadParameter(parameter.name, text, "is not two values with a $ between them")
    both = [
        values_of(_alone(parameter, component), part, "", "")
        for component, part in zip(parameter.components, parts, strict=True)
    ]
    return tuple(
        CompositeValue((one, _short(other)))
        for one in both[0]
        for other in both[1]
        if isinstance(one, TokenValue) and _is_simple(other)
    )


def _alone(parameter: Parameter, component: Component) -> Parameter:
    return Parameter(parameter.number, parameter.type, parameter.name, component.kind, component.paths)


def _is_simple(value: Value) -> TypeGuard[Simple]:
    return not isinstance(value, CompositeValue)


def _short(value: Simple) -> Simple:
    return StringValue(value.text[:MAX_CODE], value.exact) if isinstance(value, StringValue) else value


_READERS: dict[Kind, Callable[[Parameter, str], tuple[Value, ...]]] = {
    "token": token,
    "date": date,
    "number": number,
    "quantity": quantity,
    "string": lambda parameter, text: (string(parameter, text),),
    "uri": lambda parameter, text: (TokenValue(None, bounded(_unescaped(text))),),
    "composite": composite,
}


def datatypes(parameter: Parameter) -> frozenset[str]:
    """The datatypes in which the parameter's values stand."""
    return _datatypes(parameter.paths)


@cache
def _datatypes(paths: tuple[str, ...]) -> frozenset[str]:
    return frozenset(path.rpartition(":")[2] for path in paths)


@cache
def _systems_of_code(resource_type: str, paths: tuple[str, ...]) -> frozenset[str]:
    """For a parameter that reads ``code`` elements alone: the systems of their required codes."""
    found: set[str] = set()
    if _datatypes(paths) == {"code"}:
        types = definitions()["types"]
        for path in paths:
            kind = resource_type
            for step in read_path(path).steps:
                kind = types.get(kind.split()[0], {}).get(step.name, "none")
            found.update(definitions()["valueSets"].get(kind.partition(" ")[2], {}))
    return frozenset(found)


def _above(url: str) -> list[str]:
    """The URL and those that it lies under: ``http://a/b/c``, ``http://a/b``, ``http://a``, also with a last slash."""
    found, rest = [url], url.rstrip("/")
    while "/" in rest and not rest.endswith(":/"):
        found += [rest, f"{rest}/"]
        rest = rest.rpartition("/")[0]
    return list(dict.fromkeys(found))


def _prefix(text: str) -> tuple[Prefix, str]:
    return (PREFIXES[text[:2]], text[2:]) if text[:2] in PREFIXES else ("eq", text)


def _number(parameter: Parameter, text: str) -> tuple[Prefix, float, float]:
    prefix, rest = _prefix(text)
    rest = rest.replace(" ", "+")
    try:
        exact = Decimal(rest) if _NUMBER.fullmatch(rest) else None
    except InvalidOperation:
        exact = None
    if exact is None or not isfinite(float(exact)):
        raise BadParameter(parameter.name, text, "is not a number such as 5.4 or lt100")
    if prefix == "ap":
        return prefix, *number_ranges.about(exact)
    if prefix in ("eq", "ne"):
        return prefix, *number_ranges.as_written(exact)
    return prefix, float(exact), nextafter(float(exact), inf)


def _with_bar(text: str) -> tuple[str, bool, str]:
    parts = [_unescaped(part) for part in split(text, "|", 1)]
    return (parts[0], True, parts[1]) if len(parts) == 2 else ("", False, parts[0])


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
