"""The timeline of all whom a caller looks after, part by part.

Whose organisation looks after thousands is not decided about thousands of times for a page of twenty: at first only
those are who come next.  What is shown, and in which order, is the same.

All of this is used with the second fence lifted: who comes next is known before there is a grant.  It stands again
for what the grant then shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hub.access import decide
from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.interactions.wanted import Wanted, filtered, narrowed
from hub.store import fence, relations, resources, timeline
from hub.store.database import Tx
from hub.store.sql import Row, Value
from hub.store.timeline import ALL, Span

LENGTHS = (200, 2000)
"""Items of many people that are looked at before all these people are decided about: most pages need no more."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the timeline with the grant that knows everybody in it, and its predicate over ``t``."""

    span: Span
    grant: Grant
    predicate: str
    parameters: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk along the timeline of all whom a caller looks after."""

    caller: Caller
    interaction: str
    wanted: Wanted
    context: Context
    lengths: tuple[int, ...] = LENGTHS

    def page(self, tx: Tx, *, after: int, count: int) -> tuple[list[Row], Grant]:
        """Up to ``count`` items after a place, and the grant that knows everybody whom they are about."""
        rows, grants = list[Row](), list[Grant]()
        for one in self.stretches(tx, Span(after)):
            with fence.reaching(tx, self.caller.organisation, one.grant.reach):
                rows += timeline.page(tx, one.predicate, one.parameters, count=count - len(rows), span=one.span)
            grants.append(one.grant)
            if len(rows) == count:
                break
        return rows, grants[0] if len(grants) == 1 else self.about(tx, _whose(rows))

    def newest(self, tx: Tx) -> int:
        """The place of the newest item that the caller may see; 0 for none."""
        for one in self.stretches(tx, ALL, newest_first=True):
            with fence.reaching(tx, self.caller.organisation, one.grant.reach):
                place = timeline.last(tx, one.predicate, one.parameters, one.span)
            if place:
                return place
        return 0

    def lately(self, tx: Tx, reader: str, *, only_news: bool, count: int) -> list[str]:
        """Up to ``count`` patients of whom there is something, or something new for ``reader``: the newest first."""
        found = dict[str, None]()
        for one in self.stretches(tx, ALL, newest_first=True):
            with fence.reaching(tx, self.caller.organisation, one.grant.reach):
                rows = timeline.newest(tx, one.predicate, one.parameters, reader, one.span)
            newest_first = sorted(rows, key=lambda row: int(row.position), reverse=True)
            found |= dict.fromkeys(row.patient for row in newest_first if row.unseen or not only_news)
            if len(found) >= count:
                break
        return [*found][:count]

    def stretches(self, tx: Tx, span: Span, *, newest_first: bool = False) -> Iterator[Stretch]:
        """What is wanted of a part of the timeline, until whoever asks has enough; the last is all that is left."""
        filters, values = filtered(self.wanted)
        for count in self.lengths if self.is_of_many(tx) else ():
            near = self.caller.organisation, self.caller.person
            found = timeline.ahead(tx, near, filters, values, count=count, span=span, newest_first=newest_first)
            here, rest = _cut(span, found[-1].position, newest_first) if len(found) == count else (span, None)
            yield _stretch(here, self.about(tx, _whose(found)), self.wanted)
            if rest is None:
                return
            span = rest
        yield _stretch(span, self.about(tx, None), self.wanted)

    def is_of_many(self, tx: Tx) -> bool:
        """Whether the caller looks after more people than are decided about for a page."""
        return relations.are_many(tx, self.caller.organisation, self.caller.person)

    def about(self, tx: Tx, patients: Sequence[str] | None) -> Grant:
        """The grant that knows these and everybody whom something of theirs is about; ``None``: everybody."""
        among = resources.with_further(tx, patients) if patients is not None else None
        return decide.read(tx, self.caller, self.interaction, "*", None, self.context, among=among)


def _whose(rows: Iterable[Row]) -> list[str]:
    return [*dict.fromkeys(row.patient for row in rows)]


def _stretch(span: Span, grant: Grant, wanted: Wanted) -> Stretch:
    predicate, parameters = narrowed(grant, wanted)
    assert predicate is not None
    return Stretch(span, grant, predicate, parameters)


def _cut(span: Span, place: int, newest_first: bool) -> tuple[Span, Span]:
    """The part up to a place, which belongs to it, and the rest."""
    if newest_first:
        return span._replace(after=place - 1), span._replace(until=place - 1)
    return span._replace(until=place), span._replace(after=place)
