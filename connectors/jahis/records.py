"""The lines of a JAHISTC file: what each record number holds, and how one field is read.

Layouts: JAHIS 電子版お薬手帳データフォーマット仕様書 Ver.2.6 (older versions have fewer fields).
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.conversion import ConversionError, Unmapped, decode
from profiles.resource import FhirDecimal

FACILITY = ("name", "prefecture", "fee table", "institution code")
DRUG_CODE = ("code kind", "code")
NOTE = ("text", "author")
RP_NOTE = ("RP number", "text", "author")

# Record number → its fields after the number, in order.
LAYOUT: dict[str, tuple[str, ...]] = {
    "1": (
        *("name", "sex", "birth date", "postal code", "address", "telephone"),
        *("emergency contact", "blood type", "weight", "kana"),
    ),
    "2": ("kind", "text", "author"),
    "3": ("medicine name", "start date", "end date", "author", "serial number", "JAN code"),
    "31": ("serial number", "ingredient name", *DRUG_CODE, "author"),
    "4": ("text", "entry date", "author"),
    "5": ("dispensing date", "author"),
    "11": (*FACILITY, "postal code", "address", "telephone", "author"),
    "15": ("name", "contact", "author"),
    "51": (*FACILITY, "author"),
    "55": ("name", "department", "author"),
    "201": (
        *("RP number", "medicine name", "amount", "unit", *DRUG_CODE, "author"),
        *("generic name", "generic code kind", "generic code"),
    ),
    "281": RP_NOTE,
    "291": RP_NOTE,
    "301": (
        "RP number",
        "usage",
        "dispensed number",
        "dispensed unit",
        "form",
        "usage code kind",
        "usage code",
        "author",
    ),
    "311": RP_NOTE,
    "391": RP_NOTE,
    "401": NOTE,
    "411": ("text", "kind", "author"),
    "421": NOTE,
    "501": NOTE,
    "601": ("text", "entry date"),
    "701": ("name", "pharmacy", "contact", "start date", "end date", "author"),
    "911": ("data id", "number of parts", "part"),
}

# 作成者: 1 medical staff, 2 the patient or family, 8 others, 9 unknown.
AUTHORS = frozenset({"1", "2", "8", "9"})

_ERA_START = {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
_WESTERN = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_ERA = re.compile(r"([MTSHR])([0-9]{2})([0-9]{2})([0-9]{2})")
# As many digits as a product of two amounts may have without rounding.
_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Record:
    """One line: its number in the file, its fields as written (``fields[0]`` is the record number), their encoding."""

    line: int
    fields: tuple[str, ...]
    encoding: str

    @property
    def number(self) -> str:
        return self.fields[0].strip()

    def text(self, name: str) -> str:
        """The field without surrounding spaces, ``""`` when it is empty or the line ends before it."""
        index = self._index(name)
        return self.fields[index].strip() if index < len(self.fields) else ""

    def required(self, name: str) -> str:
        """The field; ``ConversionError`` when it is empty."""
        written = self.text(name)
        if not written:
            raise self.error(name, f"the {name} is missing")
        return written

    def date(self, name: str) -> str:
        """The field, ``YYYYMMDD`` or ``GYYMMDD``, as an ISO date; ``""`` when it is empty."""
        written = self.text(name)
        if not written:
            return ""
        western, era = _WESTERN.fullmatch(written), _ERA.fullmatch(written)
        if western:
            year = int(western[1])
        elif era and era[2] != "00":
            year = _ERA_START[era[1]] + int(era[2])
        else:
            raise self.error(name, f"the {name} {written!r} is not YYYYMMDD or GYYMMDD")
        try:
            return date(year, int(written[-4:-2]), int(written[-2:])).isoformat()
        except ValueError as error:
            raise self.error(name, f"the {name} {written!r} is not a day of the calendar") from error

    def required_date(self, name: str) -> str:
        """The field as an ISO date; ``ConversionError`` when it is empty."""
        self.required(name)
        return self.date(name)

    def amount(self, name: str) -> FhirDecimal | None:
        """The field as a number (full-width digits are read too); ``None`` when it is empty."""
        written = unicodedata.normalize("NFKC", self.text(name))
        if not written:
            return None
        if not _AMOUNT.fullmatch(written):
            raise self.error(name, f"the {name} {written!r} is not a number")
        return FhirDecimal(format(Decimal(written), "f"))

    def whole(self, name: str) -> int:
        """The field as a whole number from 1; ``ConversionError`` when it is empty or anything else."""
        written = self.required(name)
        if not re.fullmatch(r"[0-9]{1,4}", written) or int(written) == 0:
            raise self.error(name, f"the {name} {written!r} is not a number from 1")
        return int(written)

    def author(self) -> str:
        """作成者; ``""`` when it is empty.  Another value shows that the fields have shifted, so it is refused."""
        written = self.text("author")
        if written and written not in AUTHORS:
            raise self.error("author", f"the author {written!r} is not 1, 2, 8 or 9: is there a comma inside a text?")
        return written

    def error(self, name: str, problem: str) -> ConversionError:
        """The error that points at the field."""
        before = ",".join(self.fields[: self._index(name)])
        return ConversionError(f"record {self.number}: {problem}", self.line, len(before.encode(self.encoding)) + 2)

    def out_of_place(self, problem: str) -> ConversionError:
        """The error that points at the record as a whole."""
        return ConversionError(f"record {self.number} is out of place: {problem}", self.line, 1)

    def unmapped(self, name: str, why: str) -> Unmapped:
        """The report that the field has no place in the bundle."""
        return Unmapped(f"line {self.line}, field {self._index(name) + 1}", name, self.text(name), why)

    def surplus(self) -> list[Unmapped]:
        """The report of what stands behind the last field that the standard knows."""
        known = len(LAYOUT[self.number]) + 1
        return [
            Unmapped(
                f"line {self.line}, field {index}", "unknown field", value.strip(), "the standard has no such field"
            )
            for index, value in enumerate(self.fields[known:], known + 1)
            if value.strip()
        ]

    def _index(self, name: str) -> int:
        return LAYOUT[self.number].index(name) + 1


def read_records(data: bytes) -> tuple[tuple[str, ...], list[Record], str]:
    """The fields of the header line, the records after it, and the encoding.

    Empty lines are passed over.  Raises ``ConversionError`` for bytes that are not text, no header
    and a record number that the standard does not have.
    """
    text, encoding = decode(data)
    header, *lines = re.split(r"\r\n|\n|\r", text)
    head = tuple(field.strip() for field in header.split(","))
    if not re.fullmatch(r"JAHISTC[0-9]{2}", head[0]):
        raise ConversionError("the first line is not a JAHISTC header: this is no 電子版お薬手帳 file", 1, 1)
    records = [Record(at, tuple(line.split(",")), encoding) for at, line in enumerate(lines, 2) if line.strip()]
    for record in records:
        if record.number not in LAYOUT:
            raise ConversionError(f"there is no record {record.number[:20]!r}", record.line, 1)
    return head, records, encoding
