"""A form with a file, as a browser sends it (RFC 7578): its fields, and its one file.

The body is read whole, into memory that is counted (``hub.edge.Room``): nothing of it is put on a disk unencrypted.
"""

from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from hub.edge import body_of, doors_of
from hub.errors import Malformed, TooLarge
from hub.web.session import only_ours

MAX_PARTS, MAX_TEXT = 1000, 64 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """What was chosen in a file field; ``name`` is the file's own name, without folders."""

    name: str
    data: bytes


@dataclass(slots=True)
class _Part:
    name: bytes = b""
    value: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)


async def form_with_file(request: Request, interaction: str) -> tuple[dict[str, str], File | None]:
    """The fields of a form that one of our own pages sent, and its file, if one was chosen.

    Raises ``Refused`` (and writes it down) for a form of another site, ``TooLarge``, ``Malformed``.
    """
    await only_ours(request, interaction)
    said = request.headers.get("content-type", "").encode("latin-1")
    boundary = _options(said).get(b"boundary", b"")
    if not said.lower().startswith(b"multipart/form-data") or not boundary:
        raise Malformed("Send the form as multipart/form-data.")
    try:
        body = await body_of(request, doors_of(request).max_body)
    except TooLarge as error:
        raise TooLarge(error.text, reason="scan") from error
    return _read(body, boundary)


def _read(body: bytes, boundary: bytes) -> tuple[dict[str, str], File | None]:
    fields: dict[str, str] = {}
    file: File | None = None
    for part in _parts(body, boundary):
        options = _options(part.headers.get(b"content-disposition", b""))
        name = _text(options.get(b"name", b""))
        if b"filename" not in options:
            fields[name] = _text(bytes(part.data))
        elif part.data:
            chosen = options[b"filename"].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
            file = File(chosen[:120], bytes(part.data))
    if sum(len(name) + len(value) for name, value in fields.items()) > MAX_TEXT:
        raise Malformed("The form says too much.")
    return fields, file


def _parts(body: bytes, boundary: bytes) -> list[_Part]:
    parts: list[_Part] = []
    ended = False

    def begin() -> None:
        if len(parts) == MAX_PARTS:
            raise MultipartParseError("too many parts")
        parts.append(_Part())

    def header_name(data: bytes, start: int, end: int) -> None:
        parts[-1].name += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        parts[-1].value += data[start:end]

    def header_end() -> None:
        part = parts[-1]
        part.headers[part.name.lower()] = part.value
        part.name = part.value = b""

    def content(data: bytes, start: int, end: int) -> None:
        parts[-1].data += memoryview(data)[start:end]

    def end() -> None:
        nonlocal ended
        ended = True

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": begin,
                "on_header_field": header_name,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_part_data": content,
                "on_end": end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Malformed("The form cannot be read.") from error
    if not ended:
        raise Malformed("The form ends too early.")
    return parts


def _options(header: bytes) -> dict[bytes, bytes]:
    """The parameters of a header, as the bytes that they are.  Raises ``Malformed``."""
    try:
        return parse_options_header(header)[1]
    except ValueError as error:
        raise Malformed("The form cannot be read.") from error


def _text(value: bytes) -> str:
    """Text as it was typed, its line ends as one kind.  Raises ``Malformed``."""
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise Malformed("The form is not UTF-8.") from error
    if "\0" in text:
        raise Malformed("The form cannot be read: U+0000 is not allowed.")
    return text.replace("\r\n", "\n")
