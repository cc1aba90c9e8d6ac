"""What the official R4 definitions say beyond cardinality: the type of each element, required codes, reference targets.

``r4.json`` is distilled from ``hl7.fhir.r4.core`` (CC0) by ``python -m profiles.definitions.distil``.  Its ``types``
give each type its elements, written ``<type>`` or ``<type> <rest>``: for coded elements the rest is the required
value set, for References the types that may be named, separated by commas.  Of the
other primitive elements only dates are listed.
Its ``valueSets`` give each value set its codes by system.
"""

import json
from functools import cache
from importlib.resources import files
from typing import TypedDict


class Definitions(TypedDict):
    """The shape of ``r4.json``."""

    types: dict[str, dict[str, str]]
    valueSets: dict[str, dict[str, list[str]]]


@cache
def definitions() -> Definitions:
    """The distilled definitions, read once."""
    loaded: Definitions = json.loads(files("profiles.definitions").joinpath("r4.json").read_bytes())
    return loaded
