"""A search, read (FHIR R4 §3.1.1): what must hold, the order, what comes along, and what of it is shown."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from profiles.search.parameters import Parameter
from profiles.search.values import ReferenceValue, Value

DEFAULT_COUNT = 20

Modifier: TypeAlias = Literal["", "not", "missing", "exact", "contains", "text", "identifier", "below", "of-type"]
Total: TypeAlias = Literal["none", "accurate", "estimate"]
Summary: TypeAlias = Literal["", "true", "text", "data", "count", "false"]


@dataclass(frozen=True, slots=True)
class Link:
    """One hop from a resource to others.

    Forward: to the resources of ``type`` that its reference ``parameter`` names.  Reverse (``_has``): to the
    resources of ``type`` whose reference ``parameter`` names it.
    """

    parameter: Parameter
    type: str
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """At the end of ``links`` (none: here), ``parameter`` matches one of ``values`` in the way of ``modifier``.

    ``type`` is the type at which the condition begins: the one that is searched.  With ``not``, no value may match.
    Rows of the parameter stand under all of ``parameter.numbers``.
    """

    type: str
    links: tuple[Link, ...]
    parameter: Parameter
    modifier: Modifier
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """``_include`` (or ``_revinclude``: ``reverse``) of ``source``'s references; ``parameter`` ``None`` is all of them.

    ``source`` ``""`` is any type, ``target`` ``""`` any type.  ``iterate``: also from what was included.
    """

    source: str
    parameter: Parameter | None
    target: str = ""
    iterate: bool = False
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All ``conditions`` must hold, each by one of its alternatives: an AND of ORs.

    A chain that may go to several types has one alternative for each; so has, in a search of several ``types``, a
    parameter that each type defines for itself (an alternative is only for resources of its ``type``).
    ``sort`` is (parameter, descending) in order; ``cursor`` is ours, unread here.  ``ignored`` are the names that
    a lenient search did not know.
    """

    types: tuple[str, ...]
    conditions: tuple[tuple[Condition, ...], ...] = ()
    sort: tuple[tuple[Parameter, bool], ...] = ()
    count: int = DEFAULT_COUNT
    total: Total = "none"
    cursor: str | None = None
    includes: tuple[Include, ...] = ()
    summary: Summary = ""
    elements: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


class UnknownParameter(ValueError):
    """A search parameter that the type does not have; ``nearest`` is the valid name that looks most like it."""

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(f"unknown search parameter {name}" + (f"; did you mean {nearest}?" if nearest else ""))
        self.name = name
        self.nearest = nearest


def patients_named(query: Query) -> tuple[str, ...] | None:
    """The ids of the patients to whom the search is limited, or ``None`` when it is open to others."""
    for alternatives in query.conditions:
        targets = [target for one in alternatives for target in _subjects(one)]
        if targets and all(target.startswith("Patient/") for target in targets):
            return tuple(dict.fromkeys(target.removeprefix("Patient/") for target in targets))
    return None


def _subjects(one: Condition) -> tuple[str, ...]:
    """Whom a condition says the row to be of; ``("",)`` when it says something else."""
    if not one.parameter.of_patient or one.links or one.modifier:
        return ("",)
    return tuple(target for value in one.values if isinstance(value, ReferenceValue) for target in value.targets)
