"""A form with a file, as a browser sends it (RFC 7578): its fields, and its one file.

What is kept of the body stands in memory that is counted (``hub.edge.Room``): nothing of it is put on a disk
unencrypted.  A file that is too large is read to its end and not kept: the rest of the form is not lost with it.
"""

from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from hub.edge import pieces_of, room_of
from hub.errors import Malformed, NotSupported
from hub.web.session import only_ours

MAX_PARTS, MAX_TEXT = 1000, 64 * 1024
MAX_SAID = 1024 * 1024
"""Bytes of all that is no file: names, headers, what was typed."""
MAX_READ = 64 * 1024 * 1024
"""Bytes of a form that are read at all."""


@dataclass(frozen=True, slots=True)
class File:
    """What was chosen in a file field; ``name`` is the file's own name, without folders.

    ``too_large``: it has more bytes than were asked for, and ``data`` has none of them.
    """

    name: str
    data: bytes
    too_large: bool = False


@dataclass(slots=True)
class _Part:
    name: bytes = b""
    value: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    options: dict[bytes, bytes] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    too_large: bool = False

    @property
    def is_file(self) -> bool:
        return b"filename" in self.options


async def form_with_file(request: Request, interaction: str, largest: int) -> tuple[dict[str, str], File | None]:
    """The fields of a form that one of our own pages sent, and its file of up to ``largest`` bytes, if one was chosen.

    Raises ``Refused`` (and writes it down) for a form of another site, ``TooLarge``, ``Malformed``, ``NotSupported``.
    """
    await only_ours(request, interaction)
    said = request.headers.get("content-type", "").encode("latin-1")
    boundary = _options(said).get(b"boundary", b"")
    if not said.lower().startswith(b"multipart/form-data") or not boundary:
        raise Malformed("Send the form as multipart/form-data.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise NotSupported("Send the form as it is, without Content-Encoding.", status=415)
    reader, room = Reader(boundary, largest), room_of(request)
    async for piece in pieces_of(request, MAX_READ):
        room.take(request, reader.read(piece))
    return fields_of(reader.ended())


def fields_of(parts: list[_Part]) -> tuple[dict[str, str], File | None]:
    """What the parts say: the fields, and the last file that was chosen.  Raises ``Malformed``."""
    fields: dict[str, str] = {}
    file: File | None = None
    for part in parts:
        if not part.is_file:
            fields[_text(part.options.get(b"name", b""))] = _text(bytes(part.data))
        elif part.options[b"filename"]:
            chosen = part.options[b"filename"].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
            file = File(chosen[:120], bytes(part.data), part.too_large)
    if sum(len(name) + len(value) for name, value in fields.items()) > MAX_TEXT:
        raise Malformed("The form says too much.")
    return fields, file


class Reader:
    """The parts of a form, read piece by piece; of all files together ``largest`` bytes are kept."""

    def __init__(self, boundary: bytes, largest: int) -> None:
        self._parts: list[_Part] = []
        self._largest, self._said, self._filed, self._ended = largest, 0, 0, False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._content,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise Malformed("The form cannot be read.") from error

    def read(self, piece: bytes) -> int:
        """One more piece of the body; gives how many bytes more are kept.  Raises ``Malformed``."""
        before = self._said + self._filed
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise Malformed("The form cannot be read.") from error
        return max(0, self._said + self._filed - before)

    def ended(self) -> list[_Part]:
        """All parts.  Raises ``Malformed`` when the form is not whole."""
        try:
            self._parser.finalize()
        except FormParserError as error:
            raise Malformed("The form cannot be read.") from error
        if not self._ended:
            raise Malformed("The form ends too early.")
        return self._parts

    def _begin(self) -> None:
        if len(self._parts) == MAX_PARTS:
            raise MultipartParseError("too many parts")
        self._parts.append(_Part())

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1].name += self._kept(data, start, end)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1].value += self._kept(data, start, end)

    def _header_end(self) -> None:
        part = self._parts[-1]
        part.headers[part.name.lower()] = part.value
        part.name = part.value = b""

    def _headers_end(self) -> None:
        part = self._parts[-1]
        part.options = _options(part.headers.get(b"content-disposition", b""))

    def _content(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        if not part.is_file:
            part.data += self._kept(data, start, end)
        elif part.too_large or self._filed + end - start > self._largest:
            part.too_large = True
            part.data.clear()
        else:
            self._filed += end - start
            part.data += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True

    def _kept(self, data: bytes, start: int, end: int) -> bytes:
        self._said += end - start
        if self._said > MAX_SAID:
            raise Malformed("The form says too much.")
        return data[start:end]


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
