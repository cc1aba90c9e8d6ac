"""FHIR JSON as Python values: the one place where untyped JSON becomes typed.

A resource is a plain ``dict``; decimals are ``FhirDecimal`` so that ``1.10`` stays ``1.10``
(FHIR R4 §2.24.0.1: the precision of a decimal is significant).  The small readers below narrow a
value that may be anything to the shape that the caller needs, and give an empty value where the
shape is another: a resource has passed validation before they are used on it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None"
Resource: TypeAlias = dict[str, Json]


class FhirDecimal(Decimal):
    """A JSON number kept with the characters it was written in."""

    text: str

    def __new__(cls, text: str) -> "FhirDecimal":
        number = super().__new__(cls, text)
        number.text = text
        return number


def as_object(value: Json) -> Resource:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """The value when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """The value when it is a string, else ``""``."""
    return value if isinstance(value, str) else ""


def objects(value: Json) -> list[Resource]:
    """The objects of an array; a lone object counts as an array of one."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def codings(concept: Json) -> list[tuple[str, str]]:
    """(system, code) of every coding of a CodeableConcept or an array of them."""
    if concept is None:
        return []
    return [
        (as_text(coding.get("system")), as_text(coding.get("code")))
        for one in objects(concept)
        for coding in objects(one.get("coding"))
    ]


def walk(value: Json, path: str = "") -> Iterator[tuple[str, Resource]]:
    """Every object below ``value`` with its FHIRPath location (``name[0].period``), itself first."""
    if isinstance(value, dict):
        yield path, value
        for key, child in value.items():
            yield from walk(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from walk(child, f"{path}[{index}]")


def reference_of(value: Json) -> str:
    """The ``reference`` string of a Reference, ``""`` when it has none."""
    return as_text(as_object(value).get("reference"))
