"""Dates, numbers and quantities: half-open ranges (FHIR R4 §3.1.1.4)."""

from profiles.instants import EVER, span_of
from profiles.resource import Json, Resource, as_list, as_object, as_text
from profiles.search import number_ranges
from profiles.search.emitting import Emit, Rows
from profiles.search.rows import DateRow, NumberRow
from profiles.search.systems import bounded, system_key


def date(number: int) -> Emit:
    """A date, dateTime or instant."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is str and (span := span_of(value)):
            rows.append(DateRow(number, *span))

    return emit


def period(number: int) -> Emit:
    """A Period; a missing end is open."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (span := _period(value)):
            rows.append(DateRow(number, *span))

    return emit


def timing(number: int) -> Emit:
    """A Timing: from its first event to its last, or the bounds of its repetition."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is not dict:
            return
        events = [span for event in as_list(value.get("event")) if (span := span_of(as_text(event)))]
        if events:
            rows.append(DateRow(number, min(low for low, _ in events), max(high for _, high in events)))
        elif span := _period(as_object(as_object(value.get("repeat")).get("boundsPeriod"))):
            rows.append(DateRow(number, *span))

    return emit


def _period(value: Resource) -> tuple[int, int] | None:
    start, end = span_of(as_text(value.get("start"))), span_of(as_text(value.get("end")))
    if start is None and end is None:
        return None
    return (start[0] if start else EVER[0]), (end[1] if end else EVER[1])


def number(number: int) -> Emit:
    """A decimal or an integer."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if span := number_ranges.exactly(value):
            rows.append(NumberRow(number, *span, "", 0))

    return emit


def quantity(number: int) -> Emit:
    """A Quantity, by its code and by its unit."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (span := number_ranges.quantity(value)):
            _with_unit(number, span, value, rows)

    return emit


def between(number: int) -> Emit:
    """A Range, in the unit of one of its ends."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (span := number_ranges.between(value)):
            _with_unit(number, span, as_object(value.get("low") or value.get("high")), rows)

    return emit


def sampled(number: int) -> Emit:
    """A SampledData, from its least sample to its largest."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (span := number_ranges.sampled(value)):
            _with_unit(number, span, as_object(value.get("origin")), rows)

    return emit


def money(number: int) -> Emit:
    """A Money: its currency is its unit."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (span := number_ranges.quantity(value)):
            currency = as_text(value.get("currency"))
            rows.append(NumberRow(number, *span, currency, system_key("urn:iso:std:iso:4217") if currency else 0))

    return emit


def _with_unit(number: int, span: number_ranges.Range, value: Resource, rows: Rows) -> None:
    code, unit = as_text(value.get("code")), as_text(value.get("unit"))
    if code or not unit:
        rows.append(NumberRow(number, *span, bounded(code), system_key(as_text(value.get("system"))) if code else 0))
    if unit and unit != code:
        rows.append(NumberRow(number, *span, bounded(unit), 0))
