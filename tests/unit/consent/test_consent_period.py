"""Spans of time as FHIR writes them."""

from datetime import datetime

import pytest

from consent import days, span
from consent.fhir import UnreadableError
from consent.period import first_day, last_day, period_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
        ("2026-12", "2026-12-01T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
        ("2024-02", "2024-02-01T00:00:00+09:00", "2024-03-01T00:00:00+09:00"),
        ("2026-12-31", "2026-12-31T00:00:00+09:00", "2027-01-01T00:00:00+09:00"),
        ("2026-12-31T10:00:00Z", "2026-12-31T10:00:00Z", "2026-12-31T10:00:01Z"),
        ("2026-12-31T10:00:00.5+09:00", "2026-12-31T10:00:00.5+09:00", "2026-12-31T10:00:00.500001+09:00"),
    ],
)
def test_a_date_is_all_that_it_may_mean(written: str, start: str, end: str) -> None:
    period = span(written)
    assert (period.start, period.end) == (at(start), at(end))


def test_the_year_9999_is_without_end() -> None:
    assert span("9999-12-31").end is None
    assert span("9999-12-31T23:59:59Z").end is None
    assert span("9999").start == at("9999-01-01T00:00:00+09:00")


@pytest.mark.parametrize(
    "written", ["", "26-01-01", "2026-13", "2026-02-30", "2026-1-1", "2026-01-01T10:00:00", "0000"]
)
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(UnreadableError):
        span(written)


def test_the_end_of_a_period_is_within_it() -> None:
    period = period_of({"start": "2026-05-01", "end": "2026-05-31"}, "period")
    assert period.covers(at("2026-05-01T00:00:00+09:00"))
    assert period.covers(at("2026-05-31T23:59:59.999999+09:00"))
    assert not period.covers(at("2026-06-01T00:00:00+09:00"))
    assert not period.covers(at("2026-04-30T23:59:59+09:00"))
    assert (first_day(period), last_day(period)) == ("2026-05-01", "2026-05-31")


@pytest.mark.parametrize("value", [{}, {"start": "2026", "end": "2025"}, {"begin": "2026"}, {"start": 2026}, "2026"])
def test_a_period_without_meaning_is_refused(value: object) -> None:
    with pytest.raises(UnreadableError):
        period_of(value, "period")


def test_the_last_day_is_that_of_the_last_instant() -> None:
    assert last_day(span("2026-11-20T00:00:00.000000+09:00")) == "2026-11-20"
    assert last_day(span("2026-11-19T23:59:59.999999+09:00")) == "2026-11-19"


def test_days_are_without_bounds_where_they_are_empty() -> None:
    assert days("", "").covers(at("1900-01-01T00:00:00Z"))
    assert days("2026-01-01", "").covers(at("2100-01-01T00:00:00Z"))
    assert not days("", "2026-01-01").covers(at("2026-01-02T00:00:00+09:00"))
