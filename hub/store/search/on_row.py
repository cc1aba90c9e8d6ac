"""What the resource's own row answers, so that no index row is made for it: ``_id``, ``_lastUpdated``, ``_source``."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from hub.context import instant
from hub.store.search.part import Part
from profiles import RESOURCE_TYPES
from profiles.search import DateValue, Parameter, parameters_of

_COLUMNS = {
    "_id": "{}.id",
    "_lastUpdated": "{}.recorded",
    # What the hub stamps as meta.source; a search by its full URL has been made relative.
    "_source": "('Organization/' || {}.source)",
}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -62_135_596_800_000, 253_402_300_799_999  # 0001-01-01 and the end of 9999


def column(parameter: Parameter, alias: str) -> str:
    """The expression over a row of ``resource`` that has the parameter's value; "" when only the index has it."""
    found = _COLUMNS.get(parameter.name)
    return found.format(alias) if found else ""


def instant_test(value: DateValue, expression: str) -> Part:
    """The comparison of an instant with a range."""
    low, high = _instant(value.low), _instant(value.high)
    text, ends = {
        "eq": ("({0} >= ? AND {0} < ?)", (low, high)),
        "ap": ("({0} >= ? AND {0} < ?)", (low, high)),
        "ne": ("({0} < ? OR {0} >= ?)", (low, high)),
        "gt": ("{0} >= ?", (high,)),
        "sa": ("{0} >= ?", (high,)),
        "ge": ("{0} >= ?", (low,)),
        "lt": ("{0} < ?", (low,)),
        "eb": ("{0} < ?", (low,)),
        "le": ("{0} < ?", (high,)),
    }[value.prefix]
    return Part(text.format(expression), ends)


def _instant(milliseconds: int) -> str:
    return instant(_BEGINNING + timedelta(milliseconds=min(max(milliseconds, _EARLIEST), _LATEST)))


@cache
def own_numbers() -> frozenset[int]:
    """The numbers of these parameters."""
    return frozenset(one.number for one in parameters_of("Resource") if one.name in _COLUMNS)


@cache
def identifier_numbers() -> frozenset[int]:
    """The numbers of every type's ``identifier``: their rows stand in a table of their own."""
    return _numbers(lambda one: one.name == "identifier" and one.kind == "token")


@cache
def filed_by_numbers() -> frozenset[int]:
    """The numbers of the parameters that name the patient under whom a resource is filed."""
    return _numbers(lambda one: one.of_patient)


def _numbers(wanted: Callable[[Parameter], bool]) -> frozenset[int]:
    return frozenset(one.number for type_ in RESOURCE_TYPES for one in parameters_of(type_) if wanted(one))
