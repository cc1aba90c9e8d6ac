"""From what is held to the lines of the 12 items."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.projections.handoff.held import Held, named_answers, sentence
from hub.projections.handoff.items import ITEMS, MOST, SHARED_INFORMATION_ITEM, Item
from profiles import is_entered_in_error
from profiles.resource import codings


@dataclass(frozen=True, slots=True)
class Line:
    """One fact and its source; ``moment`` is a day in Japan, ``reference`` the resource that says it."""

    text: str
    source: str
    moment: str
    reference: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of one item: its lines, newest first within a feed, and how many more there are."""

    item: Item
    lines: tuple[Line, ...]
    left_out: int


def gather(entries: Iterable[Held], now: datetime, items: Sequence[Item] = ITEMS) -> list[Gathered]:
    """The items in order: the 12, or those of another paper.

    What was entered in error is left out; the order of ``entries`` does not matter.
    """
    held = [one for one in entries if not is_entered_in_error(one.resource)]
    codes = {item.code for item in items}
    return [_gathered(item, held, now, codes) for item in items]


def _gathered(item: Item, held: list[Held], now: datetime, codes: set[str]) -> Gathered:
    groups = [(_named(item, held), MOST)]
    for feed in item.feeds:
        chosen = feed.choose((one for one in held if feed.takes(one) and not _names(one) & codes), now)
        groups.append(([_line(one, text) for one in chosen for text in feed.tell(one) if text], feed.most))
    shown: list[Line] = []
    left_out = 0
    for lines, most in groups:
        fresh = [line for line in _ordered(lines) if line not in shown]
        shown += fresh[:most]
        left_out += len(fresh[most:])
    return Gathered(item, tuple(shown), left_out)


def _named(item: Item, held: list[Held]) -> list[Line]:
    """What names the item itself, resource by resource or answer by answer."""
    lines = [_line(one, text) for one in held if item.code in _names(one) for text in sentence(one)]
    return lines + [_line(one, text) for one in held for text in named_answers(one, item.code)]


def _names(held: Held) -> set[str]:
    stated = [held.resource.get(element) for element in ("category", "topic", "code", "type", "reasonCode")]
    return {code for value in stated for system, code in codings(value) if system == SHARED_INFORMATION_ITEM}


def _line(held: Held, text: str) -> Line:
    return Line(text, held.source, held.moment, held.reference)


def _ordered(lines: list[Line]) -> list[Line]:
    """Newest first; what is of one day in the order of its words, the lines of one form as they were asked."""
    distinct = list(dict.fromkeys(lines))
    asked = {line: place for place, line in enumerate(distinct)}
    by_words = sorted(distinct, key=lambda line: (line.reference, asked[line]))
    return sorted(by_words, key=lambda line: line.moment, reverse=True)
