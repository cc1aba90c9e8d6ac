"""The exceptions of a consent as a text that can be kept, and back: the compiled form (CONSENT §8)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from json import dumps, loads
from typing import TypedDict

from consent.model import NOBODY, ConsentRecord, ConsentRule, Match
from consent.period import ALWAYS, Period
from consent.vocabulary import EMERGENCY_PURPOSE, SPACES

READER = 1
"""The number of the way in which consents are read: with another one, what was kept is made anew."""


class _Kept(TypedDict, total=False):
    """One exception.  What is missing tests nothing."""

    number: str
    permits: bool
    starts: str
    ends: str
    organisations: list[str]
    persons: list[str]
    professions: list[str]
    purposes: list[str]
    sources: list[str]
    categories: list[str]
    labels: list[str]
    references: list[str]
    clinical_from: str | None
    clinical_to: str | None


def rules_as_text(rules: Iterable[ConsentRule]) -> str:
    """The exceptions as JSON without anything that says nothing."""
    return dumps([_kept(rule) for rule in rules], ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=1024)
def rules_from_text(text: str) -> tuple[ConsentRule, ...]:
    """What ``rules_as_text`` wrote.  Raises ``ValueError`` for any other text.

    The same text is always the same rules, and which text counts is read anew for each decision: nothing that is
    remembered here can outlive a revocation.
    """
    try:
        rules = tuple(_rule(kept) for kept in loads(text))
        if rules_as_text(rules) == text:
            return rules
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are no rules") from error
    raise ValueError("these are other rules than those that were kept")


def moment_as_text(moment: datetime | None) -> str:
    """An end of a period, exactly; "" is without a bound."""
    return moment.isoformat() if moment else ""


def period_from_texts(start: str, end: str) -> Period:
    """The period between two texts of ``moment_as_text``.  Raises ``ValueError`` for any other text."""
    return Period(_moment(start), _moment(end))


def _moment(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{text} may be any of many moments")
    return moment


def closed(id_: str, version: str, patient: str, why: str) -> ConsentRecord:
    """A consent of which nothing can be read: it denies all that a resident can deny (§3.4, §3.6)."""
    forbids = ConsentRule("1", permits=False, purposes=frozenset({EMERGENCY_PURPOSE}))
    denies_all = ConsentRecord(id_, version, patient, frozenset(SPACES), False, ALWAYS, ALWAYS, False, (forbids,))
    return replace(denies_all, unreadable=why)


def _kept(rule: ConsentRule) -> dict[str, object]:
    match = rule.match
    every: dict[str, object] = {
        "number": rule.number,
        "permits": rule.permits is True,
        "starts": moment_as_text(rule.period.start),
        "ends": moment_as_text(rule.period.end),
        "organisations": sorted(rule.organisations),
        "persons": sorted(rule.persons),
        "professions": sorted(rule.professions),
        "purposes": sorted(rule.purposes),
        "sources": sorted(match.sources),
        "categories": sorted(match.categories),
        "labels": sorted(match.labels),
        "references": sorted(match.references),
        "clinical_from": match.clinical_from,
        "clinical_to": match.clinical_to,
    }
    return {name: value for name, value in every.items() if value or name == "permits"}


def _rule(kept: _Kept) -> ConsentRule:
    return ConsentRule(
        kept["number"],
        kept["permits"],
        period_from_texts(kept.get("starts", ""), kept.get("ends", "")),
        frozenset(kept.get("organisations", NOBODY)),
        frozenset(kept.get("persons", NOBODY)),
        frozenset(kept.get("professions", NOBODY)),
        frozenset(kept.get("purposes", NOBODY)),
        Match(
            frozenset(kept.get("sources", NOBODY)),
            frozenset(kept.get("categories", NOBODY)),
            frozenset(kept.get("labels", NOBODY)),
            frozenset(kept.get("references", NOBODY)),
            kept.get("clinical_from"),
            kept.get("clinical_to"),
            undated=not kept["permits"],
        ),
    )
