"""The part of FHIRPath in which the official search parameters are written, read into steps.

Unions, ``.as(T)``, ``(x as T)``, ``.ofType(T)``, ``.where(resolve() is T)``, ``.where(name='value')``,
``.where(hasExtension('url'))`` and ``.extension('url')``.  Used when the table is made, never by the hub.
"""

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Step:
    """One element: its name, the type to which a choice is cast, and ``key=value`` that an item must have."""

    name: str
    cast: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of a union: the steps below ``type`` ("" when it is relative), the type of the target, its text."""

    type: str
    steps: tuple[Step, ...]
    target: str
    text: str


class Untranslatable(ValueError):
    """An expression that is not of the part described above."""


_CAST = re.compile(r"\(\s*([^()]+?)\s+as\s+(\w+)\s*\)(.*)")
_PARTS = (
    ("cast", re.compile(r"\.(?:as|ofType)\((\w+)\)")),
    ("target", re.compile(r"\.where\(resolve\(\) is (\w+)\)")),
    ("only", re.compile(r"\.where\((\w+)\s*=\s*'([^']*)'\)")),
    ("has", re.compile(r"\.where\(hasExtension\('([^']*)'\)\)")),
    ("extension", re.compile(r"\.extension\('([^']*)'\)")),
    ("name", re.compile(r"\.?([A-Za-z]\w*)(?![\w(])")),
)


def branches(expression: str) -> list[Branch]:
    """The branches of a union.  Raises ``Untranslatable``."""
    return [_branch(text.strip()) for text in _split(expression)]


def _split(expression: str) -> list[str]:
    found, depth = [""], 0
    for letter in expression:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def _branch(text: str) -> Branch:
    rest = text
    if cast := _CAST.fullmatch(text):
        rest = f"{cast[1]}.as({cast[2]}){cast[3]}"
    type_, target, steps = "", "", list[Step]()
    while rest:
        part, match = _part(rest)
        rest = rest[match.end() :]
        if part == "target":
            target = match[1]
        elif part == "extension":
            steps.append(Step("extension", only=f"url={match[1]}"))
        elif part != "name":
            if not steps:
                raise Untranslatable(text)
            steps[-1] = _refined(steps[-1], part, match)
        elif not steps and match[1][0].isupper() and not type_:
            type_ = match[1]
        else:
            steps.append(Step(match[1]))
    return Branch(type_, tuple(steps), target, text)


def _part(text: str) -> tuple[str, re.Match[str]]:
    for part, pattern in _PARTS:
        if match := pattern.match(text):
            return part, match
    raise Untranslatable(text)


def _refined(step: Step, part: str, match: re.Match[str]) -> Step:
    if part == "cast":
        return replace(step, cast=match[1])
    return replace(step, only=f"{match[1]}={match[2]}" if part == "only" else f"extension={match[1]}")
