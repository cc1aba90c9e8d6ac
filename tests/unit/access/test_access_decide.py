"""CONSENT §4 rules 1 and 2, and whom a question is decided about, before any rule of a resident."""

from dataclasses import replace

import pytest

from consent.compiled import READER
from hub.access import decide
from hub.access.decide import Basis, Grant
from hub.context import Caller
from hub.errors import Refused
from hub.store import consents
from hub.store.database import Tx
from hub.store.sql import Record, add, query
from hub.store.tables import RelationRow
from tests.unit.access.asking import DOCTOR, REQUEST, relation, store, stored_resource
from tests.unit.access.test_access_declarations import declared, flooded

READS = (
    *("read", "vread", "history-instance", "notification", "operation:handoff", "operation:meta"),
    *("operation:validate", "operation:subscription-status", "operation:emergency-sheet"),
    *("operation:disaster-find", "operation:disaster-sheet"),
)
SEARCHES = (
    *("search-type", "search-system", "feed", "page", "operation:everything", "operation:match", "operation:what-if"),
    *("operation:export", "operation:export-status", "operation:export-file", "operation:export-cancel"),
)
AUDITOR = replace(DOCTOR, organisation="city", organisation_kind="municipality", profession="auditor", purpose="AUDIT")


def asked(tx: Tx, caller: Caller, interaction: str = "feed", type_: str = "*", *patients: str) -> Grant:
    return decide.read(tx, caller, interaction, type_, patients, REQUEST)


@pytest.mark.parametrize(("interaction", "letter"), [*((one, "r") for one in READS), *((one, "s") for one in SEARCHES)])
def test_what_is_asked_needs_its_scope_and_no_other(interaction: str, letter: str) -> None:
    others = "cruds".replace(letter, "")
    with store() as tx:
        assert asked(tx, replace(DOCTOR, scopes=f"user/*.{letter}"), interaction).patients == ()
        with pytest.raises(Refused, match=f"do not cover {interaction} of") as refused:
            asked(tx, replace(DOCTOR, scopes=f"user/*.{others}"), interaction)
    assert refused.value.reason == "scope"


@pytest.mark.parametrize("caller", [DOCTOR, AUDITOR])
def test_what_shows_nothing_that_is_stored_needs_no_scope_and_no_role(caller: Caller) -> None:
    with store() as tx:
        assert asked(tx, replace(caller, scopes=""), "operation:terminology", "").patients == ()


@pytest.mark.parametrize(("interaction", "type_"), [("history-type", "Condition"), ("history-system", "*")])
@pytest.mark.parametrize("profession", ["auditor", "municipal-officer"])
def test_the_log_is_for_those_of_the_municipality_who_read_it(interaction: str, type_: str, profession: str) -> None:
    reader = replace(AUDITOR, profession=profession)
    with store() as tx:
        for what, of_type in ((interaction, type_), ("search-type", "AuditEvent")):
            assert asked(tx, reader, what, of_type).patients == ()
            for other in (replace(reader, profession="nurse"), replace(reader, organisation_kind="hospital"), DOCTOR):
                with pytest.raises(Refused, match="access log") as refused:
                    asked(tx, other, what, of_type)
                assert refused.value.reason == "not-for-role"


@pytest.mark.parametrize("auditing", [AUDITOR, replace(AUDITOR, profession="nurse"), replace(AUDITOR, purpose="TREAT")])
def test_who_audits_reads_no_subjects_data(auditing: Caller) -> None:
    with store() as tx:
        assert asked(tx, auditing, "search-type", "Organization").covers("Organization")
        assert not asked(tx, auditing, "search-type", "Organization").covers("Condition")
        with pytest.raises(Refused, match="never its subjects' data") as refused:
            asked(tx, auditing, "search-type", "Condition")
        assert refused.value.reason == "not-for-role"
        with pytest.raises(Refused) as refused:
            asked(tx, replace(auditing, scopes="user/Organization.s"), "search-type", "Condition")
    assert refused.value.reason == "scope"


def test_no_search_is_of_the_log() -> None:
    with store() as tx:
        grant = asked(tx, DOCTOR)
    assert (grant.covers("Condition"), grant.covers("AuditEvent")) == (True, False)
    with store() as tx:
        assert not asked(tx, replace(DOCTOR, scopes="user/Patient.s"), "feed", "Patient").covers("Condition")


def test_whose_role_is_over_is_refused() -> None:
    with store() as tx, pytest.raises(Refused, match="not in force") as refused:
        asked(tx, replace(DOCTOR, in_force=False))
    assert refused.value.reason == "not-in-force"


def test_all_are_those_whom_the_caller_looks_after_and_some_are_those_of_them_who_are_needed() -> None:
    with store() as tx:
        mine = [relation("hana"), relation("jiro", organisation="", person="dr-sato"), relation("waits", pending=1)]
        ended, others = relation("ended", ends="2026-11-19"), relation("other", organisation="clinic")
        add(tx, RelationRow, [*mine, ended, others, relation("nurses", person="ns-abe")])

        everybody = decide.read(tx, DOCTOR, "feed", "*", None, REQUEST)
        assert set(everybody.patients) == everybody.related == {"hana", "jiro"}
        assert set(everybody.asked) == {"hana", "jiro", "waits", "ended"}

        some = decide.read(tx, DOCTOR, "feed", "*", None, REQUEST, among=("jiro", "other", "ended"))
        assert (some.patients, some.asked, set(some.related)) == (("jiro",), ("jiro", "other", "ended"), {"jiro"})

        named = asked(tx, DOCTOR, "read", "Patient", "hana", "other")
        assert (named.patients, named.asked, set(named.related)) == (("hana",), ("hana", "other"), {"hana"})
        assert asked(tx, DOCTOR).asked == ()


def test_an_emergency_and_a_disaster_bring_near_whom_they_open_and_make_nobody_looked_after() -> None:
    with store() as tx:
        flooded(tx, {"jiro": ("雪見市北町１丁目", "city", 0), "taro": ("雪見市南町２丁目", "city", 0)})
        declared(tx)
        grant = asked(tx, DOCTOR, "read", "Patient", "hana", "jiro", "taro")
        assert grant.patients == ("hana", "jiro")
        assert (set(grant.reach), set(grant.related)) == ({"hana", "jiro"}, set())
        assert asked(tx, DOCTOR, "operation:export", "Patient", "hana", "jiro").patients == ()


def test_a_consent_that_is_damaged_is_told_by_whom_it_closes() -> None:
    with store() as tx:
        add(tx, RelationRow, [relation("hana")])
        stored_resource(tx, "hana", "Consent", "c1", {"resourceType": "Consent"}, category="consent")
        texts = dict.fromkeys(("signed_from", "signed_to", "starts", "ends", "proxies", "unreadable"), "")
        said: Record = {"spaces": "medical", "permits": 1, "revoked": 0, "exceptions": "rubbish", "named": 0, **texts}
        consents.put(tx, {"patient": "hana", "id": "c1", "version": "v7", "reader": READER, **said})
        assert asked(tx, DOCTOR, "read", "Patient", "hana").basis("hana") == Basis("own")
        (case,) = query(tx, "SELECT patient, kind, subject FROM review_case", {})
        assert tuple(case) == ("hana", "unreadable-consent", "Consent/c1")
