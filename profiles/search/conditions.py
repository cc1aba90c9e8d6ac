"""One condition of a search: its chain, its modifier, its values (FHIR R4 §3.1.1.4, §3.1.1.5)."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from profiles.search.parameters import EVERY_TYPE, Parameter, parameter, parameters_of
from profiles.search.query import Condition, Link, Modifier, UnknownParameter
from profiles.search.reading import datatypes, split, values_of
from profiles.search.values import BadParameter, TokenValue, Value

MAX_ALTERNATIVES = 100
MAX_LENGTH = 1000  # of one alternative
MAX_HOPS = 3
MAX_WAYS = 50  # of a chain that does not say to which types it goes
CONTROLS = (
    "_sort", "_count", "_total", "_cursor", "_include", "_revinclude", "_summary", "_elements", "_type", "_has",
)  # fmt: skip
# What lies above a URL is known from the URL, and what is in a value set from that: these are plain alternatives.
_MODIFIERS: dict[str, Modifier] = {
    **{one: one for one in get_args(Modifier)}, "above": "", "in": "", "not-in": "not",
}  # fmt: skip
_OF_KIND = {"token": ("not",), "string": ("exact", "contains"), "uri": ("above", "below")}
_CONCEPTS = frozenset({"Coding", "CodeableConcept", "Identifier"})
_CODED = frozenset({"code", "Coding", "CodeableConcept"})
_OF_SETS = ("in", "not-in")


def modifiers_of(one: Parameter) -> tuple[str, ...]:
    """The modifiers that may be written after the parameter, besides the type of a reference."""
    types = datatypes(one)
    found = ["missing", *_OF_KIND.get(one.kind, ())]
    if one.kind == "token" and types & _CONCEPTS:
        found.append("text")
    if one.kind == "token" and types & _CODED:
        found += _OF_SETS
    if one.kind == "token" and "Identifier" in types:
        found.append("of-type")
    if one.kind == "reference" and "Reference" in types:
        found.append("identifier")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition as it was written, and the type at which it begins."""

    type: str
    name: str
    text: str

    def refused(self, problem: str) -> BadParameter:
        return BadParameter(self.name, self.text[:100], problem)


def alternatives(types: tuple[str, ...], name: str, text: str) -> tuple[Condition, ...]:
    """The conditions of which one must hold, for a search of ``types`` (none: of all).

    Raises ``UnknownParameter`` and ``BadParameter``.
    """
    if not text.strip():
        raise BadParameter(name, text, "has no value")
    is_common = parameter(EVERY_TYPE, name.partition(":")[0]) is not None
    if len(types) != 1 and (is_common or not types):
        types = (EVERY_TYPE,)
    return tuple(one for type_ in types for one in _ways(_Asked(type_, name, text), type_, name, ()))


def named(type_: str, name: str) -> Parameter:
    """The parameter of that name.  Raises ``UnknownParameter`` with the nearest one that there is."""
    found = parameter(type_, name)
    if found is None:
        candidates = [*(one.name for one in parameters_of(type_)), *CONTROLS]
        raise UnknownParameter(name, next(iter(get_close_matches(name, candidates, n=1, cutoff=0.4)), None))
    return found


def _ways(asked: _Asked, type_: str, name: str, links: tuple[Link, ...]) -> list[Condition]:
    """``name`` at a resource of ``type_`` that ``links`` lead to, in every way that it can be meant."""
    if len(links) > MAX_HOPS:
        raise asked.refused(f"goes over more than {MAX_HOPS} references")
    if name.startswith("_has:"):
        link, rest = _has(asked, type_, name)
        return _ways(asked, link.type, rest, (*links, link))
    head, dot, rest = name.partition(".")
    if not dot:
        return [_condition(asked, type_, name, links)]
    found: list[Condition] = []
    problems: list[ValueError] = []
    for link in _forward(asked, type_, head, rest):
        try:
            found += _ways(asked, link.type, rest, (*links, link))
        except (UnknownParameter, BadParameter) as problem:
            problems.append(problem)
        if len(found) > MAX_WAYS:
            raise asked.refused(f"can go in more than {MAX_WAYS} ways: write the types in it")
    if not found:
        raise problems[0]
    return found


def _has(asked: _Asked, type_: str, name: str) -> tuple[Link, str]:
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise asked.refused("is not such as _has:Observation:patient:code")
    back = _reference(asked, parts[1], parts[2])
    if back.targets and type_ not in (*back.targets, EVERY_TYPE):
        raise asked.refused(f"{parts[1]}:{parts[2]} never names a {type_}")
    return Link(back, parts[1], reverse=True), parts[3]


def _forward(asked: _Asked, type_: str, head: str, rest: str) -> list[Link]:
    """The ways that a reference leads to something that has what ``rest`` asks for."""
    name, _, kind = head.partition(":")
    one = _reference(asked, type_, name)
    if kind and one.targets and kind not in one.targets:
        raise asked.refused(f"{name} names {', '.join(one.targets)}")
    targets = (kind,) if kind else one.targets
    if not targets:
        raise asked.refused(f"{name} may name any type: write which, as in {name}:Patient")
    next_ = re.split(r"[.:]", rest, maxsplit=1)[0]
    meant = [target for target in targets if next_ == "_has" or parameter(target, next_)]
    return [Link(one, target) for target in meant or targets]


def _reference(asked: _Asked, type_: str, name: str) -> Parameter:
    one = named(type_, name)
    if one.kind != "reference" or "Reference" not in datatypes(one):
        raise asked.refused(f"{name} is no reference, nothing can follow it")
    return one


def _condition(asked: _Asked, type_: str, name: str, links: tuple[Link, ...]) -> Condition:
    bare, colon, written = name.partition(":")
    one = named(type_, bare)
    if colon and not written:
        raise asked.refused("has no modifier after its colon")
    if written == "missing":
        if asked.text not in ("true", "false"):
            raise asked.refused("takes true or false")
        return Condition(asked.type, links, one, "missing", (TokenValue(None, asked.text),))
    kind = ""
    if one.kind == "reference" and written[:1].isupper():
        if one.targets and written not in one.targets:
            raise asked.refused(f"{bare} names {', '.join(one.targets)}")
        kind, written = written, ""
    if written and written not in modifiers_of(one):
        known = ", ".join(f":{modifier}" for modifier in sorted(modifiers_of(one)))
        raise asked.refused(f"the modifier :{written} is not supported, {known} is")
    return Condition(asked.type, links, one, _MODIFIERS[written], _values(asked, one, written, kind))


def _values(asked: _Asked, one: Parameter, modifier: str, kind: str) -> tuple[Value, ...]:
    parts = split(asked.text, ",")
    if len(parts) > MAX_ALTERNATIVES:
        raise asked.refused(f"has more than {MAX_ALTERNATIVES} alternatives")
    if not all(parts):
        raise asked.refused("has an empty alternative")
    if any(len(part) > MAX_LENGTH for part in parts):
        raise asked.refused(f"has a value of more than {MAX_LENGTH} characters")
    try:
        found = [value for part in parts for value in values_of(one, part, modifier, kind)]
    except BadParameter as problem:
        raise BadParameter(asked.name, problem.value[:100], problem.problem) from problem
    if modifier in _OF_SETS and len(found) > MAX_ALTERNATIVES:
        raise asked.refused(f"has more than {MAX_ALTERNATIVES} codes")
    return tuple(dict.fromkeys(found))
