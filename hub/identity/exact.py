"""One resident or nobody: how somebody is found who looks after no one yet (CONSENT.md §6, §7)."""

from collections.abc import Iterable

from hub.identity.match import MEMBER_ID, key
from hub.store import identity, registry
from hub.store.database import Tx
from hub.store.sql import Row
from profiles import fold_name
from profiles.canonical import KAIGO_INSURED_NO


def exactly_one(tx: Tx, name: str, birth_date: str, identifier: str, *, either: bool = False) -> str | None:
    """The id of the one resident of whom all that was given is true; none for nobody, and none for more than one.

    ``name`` (in full, as written or in kana) counts only with ``birth_date`` (an ISO date); ``identifier`` is a
    number of long-term care or of health insurance, or "system|value" of a number that means the same to everybody.
    The municipality's records come first: others are looked at only for somebody whom it does not know.
    With ``either`` a name or a birth date alone is enough, if of all whom anybody knows it is true of one.
    """
    answers = []
    if identifier.strip():
        answers.append(_with_number(tx, identifier))
    if name.strip() or birth_date.strip():
        answers.append(_named(tx, fold_name(name), birth_date.strip(), either))
    found = frozenset.intersection(*answers) if answers else frozenset[str]()
    return next(iter(found)) if len(found) == 1 else None


def _with_number(tx: Tx, identifier: str) -> frozenset[str]:
    system, separator, value = identifier.strip().rpartition("|")
    systems = (system,) if separator else (KAIGO_INSURED_NO, MEMBER_ID)
    # No issuer: a number of one institution's own means somebody else elsewhere.
    keys = [key(one, value, "") for one in systems]
    rows = [row for one in keys if one.value for row in identity.links(tx, one.system, one.value, one.issuer)]
    return _of_the_city_first(tx, rows)


def _named(tx: Tx, name: str, birth_date: str, either: bool) -> frozenset[str]:
    if not name or not birth_date:
        rows = identity.called(tx, name) if name else identity.named(tx, birth_date)
        return frozenset(row.patient for row in rows) if either else frozenset()
    return _of_the_city_first(tx, [row for row in identity.named(tx, birth_date) if row.name == name])


def _of_the_city_first(tx: Tx, rows: Iterable[Row]) -> frozenset[str]:
    """Whom the municipality says it is; whom anybody says it is, where the municipality says nothing."""
    said, city = list(rows), registry.municipality(tx)
    of_city = frozenset(row.patient for row in said if row.source == city)
    return of_city or frozenset(row.patient for row in said)
