"""CONSENT §9: what is told before a consent is signed, where it depends on who is near and on what is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from json import dumps
from typing import cast

import pytest

from consent import default_read_rows
from consent.vocabulary import ACT_REASON_SYSTEM, SPACE_SYSTEM
from consent.what_if import Change
from hub.access import decide, what_if
from hub.context import instant
from hub.store import disasters, emergencies
from hub.store.city_tables import City, OrganisationRow, PersonRow, RoleRow, SystemRow
from hub.store.database import Tx
from hub.store.sql import Record, add
from hub.store.tables import RelationRow
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, NOW, REQUEST, apply_city, store, stored_resource
from tests.unit.consent.strategies import Json, concept
from tests.unit.consent.test_consent_reading import consent

DESK = replace(
    DOCTOR, organisation="city", organisation_kind="municipality", person="cd-mori", profession="consent-desk"
)
HOUR = timedelta(hours=1)
OPEN = {"starts": "", "ends": ""}
ROLES = [("dr-sato", "physician"), ("dr-ueda", "physician"), ("ns-abe", "nurse")]
DIAGNOSES = {"problem": ("2026-11-01",)}
HOSPITAL = {"organisation": "hosp", "person": ""}


def town(tx: Tx, stored: Mapping[str, Sequence[str]], *relations: Record) -> None:
    """A hospital with two physicians and a nurse, and hana, of whom a clinic published this at these dates."""
    rows = [{"publisher": "clinic", "category": one, "space": "medical"} for one in stored]
    document = dumps({"policy": {"publish": rows, "read": default_read_rows(), "write": []}})
    switches: Record = {"demo_sign_in": 0, "explain_hidden": 0, "applied": "", "version": ""}
    add(tx, City, [{"id": "city", "name": "", "base_url": "", **switches, "document": document}])
    numbers = {"name": "雪見市", "institution_number": "", "care_office_number": ""}
    kinds = {"hosp": "hospital", "clinic": "clinic", "city": "municipality"}
    add(tx, OrganisationRow, [{"id": id_, "kind": kind, **numbers, **OPEN} for id_, kind in kinds.items()])
    add(tx, PersonRow, [{"id": person, "name": "", "kana": ""} for person, _ in ROLES])
    add(tx, RoleRow, [{"person": one, "organisation": "hosp", "profession": as_, **OPEN} for one, as_ in ROLES])
    reads: Record = {"profession": "physician", "purpose": "COC", "scopes": "", "strict": 0, "enabled": 1, "jwks": ""}
    add(tx, SystemRow, [{"id": "hosp-ehr", "organisation": "hosp", **reads}])
    member: Record = {"patient": "hana", "origin": "CareTeam/1", "role": "", "pending": 0, **OPEN}
    add(tx, RelationRow, [{**member, **relation} for relation in relations])
    for category, dates in stored.items():
        for date in dates:
            of_clinic = {"source": "clinic", "publication": f"clinic/{category}", "category": category}
            stored_resource(tx, "hana", "Condition", f"{category}-{date}", {}, **of_clinic, clinical_date=date)
    home: Resource = {"resourceType": "Patient", "address": [{"text": "雪見市北町１丁目"}]}
    stored_resource(tx, "hana", "Patient", "hana", home, source="city")


def agreed(*exceptions: Json, root: str = "permit", **changes: object) -> Resource:
    """A consent for the medical space, new unless it has an id."""
    provision: Json = {"type": root, "provision": list(exceptions)} if exceptions else {"type": root}
    space = [concept(SPACE_SYSTEM, "medical")]
    return cast(
        "Resource", consent(**{"category": space, "provision": provision, "policyRule": None, "id": None, **changes})
    )


def told(tx: Tx, draft: Resource) -> what_if.Drafted:
    """What the municipality's consent desk is told."""
    grant = decide.read(tx, DESK, "operation:what-if", "*", ("hana",), REQUEST)
    return what_if.drafted(tx, grant, "hana", draft, NOW, of_all=True)


def change(profession: str, category: str, count: int, **more: tuple[str, ...]) -> Change:
    return Change("hosp", profession, category, count, **more)


def kept(tx: Tx, signed: Resource) -> None:
    stored_resource(tx, "hana", "Consent", "c1", signed, category="consent")


EVERYBODY = (change("nurse", "problem", 1), change("physician", "problem", 1))


def test_a_consent_with_an_id_takes_the_place_of_that_one() -> None:
    """One without is new; of two of the same day the stricter counts."""
    with store() as tx:
        town(tx, DIAGNOSES, HOSPITAL)
        kept(tx, agreed(root="deny"))
        assert told(tx, agreed(id="c1")).difference.gains == EVERYBODY
        assert told(tx, agreed()).difference.gains == ()


