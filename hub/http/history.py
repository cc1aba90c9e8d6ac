"""The doors of history: of one resource, of a type, of everything (FHIR R4 §3.1.0.8)."""

from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of, query_pairs
from hub.errors import Malformed
from hub.http import answers
from hub.http.asked import OF_THE_ANSWER, type_of
from hub.interactions.changes import Changes
from hub.interactions.history import History, Span
from profiles.instants import instants_of

MAX_COUNT = 200
PARAMETERS = ("_since", "_at", "_count")
_STATUS = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}


async def instance(request: Request) -> Response:
    """``GET Type/id/_history`` with ``_since``, ``_at``, ``_count``: every version with what was in it."""
    answers.accept_json(request)
    doors, type_, id_ = doors_of(request), type_of(request), request.path_params["id"]
    question = History(type_, id_, _span(request), doors.seal)
    page = await doors.read(bearer(request), question, context_of(request))
    entries = [
        {**_entry(doors.base_url, type_, id_, one.method, one.version, one.recorded), **_resource(one.body)}
        for one in page.shown
    ]
    here = f"{doors.base_url}/fhir/{type_}/{id_}/_history"
    whole = page.next is None and not question.span.cursor
    return answers.fhir(_bundle(here, question.span, entries, page.next, len(entries) if whole else None))


async def everything(request: Request) -> Response:
    """``GET Type/_history`` and ``GET /_history``, the same: for auditors, without any content."""
    answers.accept_json(request)
    doors, type_ = doors_of(request), type_of(request) if "type" in request.path_params else "*"
    question = Changes(type_, _span(request), doors.seal)
    page = await doors.read(bearer(request), question, context_of(request))
    entries = [_entry(doors.base_url, one.type, one.id, one.method, one.version, one.recorded) for one in page.changes]
    here = f"{doors.base_url}/fhir/{'' if type_ == '*' else f'{type_}/'}_history"
    return answers.fhir(_bundle(here, question.span, entries, page.next, None))


def _span(request: Request) -> Span:
    """What the URL asks for.  Raises ``Malformed`` that names the parameter."""
    given = dict(pair for pair in query_pairs(request) if pair[0] not in OF_THE_ANSWER)
    for name in given:
        if name not in (*PARAMETERS, "_cursor"):
            raise Malformed(f"A history has no parameter {name}; it has {', '.join(PARAMETERS)}.")
    count = given.get("_count", "50")
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= 10**8):
        raise Malformed("_count is a number from 1.")
    since, at = _period(given, "_since"), _period(given, "_at")
    asked = urlencode([(name, value) for name, value in given.items() if name != "_cursor"], safe=":/")
    return Span(since[0] if since else "", at, min(int(count[:9]), MAX_COUNT), given.get("_cursor", ""), asked)


def _period(given: dict[str, str], name: str) -> tuple[str, str] | None:
    if name not in given:
        return None
    # A "+" that was not escaped arrives as a blank.
    period = instants_of(given[name].replace(" ", "+"))
    if period is None:
        raise Malformed(f"{name} is a time such as 2026-11-20T09:00:00+09:00.")
    return period


def _entry(base_url: str, type_: str, id_: str, method: str, version: str, recorded: str) -> dict[str, object]:
    return {
        "fullUrl": f"{base_url}/fhir/{type_}/{id_}",
        "request": {"method": method, "url": type_ if method == "POST" else f"{type_}/{id_}"},
        "response": {"status": _STATUS[method], "etag": f'W/"{version}"', "lastModified": recorded},
    }


def _resource(body: bytes) -> dict[str, object]:
    return {"resource": orjson.Fragment(body)} if body else {}


def _bundle(
    here: str, span: Span, entries: list[dict[str, object]], following: str | None, total: int | None
) -> dict[str, object]:
    asked = f"?{span.asked}" if span.asked else ""
    link = [{"relation": "self", "url": f"{here}{asked}"}]
    if following is not None:
        link.append({"relation": "next", "url": f"{here}{asked or '?'}{'&' if asked else ''}_cursor={following}"})
    counted = {} if total is None else {"total": total}
    shown = {"entry": entries} if entries else {}
    return {"resourceType": "Bundle", "type": "history", **counted, "link": link, **shown}
