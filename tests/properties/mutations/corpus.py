"""The resources that are mutated: the project's own, the published Japanese examples, a generated cohort."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from profiles import MalformedJson, Resource, read_json
from profiles.resource import as_object, objects

TESTS = Path(__file__).parents[2]
SHARED = TESTS.parents[1] / "shared"


def own() -> Iterator[Resource]:
    """The valid resources of the test cases, and what the connectors make of native files."""
    for path in sorted((TESTS / "cases" / "validation").glob("nothing-wrong-*.json")):
        yield as_object(json.loads(path.read_text(encoding="utf-8"))["resource"])
    for path in sorted((TESTS / "cases" / "connectors").rglob("*.json")):
        bundle = as_object(as_object(read_json(path.read_bytes())).get("bundle"))
        if bundle.get("entry"):
            yield {**bundle, "entry": [*objects(bundle.get("entry"))[:2]]}  # enough to break what a Bundle must be
            resources = (as_object(entry.get("resource")) for entry in objects(bundle.get("entry")))
            yield from filter(None, resources)


def examples() -> Iterator[tuple[str, Resource]]:
    """The published examples, when they are here."""
    for path in sorted((SHARED / "examples").rglob("*.json")):
        try:
            resource = as_object(read_json(path.read_bytes()))
        except MalformedJson:
            continue
        if "resourceType" in resource:
            yield f"{path.parent.name}/{path.name}", resource


def cohort(each: int | None = None) -> Iterator[tuple[str, Resource]]:
    """The first ``each`` resources of every type of the cohort, or all, when it is here."""
    for path in sorted((SHARED / "clinosim-jp").glob("*.ndjson.gz")):
        with gzip.open(path) as lines:
            for number, line in enumerate(lines):
                if number == each:
                    break
                yield f"{path.name}:{number + 1}", as_object(read_json(line))
