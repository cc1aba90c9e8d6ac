"""What a grant says of rows: by what right they are shown, which are, and with what left out (CONSENT §4, §5)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from consent import Facts, Match, Opening, Override, PatientScope, Publications, Scope
from hub.access import decide
from hub.access.decide import Basis, Grant
from hub.access.labels import bits
from hub.context import Caller
from hub.store.database import Tx
from hub.store.sql import Row, add, query
from hub.store.tables import RelationRow
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, NOW, REQUEST, apply_city, relation, store, stored_resource

PROBLEMS = Publications(frozenset({"clinic/problem"}))
OPENED = PatientScope(True, openings=(Opening(0, PROBLEMS),))
HIV_OPENED = replace(OPENED, label_permits=((1, "HIV", Match()),))
BOTH_OPEN = replace(OPENED, openings=(Opening(1, PROBLEMS), Opening(0, PROBLEMS)), label_permits=((2, "HIV", Match()),))
LABORATORY = Match(categories=frozenset({"laboratory"}))
IN_EMERGENCY = replace(BOTH_OPEN, overrides=(Override("emergency", 3, LABORATORY),))
IN_DISASTER = replace(BOTH_OPEN, overrides=(Override("disaster", 3, LABORATORY),))
RULES = ("Consent/a", "Consent/b", "Consent/b#1", "Emergency/e")
ADDRESS: Resource = {
    "resourceType": "Patient",
    "meta": {"security": [{"code": "ADDRESS-PROTECTED"}]},
    "address": [{"text": "雪見市"}],
}


@pytest.fixture
def tx() -> Iterator[Tx]:
    with store() as tx:
        yield tx


def grant(*groups: tuple[Iterable[str], PatientScope], caller: Caller = DOCTOR) -> Grant:
    people = tuple((frozenset(members), scope) for members, scope in groups)
    rules = {one: RULES for members, _ in people for one in members}
    cleared = frozenset[str]()
    scope = Scope(NOW, "hosp", PROBLEMS, frozenset(), cleared, people, rules)
    everybody = tuple(rules)
    return Grant(caller, scope, everybody, everybody, frozenset(everybody))


def row(tx: Tx, patient: str = "hana", type_: str = "Condition", id_: str = "c1", **facts: str | int) -> Row:
    category = str(facts.get("category", "problem"))
    kept: dict[str, str | int] = {
        "source": "clinic",
        "category": category,
        "publication": f"clinic/{category}",
        **facts,
    }
    plain: Resource = {"resourceType": type_}
    body = ADDRESS if kept.pop("protected", 0) else plain
    stored_resource(tx, patient, type_, id_, body, **kept)
    found = query(tx, "SELECT * FROM resource WHERE type = :type AND id = :id", {"type": type_, "id": id_})
    return found[-1]


@pytest.mark.parametrize(
    ("reason", "purpose"), [("emergency", "ETREAT"), ("disaster", "DISASTER"), ("consent", ""), ("own", "")]
)
def test_what_an_emergency_or_a_disaster_opened_was_seen_for_that(reason: str, purpose: str) -> None:
    assert Basis(reason).purpose == purpose
    assert Basis(reason).rules == ()


def test_a_grant_reaches_those_of_all_its_groups() -> None:
    assert grant((("hana", "jiro"), OPENED), (("taro",), HIV_OPENED)).reach == {"hana", "jiro", "taro"}
    assert grant().reach == frozenset()


def test_without_rows_it_tells_by_what_right_any_would_be_shown() -> None:
    of_two = grant((("hana",), OPENED), (("taro",), IN_EMERGENCY))
    assert of_two.basis("hana") == Basis("consent", ("Consent/a",))
    assert of_two.basis("taro") == Basis("emergency", ("Emergency/e",))
    assert of_two.basis("nobody") == Basis("own")


def test_ones_own_rows_need_no_rule(tx: Tx) -> None:
    own, other = row(tx, id_="own", source="hosp"), row(tx)
    mine = grant((("hana",), BOTH_OPEN))
    assert mine.basis("hana", [own, own]) == Basis("own")
    assert mine.basis("hana", [own, other]) == Basis("consent", ("Consent/b", "Consent/a"))
    assert grant((("hana",), OPENED)).basis("hana", [own, other]) == Basis("consent", ("Consent/a",))


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (IN_EMERGENCY, Basis("emergency", ("Emergency/e",))),
        (IN_DISASTER, Basis("disaster", ("Emergency/e",))),
    ],
)
def test_the_right_that_needs_most_explaining_is_told(tx: Tx, scope: PatientScope, expected: Basis) -> None:
    """Before a consent, and that before one's own; with each of its rules once."""
    result, problem = row(tx, category="laboratory", id_="l1"), row(tx)
    labelled, own = row(tx, id_="c2", label_bits=bits(["HIV"])), row(tx, id_="own", source="hosp")
    opened = grant((("hana",), scope))
    for rows in ([result, problem, own], [own, problem, result]):
        assert opened.basis("hana", rows) == expected
    for rows in ([problem, labelled, own], [own, problem, labelled]):
        assert opened.basis("hana", rows) == Basis("consent", ("Consent/b", "Consent/a", "Consent/b#1"))
    assert opened.basis("hana", [result, own]) == expected


