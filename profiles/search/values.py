"""The values of a search condition, in the form in which the index has them (FHIR R4 §3.1.1.4)."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Prefix: TypeAlias = Literal["eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"]


@dataclass(frozen=True, slots=True)
class TokenValue:
    """``system`` is a ``system_key``, ``None`` for any and 0 for none at all; a ``code`` of ``""`` is any code.

    A uri has the system 0.  ``:missing`` gives the codes ``"true"`` and ``"false"``.  ``:below`` asks for codes that
    begin with ``code``; ``:above``, ``:of-type`` and ``:identifier`` are tokens like any other.
    """

    system: int | None
    code: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A comparison with the half-open range ``low`` ≤ t < ``high``, in milliseconds since 1970 (UTC)."""

    prefix: Prefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A comparison with the half-open range ``low`` ≤ x < ``high``, and the unit (``""`` and ``None``: any).

    For eq, ne and ap the range is what the written precision stands for, else the exact number: ``high`` is then the
    next double.  The comparisons are those of dates.
    """

    prefix: Prefix
    low: float
    high: float
    system: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A reference to any of ``targets``: ``Patient/x``, or an absolute URL.  A bare id gives one for each type."""

    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StringValue:
    """``text`` folded as in the index, ``exact`` as written."""

    text: str
    exact: str


Simple: TypeAlias = TokenValue | DateValue | NumberValue | ReferenceValue | StringValue


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """Two values that must stand in the same element: a token, and a value of the second component's kind.

    A second ``ReferenceValue`` is compared with ``text``; a second ``StringValue`` is the beginning of ``text``.
    """

    parts: tuple[TokenValue, Simple]


Value: TypeAlias = Simple | CompositeValue


class BadParameter(ValueError):
    """A search parameter whose value or modifier cannot be used."""

    def __init__(self, name: str, value: str, problem: str) -> None:
        super().__init__(f"{name}={value}: {problem}")
        self.name = name
        self.value = value
        self.problem = problem
