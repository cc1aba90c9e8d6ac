"""The form of ids and references (FHIR R4 §2.3.0, §2.24.0.1): what they may look like and what they may name."""

import re
from collections.abc import Iterator

import fhirkit

from profiles.issues import Issue, error
from profiles.references import target_type
from profiles.resource import Resource
from profiles.rules.surroundings import Surroundings

TYPES = frozenset(fhirkit.RESOURCE_TYPES)
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ONLY_DOTS = re.compile(r"\.+")
_RELATIVE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_CONDITIONAL = re.compile(r"([A-Za-z]+)\?[A-Za-z_][^\s\"<>\\^`{}]*=[^\s\"<>\\^`{}]+")
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_ABSOLUTE = re.compile(r"https?://[^\s\"<>\\^`{}|@]+")
_TRAVERSAL = re.compile(r"(^|/)\.{1,2}(/|$)|%2e|%2f|%5c|\\", re.IGNORECASE)


def is_id(text: object) -> bool:
    """Whether ``text`` can be a logical id: 1 to 64 letters, digits, ``-`` and ``.``, and not dots alone."""
    return isinstance(text, str) and bool(ID.fullmatch(text)) and not _ONLY_DOTS.fullmatch(text)


def check_reference(value: Resource, place: str, around: Surroundings) -> Iterator[Issue]:
    """The form of ``Reference.reference``, and that a ``#id`` names a contained resource (ref-1)."""
    reference = value.get("reference")
    if not isinstance(reference, str):
        return
    relative = _RELATIVE.fullmatch(reference)
    if relative and relative[1] in TYPES and is_id(relative[2]):
        declared = value.get("type")
        if isinstance(declared, str) and declared in TYPES and declared != relative[1]:
            yield error(f"{place}.type", "reference-type", f"The reference names {relative[1]}, its type {declared}.")
        return
    problem = _problem(reference, around)
    if problem:
        yield error(f"{place}.reference", "reference", problem)


def check_target(value: Resource, place: str, targets: frozenset[str], around: Surroundings) -> Iterator[Issue]:
    """That the type a reference names is one that the element admits."""
    reference = value.get("reference")
    if not isinstance(reference, str):
        return
    named = around.contained.get(reference[1:], "") if reference[:1] == "#" else target_type(reference)
    if named in TYPES and named not in targets:
        yield error(f"{place}.reference", "reference-type", f"{named} is not one of {', '.join(sorted(targets))}.")


def _problem(reference: str, around: Surroundings) -> str:
    if reference.startswith("#"):
        known = reference == "#" or reference[1:] in around.contained
        return "" if known else f"No contained resource has the id {reference[1:][:64]!r}."
    conditional = _CONDITIONAL.fullmatch(reference)  # resolved by the hub within a transaction
    if conditional and conditional[1] in TYPES:
        return ""
    if _TRAVERSAL.search(reference):
        return "A reference may not contain '..', a backslash or an encoded slash or dot."
    if _UUID.fullmatch(reference) or _OID.fullmatch(reference) or _ABSOLUTE.fullmatch(reference):
        return ""
    relative = _RELATIVE.fullmatch(reference)
    if relative and relative[1] not in TYPES:
        return f"{relative[1]!r} is not a resource type."
    return "A reference is Type/id, an absolute URL, urn:uuid:…, urn:oid:…, Type?search or #id."
