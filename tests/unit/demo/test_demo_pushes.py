"""Every push is one that the doors take: valid R4, allowed for its kind of organisation, readable files."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from connectors.careplan import convert as convert_careplan
from connectors.conversion import Converted, SourceContext
from connectors.jahis import convert as convert_jahis
from hub.demo import Push, pushes
from hub.projections.handoff.gather import gather
from hub.projections.handoff.held import Held
from profiles import category_of, labels_of, validate, write_json
from profiles.resource import Resource, as_object, objects
from tests.unit.demo.demo_city import TODAY, all_pushes, demo, of_resident, policy, resources

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def kind_of(push: Push) -> str:
    (system,) = (one for one in demo().city.system if one.id == push.system)
    return demo().city.organisation_of(system.organisation).kind


def converted(push: Push) -> Converted:
    (system,) = (one for one in demo().city.system if one.id == push.system)
    organisation = demo().city.organisation_of(system.organisation)
    source = SourceContext(
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        institution_number=organisation.identifiers.medical_institution or None,
        care_office_number=organisation.identifiers.care_office or None,
        now=NOW,
        patient=f"Patient?identifier={push.patient_identifier}" if push.patient_identifier else None,
        file_name=push.file_name,
    )
    return convert_jahis(push.body, source) if push.door == "ingest/jahis" else convert_careplan(push.body, source)


def stored() -> Iterator[tuple[Push, Resource]]:
    """Everything that the hub will store, whichever door it comes through."""
    for push in all_pushes():
        if push.door == "fhir":
            yield from ((push, resource) for resource in resources(push))
        else:
            yield from ((push, as_object(one["resource"])) for one in objects(converted(push).bundle["entry"]))


def test_every_resource_is_valid_and_keeps_the_profiles_that_it_claims() -> None:
    findings = [
        (push.description, resource["resourceType"], finding)
        for push, resource in stored()
        for finding in validate(resource, write_json(resource))
        if push.door == "fhir" or finding.severity == "error"
    ]
    assert findings == []


def test_every_category_may_be_written_by_its_publisher() -> None:
    refused = {
        (kind_of(push), category_of(resource))
        for push, resource in stored()
        if not policy().may_write(kind_of(push), category_of(resource))
    }
    assert refused == set()


def test_what_is_pushed_is_seen_by_somebody_else() -> None:
    """A category that no row publishes would be of no use to a presenter."""
    kept = {
        (kind_of(push), category_of(resource))
        for push, resource in stored()
        if not policy().spaces_published(kind_of(push), category_of(resource))
    }
    # Consents are rules; what other organisations say of the person stays with them beside the city's word.
    assert {category for _, category in kept} == {"consent", "demographics", "ltc-certification"}


def test_the_city_comes_first_and_the_whole_stays_small() -> None:
    systems = [push.system for push in all_pushes()]
    assert systems[:40] == ["city-registry"] * 40
    assert "city-registry" not in systems[40:]
    assert 900 < sum(1 for _ in stored()) <= 1500


def test_keys_are_used_once() -> None:
    assert max(Counter(push.key for push in all_pushes()).values()) == 1


def test_the_same_day_gives_the_same_bytes_and_another_day_other_keys() -> None:
    assert tuple(pushes(demo(), TODAY)) == all_pushes()
    tomorrow = {push.key for push in pushes(demo(), date(2026, 11, 23))}
    assert tomorrow.isdisjoint(push.key for push in all_pushes())


def test_full_urls_of_a_bundle_are_its_own() -> None:
    for push in all_pushes():
        if push.door == "fhir":
            body = push.body.decode()
            urls = [part.split('"')[0] for part in body.split('"fullUrl":"')[1:]]
            assert max(Counter(urls).values()) == 1, push.description
            referred = [part.split('"')[0] for part in body.split('"reference":"urn:uuid:')[1:]]
            assert {f"urn:uuid:{one}" for one in referred} <= set(urls), push.description


def test_files_are_japanese_windows_text() -> None:
    files = [push for push in all_pushes() if push.door != "fhir"]
    assert {push.door for push in files} == {"ingest/jahis", "ingest/careplan"}
    assert all(push.body.decode("cp932").isprintable() is False and push.body.endswith(b"\r\n") for push in files)
    assert {converted(push).encoding for push in files} == {"cp932"}
    assert any("髙".encode("cp932") in push.body for push in files)


def test_only_the_city_tells_a_protected_address() -> None:
    told = {
        push.system for push in all_pushes() if "コーポ花園" in push.body.decode("cp932" if push.file_name else "utf-8")
    }
    assert told == {"city-registry"}


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("ono-shuji", "WELFARE"),
        ("sasaki-akemi", "ADDRESS-PROTECTED"),
        ("murakami-tsuyoshi", "PSY"),
        ("kobayashi-isamu", "UNINFORMED"),
    ],
)
def test_labels_are_there(name: str, label: str) -> None:
    assert label in {label for resource in of_resident(name) for label in labels_of(resource)}


def test_the_later_talk_takes_the_place_of_the_earlier_one() -> None:
    talks = [
        one for one in of_resident("kobayashi-isamu") if category_of(one) == "acp" and one["resourceType"] == "Consent"
    ]
    assert [one["status"] for one in sorted(talks, key=lambda one: str(one["dateTime"]))] == ["inactive", "active"]


def test_the_man_who_came_yesterday_is_in_hospital() -> None:
    (stay,) = (one for one in of_resident("saito-masao", "hosp-ehr") if one["resourceType"] == "Encounter")
    assert (stay["status"], as_object(stay["period"])) == ("in-progress", {"start": "2026-11-21T14:30:00+09:00"})


@pytest.mark.parametrize("name", ["tanaka-hana", "saito-masao", "kobayashi-isamu"])
def test_all_twelve_items_can_be_handed_over(name: str) -> None:
    held = [
        Held({**resource, "id": f"r{count}"}, category_of(resource), "雪見市", "hospital", "2026-11-22T00:00:00Z")
        for count, resource in enumerate(of_resident(name))
    ]
    assert [one.item.code for one in gather(held, NOW) if not one.lines] == []
