"""Read and search, where the hub itself has something to show: CodeSystem, ValueSet, NamingSystem, ….

Members may store resources of these types too.  A search gives those of the hub first, and goes on with those that are
stored and that the caller may see: these come from the search itself, asked for what is left of the page.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hub.auth.seal import BrokenSeal
from hub.edge import bearer, context_of, doors_of, form_pairs, query_pairs
from hub.http import answers, instance
from hub.http import search as searching
from hub.http.parameters import Asked
from hub.interactions.definitions import ReadDefinition
from hub.projections.definitions import TYPES, body_of, matching, shipped
from profiles.json import read_json, write_json
from profiles.resource import Json, Resource, as_list, as_object

_COUNT, _MOST = 20, 200
# What says how to answer, and not what is looked for.
_HOW = frozenset({"_format", "_pretty", "_summary", "_elements", "_total", "_totalMethod", "_count", "_sort"})

Pairs = list[tuple[str, str]]


async def read(request: Request) -> Response:
    """``GET Type/id``: a definition of the hub, else what is stored under the id."""
    type_, id_ = request.path_params["type"], request.path_params["id"]
    if type_ not in TYPES or body_of(type_, id_) is None:
        return await instance.read(request)
    answers.accept_json(request)
    body = await doors_of(request).read(bearer(request), ReadDefinition(type_, id_), context_of(request))
    return answers.fhir(body)


async def search(request: Request) -> Response:
    """``GET Type?…`` and ``POST Type/_search``."""
    type_ = request.path_params["type"]
    if type_ not in TYPES:
        return await searching.search(request)
    pairs = query_pairs(request) + (await form_pairs(request) if request.method == "POST" else [])
    given = [one for one in pairs if one[0] != "_cursor"]
    start = _start(request, type_, given, dict(pairs).get("_cursor", ""))
    found = matching(type_, [one for one in given if one[0] not in _HOW]) if start is not None else []
    if start is None or not found:
        return await searching.search(_asking(request, pairs))
    count = min(Asked(tuple(given), {}).number("_count", _COUNT), _MOST)
    page = found[start : start + count]
    left = [*(one for one in given if one[0] != "_count"), ("_count", str(count - len(page)))]
    stored = await searching.search(_asking(request, left))
    if stored.status_code != 200:
        return stored
    here = f"{doors_of(request).base_url}/fhir/{type_}"
    bundle = as_object(read_json(bytes(stored.body)))
    links = [one for one in as_list(bundle.get("link")) if as_object(one).get("relation") == "next"]
    if 0 < count == len(page):
        cursor = doors_of(request).seal.close(str(start + count), *_bound_to(type_, given))
        links = [{"relation": "next", "url": f"{here}?{urlencode([*given, ('_cursor', cursor)], safe='/:,|')}"}]
    self_url = f"{here}?{urlencode(given, safe='/:,|')}" if given else here
    entries: list[Json] = [_entry(here, type_, one) for one in page]
    entries += as_list(bundle.pop("entry", None))
    total: Resource = {"total": int(str(bundle["total"])) + len(found)} if "total" in bundle else {}
    whole: Resource = {**bundle, **total, "link": [{"relation": "self", "url": self_url}, *links]}
    return answers.fhir(write_json(whole | ({"entry": entries} if entries else {})))


def _asking(request: Request, pairs: Pairs) -> Request:
    """The request as a plain search with other conditions."""
    query = urlencode(pairs).encode()
    return Request({**request.scope, "method": "GET", "query_string": query}, request.receive)


def _bound_to(type_: str, given: Pairs) -> tuple[str, str, str]:
    return "definitions", type_, urlencode(given)


def _start(request: Request, type_: str, given: Pairs, cursor: str) -> int | None:
    """At which of the hub's own definitions the page begins; ``None`` for a page of what is stored."""
    if not cursor:
        return 0
    try:
        return int(doors_of(request).seal.open(cursor, *_bound_to(type_, given)))
    except BrokenSeal:
        return None


def _entry(here: str, type_: str, id_: str) -> Json:
    return {"fullUrl": f"{here}/{id_}", "resource": shipped()[type_][id_], "search": {"mode": "match"}}
