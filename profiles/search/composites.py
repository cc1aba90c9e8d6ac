"""Composite parameters: two values that stand in the same element (FHIR R4 §3.1.1.4)."""

from collections.abc import Callable

from profiles.resource import Json, Resource
from profiles.search.emit import emitter
from profiles.search.emitting import Emit, Rows
from profiles.search.parameters import Component, Parameter
from profiles.search.paths import read_path
from profiles.search.rows import CompositeRow, DateRow, IndexRow, NumberRow, ReferenceRow, StringRow, TokenRow
from profiles.search.systems import MAX_CODE


def composite(parameter: Parameter) -> Emit:
    """One row for every code of the first component beside every value of the second, of one element."""
    first, second = (_reader(component) for component in parameter.components)
    number, of_codes = parameter.number, parameter.components[1].kind == "token"

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is not dict or not (seconds := second(value)):
            return
        if of_codes:
            seconds = [one for one in seconds if type(one) is TokenRow]  # not the texts of the concepts
        tokens = [one for one in first(value) if type(one) is TokenRow]
        rows.extend(_row(number, token, one) for token in tokens for one in seconds)

    return emit


def _reader(component: Component) -> Callable[[Resource], Rows]:
    """All values of a component in the composite's element, as rows of no parameter."""
    places = [read_path(path) for path in component.paths]
    reads = [(place.steps[0].name, emitter(component.kind, place.type, 0)) for place in places]

    def read(element: Resource) -> Rows:
        found: Rows = []
        for name, emit in reads:
            if (value := element.get(name)) is not None:
                emit(value, found, "")
        return found

    return read


def _row(number: int, token: TokenRow, second: IndexRow) -> CompositeRow:
    code, system = token.code, token.system
    match second:
        case TokenRow():
            return CompositeRow(number, code, system, second.code, second.system, 0.0, 0.0, "")
        case NumberRow():
            return CompositeRow(number, code, system, second.code, second.system, second.low, second.high, "")
        case DateRow():
            return CompositeRow(number, code, system, "", 0, float(second.low), float(second.high), "")
        case ReferenceRow():
            return CompositeRow(number, code, system, "", 0, 0.0, 0.0, second.target)
        case StringRow():
            return CompositeRow(number, code, system, "", 0, 0.0, 0.0, second.text[:MAX_CODE])
        case _:
            raise AssertionError("a component is no composite")
