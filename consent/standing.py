"""Which of a resident's consents are in force (CONSENT §3.1, §3.2, §3.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from consent.model import ConsentRecord, ConsentRule
from consent.vocabulary import SPACES

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the consents of one resident come to at an instant."""

    latest: dict[str, ConsentRecord]  # by space: the consent that speaks for it
    opening: dict[str, ConsentRecord]  # the same where that consent is in force and can be read
    undisputed: tuple[ConsentRecord, ...]  # those of ``opening`` that are surely the latest for a space
    in_force: tuple[ConsentRecord, ...]  # all whose deny exceptions count, whichever space they are for


class Said(NamedTuple):
    """All that a decision takes from a resident's only consent, but its id."""

    spaces: frozenset[str]
    permits: bool
    exceptions: tuple[ConsentRule, ...]
    is_unreadable: bool
    is_in_force: bool
    is_no_time: bool


def said(records: Sequence[ConsentRecord], now: datetime) -> Said | None:
    """The same for two residents of whose consents a decision at ``now`` differs in nothing but the ids.

    None where there are several consents: then it counts which was signed when, and which had begun by then.
    """
    if len(records) > 1:
        return None
    if not records:
        return Said(frozenset(), False, (), False, False, False)
    one = records[0]
    return Said(
        one.spaces,
        one.permits,
        one.exceptions,
        one.unreadable is not None,
        _is_in_force(one, now),
        _is_later(one, one),
    )


def standing(records: Iterable[ConsentRecord], now: datetime) -> Standing:
    """The consents in force at ``now``.

    The latest for a space replaces the earlier ones whole.  Where the dates leave open which is the latest, nothing
    is shown that one of them would not show.  One that cannot be read, or whose time has not come, closes the space;
    but the deny exceptions before it go only when one takes effect in their place, so that neither an error nor a
    date in the future shows more than before.
    """
    by_recency = sorted(records, key=_recency, reverse=True)
    latest: dict[str, ConsentRecord] = {}
    opening: dict[str, ConsentRecord] = {}
    undisputed: list[ConsentRecord] = []
    in_force: list[ConsentRecord] = []
    for space in SPACES:
        of_space = [record for record in by_recency if space in record.spaces]
        current = [one for one in of_space if not any(_is_later(other, one) for other in of_space)]
        if current:
            speaks = latest[space] = max(current, key=_strictness)
            of_two_denies_neither_is_stricter = sum(not one.permits for one in current) > 1
            if all(_is_in_force(one, now) for one in current) and not of_two_denies_neither_is_stricter:
                opening[space] = speaks
                if len(current) == 1:
                    undisputed.append(speaks)
        replacing = [one for one in of_space if _has_begun(one, now) and not one.unreadable]
        in_force += [
            one
            for one in of_space
            if (one.unreadable or _is_in_force(one, now))
            and one not in in_force
            and not any(_is_later(other, one) for other in replacing)
        ]
    return Standing(latest, opening, tuple(undisputed), tuple(in_force))


def _is_later(one: ConsentRecord, other: ConsentRecord) -> bool:
    """Whether it was signed after the other, whatever the hours that their dates leave open."""
    start, end = one.signed.start, other.signed.end
    return start is not None and end is not None and start >= end


def _has_begun(record: ConsentRecord, now: datetime) -> bool:
    return record.period.has_begun(now) and record.signed.has_begun(now)


def _is_in_force(record: ConsentRecord, now: datetime) -> bool:
    in_time = _has_begun(record, now) and not record.period.is_over(now)
    return in_time and not record.revoked and not record.unreadable


def _strictness(record: ConsentRecord) -> tuple[bool, bool, bool, datetime, str]:
    return (record.unreadable is not None, record.revoked, not record.permits, *_recency(record))


def _recency(record: ConsentRecord) -> tuple[datetime, str]:
    return (record.signed.end or _END_OF_TIME, record.id)
