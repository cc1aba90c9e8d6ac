"""The elements of every R4 type: what they may hold, whether they are lists, which of them a summary has.

``elements.json`` is distilled from ``hl7.fhir.r4.core`` (CC0) by ``python -m profiles.definitions.distil_elements``.
A row is ``<types, separated by commas> <marks>``; the marks are ``*`` (a list), ``!`` (mandatory) and ``+`` (in the
summary).  A backbone element has its own path as its type (``Patient.contact``).
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

Elements: TypeAlias = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Element:
    """One element as JSON names it (``valueQuantity``), with the type of what stands there."""

    name: str
    type: str
    is_list: bool
    is_mandatory: bool
    is_summary: bool
    choice: str = ""
    """The element's name without its type where several types are possible (``value`` of ``value[x]``)."""


@cache
def _table() -> Elements:
    loaded: Elements = json.loads(files("profiles.definitions").joinpath("elements.json").read_bytes())
    return loaded


@cache
def elements_of(type_: str) -> dict[str, Element]:
    """The elements of a type ("Patient", "HumanName") or backbone element ("Patient.contact") by JSON name."""
    table = _table().get(type_, {})
    found = {name: Element(name, "Extension", True, False, False) for name in ("extension", "modifierExtension")}
    for written, row in table.items():
        types, _, marks = row.partition(" ")
        base, is_choice, _ = written.partition("[x]")
        for one in types.split(","):
            name = base + one[:1].upper() + one[1:] if is_choice else base
            choice = base if is_choice else ""
            found[name] = Element(name, one, "*" in marks, "!" in marks, "+" in marks, choice)
    return found if table else {}


def choices_of(type_: str, name: str) -> list[Element]:
    """The elements that ``name`` of FHIRPath may mean: the one of that name, or each type of ``name[x]``."""
    known = elements_of(type_)
    return [known[name]] if name in known else [one for one in known.values() if one.choice == name]
