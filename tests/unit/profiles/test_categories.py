"""What kind of information a resource is (DESIGN §4)."""

import pytest

from profiles import Json, Resource, category_name, category_names, category_of, is_directory
from profiles.canonical import BASE, INFORMATION_CATEGORY, KAIGO_INSURED_NO, LTC_ITEM
from profiles.rules.references import TYPES
from profiles.tables import rows

LOINC = "http://loinc.org"
OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"
JP_OBSERVATION = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
JP_CORE = "http://jpfhir.jp/fhir/core/StructureDefinition"

# The table of DESIGN §4, and what this package adds to it.
CATEGORIES = [
    "demographics",
    "emergency-contact",
    "coverage",
    "ltc-certification",
    "physician-opinion",
    "care-team",
    "service-use",
    "prescription",
    "injection",
    "dispensing",
    "medication-use",
    "laboratory",
    "vital-signs",
    "imaging",
    "clinical-document",
    "problem",
    "allergy",
    "immunization",
    "encounter",
    "face-sheet",
    "assessment",
    "care-plan",
    "service-plan",
    "nursing-report",
    "daily-record",
    "progress-note",
    "acp",
    "emergency-plan",
    "device",
    "update-notice",
    "consent",
    "directory",
    "other",
]


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def of(kind: str, **elements: Json) -> Resource:
    return {"resourceType": kind, **elements}


def claiming(kind: str, profile: str) -> Resource:
    return {"resourceType": kind, "meta": {"profile": [f"{JP_CORE}/{profile}|1.1.2"]}}


def ours(kind: str, code: str) -> Resource:
    return of(kind, category=[concept(INFORMATION_CATEGORY, code)])


LINK: Resource = {"attachment": {"url": "https://hospital.example/view/1", "title": "検査結果"}}
HERE: Resource = {"attachment": {"url": "Binary/b1"}}
DATA: Resource = {"attachment": {"contentType": "text/plain", "data": "eA==", "url": "https://hospital.example/1"}}


