"""The rules of Bundle (FHIR R4 §2.36): what each type of bundle must and may not carry (bdl-1 to bdl-12)."""

import re

from profiles.resource import Resource, as_object, as_text, objects
from profiles.rules.references import TYPES, is_id
from profiles.rules.surroundings import Place, Surroundings

_WITH_REQUEST = frozenset({"batch", "transaction", "history"})
_WITH_RESPONSE = frozenset({"batch-response", "transaction-response", "history"})
_FIRST = {"document": ("bdl-11", "Composition"), "message": ("bdl-12", "MessageHeader")}
_ABSOLUTE = re.compile(r"(https?://|urn:(uuid|oid):)\S+")


def check_bundle(bundle: Resource, place: Place, around: Surroundings) -> None:
    """bdl-1 to bdl-12, as far as they concern what a hub receives."""
    kind = as_text(bundle.get("type"))
    entries = objects(bundle.get("entry"))
    if "total" in bundle and kind not in ("searchset", "history"):
        around.error((place, "total"), "bdl-1", "Only a search set or a history has a total.")
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(entries):
        where: Place = ((place, "entry"), index)
        _check_entry(entry, kind, where, around)
        _check_full_url(entry, kind, seen, where, around)
    if kind == "document":
        _check_document(bundle, place, around)
    if kind in _FIRST:
        rule, expected = _FIRST[kind]
        first = as_object(entries[0].get("resource")).get("resourceType") if entries else None
        if first != expected:
            around.error((place, "entry"), rule, f"The first resource of a {kind} is a {expected}.")


def _check_document(bundle: Resource, place: Place, around: Surroundings) -> None:
    if not {"system", "value"} <= as_object(bundle.get("identifier")).keys():
        around.error(place, "bdl-9", "A document needs an identifier with system and value.")
    if "timestamp" not in bundle:
        around.error(place, "bdl-10", "A document needs a timestamp.")


def _check_entry(entry: Resource, kind: str, place: Place, around: Surroundings) -> None:
    if "search" in entry and kind != "searchset":
        around.error((place, "search"), "bdl-2", "Only an entry of a search set says how it was found.")
    if ("request" in entry) != (kind in _WITH_REQUEST):
        need = "needs a" if kind in _WITH_REQUEST else "has no"
        around.error((place, "request"), "bdl-3", f"An entry of a {kind} {need} request.")
    if ("response" in entry) != (kind in _WITH_RESPONSE):
        need = "needs a" if kind in _WITH_RESPONSE else "has no"
        around.error((place, "response"), "bdl-4", f"An entry of a {kind} {need} response.")
    if entry.keys().isdisjoint(("resource", "request", "response")):
        around.error(place, "bdl-5", "An entry has a resource, a request or a response.")


def _check_full_url(entry: Resource, kind: str, seen: set[tuple[str, str]], place: Place, around: Surroundings) -> None:
    """bdl-7, bdl-8, and that it is absolute and agrees with the id of the resource (FHIR R4 §2.36.4)."""
    url = as_text(entry.get("fullUrl"))
    if not url:
        return
    resource = as_object(entry.get("resource"))
    version = as_text(as_object(resource.get("meta")).get("versionId"))
    if (url, version) in seen and kind != "history":
        around.error((place, "fullUrl"), "bdl-7", "The fullUrl is used twice.")
    seen.add((url, version))
    if "/_history/" in url:
        around.error((place, "fullUrl"), "bdl-8", "A fullUrl does not name a version.")
    elif not _ABSOLUTE.fullmatch(url):
        text = "A fullUrl is absolute: http(s)://…, urn:uuid:… or urn:oid:…."
        around.report("warning", (place, "fullUrl"), "full-url", text)
    elif url.startswith("http") and "id" in resource and is_id(resource["id"]) and kind not in _WITH_REQUEST:
        *_, type_, id_ = url.split("/")
        if type_ in TYPES and (type_, id_) != (resource.get("resourceType"), resource["id"]):
            text = "The fullUrl ends with the type and the id of the resource."
            around.report("warning", (place, "fullUrl"), "full-url", text)
