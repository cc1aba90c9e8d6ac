"""Mutants of Bundles: what each type of bundle must and may not carry."""

from collections.abc import Iterator

from profiles.resource import Json, as_object, objects
from tests.properties.mutations.broken import Mutant, broken
from tests.properties.mutations.spot import Spot

_WITH_REQUEST = ("transaction", "batch", "history")


def bundle_mutants(spot: Spot) -> Iterator[Mutant]:
    """The mutants of a Bundle as a whole, and of its entries."""
    if spot.kind == "Bundle":
        yield from _bundle(spot)
    elif spot.kind == "Bundle.entry" and spot.steps == ("entry", spot.steps[-1]):
        yield from _entry(spot)


def _bundle(spot: Spot) -> Iterator[Mutant]:
    kind, entries = spot.value.get("type"), objects(spot.value.get("entry"))
    if kind not in ("searchset", "history"):
        yield broken("bdl-1", spot, spot.having(total=1), spot.path("total"))
    if kind == "document":
        yield broken("bdl-9", spot, spot.without("identifier"), spot.path())
        yield broken("bdl-10", spot, spot.without("timestamp"), spot.path())
        yield broken("bdl-11", spot, spot.having(entry=[*entries[1:]]), spot.path("entry"))
    named = [index for index, entry in enumerate(entries) if "fullUrl" in entry]
    if len(named) > 1 and kind != "history":
        first, last = named[0], named[-1]
        twice: list[Json] = [*entries]
        twice[last] = {**entries[last], "fullUrl": entries[first]["fullUrl"]}
        if as_object(entries[last].get("resource")).get("meta") is None:
            yield broken("bdl-7", spot, spot.having(entry=twice), spot.path("entry", last, "fullUrl"))


def _entry(spot: Spot) -> Iterator[Mutant]:
    kind = spot.root.get("type")
    if kind != "searchset":
        yield broken("bdl-2", spot, spot.having(search={"mode": "match"}), spot.path("search"))
    if kind in _WITH_REQUEST:
        yield broken("bdl-3", spot, spot.without("request"), spot.path("request"))
        request = as_object(spot.value.get("request"))
        for name in ("method", "url"):
            less = {key: value for key, value in request.items() if key != name}
            yield broken("entry request", spot, spot.having(request=less), spot.path("request", name))
    else:
        request = {"method": "POST", "url": "Patient"}
        yield broken("bdl-3", spot, spot.having(request=request), spot.path("request"))
    if kind not in ("batch-response", "transaction-response", "history"):
        yield broken("bdl-4", spot, spot.having(response={"status": "200"}), spot.path("response"))
    yield broken("bdl-5", spot, spot.with_value({"fullUrl": "urn:oid:1.2.3"}), spot.path())
    versioned = spot.having(fullUrl="https://example.org/fhir/Patient/1/_history/2")
    yield broken("bdl-8", spot, versioned, spot.path("fullUrl"))
