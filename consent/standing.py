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
    opening: dict[str, ConsentRecord]  # the same where that consent is in force and can be read
    in_force: tuple[ConsentRecord, ...]  # all whose deny exceptions count, whichever space they are for


def standing(records: Iterable[ConsentRecord], now: datetime) -> Standing:
    """The consents in force at ``now``.

    The latest for a space replaces the earlier ones whole.  One that cannot be read, or whose time has not
    come, closes the space; but the deny exceptions before it go only when one takes effect in their place,
    so that neither an error nor a date in the future shows more than before.
    """
    by_recency = sorted(records, key=_recency, reverse=True)
    latest: dict[str, ConsentRecord] = {}
    opening: dict[str, ConsentRecord] = {}
    in_force: list[ConsentRecord] = []
    for space in SPACES:
        replaced: datetime | None = None
        for record in by_recency:
            if space not in record.spaces:
                continue
            if replaced is not None and _dated(record) < replaced:
                break
            speaks = latest.setdefault(space, record) is record
            begun = record.period.has_begun(now) and record.signed.has_begun(now)
            over = record.revoked or record.period.is_over(now)
            if not record.unreadable and (over or begun):
                replaced = _dated(record)
            if record.unreadable or (begun and not over):
                if record not in in_force:
                    in_force.append(record)
                if speaks and not record.unreadable:
                    opening[space] = record
    return Standing(latest, opening, tuple(in_force))


def _dated(record: ConsentRecord) -> datetime:
    """When it was signed; where the date leaves it open, what restricts counts as the later one."""
    if record.permits and not record.revoked:
        return record.signed.start or _END_OF_TIME
    return record.signed.end or _END_OF_TIME


def _recency(record: ConsentRecord) -> tuple[datetime, bool, bool, bool, str]:
    return (_dated(record), record.unreadable is not None, record.revoked, not record.permits, record.id)
