"""SMART scopes: what a token may be used for at all, before consent is asked (SMART App Launch 2.2.0, Scopes).

``system/Observation.rs``: whose rights (``system``, ``user``, ``patient``), which resource type (or ``*``), and which
of c(reate) r(ead) u(pdate) d(elete) s(earch), in that order.  The words of version 1 are read as what they mean:
``read`` = rs, ``write`` = cud, ``*`` = cruds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from fhirkit import RESOURCE_TYPES

Interaction: TypeAlias = Literal[
    "create",
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "history-system",
    "search-type",
    "search-system",
]

MAX_LENGTH = 8192
LETTERS = "cruds"

_LETTER: Mapping[Interaction, str] = MappingProxyType(
    {
        "create": "c",
        "read": "r",
        "vread": "r",
        "history-instance": "r",
        "update": "u",
        "patch": "u",
        "delete": "d",
        "search-type": "s",
        "search-system": "s",
        "history-type": "s",
        "history-system": "s",
    }
)
_WORDS = {"read": "rs", "write": "cud", "*": LETTERS}
_SCOPE = re.compile(r"(system|user|patient)/(\*|[A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)", re.ASCII)
_TYPES = frozenset(RESOURCE_TYPES) | {"*"}
# RFC 6749 §5.2: what an error_description may hold; the caller's own text is shown to it no wider than that.
_UNSHOWABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class InvalidScope(ValueError):
    """A scope that cannot be granted (RFC 6749 §5.2 ``invalid_scope``); the text may be shown to the caller."""

    def __init__(self, problem: str, scope: str = "") -> None:
        shown = f": {_UNSHOWABLE.sub('?', scope[:80])}" if scope else ""
        super().__init__(problem + shown)


@dataclass(frozen=True, slots=True)
class Scopes:
    """What a scope string allows: (context, resource type or ``*``) → letters of ``cruds``."""

    letters: Mapping[tuple[str, str], str]

    def __str__(self) -> str:
        """The scopes in the notation of version 2, without those that a ``*`` beside them covers."""
        return " ".join(
            f"{context}/{resource_type}.{letters}"
            for (context, resource_type), letters in self.letters.items()
            if resource_type == "*" or not set(letters) <= set(self.letters.get((context, "*"), ""))
        )


@lru_cache(maxsize=512)
def read_scopes(text: str) -> Scopes:
    """The scopes of a space-separated string (RFC 6749 §3.3).

    Raises ``InvalidScope`` for an empty or overlong string and for the first scope that is not exactly well-formed:
    what is misspelt is never read as something wider.
    """
    if not text:
        raise InvalidScope("no scope is named")
    if len(text) > MAX_LENGTH:
        raise InvalidScope(f"the scopes are longer than {MAX_LENGTH} characters")
    return _merged(_read_scope(scope) for scope in text.split(" "))


def grant(requested: str, registered: str) -> str:
    """The scopes to put into a token: what is both requested and registered, never more.

    What is granted whole is given back as it was written: a client that asks in version 1 is answered in version 1.
    Raises ``InvalidScope`` where nothing is left, or where either string is not well-formed.
    """
    asked = read_scopes(requested)
    granted = _merged(_common(asked, read_scopes(registered)))
    if not granted.letters:
        raise InvalidScope("none of these scopes is registered for this client", requested)
    return requested if str(granted) == str(asked) else str(granted)


def allows(scopes: Scopes, resource_type: str, interaction: Interaction) -> bool:
    """Whether the scopes let a token do ``interaction`` on ``resource_type``.

    Interactions with the whole system have the type ``*``.  The entries of a batch or transaction are asked one by one.
    A ``patient/`` scope allows nothing here: a token does not carry the one patient to whom it would be limited.
    """
    letter = _LETTER[interaction]
    return any(
        letter in scopes.letters.get((context, type_), "")
        for context in ("system", "user")
        for type_ in (resource_type, "*")
    )


def _read_scope(scope: str) -> tuple[str, str, str]:
    if "?" in scope:
        raise InvalidScope("scopes with a query part are not supported; ask for the whole type", scope)
    parts = _SCOPE.fullmatch(scope)
    if not parts:
        raise InvalidScope("not a scope of the form system/Observation.rs", scope)
    context, resource_type, permissions = parts.groups()
    if resource_type not in _TYPES:
        raise InvalidScope("not a FHIR R4 resource type", scope)
    return context, resource_type, _WORDS.get(permissions, permissions)


def _common(some: Scopes, others: Scopes) -> Iterator[tuple[str, str, str]]:
    for (context, resource_type), letters in some.letters.items():
        for (other_context, other_type), other_letters in others.letters.items():
            if context == other_context and (resource_type == other_type or "*" in (resource_type, other_type)):
                narrower = other_type if resource_type == "*" else resource_type
                yield context, narrower, _ordered(set(letters) & set(other_letters))


def _merged(scopes: Iterator[tuple[str, str, str]]) -> Scopes:
    merged: dict[tuple[str, str], str] = {}
    for context, resource_type, letters in scopes:
        if letters:
            at = context, resource_type
            merged[at] = _ordered(set(merged.get(at, "") + letters))
    return Scopes(MappingProxyType(merged))


def _ordered(letters: set[str]) -> str:
    return "".join(letter for letter in LETTERS if letter in letters)