@pytest.mark.parametrize("status", ["entered-in-error", "draft"])
def test_one_that_becomes_no_rule_takes_away_what_it_gave(status: str) -> None:
    with store() as tx:
        town(tx, DIAGNOSES, HOSPITAL)
        kept(tx, agreed())
        found = told(tx, agreed(id="c1", status=status))
        assert (found.difference.losses, found.unreadable) == (EVERYBODY, "")
        assert told(tx, agreed(status=status)).difference.losses == ()


def test_why_it_cannot_be_read_is_told() -> None:
    with store() as tx:
        town(tx, DIAGNOSES, HOSPITAL)
        kept(tx, agreed())
        found = told(tx, agreed(modifierExtension=[], dateTime="2026-05-01"))
    assert found.unreadable == "Consent.modifierExtension is not understood in a rule"
    assert found.difference.losses == EVERYBODY


@pytest.mark.parametrize("organisation", ["hosp", ""])
def test_who_is_near_without_their_colleagues_is_named(organisation: str) -> None:
    with store() as tx:
        town(tx, DIAGNOSES, {"organisation": organisation, "person": "dr-sato"}, {**HOSPITAL, "organisation": "clinic"})
        found = told(tx, agreed()).difference
    assert found.gains == (change("physician", "problem", 1, persons=("dr-sato",)),)


@pytest.mark.parametrize(
    "relation", [{"pending": 1}, {"ends": "2026-11-19"}, {"starts": "2026-11-21"}, {"patient": "taro"}]
)
def test_who_is_not_near_now_gains_nothing(relation: Record) -> None:
    with store() as tx:
        town(tx, DIAGNOSES, {**HOSPITAL, **relation})
        assert told(tx, agreed()).difference.gains == ()


@pytest.mark.parametrize(
    ("exception", "count"),
    [
        ({"dataPeriod": {"start": "2026-11-10"}}, 1),
        ({"dataPeriod": {"end": "2026-11-10"}}, 2),
        ({"dataPeriod": {"start": "2026-11-08", "end": "2026-11-12"}}, 2),
    ],
)
def test_what_a_rule_tells_apart_by_its_date_is_counted_apart(exception: Json, count: int) -> None:
    with store() as tx:
        town(tx, {"problem": ("2026-11-01", "2026-11-10", "2026-11-11", "2026-11-15")}, HOSPITAL)
        found = told(tx, agreed({"type": "deny", **exception})).difference
    assert found.gains == (change("nurse", "problem", count), change("physician", "problem", count))


def test_a_no_to_emergencies_takes_from_those_who_declared_one_what_it_shows_them() -> None:
    """Results of the last ninety days, and diagnoses of whatever day; they are of no care team."""
    with store() as tx:
        town(tx, {"laboratory": ("2026-08-20", "2026-08-22", "2026-11-19"), "problem": ("2020-01-01",)})
        declared: Record = {"declared": instant(NOW - HOUR), "until": instant(NOW + HOUR), "reason": "", "place": ""}
        who: Record = {"organisation": "hosp", "person": "dr-sato", "profession": "physician"}
        emergencies.put(tx, {"patient": "hana", "id": "e1", **who, **declared})
        no: Json = {"type": "deny", "purpose": [{"system": ACT_REASON_SYSTEM, "code": "ETREAT"}]}
        found = told(tx, agreed(no)).difference
    of_sato = {"persons": ("dr-sato",)}
    assert found.losses == (
        change("physician", "laboratory", 2, **of_sato),
        change("physician", "problem", 1, **of_sato),
    )
    assert found.gains == ()


@pytest.mark.parametrize(("helper", "seen"), [("hosp", {"problem"}), ("clinic", {"prescription", "problem"})])
def test_what_a_disaster_shows_already_nobody_gains(helper: str, seen: set[str]) -> None:
    with store() as tx:
        town(tx, {"prescription": ("2026-11-01",), "problem": ("2026-11-01",)}, HOSPITAL)
        times = {"starts": instant(NOW - HOUR), "ends": instant(NOW + HOUR), "declared": "", "declared_by": ""}
        confirmed = {"confirmed": instant(NOW - HOUR), "confirmed_by": "", "ending": "", "ending_by": ""}
        flood = {"id": "d1", "name": "水害", **times, **confirmed, "ended": "", "ended_by": ""}
        disasters.put(tx, flood, ["雪見市北町"], [helper])
        assert {one.category for one in told(tx, agreed()).difference.gains} == seen


def test_why_an_organisation_may_not_record_a_consent() -> None:
    by_hospital = cast("Resource", consent(organization=[{"reference": "Organization/hosp"}]))
    with store() as tx:
        apply_city(tx, kind="hospital", writes="problem")
        assert what_if.may_be_recorded(tx, DOCTOR, by_hospital) == "not-publishable"
        apply_city(tx, kind="hospital", writes="consent")
        assert what_if.may_be_recorded(tx, DOCTOR, by_hospital) is None
        assert what_if.may_be_recorded(tx, DOCTOR, cast("Resource", consent())) == "not-the-taker"
