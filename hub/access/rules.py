"""The stored rules as the decision engine takes them: policy, relations, consents (CONSENT.md §1–§3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json import loads

from consent import Asker, ConsentRecord, Known, Period, Policy, Relation, days, read_consent
from hub.context import Caller
from hub.store import registry, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.canonical import PROXY_LEGAL_BASIS
from profiles.json import read_json
from profiles.resource import as_object, objects


def asker(caller: Caller) -> Asker:
    """The caller as the engine sees it."""
    return Asker(
        caller.organisation, caller.organisation_kind, caller.purpose, caller.in_force, caller.person, caller.profession
    )


@dataclass(frozen=True, slots=True)
class CityRules:
    """What the decision needs of the city file: its share policy, and the actors whom a consent may name."""

    policy: Policy
    organisations: frozenset[str]
    persons: frozenset[str]


_KEPT: dict[str, CityRules] = {}
"""By the version of the city file, a hash of what it says (``Caller.rules`` names the one in force)."""


def of_city(tx: Tx, version: str) -> CityRules:
    """The rules of the city file in force; nothing is shared before one is applied."""
    kept = _KEPT.get(version)
    if kept is not None:
        return kept
    city = registry.city(tx)
    table = loads(city.document)["policy"] if city is not None else {"publish": [], "read": [], "write": []}
    read = CityRules(Policy.from_rows(table["publish"], table["read"], table["write"]), *registry.known_actors(tx))
    if city is not None and city.version:  # its own name: another process may have applied a file since
        if len(_KEPT) > 8:
            _KEPT.clear()
        _KEPT[city.version] = read
    return read


def relation(row: Row) -> Relation:
    """A row of ``relation``; an unreadable date ends it: it must not open what it cannot bound."""
    try:
        period = days(row.starts, row.ends)
    except ValueError:
        return Relation(row.patient, row.organisation or None, row.person or None, Period(), pending=True)
    return Relation(row.patient, row.organisation or None, row.person or None, period, bool(row.pending))


_NO_ACTORS = frozenset[str](), frozenset[str]()
_NO_PROXIES = frozenset[tuple[str, str]]()


def consents(tx: Tx, patients: Sequence[str], city: CityRules) -> list[ConsentRecord]:
    """Every privacy consent of these patients, read with the actors that the registry knows now."""
    rows = resources.consents(tx, patients)
    if not rows:
        return []
    named = {row.version for row in rows if b'"actor"' in row.body}
    by_proxy = {row.version: row.patient for row in rows if b"RelatedPerson" in row.body}
    proxies = _proxies(tx, sorted(set(by_proxy.values()))) if by_proxy else _NO_PROXIES
    read = (
        _consent(
            row.version,
            bytes(row.body),
            *((city.organisations, city.persons) if row.version in named else _NO_ACTORS),
            proxies if row.version in by_proxy else _NO_PROXIES,
        )
        for row in rows
    )
    return [record for record in read if record is not None]


def _proxies(tx: Tx, patients: Sequence[str]) -> frozenset[tuple[str, str]]:
    """(patient, RelatedPerson) whom the municipality recorded with a legal basis to consent for them."""
    return frozenset(
        (row.patient, row.id)
        for row in resources.related_persons(tx, patients)
        if any(one.get("url") == PROXY_LEGAL_BASIS for one in objects(as_object(read_json(row.body)).get("extension")))
    )


@lru_cache(maxsize=8192)
def _consent(
    version: str,
    body: bytes,
    organisations: frozenset[str],
    persons: frozenset[str],
    proxies: frozenset[tuple[str, str]],
) -> ConsentRecord | None:
    return read_consent(as_object(read_json(body)), Known(organisations, persons, proxies))


def patients_of(relations: Iterable[Relation]) -> tuple[str, ...]:
    """The patients whom these relations name."""
    return tuple(dict.fromkeys(one.patient for one in relations))
