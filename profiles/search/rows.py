"""The rows of the index, one class for each table: the columns after the row's key, in their order.

The store puts patient, type, id and source before them and writes them as they are.
"""

from typing import Literal, NamedTuple, TypeAlias

Table: TypeAlias = Literal["token", "date", "string", "reference", "number", "composite"]


class TokenRow(NamedTuple):
    """A code or an identifier, ``system`` as ``system_key`` gives it; a uri, or a canonical, with the system 0.

    The identifier of a Reference stands here, under the reference's parameter, for ``:identifier``.
    """

    parameter: int
    code: str
    system: int


class DateRow(NamedTuple):
    """The half-open range ``low`` ≤ t < ``high`` in milliseconds since 1970 (UTC)."""

    parameter: int
    low: int
    high: int


class StringRow(NamedTuple):
    """``text`` folded for search, ``written`` as it was written (for ``:exact``).

    The text of a concept stands here, under the parameter of its codes, for ``:text``.
    """

    parameter: int
    text: str
    written: str


class ReferenceRow(NamedTuple):
    """``Type/id`` or an absolute URL, without a version; a canonical with a version stands with and without it."""

    parameter: int
    target: str


class NumberRow(NamedTuple):
    """The half-open range ``low`` ≤ x < ``high``, and its unit ("" and 0 for none).

    An exact number ends at the next double, so that dates and numbers are compared alike.
    """

    parameter: int
    low: float
    high: float
    code: str
    system: int


class CompositeRow(NamedTuple):
    """Two values of one element: a token, and beside it a token, a range (with its unit in ``code2``), or a text.

    What the second value is not stays "" or 0.  Dates are ranges in milliseconds; a reference is a text.
    """

    parameter: int
    code: str
    system: int
    code2: str
    system2: int
    low: float
    high: float
    text: str


IndexRow: TypeAlias = TokenRow | DateRow | StringRow | ReferenceRow | NumberRow | CompositeRow

TABLES: dict[type[IndexRow], Table] = {
    TokenRow: "token",
    DateRow: "date",
    StringRow: "string",
    ReferenceRow: "reference",
    NumberRow: "number",
    CompositeRow: "composite",
}
"""The table of a row, by its class."""
