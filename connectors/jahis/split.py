"""A notebook that was too long for one two-dimensional code: its parts → one file."""

import re
from dataclasses import dataclass

from connectors.conversion import ConversionError, position

_CONTROL = re.compile(rb"(?:\A|\r\n|\n|\r)911,([0-9]{14}),([0-9]{1,3}),([0-9]{1,3})[\s,\x1a]*\Z")
_HEADER = re.compile(rb"JAHISTC[0-9]{2},")
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class _Part:
    body: bytes
    data_id: bytes
    parts: int
    part: int


def refuse_lone_part(data: bytes) -> None:
    """Raise ``ConversionError`` when ``data`` is one of several parts: alone it may end within a character."""
    control = _CONTROL.search(data)
    if control and int(control[2]) > 1:
        problem = f"this is part {int(control[3])} of {int(control[2])} of a split file: join all parts first"
        raise ConversionError(problem, *position(data, control.start(2)))


def join(parts: list[bytes]) -> bytes:
    """The one file of which ``parts`` are the parts, in any order.

    Bytes are joined before they are decoded, since a part may end within a character.  A part that
    begins with a header of its own was split between lines: its header, and its record 1 when that
    repeats the first part's, are not taken again.
    Raises ``ConversionError`` when a part has no record 911, is of another file, is missing or is twice there.
    """
    read = sorted((_part(part) for part in parts), key=lambda one: one.part)
    if not read:
        raise ConversionError("there is no part", 1, 1)
    if len({(one.data_id, one.parts) for one in read}) > 1:
        raise ConversionError("the parts are not of the same file", 1, 1)
    found = [one.part for one in read]
    if found != list(range(1, read[0].parts + 1)):
        names = ", ".join(map(str, found))
        raise ConversionError(f"the file has {read[0].parts} parts, and these are here: {names}", 1, 1)
    joined = read[0].body
    for one in read[1:]:
        joined += b"\r\n" + _without_repeats(one.body, read[0].body) if _HEADER.match(one.body) else one.body
    return joined


def _part(data: bytes) -> _Part:
    control = _CONTROL.search(data)
    if not control:
        raise ConversionError("the part does not end with a record 911", *position(data, len(data)))
    # The line end before the record 911 belongs to it: a byte order split may have cut within a line.
    return _Part(data[: control.start()].removeprefix(b"\xef\xbb\xbf"), control[1], int(control[2]), int(control[3]))


def _without_repeats(body: bytes, first: bytes) -> bytes:
    lines = _LINE_END.split(body)[1:]
    if lines and lines[0] in _LINE_END.split(first)[1:2]:
        lines = lines[1:]
    return b"\r\n".join(lines)
