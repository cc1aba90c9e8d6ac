"""DESIGN §5: of each person one Patient record is shown, another's before the caller's own."""

from consent import Asker, ConsentRecord, Period, Policy, Relation, Scope, default_read_rows, scope_for
from hub.access.filter import patient_record
from hub.store.sql import query
from tests.unit.access.asking import NOW, store, stored_resource

POLICY = Policy.from_rows(
    [{"publisher": "municipality", "category": "demographics", "space": "medical"}], default_read_rows(), []
)
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


def shown(scope: Scope, *records: tuple[str, str], deleted: int = 0) -> set[tuple[str, str]]:
    """(person, source) of the records that a query finds; those of the municipality may be deleted."""
    with store() as tx:
        for person, source in records:
            of_city = source == "city"
            facts = {"source": source, "publication": "municipality/demographics" if of_city else "clinic/demographics"}
            gone = deleted if of_city else 0
            stored_resource(tx, person, "Patient", person, {}, **facts, category="demographics", deleted=gone)
        made = patient_record(scope, "r")
        rows = query(tx, f"SELECT r.id, r.source FROM resource r WHERE {made.sql} AND r.deleted = 0", made.parameters)  # noqa: S608
        return {(row.id, row.source) for row in rows}


def test_anothers_record_is_shown_before_the_own() -> None:
    records = [("hana", "hosp"), ("hana", "city"), ("taro", "hosp"), ("taro", "city"), ("hana", "clinic")]
    assert shown(scope(SHARES), *records) == {("hana", "city"), ("taro", "hosp")}


def test_the_own_is_shown_where_no_other_is() -> None:
    both = [("hana", "hosp"), ("hana", "city")]
    assert shown(scope(), *both) == {("hana", "hosp")}
    assert shown(scope(SHARES), *both, deleted=1) == {("hana", "hosp")}
    assert shown(scope(SHARES), ("hana", "hosp"), ("taro", "city")) == {("hana", "hosp")}
    assert shown(scope(SHARES), ("hana", "city")) == {("hana", "city")}
