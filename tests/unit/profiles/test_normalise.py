"""Old and new system names, and identifiers in one comparable form (DESIGN §3, TRUST T-112)."""

import pytest

from profiles import Resource, canonical_identifier, canonical_system, fold_name, normalise
from profiles.canonical import CARE_OFFICE_NO, KAIGO_INSURED_NO, KAIGO_INSURER_NO, MEDICAL_INSTITUTION_NO
from profiles.tables import rows

INSURER = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"
MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
LOCAL = "urn:oid:1.2.392.100495.20.3.51.10112345670"


def prescription(*profiles: str) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "meta": {"profile": [*profiles]},
        "identifier": [{"system": "urn:oid:1.2.392.100495.20.3.81", "value": "1"}, {"system": LOCAL, "value": "1"}],
        "dosageInstruction": [{"route": {"coding": [{"system": "urn:oid:1.2.392.100495.20.2.34", "code": "PO"}]}}],
    }


JP = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_MedicationRequest"


def test_a_resource_of_a_jp_profile_gets_the_url_systems() -> None:
    assert normalise(prescription(JP)) == {
        **prescription(JP),
        "identifier": [
            {"system": "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber", "value": "1"},
            {"system": LOCAL, "value": "1"},
        ],
        "dosageInstruction": [
            {"route": {"coding": [{"system": "http://jpfhir.jp/fhir/core/CodeSystem/route-codes", "code": "PO"}]}}
        ],
    }


def test_a_resource_of_no_jp_profile_keeps_its_systems() -> None:
    sent = prescription("https://elsewhere.example/StructureDefinition/x")

    assert normalise(sent) is sent


def test_a_resource_without_old_systems_is_returned_as_it_is() -> None:
    new = normalise(prescription(JP))

    assert normalise(new) is new


def test_each_entry_of_a_bundle_follows_its_own_claim() -> None:
    bundle: Resource = {
        "resourceType": "Bundle",
        "entry": [{"resource": prescription(JP)}, {"resource": prescription()}, {"request": {"method": "DELETE"}}],
    }

    assert normalise(bundle)["entry"] == [
        {"resource": normalise(prescription(JP))},
        {"resource": prescription()},
        {"request": {"method": "DELETE"}},
    ]


def test_old_names_lead_to_urls_and_urls_nowhere() -> None:
    table = {row["sent"]: row["url"] for row in rows("systems.csv")}

    assert canonical_system("urn:oid:1.2.392.100495.20.3.61") == INSURER
    assert canonical_system(LOCAL) == LOCAL
    assert all(canonical_system(url) == url for url in table.values())


@pytest.mark.parametrize(
    ("system", "written", "canonical"),
    [
        (INSURER, "12345", "00012345"),
        (INSURER, "０００１２３４５", "00012345"),
        ("urn:oid:1.2.392.100495.20.3.61", " 0001-2345 ", "00012345"),
        (INSURER, "00012345\u200b", "00012345"),
        (KAIGO_INSURER_NO, "12345", "012345"),
        (KAIGO_INSURED_NO, "12345-1", "012345-0000000001"),
        (KAIGO_INSURED_NO, "０１２３４５－００００００００01", "012345-0000000001"),
        (KAIGO_INSURED_NO, "012345-h000000001", "012345-H000000001"),
        (CARE_OFFICE_NO, "0171-200-018", "0171200018"),
        (MEDICAL_INSTITUTION_NO, "112345670", "0112345670"),
        ("http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsuredPersonSubnumber", "1", "01"),
        (MEMBER, "12345:あいう:１８７:5", "00012345:あいう:187:05"),
        (MEMBER, "00012345::１８７:", "00012345::187:"),
        (
            "http://jpfhir.jp/fhir/core/IdSystem/JP_Coverage_id",
            '"00012345","１２－３４","５６７８","00"',
            "00012345:12-34:5678:00",
        ),
        (LOCAL, "０００７\u202e", "0007"),
        (LOCAL, "7", "7"),
        ("", "Abc-１", "Abc-1"),
    ],
)
def test_an_identifier_has_one_form(system: str, written: str, canonical: str) -> None:
    assert canonical_identifier(system, written) == canonical
    assert canonical_identifier(system, canonical) == canonical


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("さとう　たけし", "サトウタケシ"),
        ("ｻﾄｳ ﾀｹｼ", "サトウタケシ"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("か\u3099", "ガ"),
        ("Ｓａｔｏ Ken", "satoken"),
        ("SATO", "sato"),
        ("髙﨑", "髙﨑"),
        ("葛\U000e0100城", "葛城"),
        ("渡邊　邉", "渡邊邉"),
    ],
)
def test_names_are_folded_for_search(written: str, folded: str) -> None:
    assert fold_name(written) == folded


def test_ideographs_that_only_look_alike_stay_apart() -> None:
    assert fold_name("髙橋") != fold_name("高橋")
    assert fold_name("山﨑") != fold_name("山崎")
    assert fold_name("神") == "神"
