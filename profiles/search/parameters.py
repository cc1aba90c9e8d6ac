"""The search parameters of each resource type: ``parameters.csv`` (official R4) and ``own.csv`` (JP Core, ours)."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, get_args

from profiles.tables import rows

Kind: TypeAlias = Literal["token", "date", "reference", "string", "uri", "number", "quantity", "composite"]
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
EVERY_TYPE = "Resource"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite: the kind of its values, and where they stand in the composite's element."""

    kind: Kind
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one type (``Resource``: of every type).

    ``number`` is its own for ever.  Its index rows stand under ``numbers``: nearly always that one; a parameter that
    only puts others together, as ``combo-code`` does, has no rows of its own and is answered from theirs.
    ``paths`` are written ``component.code:CodeableConcept`` (see ``profiles.search.paths``); ``targets`` are the
    types that a reference may name, none for any.  ``of_patient``: it names the patient that the row is kept under,
    so that reference has no index row.  ``definition`` is its canonical URL, ``expression`` its FHIRPath.
    """

    number: int
    type: str
    name: str
    kind: Kind
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    numbers: tuple[int, ...] = ()
    of_patient: bool = False
    definition: str = ""
    expression: str = ""


@cache
def _table() -> dict[str, dict[str, Parameter]]:
    found: dict[str, dict[str, Parameter]] = {}
    for row in (*rows("search/parameters.csv"), *rows("search/own.csv")):
        found.setdefault(row["type"], {})[row["parameter"]] = _read(row)
    return found


def _read(row: dict[str, str]) -> Parameter:
    number = int(row["number"])
    return Parameter(
        number=number,
        type=row["type"],
        name=row["parameter"],
        kind=KINDS[row["kind"]],
        paths=tuple(row["paths"].split()),
        targets=tuple(row["targets"].split()),
        components=tuple(_component(text) for text in row["components"].split()),
        numbers=tuple(int(one) for one in row["rows_of"].split()) or (number,),
        of_patient=row["of_patient"] == "yes",
        definition=row["definition"],
        expression=row["expression"],
    )


def _component(text: str) -> Component:
    kind, _, paths = text.partition("=")
    return Component(KINDS[kind], tuple(paths.split("|")))


def parameters_of(resource_type: str) -> tuple[Parameter, ...]:
    """Every search parameter of the type, those of every type first; ``Resource`` and unknown types have only these."""
    return tuple(_known(resource_type).values())


def parameter(resource_type: str, name: str) -> Parameter | None:
    """The parameter of that name, if the type has it."""
    return _known(resource_type).get(name)


@cache
def _known(resource_type: str) -> dict[str, Parameter]:
    common = _table().get(EVERY_TYPE, {})
    return {**common, **_table().get(resource_type, {})} if resource_type != EVERY_TYPE else common