def test_of_a_directory_what_is_ones_own_is_told_first(tx: Tx) -> None:
    listed = row(tx, patient="", type_="Organization", id_="o1", directory=1)
    own = row(tx, patient="", type_="Organization", id_="o2", source="hosp")
    assert grant().basis("", [listed, own]) == Basis("own")
    assert grant().basis("", [listed]) == Basis("directory")


def test_what_is_not_permitted_has_no_basis(tx: Tx) -> None:
    shown, hidden = row(tx), row(tx, id_="l1", category="laboratory")
    assert grant((("hana",), HIV_OPENED)).basis("hana", [shown]) == Basis("consent", ("Consent/a",))
    for rows in ([shown, hidden], [hidden, shown], [hidden]):
        assert grant((("hana",), HIV_OPENED)).basis("hana", rows) is None


def test_everybody_whom_a_row_is_about_must_admit_it(tx: Tx) -> None:
    of_both = grant((("hana", "taro"), OPENED), (("jiro",), PatientScope(True)))
    one = row(tx)
    assert of_both.permits(one, ()).permit
    assert of_both.permits(one, ("taro",)).permit
    refused = of_both.permits(one, ("taro", "jiro"))
    assert (refused.permit, refused.reason) == (False, "no-consent")
    assert not of_both.permits(one, ("a stranger",)).permit


def test_what_is_about_nobody_is_for_all_where_it_is_a_directory(tx: Tx) -> None:
    listed = row(tx, patient="", type_="Organization", id_="o1", directory=1)
    assert grant().permits(listed, ()).reason == "directory"
    assert grant().permits(listed, ("hana",)).reason == "directory"


def test_an_exception_may_name_the_row(tx: Tx) -> None:
    named = Match(references=frozenset({"Condition/c1"}))
    denied = grant((("hana",), replace(OPENED, denies=((1, named),))))
    assert denied.permits(row(tx), ()).rules == ("Consent/b",)
    assert denied.permits(row(tx, id_="c2"), ()).permit


def test_the_facts_are_those_that_are_stamped(tx: Tx) -> None:
    one = row(tx, clinical_date="2026-11-01", withheld=1, directory=1, label_bits=bits(["HIV", "R"]))
    expected = Facts(
        patients=("hana", "taro"),
        source="clinic",
        source_kind="clinic",
        category="problem",
        reference="Condition/c1",
        labels=frozenset({"HIV", "R"}),
        clinical_date="2026-11-01",
        withheld=True,
        directory=True,
    )
    assert decide.stored_facts(one, ("hana", "taro"), "Condition/c1") == expected
    plain = decide.stored_facts(row(tx, id_="c2"), (), "Condition/c2")
    assert (plain.withheld, plain.directory, plain.labels) == (False, False, frozenset())


