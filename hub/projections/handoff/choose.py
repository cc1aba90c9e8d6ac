"""Which of the many resources of a category a hospital needs at admission."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from hub.projections.describe import members
from hub.projections.handoff.held import Held
from hub.projections.medicines import days_supplied, medicine
from hub.projections.wording import concept, day
from profiles.instants import JAPAN, span_of
from profiles.resource import Json, Resource, as_object, as_text, objects

# A drug may be in the house for a while after its last day; without days, the national service keeps 100 (FACTS §2.5).
LEFT_OVER = timedelta(days=14)
WITHOUT_DAYS = timedelta(days=100)
LONGEST = 36_500.0
"""Days: more than these are a lifetime."""
_ENDED = {
    "cancelled", "declined", "draft", "inactive", "not-done", "not-taken", "rejected", "revoked", "stopped",
    "superseded",
}  # fmt: skip


def in_force(held: Iterable[Held], now: datetime) -> list[Held]:
    """Those that have not ended, been withdrawn or been replaced."""
    today = now.astimezone(JAPAN).date()
    return [one for one in held if one.resource.get("status") not in _ENDED and not _over(one, "period", today)]


def serving(held: Iterable[Held], now: datetime) -> list[Held]:
    """Of the care teams in use, those members who have not left; who stands in two teams alike, only in the newest.

    Whoever reads the sheet calls them.
    """
    at, seen, found = int(now.timestamp() * 1000), set[str](), list[Held]()
    for one in _newest_first(in_force(held, now)):
        here = [each for each in objects(one.resource.get("participant")) if not _has_left(each, at)]
        # By the words, not by the references: "#1" of two teams may be two people.
        told = {"".join(members({**one.resource, "participant": [each]})): each for each in here}
        serving_here: list[Json] = [each for words, each in told.items() if words not in seen]
        seen |= told.keys()
        found.append(replace(one, resource={**one.resource, "participant": serving_here}))
    return found


def _has_left(participant: Resource, at: int) -> bool:
    end = as_text(as_object(participant.get("period")).get("end"))
    span = span_of(end)
    # A day lasts until it is over; a moment, which the desk writes for "from now on", is over at once.
    return span is not None and span[0 if "T" in end else 1] <= at


def latest(held: Iterable[Held], _: datetime) -> list[Held]:
    """Of each thing that is measured, the newest value only."""
    newest: dict[str, Held] = {}
    for one in _newest_first(held):
        newest.setdefault(concept(one.resource.get("code")) or one.reference, one)
    return list(newest.values())


def current(held: Iterable[Held], now: datetime) -> list[Held]:
    """Of each drug that the person may be taking at ``now``, the newest word.

    The status alone does not tell: the national service sends a prescription in use as ``completed`` (FACTS §2.4).
    """
    newest: dict[str, Held] = {}
    for one in _newest_first(held):
        newest.setdefault(medicine(one.resource) or one.reference, one)
    return [one for one in newest.values() if _in_use(one, now.astimezone(JAPAN).date())]


def _newest_first(held: Iterable[Held]) -> list[Held]:
    return sorted(held, key=lambda one: (one.moment, one.recorded, one.reference), reverse=True)


def _in_use(held: Held, today: date) -> bool:
    resource = held.resource
    if as_text(resource.get("status")) in _ENDED:
        return False
    if as_object(resource.get("effectivePeriod")).get("end"):
        return not _over(held, "effectivePeriod", today)
    if held.type == "MedicationStatement" and resource.get("status") == "active":
        return True
    days = days_supplied(resource)
    lasts = timedelta(days=max(0.0, min(float(days), LONGEST))) + LEFT_OVER if days else WITHOUT_DAYS
    return today - _first_day(held.moment) <= lasts  # a day after 9999 there is none: nothing is added to it


def _over(held: Held, name: str, today: date) -> bool:
    """Whether the period ``name`` of the resource ended before ``today``."""
    end = day(as_text(as_object(held.resource.get(name)).get("end")))
    return bool(end) and _first_day(end) < today


def _first_day(moment: str) -> date:
    return date.fromisoformat(moment + "0001-01-01"[len(moment) :])
