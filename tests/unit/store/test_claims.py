"""What a push must have to itself: two pushes that could make the same thing share a name."""

import pytest

from hub.draft import Change, Draft
from hub.identity.claims import claims
from profiles.canonical import KAIGO_INSURED_NO
from tests.hub_in_test import patient

OWN = "http://hosp.test/obs"


def of(*changes: Change, key: str = "") -> set[str]:
    return set(claims(Draft(changes, "transaction", key, "hash")))


def condition(value: str, name: str = "identifier") -> Change:
    return Change("POST", "Observation", condition=((name, value),))


def test_what_looks_for_nothing_claims_nothing() -> None:
    assert of(Change("POST", "Observation", full_url="urn:uuid:1")) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (of(key="k-1"), of(Change("POST", "Observation"), key="k-1")),
        (of(Change("PUT", "Observation", "a")), of(Change("DELETE", "Observation", "a"))),
        (of(condition(f"{OWN}|1")), of(condition(f"{OWN}|1"), condition(f"{OWN}|2"))),
        (of(condition(f"{OWN}|1")), of(condition("1"))),
        (of(condition("final", "status")), of(condition("2026", "date"))),
        (
            of(Change("POST", "Observation", full_url="http://hosp.test/Observation/1")),
            of(Change("POST", "Observation", full_url="http://hosp.test/Observation/1")),
        ),
        (of(Change("POST", "Patient", resource=patient("1"))), of(Change("POST", "Patient", resource=patient("1")))),
        (of(Change("POST", "Patient", resource=patient("1"))), of(Change("POST", "Patient", resource=patient("2")))),
    ],
    ids=["key", "id", "condition", "value", "type", "url", "person", "born"],
)
def test_what_could_make_the_same_shares_a_name(one: set[str], other: set[str]) -> None:
    assert one & other


def test_what_cannot_does_not() -> None:
    pushes = [
        of(key="k-1"),
        of(key="k-2"),
        of(Change("PUT", "Observation", "a")),
        of(Change("PUT", "Condition", "a")),
        of(condition(f"{OWN}|1")),
        of(condition(f"{OWN}|2")),
        of(Change("POST", "Patient", resource=patient("1", birth="1940-01-01"))),
        of(Change("POST", "Patient", resource=patient("2", birth="1950-01-01"))),
    ]
    assert sum(map(len, pushes)) == len(set().union(*pushes))


def test_a_number_is_the_same_however_it_is_written() -> None:
    wide = patient("1", identifier=[{"system": KAIGO_INSURED_NO, "value": "０１１２３４-０００００００００１"}])
    narrow = patient("1", identifier=[{"system": KAIGO_INSURED_NO, "value": "011234-0000000001"}])
    assert of(Change("POST", "Patient", resource=wide)) == of(Change("POST", "Patient", resource=narrow))
