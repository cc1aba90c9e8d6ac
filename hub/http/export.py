"""Bulk Data ``$export`` (Bulk Data Access IG, STU 2): kick-off, status, files, cancel."""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hub.context import Context, Credential
from hub.doors import Doors
from hub.edge import bearer, context_of, doors_of
from hub.errors import HubError, Malformed, NotSupported, not_found
from hub.http.encoding import takes_gzip
from hub.http.parameters import Asked, asked, bad
from hub.interactions.export import Cancel, Deliver, Export, KickOff, Piece, Status, count_on, start_of
from hub.interactions.receive import KEPT_BY_THE_HUB
from hub.read_path import refused
from hub.settings import Settings
from hub.store.database import Tx
from hub.store.exports import DELETED, File, Job, Level
from profiles import RESOURCE_TYPES
from profiles.instants import instants_of

PARAMETERS = frozenset({"_outputFormat", "_since", "_type"})
NOT_SUPPORTED = frozenset({"_elements", "_typeFilter", "includeAssociatedData", "organizeOutputBy", "patient"})
PIECES_A_POLL = 64
"""How many pieces are counted each time that the caller asks; other work goes between them."""
RETRY_AFTER = "1"
NDJSON = "application/fhir+ndjson"
_FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_GZIP = 31  # zlib's wbits for a gzip stream


async def of_system(request: Request) -> Response:
    """``GET`` or ``POST /fhir/$export``."""
    return await _kick_off(request, "system")


async def of_patients(request: Request) -> Response:
    """``GET`` or ``POST /fhir/Patient/$export``: all to whom the caller has a relation."""
    return await _kick_off(request, "Patient")


async def of_group(request: Request) -> Response:
    """``GET`` or ``POST /fhir/Group/{id}/$export``."""
    return await _kick_off(request, "Group", request.path_params["id"])


async def _kick_off(request: Request, level: Level, group: str = "") -> Response:
    doors, credential = doors_of(request), bearer(request)
    if request.method == "HEAD":
        raise NotSupported("An export is asked for with GET or POST: HEAD would begin one.")
    parameters = await asked(request)
    if "respond-async" not in re.split(r"[,;\s]+", request.headers.get("prefer", "")):
        raise Malformed("An export is answered later: send Prefer: respond-async.")
    path = request.url.path
    request_url = f"{doors.base_url}{path}" + (f"?{request.url.query}" if request.url.query else "")
    question = "&".join(f"{name}={value}" for name, value in parameters.plain)
    asked_for = path.removeprefix("/fhir/") + (f"?{question}" if question else "")
    kick_off = KickOff(level, group, request_url, asked_for, *_narrowing(parameters))
    id_ = await doors.read(credential, kick_off, context_of(request))
    return Response(status_code=202, headers={"Content-Location": _place(doors, id_)})


def _narrowing(parameters: Asked) -> tuple[tuple[str, ...], str]:
    """The types and the instant since when.  Raises ``Malformed`` for what is not understood, or not done here."""
    for name in (*(name for name, _ in parameters.plain), *parameters.complex):
        if name in NOT_SUPPORTED:
            raise bad(name, "is not supported by this hub's $export; narrow with _type and _since", "not-supported")
    parameters.only(PARAMETERS)
    format_ = parameters.text("_outputFormat", NDJSON).replace(" ", "+")
    if format_ not in _FORMATS:
        raise bad("_outputFormat", f"is {', '.join(sorted(_FORMATS))}; nothing else is made here", "not-supported")
    types = [type_ for value in parameters.all("_type") for type_ in value.split(",")]
    for type_ in types:
        if type_ not in RESOURCE_TYPES or type_ in KEPT_BY_THE_HUB:
            raise bad("_type", f"names {type_[:40]!r}, which cannot be exported")
    since = parameters.text("_since").replace(" ", "+")  # the + of a time zone, sent as it stands
    moment = instants_of(since) if _INSTANT.fullmatch(since) else None
    if since and moment is None:
        raise bad("_since", f"takes an instant such as 2026-11-20T09:00:00+09:00, not {since[:40]!r}")
    return tuple(sorted(set(types))), moment[0] if moment else ""


