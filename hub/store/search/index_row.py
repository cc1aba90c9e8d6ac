"""One value of a search as a test on a row of the index, under the alias ``i`` (FHIR R4 §3.1.1.4)."""

from hub.store.search.on_row import identifier_numbers
from hub.store.search.part import ALWAYS, Part, all_of, equal, negated
from profiles.search import (
    CompositeValue,
    Condition,
    DateValue,
    NumberValue,
    Parameter,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)

_KINDS = {
    "token": "search_token",
    "uri": "search_token",
    "date": "search_date",
    "string": "search_string",
    "reference": "search_reference",
    "number": "search_number",
    "quantity": "search_number",
    "composite": "search_composite",
}
IDENTIFIERS = "search_identifier"
OVER_ALL = frozenset({IDENTIFIERS, "search_reference"})
"""The tables that have an index over all patients: what is asked of them needs no patient."""

_LAST = "\U0010ffff"  # follows everything that can follow a beginning
_RANGE = {  # §3.1.1.4.7: the indexed range low..high against the searched one
    "eq": ("i.low >= ? AND i.low < ? AND i.high <= ?", "lhh"),
    "gt": ("i.high > ?", "h"),
    "ge": ("(i.high > ? OR (i.low >= ? AND i.high <= ?))", "hlh"),
    "lt": ("i.low < ?", "l"),
    "le": ("(i.low < ? OR (i.low >= ? AND i.high <= ?))", "llh"),
    "sa": ("i.low >= ?", "h"),
    "eb": ("i.high <= ?", "l"),
    "ap": ("i.low < ? AND i.high > ?", "hl"),
}


def table_of(parameter: Parameter, modifier: str = "") -> str:
    """The table that has the rows of a parameter, as the modifier asks for them."""
    if modifier == "text":
        return "search_string"
    if parameter.kind == "reference" and modifier == "identifier":
        return "search_token"
    if parameter.number in identifier_numbers():
        return IDENTIFIERS
    return _KINDS[parameter.kind]


def numbers(parameter: Parameter) -> Part:
    """That a row is one of the parameter's."""
    return equal("i.parameter", parameter.numbers)


def test(condition: Condition, value: Value) -> Part:
    """That a row of the condition's table is what the value asks for."""
    if isinstance(value, TokenValue):
        return token(value, condition.modifier, "i.code", "i.system")
    if isinstance(value, StringValue):
        return _string(value, condition.modifier)
    if isinstance(value, ReferenceValue):
        return equal("i.target", value.targets)
    if isinstance(value, NumberValue):
        return all_of([_range(value), *_unit(value, "i.code", "i.system")])
    if isinstance(value, DateValue):
        return _range(value)
    return _composite(value)


def token(value: TokenValue, modifier: str, code: str, system: str = "") -> Part:
    """A code, its system, or both; ``system`` is empty where there is none to compare."""
    tests = []
    if value.code and modifier == "below":
        tests.append(_begins(code, value.code))
    elif value.code:
        tests.append(Part(f"{code} = ?", (value.code,)))
    if value.system is not None and system:
        tests.append(Part(f"{system} = ?", (value.system,)))
    return all_of(tests)


def _begins(column: str, beginning: str) -> Part:
    return Part(f"({column} >= ? AND {column} < ?)", (beginning, beginning + _LAST))


def _string(value: StringValue, modifier: str) -> Part:
    if modifier == "exact":
        written = "" if value.exact == value.text else value.exact
        return Part("(i.text = ? AND i.written = ?)", (value.text, written))
    if modifier == "contains":
        return Part("instr(i.text, ?) > 0", (value.text,))
    return _begins("i.text", value.text) if value.text else ALWAYS


def _range(value: DateValue | NumberValue) -> Part:
    if value.prefix == "ne":
        text, ends = _RANGE["eq"]
        return negated(Part(text, _ends(value, ends)))
    text, ends = _RANGE[value.prefix]
    return Part(f"({text})", _ends(value, ends))


def _ends(value: DateValue | NumberValue, ends: str) -> tuple[int | float, ...]:
    return tuple(value.low if end == "l" else value.high for end in ends)


def _unit(value: NumberValue, code: str, system: str) -> list[Part]:
    unit = [Part(f"{code} = ?", (value.code,))] if value.code else []
    return unit + ([Part(f"{system} = ?", (value.system,))] if value.system is not None else [])


def _composite(value: CompositeValue) -> Part:
    first, second = value.parts
    return all_of([token(first, "", "i.code", "i.system"), *_second(second)])


def _second(value: Value) -> list[Part]:
    if isinstance(value, TokenValue):
        return [token(value, "", "i.code2", "i.system2")]
    if isinstance(value, NumberValue):
        return [_range(value), *_unit(value, "i.code2", "i.system2")]
    if isinstance(value, DateValue):
        return [_range(value)]
    if isinstance(value, ReferenceValue):
        return [equal("i.text", value.targets)]
    assert isinstance(value, StringValue)
    return [_begins("i.text", value.text)]
