"""The form of ids and references (FHIR R4 §2.3.0, §2.24.0.1): what they may look like and what they may name."""

import re

import fhirkit

from profiles.references import target_type
from profiles.resource import Resource
from profiles.rules.surroundings import Place, Surroundings

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


def check_reference(value: Resource, place: Place, targets: frozenset[str], around: Surroundings) -> None:
    """The form of ``Reference.reference``, that it names one of ``targets``, that a ``#id`` is contained (ref-1)."""
    reference = value.get("reference")
    if isinstance(reference, str):
        relative = _RELATIVE.fullmatch(reference)
        if relative and relative[1] in TYPES and is_id(relative[2]):
            named = relative[1]
        elif _UUID.fullmatch(reference):
            named = ""
        else:
            if problem := _problem(reference, around):
                around.error((place, "reference"), "reference", problem)
            named = around.contained.get(reference[1:], "") if reference[:1] == "#" else target_type(reference)
        if named not in targets and named in TYPES:
            text = f"{named} is not one of {', '.join(sorted(targets))}."
            around.error((place, "reference"), "reference-type", text)
        if "type" in value:
            _check_declared(value["type"], named, place, targets, around)
    elif "type" in value:
        _check_declared(value["type"], "", place, targets, around)


def _check_declared(declared: object, named: str, place: Place, targets: frozenset[str], around: Surroundings) -> None:
    if not isinstance(declared, str) or declared not in TYPES:
        return
    if named in TYPES and declared != named:
        around.error((place, "type"), "reference-type", f"The reference names {named}, its type {declared}.")
    elif named not in TYPES and declared not in targets:
        text = f"{declared} is not one of {', '.join(sorted(targets))}."
        around.error((place, "type"), "reference-type", text)


def _problem(reference: str, around: Surroundings) -> str:
    if reference.startswith("#"):
        known = reference == "#" or reference[1:] in around.contained
        return "" if known else f"No contained resource has the id {reference[1:][:64]!r}."
    conditional = _CONDITIONAL.fullmatch(reference)  # resolved by the hub within a transaction
    if conditional and conditional[1] in TYPES:
        return ""
    if _TRAVERSAL.search(reference):
        return "A reference may not contain '..', a backslash or an encoded slash or dot."
    if _OID.fullmatch(reference) or _ABSOLUTE.fullmatch(reference):
        return ""
    relative = _RELATIVE.fullmatch(reference)
    if relative and relative[1] not in TYPES:
        return f"{relative[1]!r} is not a resource type."
    return "A reference is Type/id, an absolute URL, urn:uuid:…, urn:oid:…, Type?search or #id."
