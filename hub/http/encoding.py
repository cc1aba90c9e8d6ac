"""How an answer travels: compressed, indented, or for HEAD without its body.  Plain ASGI around the whole hub."""

import gzip

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from profiles import MalformedJson, read_json
from profiles.json import exactly

WORTHWHILE = 1024
"""Bytes: what is shorter fits into one packet as it is."""
_LEVEL = 1  # five times as fast as the usual level, for a tenth more bytes
_JSON = (b"application/fhir+json", b"application/json", b"application/problem+json")


class Encoded:
    """Only JSON that is sent in one piece is touched; streams and pages go through as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            head, pretty = scope["method"] == "HEAD", b"_pretty=true" in scope["query_string"].split(b"&")
            packed = takes_gzip(scope["headers"])
            if head or pretty or packed:
                send = _encoding(send, head=head, pretty=pretty, packed=packed)
        await self._app(scope, receive, send)


def takes_gzip(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether ``Accept-Encoding`` names gzip, and not with the weight nought (RFC 9110 §12.5.3)."""
    accepted = next((value for name, value in headers if name == b"accept-encoding"), b"")
    for one in accepted.lower().split(b","):
        coding, _, weight = one.partition(b";")
        if coding.strip() in (b"gzip", b"x-gzip"):
            return weight.replace(b" ", b"").rstrip(b"0.") != b"q="
    return False


def _encoding(send: Send, *, head: bool, pretty: bool, packed: bool) -> Send:
    begin: Message = {}

    async def encode(message: Message) -> None:
        nonlocal begin
        if message["type"] == "http.response.start":
            begin = message
            return
        if begin:
            kind = next((value for name, value in begin["headers"] if name.lower() == b"content-type"), b"")
            if not message.get("more_body") and kind.startswith(_JSON):
                message = _encoded(begin, message, pretty=pretty, packed=packed)
            await send(begin)
            begin = {}
        await send({**message, "body": b""} if head else message)

    return encode


def _encoded(begin: Message, message: Message, *, pretty: bool, packed: bool) -> Message:
    body, headers = message.get("body", b""), dict(begin["headers"])
    if pretty:
        body = _indented(body)
    if len(body) >= WORTHWHILE:
        headers[b"vary"] = b"Accept-Encoding"
        if packed:
            body = gzip.compress(body, _LEVEL, mtime=0)
            headers[b"content-encoding"] = b"gzip"
    headers[b"content-length"] = str(len(body)).encode()
    begin["headers"] = list(headers.items())
    return {**message, "body": body}


def _indented(body: bytes) -> bytes:
    try:
        return orjson.dumps(read_json(body), default=exactly, option=orjson.OPT_INDENT_2) + b"\n"
    except MalformedJson:  # a Bundle may nest deeper than a resource may
        return body
