"""A row made from a value is found by the query that is written from the same value (and not by another one)."""

from contextlib import suppress
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from profiles.resource import FhirDecimal, Resource
from profiles.search.index import index
from profiles.search.parameters import parameters_of
from profiles.search.parse import parse_query
from profiles.search.query import UnknownParameter
from profiles.search.rows import DateRow, IndexRow, NumberRow, ReferenceRow, StringRow, TokenRow
from profiles.search.values import BadParameter, DateValue, NumberValue, ReferenceValue, StringValue, TokenValue, Value

TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=300)
DATE = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "+09:00")
LESS_EXACT = st.sampled_from([4, 7, 10, 25])
NUMBER = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6)


def matches(row: IndexRow, value: Value) -> bool:
    """What the store's SQL says, in Python."""
    if isinstance(row, TokenRow) and isinstance(value, TokenValue):
        return value.code in ("", row.code) and value.system in (None, row.system)
    if isinstance(row, ReferenceRow) and isinstance(value, ReferenceValue):
        return row.target in value.targets
    if isinstance(row, StringRow) and isinstance(value, StringValue):
        return row.text.startswith(value.text)
    if isinstance(row, DateRow | NumberRow) and isinstance(value, DateValue | NumberValue):
        within = row.low >= value.low and row.high <= value.high
        return {
            "eq": within,
            "ne": not within,
            "gt": row.high > value.high,
            "ge": row.high > value.high or within,
            "lt": row.low < value.low,
            "le": row.low < value.low or within,
            "sa": row.low >= value.high,
            "eb": row.high <= value.low,
            "ap": row.low < value.high and row.high > value.low,
        }[value.prefix]
    return False


def is_found(resource: Resource, name: str, written: str) -> bool:
    type_ = str(resource["resourceType"])
    ((one,),) = parse_query(type_, [(name, written)]).conditions
    rows = [row for row in index(resource) if row.parameter in one.parameter.numbers]
    return any(matches(row, value) for row in rows for value in one.values)


def escaped(text: str) -> str:
    for letter in "\\,|$":
        text = text.replace(letter, f"\\{letter}")
    return text


@given(TEXT, TEXT)
def test_codes(system: str, code: str) -> None:
    resource: Resource = {"resourceType": "Observation", "code": {"coding": [{"system": system, "code": code}]}}

    assert is_found(resource, "code", f"{escaped(system)}|{escaped(code)}")
    assert is_found(resource, "code", escaped(code))
    assert is_found(resource, "combo-code", f"{escaped(system)}|")
    assert not is_found(resource, "code", f"|{escaped(code)}")
    assert not is_found(resource, "code", escaped(code + "x"))


@given(TEXT, TEXT)
def test_identifiers(system: str, value: str) -> None:
    resource: Resource = {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}

    assert is_found(resource, "identifier", f"{escaped(system)}|{escaped(value)}")
    assert is_found(resource, "identifier", escaped(value))


@given(TEXT)
def test_names(name: str) -> None:
    resource: Resource = {"resourceType": "Patient", "name": [{"text": name}]}

    if [row for row in index(resource) if isinstance(row, StringRow)]:
        assert is_found(resource, "name", escaped(name))
        assert is_found(resource, "name", escaped(name[:1])) or not name[:1].isalnum()


@given(DATE, LESS_EXACT)
def test_dates(date: str, length: int) -> None:
    resource: Resource = {"resourceType": "Observation", "effectiveDateTime": date}
    written = date[:length]

    assert is_found(resource, "date", written)
    assert is_found(resource, "date", f"ge{written}")
    assert is_found(resource, "date", f"le{written}")
    for prefix in ("ne", "sa", "eb"):
        assert not is_found(resource, "date", f"{prefix}{written}")


@given(NUMBER)
def test_numbers(number: Decimal) -> None:
    resource: Resource = {"resourceType": "Observation", "valueQuantity": {"value": FhirDecimal(str(number))}}

    for prefix in ("", "eq", "ge", "le", "ap"):
        assert is_found(resource, "value-quantity", f"{prefix}{number}")
    for prefix in ("ne", "gt", "lt", "sa", "eb"):
        assert not is_found(resource, "value-quantity", f"{prefix}{number}")


@given(NUMBER, NUMBER)
def test_numbers_are_ordered(one: Decimal, other: Decimal) -> None:
    resource: Resource = {"resourceType": "Observation", "valueQuantity": {"value": FhirDecimal(str(one))}}

    assert is_found(resource, "value-quantity", f"gt{other}") == (one > other)
    assert is_found(resource, "value-quantity", f"ge{other}") == (one >= other)
    assert is_found(resource, "value-quantity", f"lt{other}") == (one < other)
    assert is_found(resource, "value-quantity", f"eb{other}") == (one < other)
    assert is_found(resource, "value-quantity", f"sa{other}") == (one > other)


@given(st.sampled_from(sorted(["Observation", "MedicationRequest", "Patient", "Coverage", "Task"])), st.data())
def test_whatever_is_written_is_read_or_refused(type_: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([one.name for one in parameters_of(type_)]))
    modifier = data.draw(st.sampled_from(["", ":not", ":missing", ":text", ":of-type", ":below", ":identifier", ".x"]))
    text = data.draw(st.text(max_size=20))
    with suppress(BadParameter, UnknownParameter):
        parse_query(type_, [(f"{name}{modifier}", text)])