def test_the_same_as_a_query(tx: Tx) -> None:
    row(tx)
    row(tx, id_="l1", category="laboratory")
    for source in ("hosp", "city"):
        row(tx, type_="Patient", id_="hana", source=source)
    of_hana = grant((("hana",), OPENED))
    for records, found in ((False, {"clinic", "hosp", "city"}), (True, {"clinic", "hosp"})):
        sql, values = of_hana.predicate("r", patient_records=records)
        shown = query(tx, f"SELECT * FROM resource r WHERE {sql}", values)  # noqa: S608
        assert {one.source for one in shown} == found
        assert "l1" not in {one.id for one in shown}
    assert of_hana.predicate("r") == of_hana.predicate("r", patient_records=False)


HOSPITAL_STAFF, CITY_STAFF = DOCTOR, replace(DOCTOR, organisation="city", organisation_kind="municipality")


@pytest.mark.parametrize(
    ("caller", "source", "current_is_protected", "row_is_protected", "told"),
    [
        (HOSPITAL_STAFF, "city", False, True, False),
        (HOSPITAL_STAFF, "city", True, False, False),
        (HOSPITAL_STAFF, "city", True, True, False),
        (HOSPITAL_STAFF, "city", False, False, True),
        (HOSPITAL_STAFF, "hosp", True, True, True),
        (CITY_STAFF, "hosp", True, True, True),
    ],
)
def test_a_protected_address_is_told_at_home_alone(
    tx: Tx, caller: Caller, source: str, current_is_protected: bool, row_is_protected: bool, told: bool
) -> None:
    """Protected now, or when this version was written."""
    with_address: Resource = {"resourceType": "Patient", "address": [{"text": "雪見市"}]}
    for id_, protected in (("old", row_is_protected), ("new", current_is_protected)):
        stored_resource(tx, id_, "Patient", id_, ADDRESS if protected else with_address, source=source)
    old, new = (query(tx, "SELECT * FROM resource WHERE id = :id", {"id": id_})[0] for id_ in ("old", "new"))
    asked = grant((("old",), OPENED), caller=caller)
    assert ("雪見市".encode() in asked.redacted(old, new)) is told
    if told:
        assert asked.redacted(old, new) == old.body
    assert ("雪見市".encode() in asked.redacted(old)) is (told or not row_is_protected)


def test_who_is_cleared_for_it_sees_a_protected_address_and_only_a_patient_has_one(tx: Tx) -> None:
    patient = row(tx, type_="Patient", id_="p", protected=1)
    other = row(tx, type_="Organization", id_="o", protected=1)
    asked = grant((("hana",), OPENED))
    assert "雪見市".encode() not in asked.redacted(patient)
    assert asked.redacted(other) == other.body
    cleared = replace(asked, scope=replace(asked.scope, cleared=frozenset({"ADDRESS-PROTECTED"})))
    assert cleared.redacted(patient) == patient.body


def test_for_whom_the_grant_does_not_know_the_rules_they_are_read(tx: Tx) -> None:
    apply_city(tx)
    add(tx, RelationRow, [relation("taro")])
    of_hana = grant((("hana",), BOTH_OPEN))
    hanas, taros = row(tx), row(tx, patient="taro", id_="c2", source="clinic")
    shown = decide.bases(tx, of_hana, "search-type", "Condition", ("hana", "taro", "own"), [hanas, taros], REQUEST)
    assert shown == {
        "hana": Basis("consent", ("Consent/b", "Consent/a")),
        "taro": Basis("consent"),  # shown by rules that this reading does not find again: a right there was
        "own": Basis("own"),
    }
    owned = row(tx, patient="taro", id_="c3", source="hosp")
    assert decide.bases(tx, of_hana, "search-type", "Condition", ("taro",), [owned], REQUEST) == {"taro": Basis("own")}
