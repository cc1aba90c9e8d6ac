"""FHIR's dates for the reference decision: a date is a span of time."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

JAPAN = timezone(timedelta(hours=9))
DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)")


END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """``first`` belongs to it, ``after`` does not."""

    first: datetime
    after: datetime


def span(text: object) -> Span | None:
    """The time that a date or dateTime means; None where it cannot be told.

    A year, a month, a day are those of Japan.  A time of day without its zone means nothing.  The year 9999 has no end.
    """
    if not isinstance(text, str):
        return None
    try:
        if text.startswith("9999") and (INSTANT.fullmatch(text) or DAY.fullmatch(text)):
            return Span(datetime(9999, 1, 1, tzinfo=JAPAN), END_OF_TIME)
        if match := INSTANT.fullmatch(text):
            first = datetime.fromisoformat(text)
            step = timedelta(seconds=1) if match[1] is None else timedelta(microseconds=1)
            return Span(first, first + step)
        if match := DAY.fullmatch(text):
            year, month, day = match.groups()
            first = datetime(int(year), int(month or 1), int(day or 1), tzinfo=JAPAN)
            if day:
                return Span(first, first + timedelta(days=1))
            if month:
                return Span(first, first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1))
            return Span(first, first.replace(year=first.year + 1))
    except (ValueError, OverflowError):
        return None
    return None


def covers(start: object, end: object, now: datetime) -> bool:
    """Whether ``now`` lies between two readable dates, both of which belong to it; an absent one is no bound."""
    begins, ends = span(start), span(end)
    if begins is not None and now < begins.first:
        return False
    return not (ends is not None and now >= ends.after)


def surely_later(one: object, other: object) -> bool:
    """Whether a date is later than another, whatever the hours that the two leave open."""
    mine, theirs = span(one), span(other)
    return mine is not None and theirs is not None and mine.first >= theirs.after
