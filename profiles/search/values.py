"""The values of a search condition, read from what was written in the URL (FHIR R4 §3.1.1.4)."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from profiles.folding import fold_name
from profiles.instants import instants_of
from profiles.normalise import canonical_identifier, canonical_system
from profiles.search.parameters import Parameter

PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}")
_SEPARATOR = re.compile(r"(?<!\\),")
_ESCAPE = re.compile(r"\\([$,|\\])")


@dataclass(frozen=True, slots=True)
class TokenValue:
    """``system|code``: a ``system`` of ``None`` is any, of ``""`` none at all; a ``code`` of ``""`` is any.

    ``:missing`` gives ``code`` ``"true"`` or ``"false"``, and a uri is a token without a system.
    """

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A comparison with the half-open range ``low`` ≤ t < ``high`` of UTC instants."""

    prefix: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A reference by any of ``targets``: ``Patient/x``, or an absolute URL.  A bare id gives one for each type."""

    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StringValue:
    """``text`` folded as in the index, ``exact`` as written."""

    text: str
    exact: str


Value: TypeAlias = TokenValue | DateValue | ReferenceValue | StringValue


class BadParameter(ValueError):
    """A search parameter whose value or modifier cannot be used."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        super().__init__(f"{name}={value}: {problem}")
        self.name = name
        self.value = value
        self.problem = problem


def split_alternatives(text: str) -> list[str]:
    """The comma-separated alternatives of a value; ``\\,`` is a comma within one."""
    return _SEPARATOR.split(text)


def token(parameter: Parameter, text: str) -> TokenValue:
    """``code``, ``system|code``, ``|code`` or ``system|``; old system names become the URL names."""
    before, bar, after = _split_bar(text)
    if not bar:
        return TokenValue(None, _unescaped(before))
    system = canonical_system(_unescaped(before))
    code = _unescaped(after)
    if parameter.name == "identifier" and system and code:
        code = canonical_identifier(system, code)
    return TokenValue(system, code)


def date(parameter: Parameter, text: str) -> DateValue:
    """A date with an optional prefix; raises ``BadParameter`` for anything else."""
    prefix, rest = (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)
    span = instants_of(rest.replace(" ", "+")) if _DATE.fullmatch(rest.replace(" ", "+")) else None
    if span is None:
        raise BadParameter(
            parameter.name, text, "is not a date such as 2026-11-20, ge2026-11 or lt2026-11-20T09:00+09:00"
        )
    return DateValue(prefix, *span)


def reference(parameter: Parameter, text: str, kind: str = "") -> ReferenceValue:
    """``Type/id``, an absolute URL, or an id alone for each type that the parameter may name (or for ``kind``)."""
    target = text.partition("/_history/")[0]
    if _RELATIVE.fullmatch(target) or target.startswith(("http://", "https://", "urn:")):
        return ReferenceValue((target,))
    kinds = (kind,) if kind else parameter.targets
    if not _ID.fullmatch(target) or not kinds:
        raise BadParameter(parameter.name, text, "is not a reference such as Patient/123")
    return ReferenceValue(tuple(f"{one}/{target}" for one in kinds))


def string(text: str) -> StringValue:
    """A text to find, folded and as written."""
    plain = _unescaped(text)
    return StringValue(fold_name(plain), plain)


def _split_bar(text: str) -> tuple[str, str, str]:
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    return (parts[0], "|", parts[1]) if len(parts) == 2 else (text, "", "")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)
