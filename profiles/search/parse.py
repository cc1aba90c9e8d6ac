"""A search as written in a URL, read (FHIR R4 §3.1.1)."""

import re
from collections.abc import Iterable, Sequence

from profiles.search import controls
from profiles.search.conditions import alternatives
from profiles.search.parameters import Parameter
from profiles.search.query import DEFAULT_COUNT, Condition, Include, Query, UnknownParameter
from profiles.search.values import BadParameter

MAX_CONDITIONS = 50
MAX_TYPES = 50
# The last is fhirpy's word for how a server may count, which none need heed.
_IGNORED = frozenset({"_format", "_pretty", "_totalMethod"})
_ONCE = frozenset({"_sort", "_count", "_total", "_cursor", "_summary", "_elements", "_type"})
_INCLUDES = frozenset({"_include", "_revinclude"})
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}")


def parse_query(resource_type: str, pairs: Iterable[tuple[str, str]], *, lenient: bool = False) -> Query:
    """The query in the (name, value) pairs of a URL; ``resource_type`` ``""`` is for all types, or those of ``_type``.

    A repeated name means AND, a comma within a value OR.  Raises ``UnknownParameter`` and ``BadParameter``; a
    ``lenient`` search leaves unknown parameters out and says so in ``Query.ignored`` (``Prefer: handling=lenient``).
    """
    once, others = _sorted_out(pairs)
    types = _types(resource_type, once.get("_type"))
    conditions: list[tuple[Condition, ...]] = []
    includes: list[Include] = []
    ignored: list[str] = []
    for name, value in others:
        try:
            if name.partition(":")[0] in _INCLUDES:
                includes.append(controls.include(types, name, value))
            else:
                conditions.append(alternatives(types, name, value))
        except UnknownParameter:
            if not lenient:
                raise
            ignored.append(name)
    order: tuple[tuple[Parameter, bool], ...] = ()
    try:
        order = controls.sort(types, once["_sort"]) if once.get("_sort") else ()
    except UnknownParameter:
        if not lenient:
            raise
        ignored.append("_sort")
    _refuse_many("conditions", conditions, MAX_CONDITIONS)
    _refuse_many("includes", includes, controls.MAX_INCLUDES)
    return Query(
        types=types,
        conditions=tuple(conditions),
        sort=order,
        count=controls.count(once["_count"]) if "_count" in once else DEFAULT_COUNT,
        total=controls.total(once.get("_total", "none")),
        cursor=once.get("_cursor"),
        includes=tuple(dict.fromkeys(includes)),
        summary=controls.summary(once["_summary"]) if "_summary" in once else "",
        elements=controls.elements(once["_elements"]) if "_elements" in once else (),
        ignored=tuple(ignored),
    )


def _sorted_out(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The controls that may be given once, and the rest."""
    once: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for name, value in pairs:
        if name in _IGNORED:
            continue
        if name not in _ONCE:
            others.append((name, value))
        elif name in once:
            raise BadParameter(name, value[:100], "may be given once")
        else:
            once[name] = value
    return once, others


def _types(resource_type: str, text: str | None) -> tuple[str, ...]:
    if resource_type:
        if text is not None:
            raise BadParameter("_type", text[:100], "is for searches of several types, without a type in the path")
        return (resource_type,)
    types = tuple(dict.fromkeys(text.split(","))) if text is not None else ()
    if len(types) > MAX_TYPES or not all(_TYPE.fullmatch(one) for one in types):
        raise BadParameter("_type", (text or "")[:100], "is not a list of types such as Observation,Condition")
    return types


def _refuse_many(what: str, found: Sequence[object], most: int) -> None:
    if len(found) > most:
        raise BadParameter(what, str(len(found)), f"are more than {most}")
