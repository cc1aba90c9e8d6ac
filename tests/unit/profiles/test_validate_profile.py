"""Which profile a resource is judged by, and what ``$validate`` adds."""

import pytest

from profiles import Issue, Json, Resource, check, validate, write_json

VITAL_SIGNS = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Observation_VitalSigns"
UNKNOWN = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Unheard_Of"


def observation(**more: Json) -> Resource:
    plain: Resource = {"resourceType": "Observation", "status": "final", "code": {"text": "脈拍"}, "valueString": "60"}
    return plain | more


def findings(issues: list[Issue]) -> set[tuple[str, str, str]]:
    return {(issue.severity, issue.path, issue.rule) for issue in issues}


def of(resource: Resource, *, strict: bool = False) -> set[tuple[str, str, str]]:
    return findings(validate(resource, write_json(resource), strict=strict))


def test_one_that_claims_nothing_is_warned_by_the_profile_of_its_type() -> None:
    assert of(observation()) == {("warning", "Observation.category", "jp-observation-common-category")}


def test_a_strict_system_is_refused() -> None:
    assert of(observation(), strict=True) == {("error", "Observation.category", "jp-observation-common-category")}


def test_one_that_claims_a_profile_is_judged_by_it() -> None:
    claiming = observation(meta={"profile": [f"{VITAL_SIGNS}|1.2.0"]})

    assert of(claiming) == {
        ("error", "Observation.category", "jp-observation-vitalsigns-category"),
        ("error", "Observation.subject", "jp-observation-vitalsigns-subject"),
    }


def test_a_profile_can_be_asked_about() -> None:
    found = check(observation(), write_json(observation()), VITAL_SIGNS)

    assert ("error", "Observation.subject", "jp-observation-vitalsigns-subject") in findings(found)


def test_a_profile_that_is_not_known_is_said() -> None:
    found = check(observation(), write_json(observation()), UNKNOWN)

    assert ("warning", "Observation", "profile") in findings(found)


def test_a_profile_of_another_type_is_said() -> None:
    patient: Resource = {"resourceType": "Patient", "identifier": [{"value": "1"}]}

    assert ("error", "Patient", "profile") in findings(check(patient, write_json(patient), VITAL_SIGNS))


@pytest.mark.parametrize(("mode", "errors"), [("create", set()), ("update", {("error", "Observation", "id")})])
def test_an_update_needs_an_id(mode: str, errors: set[tuple[str, str, str]]) -> None:
    right = observation(category=[{"coding": [{"system": SYSTEM, "code": "vital-signs"}]}])
    found = check(right, write_json(right), mode="update" if mode == "update" else "create")

    assert findings(found) == errors


def test_a_bundle_is_judged_entry_by_entry() -> None:
    claiming = observation(meta={"profile": [VITAL_SIGNS]})
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": observation()}, {"resource": claiming}],
    }

    assert of(bundle) == {
        ("warning", "Bundle.entry[0].resource.category", "jp-observation-common-category"),
        ("error", "Bundle.entry[1].resource.category", "jp-observation-vitalsigns-category"),
        ("error", "Bundle.entry[1].resource.subject", "jp-observation-vitalsigns-subject"),
    }


SYSTEM = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
