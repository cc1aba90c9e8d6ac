"""Numbers as half-open ranges of doubles (FHIR R4 §3.1.1.4).

What is stored is as exact as it was written: [x, next double).  What is asked for with eq, ne and ap stands for
everything that would be written so: ``5.4`` is [5.35, 5.45).  The other prefixes ask about the exact number.
"""

import sys
from decimal import Decimal
from math import inf, isfinite, nextafter
from typing import TypeAlias

from profiles.resource import Json, Resource, as_object, as_text

LARGEST = sys.float_info.max
Range: TypeAlias = tuple[float, float]


def exactly(number: Json) -> Range | None:
    """The range of one number; ``None`` for what is no number or too large for a double."""
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    try:
        value = float(number)
    except OverflowError:
        return None
    return (value, nextafter(value, inf)) if isfinite(value) else None


def as_written(number: Decimal) -> Range:
    """The range of the numbers that are written like this one to its precision."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    # The standard's own example: 1e2 is [95, 105), a tenth of what its one digit would say.
    half = Decimal(5).scaleb(exponent - 1 if exponent <= 0 else exponent - 2)
    return float(number - half), float(number + half)


def about(number: Decimal) -> Range:
    """Ten per cent to each side, and no less than the written precision."""
    low, high = as_written(number)
    tenth = abs(number) / 10
    return min(low, float(number - tenth)), max(high, float(number + tenth))


def quantity(value: Resource) -> Range | None:
    """The range of a Quantity; a comparator (``<5``) opens it to one side."""
    exact = exactly(value.get("value"))
    if exact is None:
        return None
    low, above = exact
    match value.get("comparator"):
        case "<":
            return -LARGEST, low
        case "<=":
            return -LARGEST, above
        case ">":
            return above, LARGEST
        case ">=":
            return low, LARGEST
    return exact


def between(value: Resource) -> Range | None:
    """The range of a Range; a missing end is open."""
    low, high = (exactly(as_object(value.get(end)).get("value")) for end in ("low", "high"))
    if low is None and high is None:
        return None
    return (low[0] if low else -LARGEST), (high[1] if high else LARGEST)


def sampled(value: Resource) -> Range | None:
    """From the least to the largest sample of a SampledData."""
    origin, factor = exactly(as_object(value.get("origin")).get("value")), exactly(value.get("factor", 1))
    samples = [one for text in as_text(value.get("data")).split() if (one := _sample(text)) is not None]
    if origin is None or factor is None or not samples:
        return None
    ends = [origin[0] + factor[0] * one for one in (min(samples), max(samples))]
    return min(ends), nextafter(max(ends), inf)


def _sample(text: str) -> float | None:
    try:
        value = float(text)  # E, L and U say that there is none
    except ValueError:
        return None
    return value if isfinite(value) else None
