"""The code systems and value sets that the hub ships: its own, and those of R4's required bindings.

Our own stand in tables (``concepts.csv``, ``categories.csv``, ``long_term_care.csv``; ``definitions.csv`` names them)
and are called in Japanese, with English beside it.  R4's are distilled into ``r4.json`` and are called in English.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from profiles.canonical import BASE
from profiles.categories import category_names
from profiles.definitions import definitions
from profiles.resource import Resource, as_list, as_object, as_text
from profiles.tables import rows

OWN_VERSION, R4_VERSION = "1.0.0", "4.0.1"


@dataclass(frozen=True, slots=True)
class Concept:
    """A code, what it is called, the same in English, and the code above it ("" for one at the top)."""

    code: str
    display: str
    english: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """``concepts`` by code, in their order; not all of them unless ``complete``."""

    url: str
    id: str
    version: str
    name: str
    title: str
    description: str
    complete: bool
    concepts: Mapping[str, Concept] = field(repr=False)

    @property
    def is_own(self) -> bool:
        return self.url.startswith(BASE)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """``codes`` are (url of the system, code), in their order."""

    url: str
    id: str
    version: str
    name: str
    title: str
    codes: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def is_own(self) -> bool:
        return self.url.startswith(BASE)


@cache
def code_systems() -> Mapping[str, CodeSystem]:
    """Every code system by its canonical URL, ours first."""
    return {one.url: one for one in (*_own_systems(), *_r4_systems())}


@cache
def value_sets() -> Mapping[str, ValueSet]:
    """Every value set by its canonical URL; of each of our systems there is one with all of its codes."""
    own = (
        ValueSet(
            one.url.replace("/CodeSystem/", "/ValueSet/"),
            one.id,
            one.version,
            one.name,
            one.title,
            tuple((one.url, code) for code in one.concepts),
        )
        for one in _own_systems()
    )
    return {one.url: one for one in (*own, *_r4_sets())}


def _own_systems() -> Iterator[CodeSystem]:
    listed: dict[str, list[Concept]] = {}
    for code, name in category_names().items():
        listed.setdefault("information-category", []).append(Concept(code, name, code))
    for row in rows("long_term_care.csv"):
        system = row["system"].rpartition("/")[2]
        listed.setdefault(system, []).append(Concept(row["code"], row["display"], row["display"]))
    for row in rows("terminology/concepts.csv"):
        listed.setdefault(row["system"], []).append(Concept(row["code"], row["display"], row["english"]))
    for row in rows("terminology/definitions.csv"):
        if row["type"] == "CodeSystem":
            concepts = {one.code: one for one in listed[row["id"]]}
            url = f"{BASE}/CodeSystem/{row['id']}"
            yield CodeSystem(url, row["id"], OWN_VERSION, row["name"], row["title"], row["description"], True, concepts)


@cache
def _r4() -> Resource:
    distilled: Resource = json.loads(files("profiles.terminology").joinpath("r4.json").read_bytes())
    return distilled


def _r4_systems() -> Iterator[CodeSystem]:
    for url, value in as_object(_r4()["codeSystems"]).items():
        one = as_object(value)
        listed = [[as_text(part) for part in as_list(concept)] for concept in as_list(one["concepts"])]
        concepts = {code: Concept(code, display, display, parent) for code, display, parent in listed}
        name = as_text(one["name"])
        title = as_text(one.get("title")) or name
        yield CodeSystem(url, url.rpartition("/")[2], R4_VERSION, name, title, "", bool(one["complete"]), concepts)


def _r4_sets() -> Iterator[ValueSet]:
    named, coded = as_object(_r4()["valueSets"]), definitions()["valueSets"]
    for id_, value in named.items():
        one = as_object(value)
        codes = tuple((system, code) for system, some in coded.get(id_, {}).items() for code in some)
        name = as_text(one.get("name"))
        yield ValueSet(as_text(one["url"]), id_, R4_VERSION, name, as_text(one.get("title")) or name, codes)
