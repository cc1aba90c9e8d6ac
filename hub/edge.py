"""Reading requests: what the three edges (http, web, oauth) share."""

import zlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request

from hub.auth.token import fingerprint
from hub.context import Context, Credential
from hub.doors import Doors
from hub.errors import Busy, HubError, Malformed, NotSupported, TooLarge, Unauthenticated
from hub.rates import residents

# What a caller may say of itself.  An emergency and a disaster are declared (CONSENT.md §6, §7), never just claimed.
PURPOSES = frozenset({"TREAT", "CAREMGT", "COC", "AUDIT"})
NO_TOKEN = "no-token"  # noqa: S105 - a reason in the log, no secret
PURPOSE_HEADER = "x-purpose-of-use"
FORM = "application/x-www-form-urlencoded"
MAX_FORM = 64 * 1024
SMALL = 256 * 1024
"""Bytes of each body for which there is always room."""


class Room:
    """What is left of the memory for large bodies: together they are bounded, however many come (TRUST T-135)."""

    def __init__(self, size: int) -> None:
        self._free = size

    def take(self, request: Request, size: int) -> None:
        """``size`` bytes of a body have come.  Raises ``Busy`` when there is no room for them."""
        held = getattr(request.state, "held", 0)
        large = max(0, held + size - SMALL) - max(0, held - SMALL)
        if large > self._free:
            raise Busy("Too many large bodies are on their way. Try again.", reason="room")
        self._free -= large
        request.state.held = held + size

    def leave(self, request: Request) -> None:
        """The request is over."""
        self._free += max(0, getattr(request.state, "held", 0) - SMALL)
        request.state.held = 0


def doors_of(request: Request) -> Doors:
    """The hub that this request came to."""
    doors = request.app.state.doors
    assert isinstance(doors, Doors)
    return doors


def context_of(request: Request) -> Context:
    """The request's constants; its id and instant are those that the middleware gave it."""
    context = request.state.context
    assert isinstance(context, Context)
    return context


def room_of(request: Request) -> Room:
    """Where the large bodies of this process are counted."""
    room = request.app.state.room
    assert isinstance(room, Room)
    return room


def bearer(request: Request) -> Credential:
    """The access token of the request (RFC 6750 §2.1).

    Raises ``Unauthenticated`` without one, ``Malformed`` for one in the URL or an unknown purpose of use.
    """
    asked = request.scope["query_string"]
    if (b"token" in asked or b"%" in asked) and "access_token" in request.query_params:
        raise Malformed("A token belongs in the Authorization header, never in the URL.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("A bearer token is needed: Authorization: Bearer <token>.", reason=NO_TOKEN)
    purpose = request.headers.get(PURPOSE_HEADER, "")
    if purpose and purpose not in PURPOSES:
        raise Malformed(f"{PURPOSE_HEADER} must be one of {', '.join(sorted(PURPOSES))}.")
    return Credential(fingerprint(token.strip()), purpose)


async def counted(request: Request, who: Callable[[Request], Credential]) -> None:
    """Count the request for whoever brought it (TRUST T-138), and say by what limits.  Raises ``TooMany``.

    Without a token, or with a query that cannot be read, it is refused by the door itself.
    """
    request.state.headers.append((b"ratelimit-policy", doors_of(request).rates.policy.encode()))
    try:
        pairs = query_pairs(request)
    except Malformed:
        return
    about = residents(request.scope["path"], pairs)
    await _count(request, who, about, requests=max(1, len(about)))  # who names several has not asked less often


async def _count(
    request: Request, who: Callable[[Request], Credential], about: frozenset[str], *, requests: int
) -> None:
    try:
        credential = who(request)
    except HubError:
        return
    await doors_of(request).count(credential, about, context_of(request), requests=requests)


async def body_of(request: Request, limit: int) -> bytes:
    """The whole body, unpacked when it came with ``Content-Encoding: gzip``.

    Raises ``TooLarge`` as soon as it is longer than ``limit`` bytes, packed or unpacked (TRUST T-107), ``NotSupported``
    (415) for any other encoding, ``Malformed`` for what is no gzip, ``Busy`` when too many large ones come at once.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return await _unpacked(request, limit)
    if encoding not in ("", "identity"):
        raise NotSupported("Send the body as it is, or with Content-Encoding: gzip.", status=415)
    parts: list[bytes] = []
    room = room_of(request)
    async for part in pieces_of(request, limit):
        room.take(request, len(part))
        parts.append(part)
    return b"".join(parts)


async def pieces_of(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes, piece by piece, for who keeps little of it.

    Raises ``TooLarge`` as soon as it is, or says that it will be, longer than ``limit`` bytes.
    """
    declared = request.headers.get("content-length", "0")
    size = 0
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        yield part


async def _unpacked(request: Request, limit: int) -> bytes:
    reader, unpacked, room = zlib.decompressobj(wbits=31), bytearray(), room_of(request)
    try:
        async for part in request.stream():
            more = reader.decompress(part, limit + 1 - len(unpacked))
            room.take(request, len(more))
            unpacked += more
            if len(unpacked) > limit or reader.unconsumed_tail:
                raise TooLarge(f"The body is larger than {limit} bytes.")
    except zlib.error as error:
        raise Malformed("The body is not gzip, though it says so.") from error
    if not reader.eof or reader.unused_data:
        raise Malformed("The body is not one whole gzip file.")
    return bytes(unpacked)


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """The (name, value) pairs of the URL's query, in order.  Raises ``Malformed``."""
    return _pairs(request.scope["query_string"].decode("utf-8", "surrogateescape"))


async def form_pairs(request: Request) -> list[tuple[str, str]]:
    """The pairs of a posted search; whom they name is counted as if they stood in the URL.

    Raises ``Malformed``, ``TooLarge``, ``TooMany``, ``NotSupported`` (415).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise NotSupported(f"Send Content-Type: {FORM}.", status=415)
    body = await body_of(request, MAX_FORM)
    pairs, path = _pairs(body.decode("utf-8", "surrogateescape")), request.scope["path"]
    if about := residents(path, pairs) - residents(path, ()):
        await _count(request, bearer, about, requests=len(about) - 1)
    return pairs


def _pairs(form: str) -> list[tuple[str, str]]:
    try:
        form.encode()
        pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError as error:
        raise Malformed(f"The query cannot be read: {error}") from error
    if any("\0" in text for pair in pairs for text in pair):
        raise Malformed("The query cannot be read: U+0000 is not allowed.")
    return pairs
