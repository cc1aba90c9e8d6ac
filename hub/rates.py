"""How often each caller asks, and each caller about each resident: counted by the minute (TRUST T-138).

A caller is a system or a person, by whatever token, address or process they come.  What is let through is counted;
what other processes let through is known as far as they have told (``hub/sharing.py``).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from typing import TypeAlias

import structlog

from hub.errors import TooMany

Key: TypeAlias = tuple[str, str]
"""Who asks ("system/hosp-ehr", "person/cm-ito"), and about which resident; "" stands for all that they ask."""

SECONDS = 60
SYSTEM, PERSON = "system/", "person/"
CLIENT, RESIDENT = "client", "resident"
_TEXTS = {
    CLIENT: "You have made all {limit} requests of this minute. Send this again in {wait} seconds.",
    RESIDENT: "You have made all {limit} requests of this minute that name this resident. Try again in {wait} seconds.",
}
_PLACES = frozenset({"Patient", "people", "consents", "care-teams", "access-record"})
_PARAMETERS = frozenset({"patient", "subject"})
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
log = structlog.get_logger("renkei")


def residents(path: str, pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The ids by which a URL names residents: in its path, or as values of its search.

    Nothing is looked up: an id that nobody has is one like any other.
    """
    places = path.split("/")
    named = [after for before, after in pairwise(places) if before in _PLACES]
    plain = {*_PARAMETERS, "_id"} if "Patient" in places else _PARAMETERS
    for name, value in pairs:
        for one in value.split(","):
            before, _, last = one.rpartition("/")
            if before.endswith("Patient") or (not before and name.partition(":")[0] in plain):
                named.append(last)
    return frozenset(one for one in named if _ID.fullmatch(one))


@dataclass(slots=True, eq=False)
class Minute:
    """One minute of the clock: who holds which token, what was spent, here and elsewhere, and what the others know."""

    number: int
    callers: dict[str, str] = field(default_factory=dict)
    spent: Counter[Key] = field(default_factory=Counter)
    elsewhere: Mapping[Key, int] = field(default_factory=dict)
    told: dict[Key, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    @property
    def until(self) -> datetime:
        return datetime.fromtimestamp((self.number + 1) * SECONDS, UTC)

    def news(self) -> dict[Key, int]:
        """What was spent here and is not told."""
        return {key: count for key, count in self.spent.items() if self.told.get(key) != count}


class Rates:
    """The limits, and the minute that is counted.  Of one process, on the thread of its event loop.

    ``client`` is how many requests of a caller are let through in a minute, ``resident`` how many of a caller about
    one resident; 0 is no limit.  ``policy`` says both as the header does (draft-ietf-httpapi-ratelimit-headers).
    """

    def __init__(self, process: str, client: int, resident: int) -> None:
        self.process = process
        self.limits = {limit: most for limit, most in ((CLIENT, client), (RESIDENT, resident)) if most}
        self.policy = ", ".join(f'"{limit}";q={most};w={SECONDS}' for limit, most in self.limits.items())
        self.refused = Counter[str]()
        self._minute = Minute(0)

    def minute(self, now: datetime) -> Minute:
        """The minute of ``now``; of one that is over nothing is kept."""
        number = int(now.timestamp()) // SECONDS
        if number != self._minute.number:
            self._minute = Minute(number)
        return self._minute

    def spend(self, caller: str, about: Collection[str], requests: int, now: datetime) -> None:
        """Count requests of a caller, and each time that they name a resident.

        Raises ``TooMany``, and counts nothing, when a limit was reached before.
        """
        if error := self.reached(caller, about, now):
            raise error
        spent = self.minute(now).spent
        if CLIENT in self.limits:
            spent[caller, ""] += requests
        if RESIDENT in self.limits:
            spent.update((caller, one) for one in about)

    def reached(self, caller: str, about: Collection[str], now: datetime) -> TooMany | None:
        """The refusal of one more request, when a limit is reached."""
        minute = self.minute(now)
        for limit, one in ((CLIENT, ""), *((RESIDENT, one) for one in about)):
            most, key = self.limits.get(limit), (caller, one)
            if most and minute.spent[key] + minute.elsewhere.get(key, 0) >= most:
                wait = ceil((minute.until - now).total_seconds())
                return TooMany(_TEXTS[limit].format(limit=most, wait=wait), retry_after=wait, limit=limit)
        return None

    def note(self, caller: str, error: TooMany, now: datetime) -> None:
        """A request was refused: it is counted, and said in the log once a minute, for a flood would fill any log."""
        self.refused[error.limit] += 1
        refused = self.minute(now).refused
        if caller not in refused:
            refused.add(caller)
            log.warning("too many requests", caller=caller, limit=error.limit)