@pytest.mark.parametrize(
    ("resource", "category"),
    [
        (of("Patient"), "demographics"),
        (of("RelatedPerson"), "emergency-contact"),
        (of("Coverage"), "coverage"),
        (of("Coverage", identifier=[{"system": KAIGO_INSURED_NO, "value": "012345-0000000001"}]), "ltc-certification"),
        (of("Coverage", type=concept(INFORMATION_CATEGORY, "ltc-certification")), "ltc-certification"),
        (of("Observation", code=concept(LTC_ITEM, "care-level")), "ltc-certification"),
        (ours("DocumentReference", "physician-opinion"), "physician-opinion"),
        (of("Composition", type=concept(INFORMATION_CATEGORY, "physician-opinion")), "physician-opinion"),
        (of("CareTeam"), "care-team"),
        (ours("ServiceRequest", "service-use"), "service-use"),
        (ours("CarePlan", "service-use"), "service-use"),
        (of("ServiceRequest"), "other"),
        (of("MedicationRequest"), "prescription"),
        (claiming("MedicationRequest", "JP_MedicationRequest_Injection"), "injection"),
        (claiming("MedicationAdministration", "JP_MedicationAdministration_Injection"), "injection"),
        (of("MedicationDispense"), "dispensing"),
        (of("MedicationStatement"), "medication-use"),
        (of("Observation", category=[concept(OBSERVATION, "laboratory")]), "laboratory"),
        (of("Observation", category=[concept(JP_OBSERVATION, "laboratory")]), "laboratory"),
        (of("DiagnosticReport", category=[concept(LOINC, "LP29693-6")]), "laboratory"),
        (of("Specimen"), "laboratory"),
        (of("Observation", category=[concept(OBSERVATION, "vital-signs")]), "vital-signs"),
        (of("Observation", category=[concept(JP_OBSERVATION, "body-measurement")]), "vital-signs"),
        (of("Observation", code=concept(LOINC, "8867-4")), "vital-signs"),
        (of("ImagingStudy"), "imaging"),
        (claiming("DiagnosticReport", "JP_DiagnosticReport_Radiology"), "imaging"),
        (of("DocumentReference", type=concept(LOINC, "18842-5")), "clinical-document"),
        (of("Composition", type=concept(LOINC, "57133-1")), "clinical-document"),
        (of("Binary"), "clinical-document"),
        (of("Condition"), "problem"),
        (of("Procedure"), "problem"),
        (of("FamilyMemberHistory"), "problem"),
        (of("AllergyIntolerance"), "allergy"),
        (of("Immunization"), "immunization"),
        (of("Encounter"), "encounter"),
        (of("EpisodeOfCare"), "encounter"),
        (of("QuestionnaireResponse", questionnaire=f"{BASE}/Questionnaire/face-sheet|1"), "face-sheet"),
        (ours("Composition", "face-sheet"), "face-sheet"),
        (of("QuestionnaireResponse"), "assessment"),
        (of("Observation", category=[concept(JP_OBSERVATION, "functional-status")]), "assessment"),
        (of("Observation", category=[concept(OBSERVATION, "survey")]), "assessment"),
        (of("CarePlan"), "care-plan"),
        (of("Goal"), "care-plan"),
        (ours("CarePlan", "service-plan"), "service-plan"),
        (ours("DocumentReference", "nursing-report"), "nursing-report"),
        (of("Observation", category=[concept(OBSERVATION, "activity")]), "daily-record"),
        (ours("Observation", "daily-record"), "daily-record"),
        (of("Communication"), "progress-note"),
        (of("Consent", scope=concept(SCOPE, "adr")), "acp"),
        (of("DocumentReference", type=concept(LOINC, "81334-5")), "acp"),
        (of("Observation", code=concept(LOINC, "75780-7")), "acp"),
        (of("QuestionnaireResponse", questionnaire=f"{BASE}/Questionnaire/acp"), "acp"),
        (ours("CarePlan", "emergency-plan"), "emergency-plan"),
        (of("Device"), "device"),
        (of("DeviceUseStatement"), "device"),
        (of("DocumentReference", content=[LINK]), "update-notice"),
        (of("DocumentReference", content=[HERE]), "clinical-document"),
        (of("DocumentReference", content=[LINK, DATA]), "clinical-document"),
        (of("DocumentReference"), "clinical-document"),
        (of("Consent", scope=concept(SCOPE, "patient-privacy")), "consent"),
        (of("Consent"), "consent"),
        (ours("DocumentReference", "consent"), "consent"),
        (of("RelatedPerson", meta={"tag": [{"system": INFORMATION_CATEGORY, "code": "consent"}]}), "consent"),
        (of("AuditEvent"), "other"),
        (of("Provenance"), "other"),
        (of("Observation"), "other"),
        (of("Resident"), "other"),
        ({}, "other"),
    ],
)
def test_category(resource: Resource, category: str) -> None:
    assert category_of(resource) == category


def test_a_privacy_consent_stays_one_whatever_else_it_says() -> None:
    acd = concept("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "acd")

    assert category_of(of("Consent", scope=concept(SCOPE, "patient-privacy"), category=[acd])) == "consent"


def test_a_type_without_category_is_told_by_a_tag() -> None:
    tag: Resource = {"system": INFORMATION_CATEGORY, "code": "face-sheet"}

    assert category_of({"resourceType": "QuestionnaireResponse", "meta": {"tag": [tag]}}) == "face-sheet"


def test_a_code_of_another_system_does_not_decide() -> None:
    assert category_of(of("CarePlan", category=[concept("https://elsewhere.example", "emergency-plan")])) == "care-plan"


@pytest.mark.parametrize("kind", ["Organization", "Practitioner", "PractitionerRole", "Location", "Medication"])
def test_the_directory_is_for_every_member(kind: str) -> None:
    assert is_directory({"resourceType": kind})


def test_nothing_that_names_a_resident_is_directory() -> None:
    manager: Resource = {"url": "https://renkei.example/x", "valueReference": {"reference": "Patient/p1"}}

    assert category_of(of("Location", extension=[manager])) == "other"
    assert category_of(of("Medication", contained=[{"resourceType": "Patient", "id": "p1"}])) == "other"
    assert not is_directory(of("Device"))


def test_every_category_of_the_design_has_a_row_and_a_name() -> None:
    assert set(category_names()) == set(CATEGORIES)
    assert category_name("acp") == "人生の最終段階の希望"
    assert category_name("nonsense") == "nonsense"


def test_the_table_names_only_types_that_exist() -> None:
    named = {kind for row in rows("categories.csv") for kind in row["resource type"].split()}

    assert named - TYPES == {"*"}
