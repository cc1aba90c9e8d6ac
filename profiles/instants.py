"""FHIR dates as ranges of UTC instants, and as days of the local calendar (FHIR R4 §2.24.0.1, §3.1.1.4.5).

A date without a zone is read in Japan's time, ``+09:00``.  Instants are written
``YYYY-MM-DDTHH:MM:SS.mmmZ``, so that they sort as text.  Ranges are half-open: low ≤ t < high.
"""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

JAPAN = timezone(timedelta(hours=9))
EARLIEST = "0001-01-01T00:00:00.000Z"
LATEST = "9999-12-31T23:59:59.999Z"
EVER = -62_135_596_800_000, 253_402_300_799_999
"""The range from ``EARLIEST`` to ``LATEST`` in milliseconds since 1970."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_STEPS = {10: timedelta(days=1), 16: timedelta(minutes=1)}


@lru_cache(maxsize=4096)
def instants_of(text: str) -> tuple[str, str] | None:
    """The range of instants that a date, dateTime or instant covers; ``None`` when it is none of these."""
    try:
        start, step = _start(text)
        return _written(start), _written(start + step)
    except OverflowError:
        return EARLIEST, LATEST
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def span_of(text: str) -> tuple[int, int] | None:
    """The same range in milliseconds since 1970; ``None`` when it is no date."""
    try:
        start, step = _start(text)
        low = (start - _EPOCH) // _MILLISECOND
        return low, low + step // _MILLISECOND
    except OverflowError:
        return EVER
    except ValueError:
        return None


def instant_of(milliseconds: int) -> str:
    """The instant as text, from milliseconds since 1970."""
    return _written(_EPOCH + milliseconds * _MILLISECOND)


@lru_cache(maxsize=4096)
def local_day(text: str) -> str | None:
    """The day in Japan (``YYYY-MM-DD``) on which a dateTime falls; the first one when it covers several."""
    try:
        return _start(text)[0].astimezone(JAPAN).date().isoformat()
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def in_japan(text: str) -> str:
    """The same moment with Japan's offset, so that moments sort as text; what is no moment stays as it is."""
    try:
        return _start(text)[0].astimezone(JAPAN).isoformat() if "T" in text else text
    except (ValueError, OverflowError):
        return text


def _start(text: str) -> tuple[datetime, timedelta]:
    if len(text) == 4:
        first = datetime(int(text), 1, 1, tzinfo=JAPAN)
        return first, datetime(first.year + 1, 1, 1, tzinfo=JAPAN) - first
    if len(text) == 7:
        first = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=JAPAN)
        return first, (first + timedelta(days=32)).replace(day=1) - first
    moment = datetime.fromisoformat(text.replace(":60", ":59"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=JAPAN)
    if "." in text:
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000), _MILLISECOND
    clock = text[:10] if len(text) == 10 else text[:19].rstrip("Zz")
    return moment, _STEPS.get(len(clock.split("+")[0]), timedelta(seconds=1))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
