"""The invariants of Bundle (FHIR R4 §2.36): what each type of bundle must and may not carry."""

from collections.abc import Iterator

from profiles.issues import Issue, error
from profiles.resource import Resource, as_object, as_text, objects
from profiles.rules.surroundings import Surroundings

_WITH_REQUEST = frozenset({"batch", "transaction", "history"})
_WITH_RESPONSE = frozenset({"batch-response", "transaction-response", "history"})
_FIRST = {"document": ("bdl-11", "Composition"), "message": ("bdl-12", "MessageHeader")}


def check_bundle(bundle: Resource, place: str, _around: Surroundings) -> Iterator[Issue]:
    """bdl-1 to bdl-12, as far as they concern what a hub receives."""
    kind = as_text(bundle.get("type"))
    entries = objects(bundle.get("entry"))
    if "total" in bundle and kind not in ("searchset", "history"):
        yield error(f"{place}.total", "bdl-1", "Only a search set or a history has a total.")
    for index, entry in enumerate(entries):
        yield from _check_entry(entry, kind, f"{place}.entry[{index}]")
    yield from _check_full_urls(entries, kind, place)
    if kind == "document" and not {"system", "value"} <= as_object(bundle.get("identifier")).keys():
        yield error(place, "bdl-9", "A document needs an identifier with system and value.")
    if kind == "document" and "timestamp" not in bundle:
        yield error(place, "bdl-10", "A document needs a timestamp.")
    if kind in _FIRST:
        rule, expected = _FIRST[kind]
        first = as_object(entries[0].get("resource")).get("resourceType") if entries else None
        if first != expected:
            yield error(f"{place}.entry", rule, f"The first resource of a {kind} is a {expected}.")


def _check_entry(entry: Resource, kind: str, place: str) -> Iterator[Issue]:
    if "search" in entry and kind != "searchset":
        yield error(f"{place}.search", "bdl-2", "Only an entry of a search set says how it was found.")
    if ("request" in entry) != (kind in _WITH_REQUEST):
        need = "needs a" if kind in _WITH_REQUEST else "has no"
        yield error(f"{place}.request", "bdl-3", f"An entry of a {kind} {need} request.")
    if ("response" in entry) != (kind in _WITH_RESPONSE):
        need = "needs a" if kind in _WITH_RESPONSE else "has no"
        yield error(f"{place}.response", "bdl-4", f"An entry of a {kind} {need} response.")
    if not {"resource", "request", "response"} & entry.keys():
        yield error(place, "bdl-5", "An entry has a resource, a request or a response.")
    if "/_history/" in as_text(entry.get("fullUrl")):
        yield error(f"{place}.fullUrl", "bdl-8", "A fullUrl does not name a version.")


def _check_full_urls(entries: list[Resource], kind: str, place: str) -> Iterator[Issue]:
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        url = as_text(entry.get("fullUrl"))
        if url and url in seen and kind != "history":
            yield error(f"{place}.entry[{index}].fullUrl", "bdl-7", "The fullUrl is used twice.")
        seen.add(url)
