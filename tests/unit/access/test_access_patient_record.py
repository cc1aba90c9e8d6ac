"""DESIGN §3: of each person one Patient record is shown, the municipality's before the caller's own."""

from itertools import chain, combinations

import pytest

from consent import Asker, ConsentRecord, Period, Policy, Relation, Scope, default_read_rows, scope_for
from hub.access.decide import Grant
from hub.access.filter import patient_record
from hub.store.database import Tx
from hub.store.resources import current
from hub.store.sql import query
from tests.unit.access.asking import DOCTOR, NOW, store, stored_resource

POLICY = Policy.from_rows(
    [
        {"publisher": kind, "category": "demographics", "space": "medical"}
        for kind in ("municipality", "clinic", "pharmacy")
    ],
    default_read_rows(),
    [],
)
KINDS = {"city": "municipality", "hosp": "hospital", "clinic": "clinic", "shop": "pharmacy"}
KEEPERS = [frozenset(some) for some in chain(*(combinations(KINDS, many) for many in range(1, 5)))]
SHARES = ConsentRecord("Consent/c1", "1", "hana", frozenset({"medical"}), False, Period(), Period(), True, ())


def scope(*consents: ConsentRecord) -> Scope:
    made = scope_for(
        Asker("hosp", "hospital", "TREAT", True, "dr-sato", "physician"),
        POLICY,
        patients=["hana", "taro"],
        relations=[Relation("hana", "hosp")],
        consents=consents,
        emergencies=[],
        disasters=[],
        now=NOW,
        token_allows=True,
    )
    assert isinstance(made, Scope)
    return made


def kept(tx: Tx, *records: tuple[str, str], deleted: int = 0) -> None:
    """Keep (person, source) records; those of the municipality may be deleted."""
    for person, source in records:
        facts = {"source": source, "publication": f"{KINDS[source]}/demographics", "category": "demographics"}
        gone = deleted if source == "city" else 0
        stored_resource(tx, person, "Patient", person, {}, **facts, deleted=gone)


def shown(scope: Scope, *records: tuple[str, str], deleted: int = 0) -> set[tuple[str, str]]:
    """(person, source) of the records that a query finds."""
    with store() as tx:
        kept(tx, *records, deleted=deleted)
        made = patient_record(scope, "r")
        rows = query(tx, f"SELECT r.id, r.source FROM resource r WHERE {made.sql} AND r.deleted = 0", made.parameters)  # noqa: S608
        return {(row.id, row.source) for row in rows}


def read(scope: Scope, *records: tuple[str, str], deleted: int = 0) -> set[tuple[str, str]]:
    """The same by reading one person."""
    with store() as tx:
        kept(tx, *records, deleted=deleted)
        grant = Grant(DOCTOR, scope, ("hana",), ("hana",), frozenset({"hana"}))
        standing = grant.standing(current(tx, "Patient", "hana"))
        return {(row.id, row.source) for row in [one for one in standing if grant.permits(one, ()).permit][:1]}


def test_the_municipalitys_record_is_shown_before_the_own() -> None:
    records = [("hana", "hosp"), ("hana", "city"), ("taro", "hosp"), ("taro", "city"), ("hana", "clinic")]
    assert shown(scope(SHARES), *records) == {("hana", "city"), ("taro", "hosp")}


def test_the_own_is_shown_where_no_other_is() -> None:
    both = [("hana", "hosp"), ("hana", "city")]
    assert shown(scope(), *both) == {("hana", "hosp")}
    assert shown(scope(SHARES), *both, deleted=1) == {("hana", "hosp")}
    assert shown(scope(SHARES), ("hana", "hosp"), ("taro", "city")) == {("hana", "hosp")}
    assert shown(scope(SHARES), ("hana", "city")) == {("hana", "city")}


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_anothers_record_is_shown_only_where_nobody_else_keeps_one() -> None:
    assert shown(scope(SHARES), ("hana", "clinic")) == {("hana", "clinic")}
    assert shown(scope(SHARES), ("hana", "clinic"), ("hana", "shop")) == set()
    assert shown(scope(SHARES), ("hana", "clinic"), ("hana", "city")) == {("hana", "city")}
    assert shown(scope(), ("hana", "clinic"), ("hana", "city")) == set()


def test_anothers_record_stands_where_the_citys_was_deleted() -> None:
    assert shown(scope(SHARES), ("hana", "clinic"), ("hana", "city"), deleted=1) == {("hana", "clinic")}


@pytest.mark.parametrize("consents", [(), (SHARES,)], ids=["nothing shared", "shared"])
@pytest.mark.parametrize("deleted", [0, 1], ids=["", "deleted"])
@pytest.mark.parametrize("keepers", KEEPERS, ids=lambda some: "+".join(sorted(some)))
def test_a_search_finds_what_a_read_shows(
    keepers: frozenset[str], deleted: int, consents: tuple[ConsentRecord, ...]
) -> None:
    records = [("hana", source) for source in sorted(keepers)]
    asker = scope(*consents)
    assert shown(asker, *records, deleted=deleted) == read(asker, *records, deleted=deleted)
