"""A protected address is in no answer, and no question finds it (CONSENT.md §5)."""

import pytest

from profiles.canonical import LABEL
from tests.hub_in_test import Body, City

ADDRESS: Body = {
    "address": [{"text": "試験市花園６丁目", "postalCode": "099-9915"}],
    "telecom": [{"system": "phone", "value": "0165-00-1071"}],
}
PROTECTED: Body = {**ADDRESS, "meta": {"security": [{"system": LABEL, "code": "ADDRESS-PROTECTED"}]}}
QUESTIONS = ["address=試験市", "address:contains=花園", "address-postalcode=099-9915", "telecom=0165-00-1071"]


@pytest.mark.promise("a-protected-address-is-in-no-answer")
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_condition_on_a_protected_address_matches_only_others(city: City, question: str) -> None:
    hidden = city.resident("0000000001", name="佐々木 明美", **PROTECTED)
    shown = city.resident("0000000002", name="山田 花子", **ADDRESS)
    _looked_after(city, hidden, shown)

    assert "address" not in city.get("dr-sato", f"/fhir/Patient/{hidden}").json()
    assert "address" in city.get("dr-sato", f"/fhir/Patient/{shown}").json()
    found = city.get("dr-sato", f"/fhir/Patient?{question}").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [shown]


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_to_sort_by_address_does_not_tell_a_protected_one(city: City) -> None:
    hidden = city.resident("0000000001", name="佐々木 明美", **PROTECTED)
    before = city.resident("0000000002", address=[{"postalCode": "000-0000"}])
    after = city.resident("0000000003", name="高橋 一", address=[{"postalCode": "900-0000"}])
    _looked_after(city, hidden, before, after)

    found = city.get("dr-sato", "/fhir/Patient?_sort=address-postalcode").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [before, after, hidden]


def _looked_after(city: City, *people: str) -> None:
    for person in people:
        city.team(person, "Practitioner/dr-sato")
        city.consent(person)
