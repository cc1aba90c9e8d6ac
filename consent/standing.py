"""Which of a resident's consents are in force (CONSENT §3.1, §3.2, §3.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from consent.model import ConsentRecord
from consent.vocabulary import SPACES

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the consents of one resident come to at an instant."""

    latest: dict[str, ConsentRecord]  # by space: the consent that speaks for it
    opening: frozenset[str]  # the spaces for which that consent is in force and can be read
    in_force: tuple[ConsentRecord, ...]  # all whose exceptions count, whichever space they are for


def standing(records: Iterable[ConsentRecord], now: datetime) -> Standing:
    """The consents in force at ``now``.

    The latest for a space replaces the earlier ones whole.  One that cannot be read, or whose time has not
    come, closes the space; but the deny exceptions before it go only when one takes effect in their place,
    so that neither an error nor a date in the future shows more than before.
    """
    by_recency = sorted(records, key=_recency, reverse=True)
    latest: dict[str, ConsentRecord] = {}
    opening: set[str] = set()
    in_force: dict[str, ConsentRecord] = {}
    for space in SPACES:
        replaced: datetime | None = None
        for record in by_recency:
            if space not in record.spaces:
                continue
            if replaced is not None and _dated(record) < replaced:
                break
            first = latest.setdefault(space, record) is record
            if record.unreadable:
                in_force[record.id] = record
            elif record.revoked or record.period.is_over(now):
                replaced = _dated(record)
            elif record.period.has_begun(now) and record.signed.has_begun(now):
                replaced = _dated(record)
                in_force[record.id] = record
                if first:
                    opening.add(space)
    return Standing(latest, frozenset(opening), tuple(in_force.values()))


def _dated(record: ConsentRecord) -> datetime:
    """When it was signed; where the date leaves it open, what restricts counts as the later one."""
    if record.permits and not record.revoked:
        return record.signed.start or _END_OF_TIME
    return record.signed.end or _END_OF_TIME


def _recency(record: ConsentRecord) -> tuple[datetime, bool, bool, bool, str]:
    return (_dated(record), record.unreadable is not None, record.revoked, not record.permits, record.id)
