"""Every dependency has its line in docs/decisions/dependencies.md, and none that runs with the hub is GPL."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

import pytest
from packaging.requirements import Requirement

from tests.docs.page import ROOT, row_names

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Licences that let a city run, change and pass on the hub under its own Apache-2.0.
FREE = re.compile(
    r"\b(MIT|MIT-0|BSD|ISC|Apache|Apache-2\.0|BSD-[23]-Clause|MPL-2\.0|Mozilla Public|PSF-2\.0|zlib)\b", re.IGNORECASE
)
COPYLEFT = re.compile(r"\bA?L?GPL|General Public License", re.IGNORECASE)
LESSER = {"psycopg": "LGPL-3.0-only"}
"""Used unchanged, as a library of its own that everybody may exchange: the licence asks no more of who does that."""
# What says nothing in its metadata; its licence file begins so.
IN_THE_FILE = {"sqlcipher3": "This software is provided 'as-is', without any express or implied warranty"}


def names(requirements: list[str]) -> list[str]:
    return [Requirement(one).name for one in requirements]


def runtime(wanted: list[str]) -> Iterator[Distribution]:
    """Everything that is installed for the hub to run: the direct dependencies and all that they need here."""
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        found = distribution(waiting.pop())
        if found.name.lower() not in seen:
            seen.add(found.name.lower())
            needed = map(Requirement, found.requires or [])
            waiting += [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]
            yield found


def licence(found: Distribution) -> str:
    """What the metadata says: the expression, the field, the classifiers; else the licence's own words."""
    fields = [one for name in ("License-Expression", "License") for one in found.metadata.get_all(name) or []]
    classifiers = [one for one in found.metadata.get_all("Classifier") or [] if one.startswith("License")]
    said = " / ".join(one.splitlines()[0] for one in [*fields, *classifiers] if one)
    if not said and found.name in IN_THE_FILE:
        files = [one for one in found.files or [] if one.name == "LICENSE"]
        said = "zlib" if any(IN_THE_FILE[found.name] in one.read_text() for one in files) else ""
    return said


def test_what_runs_with_the_hub_is_under_a_free_licence_and_none_is_gpl() -> None:
    said = {found.name: licence(found) for found in runtime(names(PROJECT["dependencies"]))}
    assert {name: text for name, text in said.items() if COPYLEFT.search(text) or not FREE.search(text)} == LESSER
    assert "starlette" in {name.lower() for name in said}, "indirect dependencies are looked at too"


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("GNU General Public License v3 (GPLv3)", False),
        ("LGPL-2.1-or-later", False),
        ("AGPL-3.0", False),
        ("MIT OR Apache-2.0", True),
        ("License :: OSI Approved :: BSD License", True),
        ("Proprietary", False),
    ],
)
def test_a_licence_is_judged_by_its_words(text: str, fine: bool) -> None:
    assert (bool(FREE.search(text)) and not COPYLEFT.search(text)) is fine


def test_every_direct_dependency_has_its_line() -> None:
    wanted = {*names(PROJECT["dependencies"]), *names(PROJECT["optional-dependencies"]["dev"])}
    assert row_names(ROOT / "docs/decisions/dependencies.md") == wanted
