"""Security labels and retraction (CONSENT §4)."""

import pytest

from profiles import Json, Resource, is_entered_in_error, labels_of
from profiles.canonical import ACT_CODE, CONFIDENTIALITY, EHRSHRS_INDICATION, LABEL


def labelled(*security: Json) -> Resource:
    return {"resourceType": "Condition", "meta": {"security": list(security)}}


@pytest.mark.parametrize(
    ("system", "code", "labels"),
    [
        (LABEL, "SOURCE-ONLY", {"SOURCE-ONLY"}),
        (LABEL, "ADDRESS-PROTECTED", {"ADDRESS-PROTECTED"}),
        (LABEL, "WELFARE", {"WELFARE"}),
        (LABEL, "SOURCE-ONLYY", {"UNKNOWN-LABEL"}),
        (CONFIDENTIALITY, "N", set()),
        (CONFIDENTIALITY, "U", set()),
        (CONFIDENTIALITY, "R", {"R"}),
        (CONFIDENTIALITY, "V", {"V"}),
        (ACT_CODE, "HIV", {"HIV"}),
        (ACT_CODE, "PSY", {"PSY"}),
        (ACT_CODE, "SUD", {"UNKNOWN-LABEL"}),
        ("", "R", {"UNKNOWN-LABEL"}),
        ("https://hospital.example/labels", "vip", {"UNKNOWN-LABEL"}),
    ],
)
def test_security(system: str, code: str, labels: set[str]) -> None:
    assert labels_of(labelled({"system": system, "code": code})) == labels


@pytest.mark.parametrize("broken", ["R", None, {}, {"display": "restricted"}, {"code": ["R"]}])
def test_a_label_that_cannot_be_read_is_unknown(broken: Json) -> None:
    assert labels_of(labelled(broken)) == {"UNKNOWN-LABEL"}
    assert labels_of({"resourceType": "Condition", "meta": {"security": broken or "x"}}) == {"UNKNOWN-LABEL"}


def test_all_labels_are_told() -> None:
    both = labelled({"system": LABEL, "code": "HIV"}, {"system": CONFIDENTIALITY, "code": "V"})

    assert labels_of(both) == {"HIV", "V"}


@pytest.mark.parametrize(
    ("code", "labels"), [("UNINFORMED", {"UNINFORMED"}), ("UNDELIVERED", {"UNDELIVERED"}), ("LTS", set())]
)
def test_national_tags(code: str, labels: set[str]) -> None:
    tag: Resource = {"system": EHRSHRS_INDICATION, "code": code}

    assert labels_of({"resourceType": "Condition", "meta": {"tag": [tag]}}) == labels


def test_what_is_contained_labels_the_whole() -> None:
    inner = {**labelled({"system": LABEL, "code": "ADDRESS-PROTECTED"}), "resourceType": "Patient", "id": "p1"}

    assert labels_of({"resourceType": "Observation", "contained": [inner]}) == {"ADDRESS-PROTECTED"}


def test_no_label() -> None:
    assert labels_of({"resourceType": "Condition"}) == frozenset()


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "status": "entered-in-error"},
        {"resourceType": "DocumentReference", "status": "current", "docStatus": "entered-in-error"},
        {"resourceType": "Condition", "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    ],
)
def test_entered_in_error(resource: Resource) -> None:
    assert is_entered_in_error(resource)


def test_not_entered_in_error() -> None:
    assert not is_entered_in_error({"resourceType": "Observation", "status": "cancelled"})
