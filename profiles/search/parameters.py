"""The search parameters of each resource type, from ``parameters.csv``."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, get_args

from profiles.paths import Path, parse_path
from profiles.tables import rows

Kind: TypeAlias = Literal["token", "date", "reference", "string", "uri"]
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one type: the element paths it reads, and for references the types it may name."""

    name: str
    kind: Kind
    paths: tuple[Path, ...]
    targets: tuple[str, ...] = ()


# Answered from the store's own columns, so no index rows are made for them.
COMMON = (Parameter("_id", "token", ()), Parameter("_lastUpdated", "date", ()))


@cache
def _table() -> dict[str, tuple[Parameter, ...]]:
    found: dict[str, list[Parameter]] = {}
    for row in rows("search/parameters.csv"):
        paths = tuple(parse_path(path) for path in row["paths"].split())
        found.setdefault(row["type"], []).append(
            Parameter(row["parameter"], KINDS[row["kind"]], paths, tuple(row["targets"].split()))
        )
    return {kind: tuple(parameters) for kind, parameters in found.items()}


def indexed(resource_type: str) -> tuple[Parameter, ...]:
    """The parameters for which a resource of this type has index rows."""
    return _table().get(resource_type, ())


def parameters_of(resource_type: str) -> tuple[Parameter, ...]:
    """Every search parameter of the type, ``_id`` and ``_lastUpdated`` first; types without rows have those two."""
    return COMMON + indexed(resource_type)
