"""``Patient/{id}/$everything`` and ``Patient/$everything``: Bundles joined from stored bytes, never taken apart."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.context import Context, Credential
from hub.doors import Doors
from hub.edge import bearer, context_of, doors_of
from hub.http import answers
from hub.http.parameters import Asked, asked, bad
from hub.interactions.everything import SLICE, START, Entry, Everything, Piece, closed, opened, people_of
from hub.store.everything import Narrowing
from profiles import RESOURCE_TYPES
from profiles.instants import instants_of

DEFAULT, MOST = 200, 1000
PEOPLE = 50
"""People of whom one answer tells at most."""
PARAMETERS = frozenset({"start", "end", "_since", "_type", "_count", "_cursor"})
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


async def of_one(request: Request) -> Response:
    """``GET`` or ``POST Patient/id/$everything``."""
    id_ = request.path_params["id"]
    question = _read(await asked(request), f"Patient/{id_}/$everything", doors_of(request), id_)
    return await _bundle(request, question, [])


async def of_all(request: Request) -> Response:
    """``GET`` or ``POST Patient/$everything``: of everybody whom the caller looks after, person by person."""
    doors = doors_of(request)
    question = _read(await asked(request), "Patient/$everything", doors, "")
    caller = await doors.caller(bearer(request), context_of(request))
    people = await doors.run(lambda tx: people_of(tx, caller))
    at = opened(doors.seal, question.cursor, caller, question.asked)[0] if question.cursor else ""
    starts = [
        (one, question.cursor if one == at else closed(doors.seal, caller, question.asked, one, START))
        for one in people
        if one >= at
    ]
    return await _bundle(request, question, starts)


def _read(parameters: Asked, path: str, doors: Doors, id_: str) -> Everything:
    """The question of a request.  Raises ``Malformed`` for a parameter or a value that is not understood."""
    parameters.only(PARAMETERS)
    count = parameters.number("_count", DEFAULT)
    if count < 1:
        raise bad("_count", "takes a number from 1 on")
    types = [type_ for value in parameters.all("_type") for type_ in value.split(",")]
    for type_ in types:
        if type_ not in RESOURCE_TYPES:
            raise bad("_type", f"names {type_[:40]!r}, which is no resource type of FHIR R4")
    since = parameters.text("_since")
    moment = instants_of(since) if since else None
    if since and moment is None:
        raise bad("_since", f"takes an instant, not {since[:40]!r}")
    narrowing = Narrowing(
        types=tuple(dict.fromkeys(types)),
        start=_day(parameters, "start", "-01-01"),
        end=_day(parameters, "end", "-12-31"),
        since=moment[0] if moment else "",
    )
    given = urlencode([one for one in parameters.plain if one[0] != "_cursor"], safe="/:,")
    question = f"{path}?{given}" if given else path
    cursor = parameters.text("_cursor")
    return Everything(id_, narrowing, min(count, MOST), question, cursor, doors.seal, alone=bool(id_))


def _day(parameters: Asked, name: str, rest: str) -> str:
    """A date as the first or last day that it may mean; days are compared as texts, so that no month ends too early."""
    text = parameters.text(name)
    if text and (not _DAY.fullmatch(text) or instants_of(text) is None):
        raise bad(name, f"takes a date, not {text[:40]!r}")
    return text + rest[len(text) - 4 :] if text else ""


async def _bundle(request: Request, question: Everything, people: list[tuple[str, str]]) -> Response:
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    if question.alone:
        piece = await _of_person(doors, credential, context, question, question.count)
    else:
        piece = await _of_people(doors, credential, context, question, people)
    return answers.fhir(_joined(doors.base_url, question, piece))


async def _of_person(doors: Doors, credential: Credential, context: Context, whole: Everything, count: int) -> Piece:
    """Up to ``count`` resources of one person, in as many lane jobs as it takes."""
    entries: list[Entry] = []
    included: dict[str, bytes] = {}
    cursor = whole.cursor
    while True:
        room = min(SLICE, count - len(entries))
        piece = await doors.read(credential, replace(whole, count=room, cursor=cursor), context)
        entries += piece.entries
        included.update(piece.included)
        if piece.next is None or len(entries) >= count:
            return Piece(entries, list(included.items()), piece.next)
        cursor = piece.next


async def _of_people(
    doors: Doors, credential: Credential, context: Context, whole: Everything, people: list[tuple[str, str]]
) -> Piece:
    """The same of one person after the other; ``people`` with the cursor at which each begins."""
    entries: list[Entry] = []
    included: dict[str, bytes] = {}
    for number, (person, start) in enumerate(people):
        if len(entries) >= whole.count or number == PEOPLE:
            return Piece(entries, list(included.items()), start)
        one = replace(whole, id=person, cursor=start)
        piece = await _of_person(doors, credential, context, one, whole.count - len(entries))
        before = {name for name, _ in entries}
        entries += [entry for entry in piece.entries if entry[0] not in before]
        included.update(piece.included)
        if piece.next:
            return Piece(entries, list(included.items()), piece.next)
    return Piece(entries, list(included.items()), None)


def _joined(base_url: str, question: Everything, piece: Piece) -> bytes:
    here = f"{base_url}/fhir/{question.asked}"
    links = [{"relation": "self", "url": here}]
    if piece.next:
        links.append({"relation": "next", "url": f"{here}{'&' if '?' in here else '?'}_cursor={piece.next}"})
    head: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if not question.cursor and not piece.next:
        head["total"] = len(piece.entries)
    parts = [orjson.dumps({**head, "link": links})[:-1]]
    entries = [_entry(base_url, one, b"match") for one in piece.entries]
    entries += [_entry(base_url, one, b"include") for one in piece.included]
    if entries:
        parts += [b',"entry":[', b",".join(entries), b"]"]
    return b"".join([*parts, b"}"])


def _entry(base_url: str, entry: Entry, mode: bytes) -> bytes:
    name, body = entry
    full_url = f"{base_url}/fhir/{name}".encode()
    return b'{"fullUrl":"%b","resource":%b,"search":{"mode":"%b"}}' % (full_url, body, mode)
