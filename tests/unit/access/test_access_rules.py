"""CONSENT §1 to §3: what is stored, as the engine takes it; what cannot be read opens nothing."""

from typing import cast

import pytest

from consent import Asker, Period, Relation, compile_consent, days
from hub.access import compiled, rules
from hub.store import consents as stored
from hub.store.city_tables import OrganisationRow, PersonRow
from hub.store.database import Tx
from hub.store.sql import Record, add, first
from hub.store.tables import RelationRow
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, SYSTEM, apply_city, store, stored_resource
from tests.unit.consent.test_consent_reading import EXCEPTION, consent


def test_the_caller_is_asked_about_as_the_registry_says() -> None:
    assert rules.asker(DOCTOR) == Asker("hosp", "hospital", "TREAT", True, "dr-sato", "physician")
    assert rules.asker(SYSTEM).person is None


@pytest.mark.parametrize(
    ("kept", "relation"),
    [
        ({}, Relation("hana", "hosp", "dr-sato")),
        ({"organisation": ""}, Relation("hana", None, "dr-sato")),
        ({"person": ""}, Relation("hana", "hosp")),
        ({"pending": 1}, Relation("hana", "hosp", "dr-sato", pending=True)),
        ({"starts": "2026-04-01"}, Relation("hana", "hosp", "dr-sato", days("2026-04-01", ""))),
        ({"ends": "2026-04-30"}, Relation("hana", "hosp", "dr-sato", days("", "2026-04-30"))),
        ({"ends": "spring"}, Relation("hana", "hosp", "dr-sato", Period(), pending=True)),
        ({"ends": "spring", "organisation": ""}, Relation("hana", None, "dr-sato", Period(), pending=True)),
        ({"ends": "spring", "person": ""}, Relation("hana", "hosp", None, Period(), pending=True)),
    ],
)
def test_a_relation_is_as_it_was_kept_and_one_without_a_date_is_none(kept: Record, relation: Relation) -> None:
    row: Record = {"patient": "hana", "origin": "CareTeam/1", "organisation": "hosp", "person": "dr-sato", "role": ""}
    with store() as tx:
        add(tx, RelationRow, [{**row, "starts": "", "ends": "", "pending": 0, **kept}])
        read = first(tx, "SELECT * FROM relation", {})
    assert read is not None
    assert rules.relation(read) == relation


def test_whom_relations_name_is_told_once() -> None:
    assert rules.patients_of([Relation("b", "hosp"), Relation("a", "hosp"), Relation("b", "clinic")]) == ("b", "a")


def space_of_problems(tx: Tx, version: str) -> frozenset[str]:
    return rules.of_city(tx, version).policy.spaces_published("clinic", "problem")


def test_nothing_is_shared_before_a_city_file_is_applied_nor_is_that_remembered() -> None:
    with store() as tx:
        assert space_of_problems(tx, "") == frozenset()
        apply_city(tx, space="team")
        assert space_of_problems(tx, "") == {"team"}
        apply_city(tx, space="medical")
        assert space_of_problems(tx, "") == {"medical"}


def test_what_a_city_file_says_is_remembered_under_its_own_name() -> None:
    with store() as tx:
        apply_city(tx, version="second of this test", space="team")
        assert space_of_problems(tx, "first of this test") == {"team"}  # applied since by another process
        assert rules.of_city(tx, "second of this test").policy.may_write("clinic", "problem")
        apply_city(tx, version="third of this test", space="medical")
        assert space_of_problems(tx, "second of this test") == {"team"}
        assert space_of_problems(tx, "first of this test") == {"medical"}


def city_rules(tx: Tx, *, organisations: tuple[str, ...], persons: tuple[str, ...]) -> rules.CityRules:
    one = {"kind": "clinic", "name": "", "institution_number": "", "care_office_number": "", "starts": "", "ends": ""}
    add(tx, OrganisationRow, [{"id": id_, **one} for id_ in organisations])
    add(tx, PersonRow, [{"id": id_, "name": "", "kana": ""} for id_ in persons])
    return rules.of_city(tx, "")


@pytest.mark.parametrize(
    ("organisations", "persons", "proxy", "readable"),
    [
        (("hosp", "clinic"), ("dr-sato",), "guardian", True),
        (("hosp", "clinic"), (), "guardian", False),
        (("hosp",), ("dr-sato",), "guardian", False),
        (("hosp", "clinic"), ("dr-sato",), "neighbour", False),
    ],
)
def test_a_consent_reads_with_those_who_are_known_now(
    organisations: tuple[str, ...], persons: tuple[str, ...], proxy: str, readable: bool
) -> None:
    signed = consent(performer=[{"reference": "RelatedPerson/guardian"}])
    with store() as tx:
        stored_resource(tx, "hana", "Consent", "c1", cast("Resource", signed), category="consent")
        stored_resource(tx, "hana", "RelatedPerson", proxy, {})
        stored.put_proxy(tx, "hana", proxy, "v7")
        city = city_rules(tx, organisations=organisations, persons=persons)
        (record,) = rules.consents(tx, ["hana"], city)
        assert rules.consents(tx, ["taro"], city) == []
    assert (record.id, record.version, record.permits) == ("Consent/c1", "v7", readable)
    assert bool(record.unreadable) is not readable


def test_a_consent_without_a_proxy_needs_none() -> None:
    record = compile_consent(consent(provision={"type": "permit", "provision": [EXCEPTION]}))
    assert record is not None
    with store() as tx:
        city = city_rules(tx, organisations=("hosp", "clinic"), persons=("dr-sato",))
        assert rules.known(tx, [record], city) == [record]


def test_the_secretariat_looks_at_what_cannot_be_read_now() -> None:
    signed = {"c1": consent(modifierExtension=[]), "c2": consent(), "c3": consent(provision={"type": "permit"})}
    for organisations, found in ((("hosp", "clinic"), ["Consent/c1"]), (("hosp",), ["Consent/c1", "Consent/c2"])):
        with store() as tx:
            for id_, resource in signed.items():
                body = cast("Resource", {**resource, "id": id_})
                stored.put(tx, compiled.consent_row("hana", id_, "v7", body))
            city = city_rules(tx, organisations=organisations, persons=("dr-sato",))
            assert [record.id for record in rules.unreadable(tx, city)] == found
