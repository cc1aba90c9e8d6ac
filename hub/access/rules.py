"""The stored rules as the decision engine takes them: policy, relations, consents (CONSENT.md §1–§3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from json import loads

from consent import Asker, ConsentRecord, Known, Period, Policy, Relation, days
from consent.compiled import READER
from hub.access import compiled
from hub.context import Caller
from hub.store import consents as store
from hub.store import registry
from hub.store.database import Tx
from hub.store.sql import Row


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


def consents(tx: Tx, patients: Sequence[str], city: CityRules) -> list[ConsentRecord]:
    """Every privacy consent of these patients, as it reads with the actors that the registry knows now."""
    return known(tx, compiled.records(tx, store.of(tx, patients, READER)), city)


def unreadable(tx: Tx, city: CityRules) -> list[ConsentRecord]:
    """All consents that count as a refusal because they cannot be read, or name somebody who is not known now."""
    looked_at = known(tx, compiled.records(tx, store.to_look_at(tx)), city)
    return [record for record in looked_at if record.unreadable]


def known(tx: Tx, records: Sequence[ConsentRecord], city: CityRules) -> list[ConsentRecord]:
    """The same consents as they read with the registry of now."""
    by_proxy = {record.patient for record in records if record.proxies}
    proxies = store.proxies(tx, sorted(by_proxy)) if by_proxy else frozenset[tuple[str, str]]()
    registry_now = Known(city.organisations, city.persons, proxies)
    return [record.known_by(registry_now) for record in records]


def patients_of(relations: Iterable[Relation]) -> tuple[str, ...]:
    """The patients whom these relations name."""
    return tuple(dict.fromkeys(one.patient for one in relations))
