"""CONSENT §3: what people are told of a resident's consents, and whether each counts now."""

from collections.abc import Iterable
from typing import cast

import pytest

from consent import compile_consent
from consent.vocabulary import ACT_REASON_SYSTEM, SPACE_SYSTEM
from hub.access import agreements
from hub.projections.agreement import Agreement
from hub.projections.consent_form import Rule
from hub.store.city_tables import OrganisationRow, PersonRow, RoleRow
from hub.store.database import Tx
from hub.store.sql import add
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, NOW, apply_city, store, stored_resource
from tests.unit.consent.strategies import Json, concept
from tests.unit.consent.test_consent_reading import EXCEPTION, consent


def signed(*spaces: str, root: str = "permit", **changes: object) -> Resource:
    """A consent without exceptions for some spaces, the team's when none are named."""
    category = [concept(SPACE_SYSTEM, space) for space in spaces or ("team",)]
    made = consent(category=category, provision={"type": root}, policyRule=None)
    return cast("Resource", {**made, **changes})


def kept(tx: Tx, id_: str, resource: Resource, recorded: str = "") -> None:
    stored_resource(tx, "hana", "Consent", id_, resource, category="consent", recorded=recorded)


def told(consents: dict[str, Resource]) -> dict[str, Agreement]:
    """What is told of these consents, in its order, by their ids."""
    with store() as tx:
        for place, (id_, resource) in enumerate(consents.items()):
            kept(tx, id_, resource, recorded=f"2026-11-{place + 1:02d}")
        return {one.id: one for one in agreements.agreements(tx, DOCTOR, "hana", NOW)}


@pytest.mark.parametrize(
    ("resource", "state"),
    [
        (signed(), "in-force"),
        (signed(root="deny"), "in-force"),
        (signed(status="inactive"), "revoked"),
        (signed(provision={"type": "permit", "period": {"end": "2026-11-19"}}), "over"),
        (signed(provision={"type": "permit", "period": {"end": "2026-11-20"}}), "in-force"),
        (signed(provision={"type": "permit", "period": {"start": "2026-11-21"}}), "to-come"),
        (signed(dateTime="2026-11-21"), "to-come"),
        (signed(modifierExtension=[]), "unreadable"),
    ],
)
def test_whether_a_consent_counts_now(resource: Resource, state: str) -> None:
    (one,) = told({"c1": resource}).values()
    assert one.state == state
    assert one.can_be_revoked is (state != "revoked")


def test_the_last_signed_is_the_first_and_of_one_day_the_last_recorded() -> None:
    days = {"a": "2026-05-01", "b": "2026-07-01", "c": "2026-06-01", "d": "2026-06-01"}
    assert [*told({id_: signed(dateTime=day) for id_, day in days.items()})] == ["b", "d", "c", "a"]


def test_each_space_has_one_that_speaks_for_it() -> None:
    found = told({"first": signed("team", "medical"), "later": signed("team", dateTime="2026-05-01")})
    assert {id_: (one.terms.spaces, one.speaks, one.state) for id_, one in found.items()} == {
        "later": (("team",), ("team",), "in-force"),
        "first": (("medical", "team"), ("medical",), "in-force"),
    }
    replaced = told({"first": signed(), "later": signed(dateTime="2026-05-01")})["first"]
    assert (replaced.speaks, replaced.state, replaced.can_be_revoked) == ((), "replaced", False)


@pytest.mark.parametrize("waits", ["first", "second"])
def test_of_two_papers_of_one_day_none_is_said_to_be_in_force_where_the_space_is_closed(waits: str) -> None:
    """The other has not begun, and nobody knows which was signed later: nothing is shown (CONSENT §3.1)."""
    plain = signed(dateTime="2026-06-01")
    later = signed(dateTime="2026-06-01", provision={"type": "permit", "period": {"start": "2026-11-21"}})
    found = told({one: later if one == waits else plain for one in PAIR})
    assert "in-force" not in {one.state for one in found.values()}
    assert [one.state for one in found.values() if one.speaks] in (["unclear"], ["to-come"])
    of_both = told({"a": later, "z": signed("medical", "team", dateTime="2026-06-01")})["z"]
    assert (of_both.speaks, of_both.state) == (("medical", "team"), "unclear"), "one of its spaces is closed"
    alike = told({one: signed(dateTime="2026-06-01") for one in PAIR})
    assert sorted(one.state for one in alike.values()) == ["in-force", "replaced"], "both open it"
    denied = told({one: signed(dateTime="2026-06-01", root="deny") for one in PAIR})
    assert sorted(one.state for one in denied.values()) == ["in-force", "replaced"], "both close it"


PAIR = ("first", "second")


def test_a_draft_is_not_told() -> None:
    assert [*told({"draft": signed(status="draft"), "c1": signed()})] == ["c1"]


