"""References: whom a resource is about, and giving references new targets."""

import pytest

from profiles import Json, Resource, patients_of, references, rewrite, target_type

UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"


def ref(target: str) -> Resource:
    return {"reference": target}


@pytest.mark.parametrize(
    ("resource", "patients"),
    [
        ({"resourceType": "Patient", "id": "p1", "link": [{"other": ref("Patient/p2")}]}, ["Patient/p1"]),
        ({"resourceType": "Patient"}, []),
        ({"resourceType": "Observation", "subject": ref("Patient/p1")}, ["Patient/p1"]),
        ({"resourceType": "Observation", "subject": ref("Device/d1")}, []),
        ({"resourceType": "Observation", "subject": ref(UUID), "performer": [ref(UUID[:-1] + "1")]}, [UUID]),
        ({"resourceType": "Observation", "subject": {**ref(UUID), "type": "Location"}}, []),
        (
            {"resourceType": "Observation", "performer": [ref("Patient/p2")], "subject": ref("Patient/p1")},
            ["Patient/p1", "Patient/p2"],
        ),
        ({"resourceType": "Observation", "performer": [{**ref(UUID), "type": "Patient"}]}, [UUID]),
        (
            {"resourceType": "Coverage", "subscriber": ref("Patient/p1"), "beneficiary": ref("Patient/p1")},
            ["Patient/p1"],
        ),
        (
            {"resourceType": "Coverage", "beneficiary": ref("https://a.example/fhir/Patient/1")},
            ["https://a.example/fhir/Patient/1"],
        ),
        ({"resourceType": "Device", "patient": ref("Patient/p1")}, ["Patient/p1"]),
        ({"resourceType": "Task", "for": ref("Patient/p1")}, ["Patient/p1"]),
        ({"resourceType": "CareTeam", "participant": [{"member": ref("Patient/p2")}]}, ["Patient/p2"]),
        ({"resourceType": "Provenance", "target": [ref("Observation/1"), ref("Patient/p1")]}, ["Patient/p1"]),
        (
            {"resourceType": "Condition", "subject": ref("#p"), "contained": [{"resourceType": "Patient", "id": "p"}]},
            ["#p"],
        ),
        ({"resourceType": "Condition", "subject": ref("#p"), "contained": [{"resourceType": "Group", "id": "p"}]}, []),
        (
            {"resourceType": "Condition", "subject": ref("Patient?identifier=https://a.example/no|1")},
            ["Patient?identifier=https://a.example/no|1"],
        ),
        ({"resourceType": "Condition", "subject": {"display": "雪見 太郎"}}, []),
        ({"resourceType": "Organization"}, []),
    ],
)
def test_patients_of(resource: Resource, patients: list[str]) -> None:
    assert patients_of(resource) == patients


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("Patient/1", "Patient"),
        ("Patient/1/_history/2", "Patient"),
        ("https://a.example/fhir/Patient/1", "Patient"),
        ("https://a.example/fhir/Patient/1/_history/2", "Patient"),
        ("Patient?identifier=https://a.example/x/y|1", "Patient"),
        ("#p1", ""),
        (UUID, ""),
        ("1", ""),
        ("", ""),
    ],
)
def test_target_type(reference: str, kind: str) -> None:
    assert target_type(reference) == kind


def document() -> Resource:
    return {
        "resourceType": "DocumentReference",
        "subject": ref(UUID),
        "author": [ref("Practitioner/1"), {"display": "佐藤"}],
        "content": [{"attachment": {"url": UUID}}, {"attachment": {"url": "https://a.example/1"}}],
        "contained": [{"resourceType": "Observation", "subject": ref(UUID)}],
    }


def test_every_reference_is_found_with_its_place() -> None:
    assert [(path, holder["reference"]) for path, holder in references(document())] == [
        ("subject", UUID),
        ("author[0]", "Practitioner/1"),
        ("contained[0].subject", UUID),
    ]


def test_rewriting_reaches_references_and_attachments_and_leaves_the_original() -> None:
    original = document()
    mapping: dict[str, str] = {UUID: "Patient/p1"}

    new = rewrite(original, mapping.get)

    contents: list[Json] = [{"attachment": {"url": "Patient/p1"}}, {"attachment": {"url": "https://a.example/1"}}]
    assert new["content"] == contents
    assert [holder["reference"] for _, holder in references(new)] == ["Patient/p1", "Practitioner/1", "Patient/p1"]
    assert original == document()
