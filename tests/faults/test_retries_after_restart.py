"""A retry finds its first answer in a new process too (TRUST T-128)."""

from pathlib import Path

from tests.hub_in_test import entry, note, small_city, transaction


def test_a_key_is_remembered_when_the_hub_starts_again(tmp_path: Path, store_kind: str) -> None:
    """T-128: the first answer to the same request, 422 to another; a week later still."""
    with small_city(tmp_path) as city:
        person = city.resident()
        city.team(person, "Organization/hosp")
        push = transaction(entry(note(person, "鍵")))
        first = city.post("hosp-ehr", "/fhir", push, idempotency_key="key")
        assert first.status_code == 200
    with small_city(tmp_path) as city:
        city.clock.move(days=6)
        assert city.post("hosp-ehr", "/fhir", push, idempotency_key="key").content == first.content
        other = city.post("hosp-ehr", "/fhir", transaction(entry(note(person, "別"))), idempotency_key="key")
        assert (other.status_code, other.json()["issue"][0]["code"]) == (422, "business-rule")
        assert city.get("hosp-ehr", f"/fhir/Communication?patient={person}").json()["total"] == 1
