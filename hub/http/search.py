"""The doors of search (FHIR R4 §3.1.1): of a type, of what is about one person, of everything; by GET and by POST."""

from collections.abc import Iterable
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.doors import Doors
from hub.edge import bearer, context_of, doors_of, form_pairs, query_pairs
from hub.errors import Problem
from hub.http import answers
from hub.http.asked import type_of
from hub.interactions import search as searching
from hub.interactions.search import Entry, Page, Search
from hub.store.search import AT_ONCE
from profiles import Query, write_json
from profiles.json import read_json
from profiles.resource import as_object
from profiles.subset import elements_only, summary_of

_TOO_MANY = f"More would have come along with these than {AT_ONCE}, or by a longer way. Ask for the rest by itself."


async def search(request: Request) -> Response:
    """``GET Type?…`` and ``POST Type/_search``."""
    return await _searched(request, type_of(request))


async def of_system(request: Request) -> Response:
    """``GET /?…`` and ``POST /_search``: of all types, or of those in ``_type``."""
    return await _searched(request, "")


async def of_compartment(request: Request) -> Response:
    """``GET Patient/id/Type?…`` and ``GET Patient/id/*?…``, and the same by POST with ``_search``."""
    type_ = "" if request.path_params["type"] == "*" else type_of(request)
    return await _searched(request, type_, request.path_params["id"])


async def _searched(request: Request, type_: str, compartment: str = "") -> Response:
    answers.accept_json(request)
    pairs = query_pairs(request)
    if request.method == "POST":
        pairs += await form_pairs(request)
    doors, lenient = doors_of(request), answers.preferred(request, "handling", "strict") == "lenient"
    question = question_of(doors, type_, pairs, lenient=lenient, compartment=compartment)
    page = await doors.read(bearer(request), question, context_of(request))
    return answers.fhir(bundle_of(doors, question, page))


def question_of(
    doors: Doors, type_: str, pairs: list[tuple[str, str]], *, lenient: bool = False, compartment: str = ""
) -> Search:
    """The search that a URL asks for; ``type_`` "" is for all types."""
    here = f"{doors.base_url}/fhir/"
    parsed = searching.parse(type_, [(name, value.removeprefix(here)) for name, value in pairs], lenient=lenient)
    understood = [(name, value) for name, value in pairs if name != "_cursor" and name not in parsed.ignored]
    path = f"/Patient/{compartment}/{type_ or '*'}" if compartment else f"/{type_}" if type_ else ""
    return Search(path, parsed, urlencode(understood, safe="/:,"), doors.seal, compartment)


def bundle_of(doors: Doors, question: Search, page: Page) -> dict[str, object]:
    """A page as a searchset Bundle: its links say how the search was understood."""
    fhir = f"{doors.base_url}/fhir"
    here = f"{fhir}{question.path}"
    links = [{"relation": "self", "url": f"{here}?{question.asked}" if question.asked else here}]
    if page.next:
        again = f"{question.asked}&" if question.asked else ""
        links.append({"relation": "next", "url": f"{here}?{again}_cursor={page.next}"})
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if page.total is not None:
        bundle["total"] = page.total
    entries = [_entry(fhir, one, question.parsed) for one in page.entries] + list(_outcomes(question.parsed, page))
    return bundle | {"link": links} | ({"entry": entries} if entries else {})


def _entry(fhir: str, entry: Entry, parsed: Query) -> dict[str, object]:
    body = entry.body if _is_whole(entry, parsed) else _part(entry, parsed)
    full_url = f"{fhir}/{entry.type}/{entry.id}"
    return {"fullUrl": full_url, "resource": orjson.Fragment(body), "search": {"mode": entry.mode}}


def _is_whole(entry: Entry, parsed: Query) -> bool:
    return entry.mode != "match" or not (parsed.elements or parsed.summary in ("true", "text", "data"))


def _part(entry: Entry, parsed: Query) -> bytes:
    """What ``_elements`` or ``_summary`` leaves of a match; what comes along comes whole."""
    resource = as_object(read_json(entry.body))
    if parsed.summary in ("true", "text", "data"):
        resource = summary_of(resource, parsed.summary)
    if parsed.elements:
        resource = elements_only(resource, parsed.elements)
    return write_json(resource)


def _outcomes(parsed: Query, page: Page) -> Iterable[dict[str, object]]:
    """What there is to say about the search itself (§3.1.1.5.4, §3.1.1.2)."""
    problems = [Problem("warning", "incomplete", "", _TOO_MANY)] if page.cut else []
    problems += [Problem("warning", "not-supported", one, f"{one} was not understood.") for one in parsed.ignored]
    if problems:
        yield {"resource": answers.outcome(problems), "search": {"mode": "outcome"}}
