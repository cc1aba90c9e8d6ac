"""CONSENT §3.5, §5: who may publish what about whom."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from hub.access.authorise import WriteGrant, write
from hub.access.facts import facts_of
from hub.context import Caller
from hub.draft import Bound, Change, Method, Version
from hub.errors import NotFound, Refused
from hub.projections.care_team import Own
from hub.store.city_tables import OrganisationRow, RoleRow
from hub.store.sql import Record, add
from hub.store.tables import RelationRow
from profiles.canonical import INFORMATION_CATEGORY
from profiles.json import write_json
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, REQUEST, apply_city, store
from tests.unit.consent.strategies import actor
from tests.unit.consent.test_consent_reading import RECIPIENT, consent

WRITER = replace(DOCTOR, scopes="user/*.cruds")
RELATED: Record = {"patient": "hana", "origin": "CareTeam/1", "organisation": "hosp", "person": "", "role": ""}
NOW_ON: Record = {"starts": "", "ends": "", "pending": 0}
CONDITION: Resource = {"resourceType": "Condition"}
TEAM: Resource = {"resourceType": "CareTeam"}
TAKEN = [{"reference": "Organization/hosp"}]


def bound(
    resource: Resource | None = CONDITION,
    *patients: str,
    method: Method = "POST",
    before: Resource | None = None,
    place: int = 0,
) -> Bound:
    """A change about hana, or about those who are named."""
    type_ = str((resource or before or {})["resourceType"])
    about = patients or ("hana",)
    stored = b"" if before is None else write_json(before)
    previous = None if before is None else Version(facts_of(before, about, WRITER), type_, "x", "v1", "", 0, stored)
    return Bound(Change(method, type_, resource=resource, place=place), "x", resource, previous, about)


def asked(
    *bounds: Bound,
    caller: Caller = WRITER,
    writes: str = "*",
    kind: str = "*",
    related: Record | None = NOW_ON,
    first_contacts: Sequence[str] = (),
) -> WriteGrant:
    """Leave for these changes, in a city whose table lets organisations of a ``kind`` write, for somebody related."""
    with store() as tx:
        apply_city(tx, kind=kind, writes=writes)
        rest: Record = {"kind": "hospital", "name": "", "care_office_number": "", "starts": "", "ends": ""}
        add(tx, OrganisationRow, [{"id": "hosp", "institution_number": "0114610011", **rest}])
        role: Record = {"organisation": "hosp", "profession": "nurse", "starts": "", "ends": ""}
        add(tx, RoleRow, [{"person": "ns-mori", **role}])
        if related is not None:
            before: Record = {**RELATED, **NOW_ON, "origin": "CareTeam/0", "ends": "2019-12-31"}
            add(tx, RelationRow, [before, {**RELATED, **related}])
        return write(tx, caller, bounds or [bound()], frozenset(first_contacts), REQUEST)


def test_leave_has_the_facts_of_each_change_and_the_day() -> None:
    allergy: Resource = {"resourceType": "AllergyIntolerance"}
    grant = asked(bound(), bound(allergy))
    assert grant.facts == (facts_of(CONDITION, ("hana",), WRITER), facts_of(allergy, ("hana",), WRITER))
    assert (grant.today, grant.teams_count, grant.organisations) == ("2026-11-20", (False, False), {})


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (replace(WRITER, in_force=False), "not-in-force"),
        (replace(WRITER, profession="auditor"), "not-for-role"),
        (replace(WRITER, scopes="user/*.rs"), "scope"),
        (replace(WRITER, scopes="user/Observation.cruds"), "scope"),
    ],
)
def test_some_write_nothing(caller: Caller, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(caller=caller)
    assert (refused.value.reason, refused.value.problems) == (reason, ())


@pytest.mark.parametrize(("method", "letter"), [("POST", "c"), ("PUT", "u"), ("PATCH", "u"), ("DELETE", "d")])
def test_each_method_needs_its_scope(method: Method, letter: str) -> None:
    change = bound(None if method == "DELETE" else CONDITION, method=method, before=CONDITION)
    asked(change, caller=replace(WRITER, scopes=f"user/Condition.{letter}"))
    for other in {"c", "u", "d"} - {letter}:
        with pytest.raises(Refused) as refused:
            asked(change, caller=replace(WRITER, scopes=f"user/Condition.{other}"))
        assert refused.value.reason == "scope"


def test_all_that_a_kind_may_not_publish_is_told_with_its_place() -> None:
    allergy: Resource = {"resourceType": "AllergyIntolerance"}
    with pytest.raises(Refused) as refused:
        asked(bound(place=1), bound(allergy, place=2), bound(TEAM, place=4), writes="allergy")
    assert refused.value.reason == "not-publishable"
    assert [(one.severity, one.code, one.place) for one in refused.value.problems] == [
        ("error", "forbidden", "Bundle.entry[1]"),
        ("error", "forbidden", "Bundle.entry[4]"),
    ]
    with pytest.raises(Refused) as of_two:
        asked(bound(place=1), bound(allergy, place=2), writes="allergy")
    assert [one.place for one in of_two.value.problems] == ["Bundle.entry[1]"]
    with pytest.raises(Refused) as alone:
        asked(kind="clinic")
    assert [one.place for one in alone.value.problems] == ["Condition"]


def test_a_subscription_publishes_nothing() -> None:
    asked(bound({"resourceType": "Subscription"}), writes="allergy")


@pytest.mark.parametrize("related", [None, NOW_ON, {**NOW_ON, "ends": "2020-01-01"}, {**NOW_ON, "pending": 1}])
def test_who_is_or_was_related_or_registers_a_first_contact_may_write(related: Record | None) -> None:
    asked(related=related, first_contacts=["hana"])
    if related is not None:
        asked(related=related)
        asked(bound(CONDITION, "hana", "hana"), related=related)


@pytest.mark.parametrize("patients", [("taro",), ("hana", "taro"), ("taro", "hana")])
def test_nothing_is_written_about_strangers(patients: tuple[str, ...]) -> None:
    with pytest.raises(NotFound) as refused:
        asked(bound(CONDITION, *patients))
    assert refused.value.reason == "no-relation"
    asked(bound(CONDITION, *patients), first_contacts=["taro"])
    asked(bound(CONDITION, *patients, method="PUT", before=CONDITION))


@pytest.mark.parametrize(
    ("kind", "related", "counts"),
    [
        ("hospital", NOW_ON, False),
        ("municipality", NOW_ON, True),
        ("municipality", {**NOW_ON, "ends": "2020-01-01"}, True),
        ("care-management", NOW_ON, True),
        ("support-center", NOW_ON, True),
        ("care-management", {**NOW_ON, "ends": "2020-01-01"}, False),
        ("support-center", {**NOW_ON, "pending": 1}, False),
    ],
)
def test_a_team_counts_from_the_city_and_from_care_managers_who_look_after_the_patient(
    kind: str, related: Record, counts: bool
) -> None:
    grant = asked(bound(TEAM), caller=replace(WRITER, organisation_kind=kind), related=related)
    assert grant.teams_count == (counts,)
    assert list(grant.organisations.values()) == ["hosp"]


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("municipality", None),
        ("care-management", Own("hosp", frozenset({"ns-mori"}))),
        ("support-center", Own("hosp", frozenset({"ns-mori"}))),
    ],
)
def test_a_team_gives_its_own_publisher_no_relation_unless_that_is_the_city(kind: str, own: Own | None) -> None:
    assert asked(bound(TEAM), caller=replace(WRITER, organisation_kind=kind)).own == own


def test_a_team_of_nobody_counts_only_from_the_city() -> None:
    nobody_s = bound(TEAM)._replace(patients=())
    assert asked(nobody_s, caller=replace(WRITER, organisation_kind="care-management")).teams_count == (False,)
    assert asked(bound(), nobody_s, caller=replace(WRITER, organisation_kind="municipality")).organisations


def signed(**changes: object) -> Resource:
    plain = {"organization": TAKEN, "provision": {"type": "permit"}}
    return cast("Resource", consent(**{**plain, **changes}))


PAPER: Resource = {
    "resourceType": "DocumentReference",
    "category": [{"coding": [{"system": INFORMATION_CATEGORY, "code": "consent"}]}],
    "content": [{"attachment": {"data": "JVBERi0xLjcK"}}],
}
NOTED: Resource = {
    "resourceType": "Provenance",
    "target": [{"reference": "Consent/x"}],
    "entity": [{"what": {"reference": "DocumentReference/x"}}],
}


def on_paper(**changes: object) -> Resource:
    return signed(sourceReference={"reference": "DocumentReference/x"}, **changes)


def test_the_taker_of_the_paper_may_record_a_consent_with_its_form() -> None:
    asked(bound(on_paper()), bound(PAPER), bound(NOTED))
    asked(bound(on_paper(), method="PUT", before=on_paper(status="inactive")), bound(PAPER), bound(NOTED))
    asked(bound(signed(sourceAttachment={"data": "JVBERi0xLjcK"})), bound({**NOTED, "entity": []}))
    asked(bound(signed()), caller=replace(WRITER, organisation_kind="municipality"))
    asked(bound(signed(status="draft")))


def test_the_same_again_and_its_end_need_no_new_form() -> None:
    for before, after in (
        (on_paper(), on_paper()),
        (on_paper(), on_paper(status="inactive")),
        (on_paper(status="inactive"), on_paper(status="rejected")),
    ):
        asked(bound(after, method="PUT", before=before))


@pytest.mark.parametrize(
    "changes",
    [
        [bound(signed()), bound(PAPER), bound(NOTED)],
        [bound(on_paper())],
        [bound(on_paper()), bound(NOTED)],
        [bound(on_paper()), bound(PAPER)],
        [bound(on_paper()), bound(PAPER), bound({**NOTED, "target": [{"reference": "Consent/y"}]})],
        [bound(on_paper()), bound(PAPER), bound({**NOTED, "entity": []})],
        [bound(on_paper()), bound(PAPER), bound(NOTED)._replace(found=True)],
        [bound(on_paper()), bound(PAPER)._replace(found=True), bound(NOTED)],
        [bound(on_paper()), bound(None, method="DELETE", before=PAPER), bound(NOTED)],
        [bound(on_paper()), bound({**PAPER, "status": "entered-in-error"}), bound(NOTED)],
        [bound(on_paper()), bound({**PAPER, "category": []}), bound(NOTED)],
        [bound(on_paper()), bound({**PAPER, "content": [{"attachment": {"url": "Binary/x"}}]}), bound(NOTED)],
        [bound(signed(sourceReference={"reference": "Binary/x"})), bound(NOTED)],
        [bound(signed(sourceAttachment={"title": "同意書"})), bound(NOTED)],
        [bound(on_paper(), method="PUT", before=signed())],
        [bound(on_paper(status="active"), method="PUT", before=on_paper(status="inactive"))],
        [bound(on_paper(status="inactive"))],
    ],
)
def test_without_its_signed_form_no_organisation_records_a_consent(changes: list[Bound]) -> None:
    with pytest.raises(Refused) as refused:
        asked(*changes)
    assert refused.value.reason == "no-signed-form"


@pytest.mark.parametrize("related", [{**NOW_ON, "pending": 1}, {**NOW_ON, "ends": "2020-01-01"}])
def test_who_does_not_look_after_the_resident_now_records_no_consent(related: Record) -> None:
    with pytest.raises(Refused, match="looks after the resident now") as refused:
        asked(bound(on_paper()), bound(PAPER), bound(NOTED), related=related)
    assert refused.value.reason == "not-related"
    asked(bound(signed()), caller=replace(WRITER, organisation_kind="municipality"), related=related)


def test_what_is_found_is_not_written_over() -> None:
    asked(bound(on_paper(), before=on_paper(status="inactive"))._replace(found=True))


@pytest.mark.parametrize(
    ("resource", "reason", "text"),
    [
        (signed(performer=TAKEN), "performer-is-writer", "Nobody consents in the resident's place."),
        (signed(organization=None), "not-the-taker", "A Consent is written by the municipality, or by the"),
        *(
            (
                signed(
                    provision={"type": "permit", "provision": [{"type": "permit", "actor": [actor(RECIPIENT, one)]}]}
                ),
                "favours-writer",
                "A Consent that permits its own writer is written by the municipality.",
            )
            for one in ("Organization/hosp", "Practitioner/ns-mori")
        ),
    ],
)
def test_a_consent_that_its_writer_may_not_record_is_refused(resource: Resource, reason: str, text: str) -> None:
    with pytest.raises(Refused, match=text) as refused:
        asked(bound(resource))
    assert refused.value.reason == reason


def test_a_wish_for_care_is_not_a_consent_to_sharing() -> None:
    scope = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "adr"}]}
    wish = signed(scope=scope, performer=TAKEN)
    assert asked(bound(wish)).facts[0].category == "acp"
    asked(bound(None, method="DELETE", before=wish))


def test_the_paper_of_a_consent_is_recorded_by_whoever_may_write_consents() -> None:
    coded: Resource = {"coding": [{"system": INFORMATION_CATEGORY, "code": "consent"}]}
    paper: Resource = {"resourceType": "DocumentReference", "category": [coded]}
    assert asked(bound(paper)).facts[0].category == "consent"


def test_a_consent_is_revoked_not_deleted() -> None:
    with pytest.raises(Refused) as refused:
        asked(bound(None, method="DELETE", before=signed()))
    assert refused.value.reason == "not-publishable"
    (problem,) = refused.value.problems
    assert (problem.severity, problem.code, problem.place) == ("error", "forbidden", "Consent")


@pytest.mark.parametrize("patients", [(), ("taro",), ("hana", "taro")])
def test_a_consent_is_written_by_whoever_looks_after_all_whom_it_is_about(patients: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        asked(bound(on_paper())._replace(patients=patients), bound(PAPER), bound(NOTED), first_contacts=["taro"])
    assert refused.value.reason == "not-related"
