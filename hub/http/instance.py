"""The doors of one resource: read, vread, create, update, patch, delete (FHIR R4 §3.1.0)."""

from collections.abc import Callable
from typing import TypedDict
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from hub.context import Caller
from hub.draft import Change
from hub.edge import bearer, body_of, context_of, doors_of, query_pairs
from hub.errors import Malformed
from hub.http import answers
from hub.http.asked import condition_of, if_match_of, retry_of, shape_of, type_of
from hub.interactions.patch import JSON_PATCH, MERGE_PATCH, patching
from hub.interactions.read import Read
from hub.interactions.receive import draft, single


async def read(request: Request) -> Response:
    """``GET`` and ``HEAD`` of ``Type/id`` and ``Type/id/_history/version``; conditional with ``If-None-Match`` and
    ``If-Modified-Since``, in part with ``_summary`` and ``_elements``."""
    answers.accept_json(request)
    shape = shape_of(query_pairs(request)) if request.scope["query_string"] else None
    question = Read(type_of(request), request.path_params["id"], request.path_params.get("version", ""))
    found = await doors_of(request).read(bearer(request), question, context_of(request))
    headers = answers.version_headers(found.version, found.recorded)
    if answers.is_unchanged(request, headers):
        return Response(status_code=304, headers=headers)
    return answers.fhir(shape(found.body) if shape else found.body, 200, headers)


async def create(request: Request) -> Response:
    """``POST Type``, conditional with ``If-None-Exist``, or as some clients say it: with the condition in the URL."""
    answers.sent_json(request)
    type_, if_none_exist = type_of(request), request.headers.get("if-none-exist", "").removeprefix("?")
    condition = tuple(parse_qsl(if_none_exist, keep_blank_values=True)) or condition_of(request) or None

    def change(body: bytes, caller: Caller) -> Change:
        return single("POST", type_, body, strict=caller.strict, condition=condition)

    return await _write(request, "create", change)


async def update(request: Request) -> Response:
    """``PUT Type/id`` with ``If-Match``, and ``PUT Type?query``."""
    answers.sent_json(request)
    type_, where = type_of(request), _where(request)

    def change(body: bytes, caller: Caller) -> Change:
        return single("PUT", type_, body, strict=caller.strict, **where)

    return await _write(request, "update", change)


async def patch(request: Request) -> Response:
    """``PATCH Type/id`` with ``If-Match``, and ``PATCH Type?query``: one of three kinds of patch."""
    media_type = answers.sent_json(request, (JSON_PATCH, MERGE_PATCH))
    type_, where = type_of(request), _where(request)

    def change(body: bytes, caller: Caller) -> Change:
        return patching(type_, body, media_type=media_type, strict=caller.strict, **where)

    return await _write(request, "patch", change)


async def delete(request: Request) -> Response:
    """``DELETE Type/id``, and ``DELETE Type?query`` of one: by its source alone; history stays (CONSENT.md §5)."""
    answers.accept_json(request)
    type_, where = type_of(request), _where(request)
    change = Change("DELETE", type_, where["id_"], if_match=where["if_match"], condition=where["condition"])
    push = draft(change, "delete", *retry_of(request, b""))
    [written] = await doors_of(request).write(bearer(request), push, context_of(request))
    if not written.id:
        return Response(status_code=204)
    return Response(status_code=204, headers=answers.version_headers(written.version, written.recorded))


class _Where(TypedDict):
    id_: str
    if_match: str
    condition: tuple[tuple[str, str], ...] | None


def _where(request: Request) -> _Where:
    """Which resource a URL means: that of an id, or what a condition matches.  Raises ``Malformed`` for neither."""
    id_ = request.path_params.get("id", "")
    condition = None if id_ else condition_of(request)
    if not id_ and not condition:
        method, type_ = request.method, request.path_params["type"]
        raise Malformed(f"{method} names an id ({method} {type_}/id) or a condition ({method} {type_}?identifier=…).")
    return {"id_": id_, "if_match": if_match_of(request), "condition": condition}


async def _write(request: Request, interaction: str, change: Callable[[bytes, Caller], Change]) -> Response:
    answers.accept_json(request)
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    returning = answers.preferred(request, "return", "representation")
    caller = await doors.caller(credential, context)
    body = await body_of(request, doors.max_body)
    push = draft(change(body, caller), interaction, *retry_of(request, body))
    [written] = await doors.write(credential, push, context)
    headers = answers.version_headers(written.version, written.recorded)
    headers["Location"] = f"{doors.base_url}/fhir/{written.location}"
    if returning == "minimal":
        return Response(status_code=written.status, headers=headers)
    if returning == "OperationOutcome":
        return answers.fhir(answers.findings(written.findings), written.status, headers)
    return answers.fhir(written.body, written.status, headers)
