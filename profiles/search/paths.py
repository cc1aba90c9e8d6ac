"""Paths as the table writes them: ``component.code:CodeableConcept``, ``telecom[system=phone]:ContactPoint``.

Elements are separated by points; ``[key=value]`` keeps the items that have that value, ``[extension=url]`` those that
have that extension; after the colon stands the datatype.  Arrays are passed through.
"""

import re
from dataclasses import dataclass
from functools import cache

_WRITTEN = re.compile(r"(?P<steps>(?:[^:\[\]]|\[[^\]]*\])*):(?P<type>\w+)")
_STEP = re.compile(r"([^.\[\]]+)(?:\[(\w+)=([^\]]*)\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    """One element, and what an item of it must have: ``key`` and ``value``, or nothing ("")."""

    name: str
    key: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """The steps from the resource (or the composite's element), and the datatype at their end."""

    steps: tuple[Step, ...]
    type: str


@cache
def read_path(text: str) -> WrittenPath:
    """The path that ``text`` writes.  Raises ``ValueError`` when it is none."""
    match = _WRITTEN.fullmatch(text)
    steps = read_steps(match["steps"]) if match else ()
    if match is None or not steps:
        raise ValueError(f"not a path: {text}")
    return WrittenPath(steps, match["type"])


def read_steps(text: str) -> tuple[Step, ...]:
    """The steps of a path without a datatype; ``.`` is the resource itself and has none."""
    return () if text == "." else tuple(Step(*(part or "" for part in one)) for one in _STEP.findall(text))
