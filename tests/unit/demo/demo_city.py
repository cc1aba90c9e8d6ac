"""The demo city as the tests of this folder see it."""

import csv
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from consent.policy import Policy
from hub.demo import Demo, Push, pushes
from hub.demo.files import load
from profiles import read_json
from profiles.resource import Resource, as_object, objects

FOLDER = Path(__file__).parents[3] / "deploy" / "demo-city"
TODAY = date(2026, 11, 22)


@cache
def demo() -> Demo:
    return load(FOLDER)


@cache
def all_pushes() -> tuple[Push, ...]:
    return tuple(pushes(demo(), TODAY))


def share_matrix() -> list[dict[str, str]]:
    lines = (FOLDER / "share-matrix.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def policy() -> Policy:
    rules = tomllib.loads((FOLDER / "city.toml").read_text(encoding="utf-8"))["policy"]
    return Policy.from_rows(share_matrix(), rules["read"], rules["write"])


def resources(push: Push) -> Iterator[Resource]:
    """The resources of a push through the FHIR door."""
    for entry in objects(as_object(read_json(push.body)).get("entry")):
        yield as_object(entry["resource"])


def of_resident(name: str, *systems: str) -> Iterator[Resource]:
    """The resources that are pushed by FHIR for one resident, by all systems or by some."""
    for push in all_pushes():
        if push.door == "fhir" and push.key.endswith(f"-{name}") and (not systems or push.system in systems):
            yield from resources(push)
