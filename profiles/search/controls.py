"""What a search says beside its conditions: order, number, what comes along, how much is shown (FHIR R4 §3.1.1.5)."""

import re
from typing import Literal, TypeAlias, get_args

from profiles.search.conditions import named
from profiles.search.parameters import EVERY_TYPE, Parameter
from profiles.search.query import Include, Summary, Total
from profiles.search.reading import datatypes
from profiles.search.values import BadParameter

MAX_COUNT = 200
MAX_SORT_KEYS = 8
MAX_INCLUDES = 20
Way: TypeAlias = Literal["_include", "_revinclude"]
_ELEMENT = re.compile(r"([A-Z][A-Za-z]*\.)?[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*")
_TOTALS: dict[str, Total] = {one: one for one in get_args(Total)}
_SUMMARIES: dict[str, Summary] = {one: one for one in get_args(Summary) if one}


def sort(types: tuple[str, ...], text: str) -> tuple[tuple[Parameter, bool], ...]:
    """The keys of ``_sort``: (parameter, descending).  A search of several types knows the common parameters."""
    keys = [(one.removeprefix("-"), one.startswith("-")) for one in text.split(",")]
    if len(keys) > MAX_SORT_KEYS:
        raise BadParameter("_sort", text[:100], f"has more than {MAX_SORT_KEYS} keys")
    found = [(named(types[0] if len(types) == 1 else EVERY_TYPE, name), descending) for name, descending in keys]
    for one, _ in found:
        if one.kind == "composite":
            raise BadParameter("_sort", text[:100], f"{one.name} is two values, which have no order")
    return tuple(found)


def count(text: str) -> int:
    """The size of a page, ``MAX_COUNT`` at most."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadParameter("_count", text, "is not a number of 0 or more")
    return min(int(text), MAX_COUNT)


def total(text: str) -> Total:
    """Whether the total is asked for."""
    if text not in _TOTALS:
        raise BadParameter("_total", text, f"takes {', '.join(_TOTALS)}")
    return _TOTALS[text]


def summary(text: str) -> Summary:
    """How much of each resource is shown."""
    if text not in _SUMMARIES:
        raise BadParameter("_summary", text, f"takes {', '.join(_SUMMARIES)}")
    return _SUMMARIES[text]


def elements(text: str) -> tuple[str, ...]:
    """The names of the elements that are shown."""
    found = tuple(one.strip() for one in text.split(","))
    if not all(_ELEMENT.fullmatch(one) for one in found):
        raise BadParameter("_elements", text[:100], "is not a list of element names such as id,code,subject")
    return found


def include(types: tuple[str, ...], name: str, text: str) -> Include:
    """``Source:parameter``, ``Source:parameter:Target``, ``Source:*`` or ``*``, with ``:iterate`` after the name."""
    way, _, modifier = name.partition(":")
    if modifier not in ("", "iterate"):
        raise BadParameter(name, text, "the modifier of an include is :iterate")
    iterate, reverse = modifier == "iterate", way == "_revinclude"
    if text == "*":
        return Include("", None, "", iterate, reverse)
    source, _, rest = text.partition(":")
    parameter, _, target = rest.partition(":")
    if not parameter:
        raise BadParameter(name, text, "is not such as Observation:subject or Observation:*")
    one = None if parameter == "*" else _reference(name, text, source, parameter)
    if one is not None and target and one.targets and target not in one.targets:
        raise BadParameter(name, text, f"{parameter} names {', '.join(one.targets)}")
    if not iterate and types:
        if not reverse and source not in types:
            raise BadParameter(name, text, f"starts at {source}, but the search is for {', '.join(types)}")
        if reverse and one is not None and one.targets and not set(types) & set(one.targets):
            raise BadParameter(name, text, f"{source}:{parameter} never names a {' or '.join(types)}")
    return Include(source, one, target, iterate, reverse)


def _reference(name: str, text: str, source: str, parameter: str) -> Parameter:
    one = named(source, parameter)
    if one.kind != "reference" or "Reference" not in datatypes(one):
        raise BadParameter(name, text, f"{parameter} is no reference to a resource")
    return one
