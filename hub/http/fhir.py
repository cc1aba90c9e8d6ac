"""The FHIR doors: HTTP → interaction → HTTP (FHIR R4 §3.1.0).  No rule is decided here."""

import asyncio
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.context import Context, Credential
from hub.doors import Doors
from hub.draft import Change, Draft, Written
from hub.edge import bearer, body_of, context_of, doors_of, form_pairs, query_pairs
from hub.errors import HubError, Invalid, Malformed, NotSupported
from hub.http import answers
from hub.interactions import search as searching
from hub.interactions.history import History
from hub.interactions.read import Read
from hub.interactions.receive import draft, parse, single
from hub.interactions.search import Page, Search
from hub.interactions.transaction import change_of, entries_of, misshapen, misshapen_entry, target, transaction
from profiles import RESOURCE_TYPES
from profiles.resource import Resource, as_object, as_text


async def read(request: Request) -> Response:
    """``GET Type/id`` and ``GET Type/id/_history/version``."""
    answers.accept_json(request)
    question = Read(_type(request), request.path_params["id"], request.path_params.get("version", ""))
    found = await doors_of(request).read(bearer(request), question, context_of(request))
    headers = answers.version_headers(found.version, found.recorded)
    if answers.is_known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return answers.fhir(found.body, 200, headers)


async def history(request: Request) -> Response:
    """``GET Type/id/_history``: the whole of it."""
    answers.accept_json(request)
    unknown = [name for name, _ in query_pairs(request) if name not in ("_format", "_pretty")]
    if unknown:
        raise Malformed(f"A history has no parameter {unknown[0]!r} here; it is given whole.")
    doors, type_, id_ = doors_of(request), _type(request), request.path_params["id"]
    versions = await doors.read(bearer(request), History(type_, id_), context_of(request))
    full = f"{doors.base_url}/fhir/{type_}/{id_}"
    entries = [
        {
            "fullUrl": full,
            **({"resource": orjson.Fragment(one.body)} if one.body else {}),
            "request": {"method": one.method, "url": type_ if one.method == "POST" else f"{type_}/{id_}"},
            "response": {
                "status": {"POST": "201 Created", "PUT": "200 OK"}.get(one.method, "204 No Content"),
                "etag": f'W/"{one.version}"',
                "lastModified": one.recorded,
            },
        }
        for one in versions
    ]
    link = [{"relation": "self", "url": f"{full}/_history"}]
    bundle = {"resourceType": "Bundle", "type": "history", "total": len(entries), "link": link, "entry": entries}
    return answers.fhir(bundle)


async def search(request: Request) -> Response:
    """``GET Type?…`` and ``POST Type/_search``."""
    answers.accept_json(request)
    pairs = query_pairs(request)
    if request.method == "POST":
        pairs += await form_pairs(request)
    return await _searched(request, doors_of(request), _type(request), pairs)


async def _searched(request: Request, doors: Doors, type_: str, pairs: list[tuple[str, str]]) -> Response:
    question = _search_question(doors, type_, pairs)
    page = await doors.read(bearer(request), question, context_of(request))
    return answers.fhir(_bundle(doors, question, page))


def _search_question(doors: Doors, type_: str, pairs: list[tuple[str, str]]) -> Search:
    asked = urlencode([(name, value) for name, value in pairs if name != "_cursor"], safe="/:,")
    here = f"{doors.base_url}/fhir/"
    parsed = searching.parse(type_, [(name, value.removeprefix(here)) for name, value in pairs])
    return Search(type_, parsed, asked, doors.seal)


def _bundle(doors: Doors, question: Search, page: Page) -> dict[str, object]:
    here = f"{doors.base_url}/fhir/{question.type}"
    self_url = f"{here}?{question.asked}" if question.asked else here
    following = f"{here}?{question.asked}{'&' if question.asked else ''}_cursor={page.next}" if page.next else None
    return answers.searchset(doors.base_url, question.type, page.entries, page.total, self_url, following)


async def create(request: Request) -> Response:
    """``POST Type``, conditional with ``If-None-Exist``."""
    if_none_exist = request.headers.get("if-none-exist", "").removeprefix("?")
    condition = tuple(parse_qsl(if_none_exist, keep_blank_values=True)) if if_none_exist else None
    return await _write_one(request, "POST", condition=condition)


async def update(request: Request) -> Response:
    """``PUT Type/id`` with ``If-Match``, and ``PUT Type?query``."""
    id_ = request.path_params.get("id", "")
    condition = None if id_ else tuple(query_pairs(request))
    if not id_ and not condition:
        raise Malformed("A PUT names an id (PUT Type/id) or a condition (PUT Type?identifier=…).")
    return await _write_one(request, "PUT", condition=condition)


