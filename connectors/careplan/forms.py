"""The forms of a cell: what its characters may be, and the value they stand for.

Values: dates ``2019-10-10``, months ``2019-12``, times ``12:00``; everything else as written.  Columns other than free
text are read with full-width digits and letters made half-width.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from connectors.careplan.layouts import VERSIONS, VERSIONS_OF_EXAMPLES, Column, codes

_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_YEARS = range(1868, 2200)


class CellError(ValueError):
    """The cell has not the form of its column."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a cell, ``""`` when it is blank; ``remark`` is what its sender should know about it."""

    text: str
    remark: str = ""


def read(column: Column, written: str) -> Value:
    """The value of a cell of ``column``.  Raises ``CellError`` with a sentence that names the column."""
    text = written.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        if column.required:
            raise CellError(f"{column.name} is blank")
        return Value("")
    if column.form != "text":
        text = unicodedata.normalize("NFKC", text)
    if column.codes:
        return _code(column, text)
    try:
        return _FORMS[column.form](text)
    except ValueError as error:
        raise CellError(f"{column.name} {error}, not {text!r}") from error


def _code(column: Column, text: str) -> Value:
    known = codes(column.codes)
    if text not in known:
        raise CellError(f"{column.name} is one of {', '.join(known)}, not {text!r}")
    return Value(text)


def _matching(pattern: str, description: str) -> Callable[[str], Value]:
    form = re.compile(pattern)

    def check(text: str) -> Value:
        if not form.fullmatch(text):
            raise ValueError(description)
        return Value(text)

    return check


def _short(pattern: str, shorter: str, characters: int, description: str) -> Callable[[str], Value]:
    """A number that senders also write one character short: kept as written, with a remark."""
    exact, short = re.compile(pattern), re.compile(shorter)

    def check(text: str) -> Value:
        if exact.fullmatch(text):
            return Value(text)
        if short.fullmatch(text):
            return Value(text, f"{characters} characters are expected; kept as written")
        raise ValueError(description)

    return check


def _text(text: str) -> Value:
    return Value(text, "it holds 外字, which other systems cannot show" if _PRIVATE_USE.search(text) else "")


def _version(text: str) -> Value:
    if text in VERSIONS_OF_EXAMPLES:
        return Value(text, "only the standard's examples have this version")
    if text not in VERSIONS:
        raise ValueError(f"is one of {', '.join(sorted(VERSIONS))}")
    return Value(text)


def _date(text: str) -> Value:
    if not re.fullmatch(r"[0-9]{8}", text):
        raise ValueError("is a date YYYYMMDD")
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise ValueError("is a day of the calendar") from error
    if year not in _YEARS:
        raise ValueError("is a day of a living person")
    return Value(found.isoformat())


def _month(text: str) -> Value:
    if not re.fullmatch(r"[0-9]{4}(0[1-9]|1[0-2])", text) or int(text[:4]) not in _YEARS:
        raise ValueError("is a month YYYYMM")
    return Value(f"{text[:4]}-{text[4:]}")


def _consultation(text: str) -> Value:
    """A date; the standard's own examples have only the month."""
    if len(text) == 6:
        return Value(_month(text).text, "a day YYYYMMDD is expected; kept as the month")
    return _date(text)


def _time(text: str) -> Value:
    if not re.fullmatch(r"([01][0-9]|2[0-3])[0-5][0-9]|2400", text):
        raise ValueError("is a time HHMM")
    return Value(f"{text[:2]}:{text[2:]}")


def _or_blank(blank: str, form: Callable[[str], Value]) -> Callable[[str], Value]:
    return lambda text: Value("") if text == blank else form(text)


_FORMS: dict[str, Callable[[str], Value]] = {
    "text": _text,
    "plain": _text,
    "version": _version,
    "insurer": _short(r"[0-9]{6}", r"[0-9]{5}", 6, "has 6 digits"),
    "insured": _short(r"[0-9]{10}|H[0-9]{9}", r"[0-9]{9}", 10, "has 10 digits, or H and 9 digits"),
    "office": _short(r"[0-9A-Z]{10}", r"[0-9]{9}", 10, "has 10 digits"),
    "service": _matching(r"[0-9A-Z]{6}", "has 6 digits or letters"),
    "kind": _matching(r"[0-9A-Z]{2}", "has 2 digits or letters"),
    "number": _matching(r"-?[0-9]{1,9}", "is a whole number"),
    "decimal": _matching(r"-?[0-9]{1,9}(\.[0-9]{1,4})?", "is a number"),
    "days": _matching(r"[01]{28,31}", "has a 0 or 1 for each day"),
    "date": _date,
    "date-or-zeros": _or_blank("00000000", _date),
    "month": _month,
    "month-or-zeros": _or_blank("000000", _month),
    "consultation": _consultation,
    "time": _time,
    "time-or-9999": _or_blank("9999", _time),
}
