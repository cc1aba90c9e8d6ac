"""The functions and operators of FHIRPath that need no more than the values before the dot and their arguments."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from profiles.resource import Json

Values: TypeAlias = list[Json]


def truth(values: Values) -> bool | None:
    """A collection as a condition: empty is unknown, a lone boolean is itself, anything else is true."""
    if not values:
        return None
    first = values[0]
    return first if len(values) == 1 and isinstance(first, bool) else True


def written(answer: bool | None) -> Values:
    """The opposite of ``truth``."""
    return [] if answer is None else [answer]


def distinct(values: Values) -> Values:
    """The values without repetitions, in order."""
    if all(isinstance(one, str) for one in values):
        return list(dict.fromkeys(_texts(values)))  # codes and ids, of which there may be thousands
    found: Values = []
    for one in values:
        if one not in found:
            found.append(one)
    return found


def children(values: Values) -> Values:
    """What stands one step below."""
    found: Values = []
    for one in values:
        for child in one.values() if isinstance(one, dict) else ():
            if isinstance(child, list):
                found.extend(child)
            else:
                found.append(child)
    return found


def descendants(values: Values) -> Values:
    """What stands below, at any depth."""
    found: Values = []
    level = children(values)
    while level:
        found.extend(level)
        level = children(level)
    return found


def is_of(value: Json, type_: str) -> bool:
    """Whether a value is of a resource type or of a primitive type."""
    if isinstance(value, dict):
        return value.get("resourceType") == type_
    if type_.lower() == "boolean":
        return isinstance(value, bool)
    if type_ == "decimal":
        return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return type_ in ("string", "code", "uri") and isinstance(value, str)


def _texts(values: Values) -> list[str]:
    return [one for one in values if isinstance(one, str)]


def _text_of(one: Json) -> str:
    return str(one).lower() if isinstance(one, bool) else str(one)


def _integers(values: Values) -> Values:
    return [int(one) for one in values if isinstance(one, int) or (isinstance(one, str) and one.lstrip("-").isdigit())]


def _argument(arguments: Values) -> str:
    return arguments[0] if arguments and isinstance(arguments[0], str) else ""


FUNCTIONS: dict[str, Callable[[Values, Values], Values]] = {
    "count": lambda values, _: [len(values)],
    "first": lambda values, _: values[:1],
    "tail": lambda values, _: values[1:],
    "children": lambda values, _: children(values),
    "descendants": lambda values, _: descendants(values),
    "isDistinct": lambda values, _: [len(distinct(values)) == len(values)],
    "combine": lambda values, more: values + more,
    "intersect": lambda values, other: distinct([one for one in values if one in other]),
    "hasValue": lambda values, _: [len(values) == 1 and not isinstance(values[0], dict)],
    "toString": lambda values, _: [_text_of(one) for one in values],
    "toInteger": lambda values, _: _integers(values),
    "trace": lambda values, _: values,
    "matches": lambda values, form: [bool(re.fullmatch(_argument(form), one)) for one in _texts(values)],
    "startsWith": lambda values, start: [one.startswith(_argument(start)) for one in _texts(values)],
    "contains": lambda values, part: [_argument(part) in one for one in _texts(values)],
}


def _compared(holds: Callable[[int | Decimal, int | Decimal], bool]) -> Callable[[Values, Values], bool | None]:
    def compare(left: Values, right: Values) -> bool | None:
        if len(left) != 1 or len(right) != 1:
            return None
        low, high = left[0], right[0]
        if not isinstance(low, int | Decimal) or not isinstance(high, int | Decimal):
            return None
        return holds(low, high)

    return compare


def _equal(left: Values, right: Values) -> bool | None:
    return left == right if left and right else None


def _not_equal(left: Values, right: Values) -> bool | None:
    return left != right if left and right else None


def _within(left: Values, right: Values) -> bool | None:
    return left[0] in right if left else None


COMPARISONS: dict[str, Callable[[Values, Values], bool | None]] = {
    "=": _equal,
    "!=": _not_equal,
    "in": _within,
    "contains": lambda left, right: _within(right, left),
    "<": _compared(lambda low, high: low < high),
    "<=": _compared(lambda low, high: low <= high),
    ">": _compared(lambda low, high: low > high),
    ">=": _compared(lambda low, high: low >= high),
}


def joined(left: Values, right: Values) -> Values:
    """``&``: the texts one after another, an empty one for nothing."""
    return ["".join(_text_of(one) for one in (*left[:1], *right[:1]))]


def added(left: Values, right: Values) -> Values:
    """``+`` of two integers."""
    if len(left) == 1 and len(right) == 1 and isinstance(left[0], int) and isinstance(right[0], int):
        return [left[0] + right[0]]
    return []


COMBINATIONS: dict[str, Callable[[Values, Values], Values]] = {
    "|": lambda left, right: distinct(left + right),
    "&": joined,
    "+": added,
}
