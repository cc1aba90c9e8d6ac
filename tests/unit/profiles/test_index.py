"""The rows by which a resource is found."""

import pytest

from profiles import IndexRow, Resource, index


def rows(resource: Resource, parameter: str) -> list[IndexRow]:
    return [row for row in index(resource) if row.parameter == parameter]


def tokens(resource: Resource, parameter: str) -> list[tuple[str, str]]:
    return [(row.system, row.code) for row in rows(resource, parameter)]


def test_codes_are_listed_with_their_systems() -> None:
    resource: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}, {"code": "HR"}], "text": "脈拍"},
    }

    assert tokens(resource, "code") == [("http://loinc.org", "8867-4"), ("", "HR")]
    assert tokens(resource, "status") == [("", "final")]


def test_an_old_system_is_listed_under_its_url_too() -> None:
    resource: Resource = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [{"system": "urn:oid:1.2.392.100495.20.2.73", "code": "2149044F1"}]},
    }

    assert tokens(resource, "code") == [
        ("urn:oid:1.2.392.100495.20.2.73", "2149044F1"),
        ("http://capstandard.jp/iyaku.info/CodeSystem/YJ-code", "2149044F1"),
    ]


def test_an_identifier_is_listed_as_written_and_in_its_canonical_form() -> None:
    resource: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:1.2.392.100495.20.3.61", "value": "１２-345"}],
    }

    assert tokens(resource, "identifier") == [
        ("urn:oid:1.2.392.100495.20.3.61", "１２-345"),
        ("http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber", "00012345"),
    ]


def test_booleans_are_tokens() -> None:
    assert tokens({"resourceType": "Patient", "active": False}, "active") == [("", "false")]


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("2026", "2025-12-31T15:00:00.000Z", "2026-12-31T15:00:00.000Z"),
        ("2026-12", "2026-11-30T15:00:00.000Z", "2026-12-31T15:00:00.000Z"),
        ("2026-11-20", "2026-11-19T15:00:00.000Z", "2026-11-20T15:00:00.000Z"),
        ("2026-11-20T09:00:00+09:00", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:01.000Z"),
        ("2026-11-20T00:00:00.5Z", "2026-11-20T00:00:00.500Z", "2026-11-20T00:00:00.501Z"),
    ],
)
def test_a_date_covers_what_it_says(written: str, low: str, high: str) -> None:
    (row,) = rows({"resourceType": "Observation", "effectiveDateTime": written}, "date")

    assert (row.low, row.high) == (low, high)


def test_a_period_without_end_has_not_ended() -> None:
    (row,) = rows({"resourceType": "Encounter", "period": {"start": "2026-11-20"}}, "date")

    assert (row.low, row.high) == ("2026-11-19T15:00:00.000Z", "9999-12-31T23:59:59.999Z")


def test_a_timing_covers_its_events() -> None:
    timing: Resource = {"event": ["2026-11-22", "2026-11-20"]}
    (row,) = rows({"resourceType": "Observation", "effectiveTiming": timing}, "date")

    assert (row.low, row.high) == ("2026-11-19T15:00:00.000Z", "2026-11-22T15:00:00.000Z")


def test_patient_lists_only_patients() -> None:
    device: Resource = {"resourceType": "Observation", "subject": {"reference": "Device/d1"}}
    person: Resource = {"resourceType": "Observation", "subject": {"reference": "Patient/p1/_history/3"}}

    assert rows(device, "patient") == []
    assert [row.target for row in rows(device, "subject")] == ["Device/d1"]
    assert [row.target for row in rows(person, "patient")] == ["Patient/p1"]


def test_contained_resources_are_not_listed() -> None:
    assert rows({"resourceType": "Observation", "specimen": {"reference": "#s1"}}, "specimen") == []


def test_names_are_folded_for_search_and_kept_as_written() -> None:
    resource: Resource = {
        "resourceType": "Patient",
        "name": [
            {"text": "髙﨑 花子", "family": "髙﨑", "given": ["花子"]},
            {"text": "タカサキ ﾊﾅｺ", "family": "たかさき"},
        ],
    }

    assert ("髙﨑花子", "髙﨑 花子") in [(row.text, row.code) for row in rows(resource, "name")]
    assert [row.text for row in rows(resource, "kana")] == ["タカサキハナコ", "タカサキ"]
    assert [row.text for row in rows(resource, "family")] == ["髙﨑", "タカサキ"]


def test_the_representation_extension_says_what_is_kana() -> None:
    representation = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
    names: list[Resource] = [
        {"text": "リナ", "extension": [{"url": representation, "valueCode": "IDE"}]},
        {"text": "ヤマダ", "extension": [{"url": representation, "valueCode": "SYL"}]},
    ]

    assert [row.text for row in rows({"resourceType": "Patient", "name": [*names]}, "phonetic")] == ["ヤマダ"]


def test_a_resource_has_no_row_twice() -> None:
    twice: Resource = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}] * 2}
    found = index({"resourceType": "Observation", "code": twice})

    assert len(found) == len(set(found)) == 1


def test_values_of_any_shape_do_no_harm() -> None:
    broken: Resource = {"resourceType": "Observation", "code": 1, "subject": ["x"], "effectiveDateTime": "gestern"}

    assert index(broken) == []
    assert index({"resourceType": "Resident"}) == []
