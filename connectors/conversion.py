"""What every connector takes and gives: the sender, the converted bundle, the report, the error.

A connector is a pure function ``convert(data, source) -> Converted``.  It uses a file whole or
not at all: damage raises ``ConversionError``; what it understood but has no place for is listed as
``Unmapped`` and never dropped silently.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from profiles.resource import Resource

_TEN_DIGITS = re.compile(r"[0-9]{10}")
_PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]{1,64}|Patient\?identifier=[^|]*\|.+")
# Control characters that no FHIR string may hold (FHIR R4 §2.24.0.1), and the private-use
# characters that Python gives for the single bytes 0xFD-0xFF, which are not CP932.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\uf8f0-\uf8f3]")


class ConversionError(ValueError):
    """The data is damaged: nothing of it is used.

    ``line`` and ``column`` count from 1; the column counts bytes of the line as it was received.
    """

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class SourceContext:
    """Who sends, and when.

    ``institution_number`` is the 10-digit 医療機関コード, ``care_office_number`` the 10-digit
    介護事業所番号.  ``patient`` says whose file it is when the sender knows: ``Patient/abc`` or
    ``Patient?identifier=system|value``; without it the connector takes the person from the file.
    ``file_name`` is the name that the sender gave the file, where the format's name says something.
    Raises ``ValueError`` for a value of another form.
    """

    organisation_id: str
    organisation_name: str
    institution_number: str | None
    care_office_number: str | None
    now: datetime
    patient: str | None = None
    file_name: str | None = None

    def __post_init__(self) -> None:
        for name, number in (
            ("institution_number", self.institution_number),
            ("care_office_number", self.care_office_number),
        ):
            if number is not None and not _TEN_DIGITS.fullmatch(number):
                raise ValueError(f"{name} has 10 digits, not {number!r}")
        if self.patient is not None and not _PATIENT.fullmatch(self.patient):
            raise ValueError(f"patient is Patient/id or Patient?identifier=system|value, not {self.patient!r}")
        if self.now.tzinfo is None:
            raise ValueError("now has a time zone")


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One value that was read but has no place in the bundle.

    ``place`` is where ("line 7, field 9"; field 1 is the first of the line), ``what`` the name of
    the field, ``why`` an English sentence for the sender.
    """

    place: str
    what: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A transaction Bundle, the report of what is not in it, and the encoding that was found."""

    bundle: Resource
    unmapped: tuple[Unmapped, ...]
    encoding: str


def decode(data: bytes, encodings: Sequence[str] = ("utf-8", "cp932")) -> tuple[str, str]:
    """The text of ``data`` and the name of the first encoding that reads every byte of it.

    A UTF-8 byte order mark at the start and end-of-file marks (0x1A) at the end are dropped.
    Raises ``ConversionError`` at the byte that no encoding reads, or at a control character.
    """
    body = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a")
    furthest = 0
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
            continue
        _refuse_controls(text, encoding)
        return text, encoding
    line, column = position(body, furthest)
    raise ConversionError(f"the byte 0x{body[furthest]:02X} is not {' or '.join(encodings)} text", line, column)


def position(data: bytes, offset: int) -> tuple[int, int]:
    """Line and byte column, both from 1, of the byte at ``offset``; lines end in CRLF, LF or CR."""
    lines = re.split(rb"\r\n|\n|\r", data[:offset])
    return len(lines), len(lines[-1]) + 1


def _refuse_controls(text: str, encoding: str) -> None:
    found = _NOT_TEXT.search(text)
    if found:
        before = text[: found.start()].encode(encoding)
        line, column = position(before, len(before))
        raise ConversionError(f"the character U+{ord(found.group()):04X} is not text", line, column)
