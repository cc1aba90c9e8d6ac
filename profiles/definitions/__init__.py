"""What the official R4 definitions say beyond structure: required codes, reference targets, invariants.

``r4.json`` is distilled from ``hl7.fhir.r4.core`` (CC0) by ``python -m profiles.definitions.distil``.  Its ``types``
give each type its elements, written ``<type>`` or ``<type> <rest>``: for coded elements the rest is the required
value set, for References the types that may be named, separated by commas.  Of the
other primitive elements only dates are listed; ``elements`` has them all.
Its ``valueSets`` give each value set its codes by system; the few that are too large to enumerate are not there.
Its ``invariants`` give, by the path of the element, ``[key, severity, FHIRPath expression, sentence]``.
"""

import json
from functools import cache
from importlib.resources import files
from typing import TypedDict


class Definitions(TypedDict):
    """The shape of ``r4.json``."""

    types: dict[str, dict[str, str]]
    valueSets: dict[str, dict[str, list[str]]]
    invariants: dict[str, list[list[str]]]


@cache
def definitions() -> Definitions:
    """The distilled definitions, read once."""
    loaded: Definitions = json.loads(files("profiles.definitions").joinpath("r4.json").read_bytes())
    return loaded
