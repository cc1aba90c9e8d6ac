"""Spans of time as FHIR writes them (R4 §2.24.0.1 ``date``, ``dateTime``; §2.24.0.14 ``Period``)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from consent.fhir import UnreadableError, mapping, only, text

JST = timezone(timedelta(hours=9))

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (included) to ``end`` (excluded); none means without a bound."""

    start: datetime | None = None
    end: datetime | None = None

    def covers(self, now: datetime) -> bool:
        return self.has_begun(now) and not self.is_over(now)

    def has_begun(self, now: datetime) -> bool:
        return self.start is None or self.start <= now

    def is_over(self, now: datetime) -> bool:
        return self.end is not None and self.end <= now


ALWAYS = Period()


@lru_cache(maxsize=1024)
def days(start: str, end: str) -> Period:
    """The days ``start`` to ``end``, both included, in local time; ``""`` is without a bound."""
    return Period(span(start).start if start else None, span(end).end if end else None)


def span(value: str) -> Period:
    """All instants that a FHIR date or dateTime may mean: "2026-05" is the whole of May in local time.

    The year 9999 stands for "without end".  Raises ``UnreadableError``.
    """
    whole, instant = _DATE.fullmatch(value), _INSTANT.fullmatch(value)
    if not whole and not instant:
        raise UnreadableError(f"{value!r} is not a FHIR date or dateTime")
    try:
        if value.startswith("9999"):
            return Period(_midnight(date(9999, 1, 1)), None)
        if whole:
            return _span_of_days(*(int(part or 0) for part in whole.groups()))
        start = datetime.fromisoformat(value).astimezone(JST)
        return Period(start, start + (timedelta(microseconds=1) if "." in value else timedelta(seconds=1)))
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"{value!r} is not a date: {error}") from error


def period_of(raw: object, place: str) -> Period:
    """A FHIR Period; its end is included, with everything that its precision covers.  Raises ``UnreadableError``."""
    value = mapping(raw, place)
    only(value, {"id", "start", "end"}, place)
    start = span(text(value["start"], f"{place}.start")).start if "start" in value else None
    end = span(text(value["end"], f"{place}.end")).end if "end" in value else None
    if not value or (start is not None and end is not None and start >= end):
        raise UnreadableError(f"{place} contains no time at all")
    return Period(start, end)


def first_day(period: Period) -> str | None:
    """The local day on which the period begins, "YYYY-MM-DD"."""
    return local_day(period.start) if period.start else None


def last_day(period: Period) -> str | None:
    """The last local day of which the period has a part, "YYYY-MM-DD"."""
    return local_day(period.end - timedelta(microseconds=1)) if period.end else None


def local_day(moment: datetime) -> str:
    return moment.astimezone(JST).date().isoformat()


def _span_of_days(year: int, month: int, day: int) -> Period:
    start = date(year, month or 1, day or 1)
    if day:
        after = start + timedelta(days=1)
    elif month:
        after = (start + timedelta(days=31)).replace(day=1)
    else:
        after = date(year + 1, 1, 1)
    return Period(_midnight(start), _midnight(after))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JST)
