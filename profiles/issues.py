"""A finding about a resource: the one way in which this package reports a problem."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Issue:
    """``path`` is FHIRPath (``Patient.name[0].use``), ``rule`` a short stable id, ``text`` one English sentence."""

    severity: Literal["error", "warning"]
    path: str
    rule: str
    text: str


def error(path: str, rule: str, text: str) -> Issue:
    """A finding that makes the resource unacceptable."""
    return Issue("error", path, rule, text)


def warning(path: str, rule: str, text: str) -> Issue:
    """A finding that is reported and stored with the resource."""
    return Issue("warning", path, rule, text)
