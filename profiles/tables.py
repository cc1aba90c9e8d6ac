"""The tables of this package: CSV files that anyone can open and read."""

import csv
from importlib.resources import files

from profiles.canonical import BASE


def rows(name: str) -> list[dict[str, str]]:
    """The rows of ``profiles/<name>``, a CSV with a heading line; ``{BASE}`` in it is the canonical base."""
    text = files("profiles").joinpath(name).read_text(encoding="utf-8").replace("{BASE}", BASE)
    return list(csv.DictReader(text.splitlines()))
