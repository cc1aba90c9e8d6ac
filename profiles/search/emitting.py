"""The shape of an emitter: what makes index rows of a value.

It takes the value, the rows to add to, and the reference that needs no row ("" for none).  A value of another shape
than its datatype's gives nothing.  Emitters run for every element of every resource that is stored: they ask for
exact types, because JSON has no others.
"""

from collections.abc import Callable
from typing import TypeAlias

from profiles.resource import Json
from profiles.search.rows import IndexRow, StringRow
from profiles.search.systems import bounded, folded

Rows: TypeAlias = list[IndexRow]
Emit: TypeAlias = Callable[[Json, Rows, str], None]


def add_text(number: int, value: Json, rows: Rows) -> None:
    """The row of a string, if it has letters to look for."""
    if type(value) is str and (text := folded(value)):
        rows.append(StringRow(number, text, bounded(value)))
