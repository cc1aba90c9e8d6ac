"""A search as written in a URL, read into conditions (FHIR R4 §3.1.1)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from profiles.search import values
from profiles.search.parameters import Kind, Parameter, parameters_of
from profiles.search.values import BadParameter, TokenValue, Value

__all__ = ["BadParameter", "Condition", "Query", "UnknownParameter", "parse_query"]

DEFAULT_COUNT = 20
MAX_COUNT = 200
MAX_ALTERNATIVES = 100
MAX_LENGTH = 1000  # of one alternative
MAX_SORT_KEYS = 8
_IGNORED = frozenset({"_format", "_pretty"})
_CONTROLS = frozenset({"_sort", "_count", "_total", "_cursor"})
_MODIFIERS: dict[Kind, frozenset[str]] = {
    "token": frozenset({"not", "missing"}),
    "date": frozenset({"missing"}),
    "reference": frozenset({"missing"}),
    "string": frozenset({"exact", "contains", "missing"}),
    "uri": frozenset({"missing"}),
}
_TYPE = re.compile(r"[A-Z][A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """``parameter`` must match one of ``values``; ``modifier`` is ``""``, not, missing, exact or contains."""

    parameter: str
    kind: Kind
    modifier: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """All ``conditions`` must hold.  ``sort`` is (parameter, descending) in order; ``cursor`` is ours, unread here."""

    conditions: tuple[Condition, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    count: int = DEFAULT_COUNT
    total: bool = False
    cursor: str | None = None


class UnknownParameter(ValueError):
    """A search parameter that the type does not have; ``nearest`` is the valid name that looks most like it."""

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(f"unknown search parameter {name}" + (f"; did you mean {nearest}?" if nearest else ""))
        self.name = name
        self.nearest = nearest


def parse_query(resource_type: str, pairs: Iterable[tuple[str, str]]) -> Query:
    """The query in the (name, value) pairs of a URL, for one resource type.

    A repeated name means AND, a comma within a value OR.  Raises ``UnknownParameter`` and ``BadParameter``.
    """
    known = {parameter.name: parameter for parameter in parameters_of(resource_type)}
    conditions: list[Condition] = []
    controls: dict[str, str] = {}
    for name, value in pairs:
        if name in _IGNORED:
            continue
        if name in _CONTROLS:
            if name in controls:
                raise BadParameter(name, value, "may be given once")
            controls[name] = value
        else:
            conditions.append(_condition(known, name, value))
    return Query(
        conditions=tuple(conditions),
        sort=_sort(known, controls.get("_sort", "")),
        count=_count(controls.get("_count", str(DEFAULT_COUNT))),
        total=_total(controls.get("_total", "none")),
        cursor=controls.get("_cursor"),
    )


def _condition(known: dict[str, Parameter], name: str, text: str) -> Condition:
    bare, _, modifier = name.partition(":")
    parameter = _named(known, bare)
    if not text.strip():
        raise BadParameter(name, text, "has no value")
    if modifier == "missing":
        if text not in ("true", "false"):
            raise BadParameter(name, text, "takes true or false")
        return Condition(bare, parameter.kind, modifier, (TokenValue(None, text),))
    kind = ""
    if parameter.kind == "reference" and _TYPE.fullmatch(modifier):
        if parameter.targets and modifier not in parameter.targets:
            raise BadParameter(name, text, f"{bare} names {', '.join(parameter.targets)}")
        kind, modifier = modifier, ""
    if modifier and modifier not in _MODIFIERS[parameter.kind]:
        known_modifiers = ", ".join(f":{one}" for one in sorted(_MODIFIERS[parameter.kind]))
        raise BadParameter(name, text, f"the modifier :{modifier} is not supported, {known_modifiers} is")
    alternatives = values.split_alternatives(text)
    if len(alternatives) > MAX_ALTERNATIVES:
        raise BadParameter(name, text[:100], f"has more than {MAX_ALTERNATIVES} alternatives")
    if not all(alternatives):
        raise BadParameter(name, text, "has an empty alternative")
    if any(len(one) > MAX_LENGTH for one in alternatives):
        raise BadParameter(name, text[:100], f"has a value of more than {MAX_LENGTH} characters")
    return Condition(bare, parameter.kind, modifier, tuple(_value(parameter, one, kind) for one in alternatives))


def _named(known: dict[str, Parameter], name: str) -> Parameter:
    if name not in known:
        candidates = [*known, *_CONTROLS]
        raise UnknownParameter(name, next(iter(get_close_matches(name, candidates, n=1, cutoff=0.4)), None))
    return known[name]


def _value(parameter: Parameter, text: str, kind: str) -> Value:
    if parameter.kind == "token":
        return values.token(parameter, text)
    if parameter.kind == "date":
        return values.date(parameter, text)
    if parameter.kind == "reference":
        return values.reference(parameter, text, kind)
    if parameter.kind == "string":
        return values.string(text)
    return TokenValue(None, text)


def _sort(known: dict[str, Parameter], text: str) -> tuple[tuple[str, bool], ...]:
    keys = [(one.removeprefix("-"), one.startswith("-")) for one in text.split(",")] if text else []
    if len(keys) > MAX_SORT_KEYS:
        raise BadParameter("_sort", text[:100], f"has more than {MAX_SORT_KEYS} keys")
    return tuple((_named(known, name).name, descending) for name, descending in keys)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadParameter("_count", text, "is not a number of 0 or more")
    return min(int(text), MAX_COUNT)


def _total(text: str) -> bool:
    if text not in ("none", "accurate"):
        raise BadParameter("_total", text, "takes none or accurate")
    return text == "accurate"
