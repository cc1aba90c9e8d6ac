"""Distil names and displays of the official R4 terminology into ``r4.json``.

Run by a developer, never by the hub: ``python -m profiles.terminology.distil hl7.fhir.r4.core.tgz`` (the package that
``profiles.definitions.distil`` reads).  Kept are the value sets of required bindings, and the code systems of their
codes: whole where the package has them whole, else the codes that the value sets use.
"""

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from profiles.definitions import definitions
from profiles.resource import Json, Resource, as_object, as_text, objects


def distil(path: Path) -> Resource:
    """``codeSystems``: url → name, title, whether whole, concepts (code, display, code above); ``valueSets``: id → url,
    name, title."""
    systems, sets = _package(path)
    used: dict[str, dict[str, None]] = {}
    for codes in definitions()["valueSets"].values():
        for system, some in codes.items():
            used.setdefault(system, {}).update(dict.fromkeys(some))
    displays = dict(_displays(sets))
    return {
        "codeSystems": {url: _system(url, systems.get(url, {}), list(used[url]), displays) for url in sorted(used)},
        "valueSets": {
            name: {"url": as_text(one["url"]), **_named(one)}
            for name, one in sorted((as_text(one["id"]), one) for one in sets)
            if name in definitions()["valueSets"]
        },
    }


def _package(path: Path) -> tuple[dict[str, Resource], list[Resource]]:
    systems: dict[str, Resource] = {}
    sets: list[Resource] = []
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if member.name.count("/") == 1 and content and Path(member.name).suffix == ".json":
                resource = as_object(json.load(content))
                if resource.get("resourceType") == "CodeSystem":
                    systems[as_text(resource.get("url"))] = resource
                elif resource.get("resourceType") == "ValueSet":
                    sets.append(resource)
    return systems, sets


def _displays(sets: list[Resource]) -> Iterator[tuple[tuple[str, str], str]]:
    """What value sets call codes of systems that are not in the package."""
    for one in sets:
        for include in objects(as_object(one.get("compose")).get("include")):
            for concept in objects(include.get("concept")):
                if concept.get("display"):
                    yield (as_text(include.get("system")), as_text(concept["code"])), as_text(concept["display"])


def _system(url: str, system: Resource, used: list[str], displays: dict[tuple[str, str], str]) -> Resource:
    if system.get("content") == "complete":
        return {**_named(system), "complete": True, "concepts": list(_concepts(objects(system.get("concept")), ""))}
    concepts: list[Json] = [[code, displays.get((url, code), code), ""] for code in used]
    return {**(_named(system) or {"name": url.rpartition("/")[2]}), "complete": False, "concepts": concepts}


def _named(resource: Resource) -> Resource:
    return {name: resource[name] for name in ("name", "title") if name in resource}


def _concepts(concepts: list[Resource], above: str) -> Iterator[Json]:
    for one in concepts:
        code = as_text(one["code"])
        yield [code, as_text(one.get("display")) or code, above]
        yield from _concepts(objects(one.get("concept")), code)


if __name__ == "__main__":
    target = Path(__file__).with_name("r4.json")
    distilled = json.dumps(distil(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":"))
    target.write_text(distilled.replace('"codeSystems"', '\n"codeSystems"') + "\n", encoding="utf-8")
