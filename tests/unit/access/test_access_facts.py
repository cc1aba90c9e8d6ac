"""CONSENT §1: by what a resource is decided on, as it is stamped at write."""

import pytest

from hub.access.facts import facts_of
from hub.access.labels import bits
from profiles.canonical import LABEL
from profiles.resource import Json, Resource
from tests.unit.access.asking import DOCTOR, SYSTEM

ALLERGY: Resource = {"resourceType": "AllergyIntolerance", "recordedDate": "2026-05-01"}


def labelled(*codes: str) -> Json:
    return {"security": [{"system": LABEL, "code": code} for code in codes]}


def test_every_fact_is_stamped() -> None:
    found = facts_of({**ALLERGY, "meta": labelled("HIV")}, ("hana",), SYSTEM)
    assert (found.patient, found.source, found.publication) == ("hana", "hosp", "hospital/allergy")
    assert (found.category, found.label_bits, found.clinical_date) == ("allergy", bits(["HIV"]), "2026-05-01")
    assert (found.withheld, found.directory, found.also_about) == (0, 0, 0)


@pytest.mark.parametrize(("patients", "primary", "further"), [((), "", 0), (("a", "b", "c"), "a", 2)])
def test_it_is_filed_under_the_first_whom_it_is_about(patients: tuple[str, ...], primary: str, further: int) -> None:
    found = facts_of(ALLERGY, patients, DOCTOR)
    assert (found.patient, found.also_about, found.directory) == (primary, further, 0)


@pytest.mark.parametrize("changed", [{"meta": labelled("SOURCE-ONLY")}, {"status": "entered-in-error"}])
def test_what_its_source_withholds_is_withheld(changed: Resource) -> None:
    assert facts_of({**ALLERGY, **changed}, ("hana",), DOCTOR).withheld == 1


def test_only_what_is_about_nobody_is_in_the_directory() -> None:
    assert facts_of({"resourceType": "Organization"}, (), DOCTOR).directory == 1
    assert facts_of({"resourceType": "Organization"}, ("hana",), DOCTOR).directory == 0


def test_a_protected_address_closes_all_but_the_patient() -> None:
    for type_, left in (("Patient", ["HIV"]), ("AllergyIntolerance", ["HIV", "ADDRESS-PROTECTED"])):
        resource: Resource = {"resourceType": type_, "meta": labelled("HIV", "ADDRESS-PROTECTED")}
        assert facts_of(resource, ("hana",), DOCTOR).label_bits == bits(left)
