"""A piece of SQL whose values stand beside it: shapes are few and are kept, values differ with every search."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from hub.store.sql import Value


class Part(NamedTuple):
    """``text`` has a ``?`` for each of ``values``, in their order; nothing else in it may be a question mark."""

    text: str
    values: tuple[Value, ...] = ()


ALWAYS, NEVER = Part("1 = 1"), Part("0 = 1")


def all_of(parts: Iterable[Part]) -> Part:
    """What holds when every part holds; each of them can stand beside AND and OR."""
    return _joined(parts, " AND ", ALWAYS)


def any_of(parts: Iterable[Part]) -> Part:
    """What holds when one of the parts holds."""
    return _joined(parts, " OR ", NEVER)


def _joined(parts: Iterable[Part], word: str, empty: Part) -> Part:
    found = list(parts)
    if len(found) < 2:
        return found[0] if found else empty
    return Part(f"({word.join(one.text for one in found)})", tuple(value for one in found for value in one.values))


def negated(part: Part) -> Part:
    """What holds when the part does not."""
    return Part(f"NOT ({part.text})", part.values)


def equal(column: str, values: tuple[Value, ...]) -> Part:
    """``column`` is one of ``values``; of the lengths only the powers of two, so that the shapes stay few."""
    if len(values) == 1:
        return Part(f"{column} = ?", values)
    if not values:
        return NEVER
    filled = values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values))
    return Part(f"{column} IN ({', '.join('?' * len(filled))})", filled)


@lru_cache(maxsize=1024)
def named(text: str) -> str:
    """The statement with ``:q0``, ``:q1`` … for its question marks: kept, because shapes come again."""
    pieces = text.split("?")
    return pieces[0] + "".join(f":q{number}{piece}" for number, piece in enumerate(pieces[1:]))


def bound(values: Iterable[Value]) -> dict[str, Value]:
    """The values of a statement that ``named`` gave."""
    return {f"q{number}": value for number, value in enumerate(values)}