async def status(request: Request) -> Response:
    """``GET /fhir/$export/{id}``: how far it is, or the manifest."""
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    export = await doors.read(credential, Status(request.path_params["id"]), context)
    job = await _counted(doors, credential, export, _slice_of(request), context)
    if not job.finished:
        so_far = sum(file.count for file in job.files)
        return Response(status_code=202, headers={"X-Progress": f"{so_far} so far", "Retry-After": RETRY_AFTER})
    expires = format_datetime(datetime.fromisoformat(job.expires), usegmt=True)
    body = orjson.dumps(manifest(job, _place(doors, job.id)))
    return Response(body, 200, {"Expires": expires}, media_type="application/json")


async def _counted(doors: Doors, credential: Credential, export: Export, slice_: int, context: Context) -> Job:
    """The job after some more pieces, or after the last."""
    asked_for = Status(export.job.id)

    def note(tx: Tx, error: HubError) -> None:
        refused(tx, credential, asked_for.interaction, asked_for.query, error, context)

    job = export.job
    for _ in range(PIECES_A_POLL):
        if job.finished:
            break
        job = await doors.run(lambda tx: count_on(tx, credential, export, slice_, context), note)
    return job


def manifest(job: Job, place: str) -> dict[str, object]:
    """What a finished job has to give, and where."""
    files = [(file.type, {"url": f"{place}/{_name(job, file)}", "count": file.count}) for file in job.files]
    return {
        "transactionTime": job.moment,
        "request": job.request,
        "requiresAccessToken": True,
        "output": [{"type": type_, **file} for type_, file in files if type_ != DELETED],
        **({"deleted": [{"type": "Bundle", **file} for type_, file in files if type_ == DELETED]} if job.since else {}),
        "error": [],
    }


async def file(request: Request) -> Response:
    """``GET /fhir/$export/{id}/{file}``: read while it is sent, under the rules of then."""
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    export = await doors.read(credential, Status(request.path_params["id"]), context)
    job, name, slice_ = export.job, request.path_params["file"], _slice_of(request)
    wanted = next((one for one in job.files if job.finished and _name(job, one) == name), None)
    if wanted is None:
        raise not_found()
    if request.method == "HEAD":
        return Response(media_type=NDJSON)
    # The first piece decides whether there is an answer; what goes wrong later breaks it off, so that nobody takes
    # a part for the whole.
    begun = await doors.read(credential, Deliver(export, wanted, start_of(wanted), slice_), context)

    async def pieces() -> AsyncIterator[bytes]:
        piece: Piece = begun
        yield piece.body
        while piece.next is not None:
            now = doors.context(context.address, context.request_id)
            piece = await doors.read(credential, Deliver(export, wanted, piece.next, slice_), now)
            yield piece.body

    if takes_gzip(request.scope["headers"]):
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return StreamingResponse(_gzipped(pieces()), headers=headers, media_type=NDJSON)
    return StreamingResponse(pieces(), headers={"Vary": "Accept-Encoding"}, media_type=NDJSON)


async def _gzipped(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    async for piece in pieces:
        yield await asyncio.to_thread(packer.compress, piece)
    yield packer.flush()


async def cancel(request: Request) -> Response:
    """``DELETE /fhir/$export/{id}``."""
    await doors_of(request).read(bearer(request), Cancel(request.path_params["id"]), context_of(request))
    return Response(status_code=202)


def _slice_of(request: Request) -> int:
    settings = request.app.state.settings
    assert isinstance(settings, Settings)
    return settings.export_slice


def _place(doors: Doors, id_: str) -> str:
    return f"{doors.base_url}/fhir/$export/{id_}"


def _name(job: Job, file: File) -> str:
    return f"{job.files.index(file) + 1}-{file.type}.ndjson"