async def _write_one(request: Request, method: str, *, condition: tuple[tuple[str, str], ...] | None) -> Response:
    answers.accept_json(request)
    answers.sent_json(request)
    doors, credential, context, type_ = doors_of(request), bearer(request), context_of(request), _type(request)
    wanted = answers.returning(request)
    caller = await doors.caller(credential, context)
    body = await body_of(request, doors.max_body)
    id_ = request.path_params.get("id", "")
    if_match = request.headers.get("if-match", "").removeprefix("W/").strip('"')
    verb = "PUT" if method == "PUT" else "POST"
    change = single(
        "PUT" if verb == "PUT" else "POST",
        type_,
        body,
        strict=caller.strict,
        id_=id_,
        if_match=if_match,
        condition=condition,
    )
    name = "update" if verb == "PUT" else "create"
    written = (await doors.write(credential, draft(change, name, *_retry(request, body)), context))[0]
    headers = answers.version_headers(written.version, written.recorded)
    headers["Location"] = f"{doors.base_url}/fhir/{written.location}"
    if wanted == "minimal":
        return Response(status_code=written.status, headers=headers)
    if wanted == "OperationOutcome":
        return answers.fhir(answers.findings(written.findings), written.status, headers)
    return answers.fhir(written.body, written.status, headers)


async def delete(request: Request) -> Response:
    """``DELETE Type/id``: by its source alone; history stays (CONSENT.md §5)."""
    if_match = request.headers.get("if-match", "").removeprefix("W/").strip('"')
    change = Change("DELETE", _type(request), request.path_params["id"], if_match=if_match)
    doors = doors_of(request)
    written = (await doors.write(bearer(request), draft(change, "delete", *_retry(request, b"")), context_of(request)))[
        0
    ]
    return Response(status_code=204, headers={"ETag": f'W/"{written.version}"'})


async def bundle(request: Request) -> Response:
    """``POST /``: transaction or batch."""
    answers.accept_json(request)
    answers.sent_json(request)
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    caller = await doors.caller(credential, context)
    body = await body_of(request, doors.max_body)
    value = parse(body)
    if value["resourceType"] != "Bundle" or value.get("type") not in ("transaction", "batch"):
        raise Malformed("A Bundle of type transaction or batch is taken here; documents go to /ingest/fhir.")
    key, digest = _retry(request, body)
    if value["type"] == "batch":
        return answers.fhir(await _batch(doors, credential, context, value, caller.strict, key))
    push = transaction(value, strict=caller.strict, key=key, request_hash=digest)
    return answers.fhir(response_bundle(doors, await doors.write(credential, push, context), "transaction-response"))


def response_bundle(doors: Doors, written: tuple[Written, ...], type_: str) -> dict[str, object]:
    """The answer to a transaction: one entry for each of the request, in its order."""
    entries = [answers.written_entry(one, base=doors.base_url) for one in written]
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


async def _batch(
    doors: Doors, credential: Credential, context: Context, value: Resource, strict: bool, key: str
) -> dict[str, object]:
    """Every entry by itself, each with its own outcome (FHIR R4 §3.1.0.11.1)."""
    entries = entries_of(value)
    wrong = misshapen({name: member for name, member in value.items() if name != "entry"})
    if wrong:
        raise Invalid("The Bundle is not valid.", problems=wrong)
    if not entries:
        raise Malformed("The Bundle has no entries.")
    work = [
        _batch_entry(doors, credential, context, entry, place, strict, f"{key}#{place}" if key else "")
        for place, entry in enumerate(entries)
    ]
    return {"resourceType": "Bundle", "type": "batch-response", "entry": await asyncio.gather(*work)}


async def _batch_entry(
    doors: Doors, credential: Credential, context: Context, entry: Resource, place: int, strict: bool, key: str
) -> dict[str, object]:
    try:
        request, wrong = as_object(entry.get("request")), misshapen_entry(entry, place)
        if wrong:
            raise Invalid("This entry is not valid.", problems=wrong)
        if request.get("method") == "GET":
            return await _batch_get(doors, credential, context, as_text(request.get("url")), place)
        change = change_of(entry, place, strict=strict)
        digest = sha256(orjson.dumps(entry, default=str)).hexdigest()
        written = await doors.write(credential, Draft((change,), "batch", key, digest), context)
        return answers.written_entry(written[0], base=doors.base_url)
    except HubError as error:
        words = f"{error.status} {type(error).__name__}"
        return {"response": {"status": words, "outcome": answers.outcome(error.outcome())}}


async def _batch_get(doors: Doors, credential: Credential, context: Context, url: str, place: int) -> dict[str, object]:
    type_, id_, condition = target(url, f"Bundle.entry[{place}].request.url")
    if id_:
        found = await doors.read(credential, Read(type_, id_), context)
        response = {"status": "200 OK", "etag": f'W/"{found.version}"', "lastModified": found.recorded}
        return {"resource": orjson.Fragment(found.body), "response": response}
    question = _search_question(doors, type_, list(condition or ()))
    page = await doors.read(credential, question, context)
    return {"resource": _bundle(doors, question, page), "response": {"status": "200 OK"}}


def _type(request: Request) -> str:
    type_ = str(request.path_params["type"])
    if type_ not in RESOURCE_TYPES:
        raise NotSupported(f"{type_!r} is not a resource type of FHIR R4.", status=404)
    return type_


def _retry(request: Request, body: bytes) -> tuple[str, str]:
    """The Idempotency-Key, and a hash of all that makes the request what it is."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > 255:
        raise Malformed("An Idempotency-Key has at most 255 characters.")
    digest = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body).hexdigest()
    return key, digest