def test_who_took_and_signed_it_is_told_with_the_paper() -> None:
    papers: Resource = {
        "organization": [{"reference": "Organization/hosp"}, {"reference": "Organization/clinic"}],
        "performer": [{"reference": "RelatedPerson/guardian"}, {"reference": "Patient/hana"}],
        "sourceReference": {"reference": "DocumentReference/paper"},
    }
    found = told({"bare": signed(root="deny"), "whole": {**signed(), **papers}})
    whole, bare = found["whole"], found["bare"]
    assert (whole.taker, whole.signer, whole.form) == ("hosp", "RelatedPerson/guardian", "paper")
    assert (bare.taker, bare.signer, bare.form) == ("city", "Patient/hana", "")
    assert (whole.version, whole.recorded, whole.source) == ("v7", "2026-11-02", "city")
    assert (
        whole.problem == "Consent.performer: RelatedPerson/guardian is neither the patient nor a proxy on a legal basis"
    )
    assert (bare.problem, bare.terms.signed) == ("", "2026-04-01")
    assert (whole.terms.permits, bare.terms.permits) == (True, False), "as it is written, whether it counts or not"


def test_the_days_of_a_consent_are_told_and_none_where_it_has_none() -> None:
    period = {"start": "2026-04", "end": "2027-03-31"}
    found = told({"bounded": signed(provision={"type": "permit", "period": period}), "open": signed()})
    assert [(one.terms.since, one.terms.until) for one in found.values()] == [("", ""), ("2026-04-01", "2027-03-31")]


def rules(*exceptions: Json) -> Iterable[Rule]:
    record = compile_consent(consent(provision={"type": "permit", "provision": list(exceptions)}))
    assert record is not None
    assert not record.unreadable
    return tuple(map(agreements.rule_of, record.exceptions))


def test_an_exception_is_told_with_all_that_it_says() -> None:
    whole = Rule(
        permits=False,
        recipients=("Organization/hosp", "Practitioner/dr-sato", "profession/nurse"),
        categories=("problem",),
        sources=("clinic",),
        until="2026-12-31",
        data_since="2026-05-01",
        data_until="2026-06-10",
        purposes=("COC",),
        labels=("HIV", "PSY", "R", "V", "WELFARE"),
        records=("Condition/c1",),
    )
    emergency: Json = {"type": "deny", "purpose": [{"system": ACT_REASON_SYSTEM, "code": "ETREAT"}]}
    later: Json = {"type": "permit", "period": {"start": "2026-12-01"}, "actor": EXCEPTION["actor"]}
    found = Rule(True, recipients=whole.recipients, sources=whole.sources, since="2026-12-01")
    assert rules(EXCEPTION, emergency, later) == (whole, Rule(False, purposes=("ETREAT",)), found)


@pytest.mark.parametrize(
    ("resource", "speaks", "in_vain"),
    [
        (signed("team", "medical", dateTime="2026-05-01"), {"team", "medical"}, set()),
        (signed("team", "medical", dateTime="2026-03-01"), {"medical"}, {"team"}),
        (signed("team", root="deny"), {"team"}, set()),
        (signed("team", status="draft"), set(), set()),
    ],
)
def test_for_which_spaces_a_new_consent_would_speak(resource: Resource, speaks: set[str], in_vain: set[str]) -> None:
    with store() as tx:
        kept(tx, "c1", signed("team"))
        assert (*map(set, agreements.speaks_for(tx, DOCTOR, "hana", resource, NOW)),) == (speaks, in_vain)


def test_every_change_of_a_consent_is_seen_in_the_versions() -> None:
    with store() as tx:
        kept(tx, "c2", signed())
        kept(tx, "c1", signed(status="draft"), recorded="2026-11-01")
        assert agreements.versions_of_all(tx, "hana") == [("c1", "v7"), ("c2", "v7")]
        assert agreements.versions_of_all(tx, "taro") == []


@pytest.mark.parametrize(("writes", "may"), [("consent", True), ("problem", False)])
def test_the_city_says_who_writes_consents(writes: str, may: bool) -> None:
    with store() as tx:
        apply_city(tx, kind="hospital", writes=writes)
        assert agreements.may_write_consents(tx, DOCTOR) is may


def test_whom_a_rule_may_name_is_told_with_where_they_work() -> None:
    always = {"starts": "", "ends": ""}
    with store() as tx:
        one = {"kind": "hospital", "name": "雪見病院", "institution_number": "", "care_office_number": "", **always}
        add(tx, OrganisationRow, [{"id": "hosp", **one}])
        add(tx, PersonRow, [{"id": "dr-sato", "name": "佐藤", "kana": ""}])
        add(tx, RoleRow, [{"person": "dr-sato", "organisation": "hosp", "profession": "physician", **always}])
        names = agreements.names(tx)
    assert names == {"Organization/hosp": "雪見病院", "Practitioner/dr-sato": "佐藤（雪見病院）"}
