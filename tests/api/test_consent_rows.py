"""CONSENT.md §8: consents are rows, written with the resource; whatever becomes of a row, the consent counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from hub.city.apply import apply
from hub.city.file import read_city
from hub.context import Context
from hub.runtime import open_store
from hub.store import reviews
from hub.store.sql import Row, query, run
from profiles.canonical import PROXY_LEGAL_BASIS
from tests.hub_in_test import BASE_URL, SMALL, Body, City, consent, observation, random_id, store_place

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def shared(city: City, **rules: object) -> tuple[str, Body, Body]:
    """A resident of hospital and clinic, a result of the hospital, and the consent."""
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/clinic")
    return person, city.created("hosp-ehr", observation(person)), city.consent(person, **rules)


def sees(city: City, one: Body, who: str = "clinic-emr") -> bool:
    """Whether a read and a search show it; they agree."""
    read = city.get(who, f"/fhir/Observation/{one['id']}").status_code == 200
    found = city.get(who, f"/fhir/Observation?_id={one['id']}").json()["total"] == 1
    assert read == found
    return read


def rows(city: City) -> Sequence[Row]:
    return city.store.lane.do(lambda tx: query(tx, "SELECT * FROM consent ORDER BY patient, id", {}))


def to_recipient(reference: str) -> Body:
    role = {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}
    return {"type": "deny", "actor": [{"role": role, "reference": {"reference": reference}}]}


FORGOTTEN = ("DELETE FROM consent", "DELETE FROM proxy", "DELETE FROM position WHERE name = 'consents compiled'")
LOST = {
    "gone": "DELETE FROM consent",
    "of an earlier version": "UPDATE consent SET version = 'earlier'",
    "made by an earlier reader": "UPDATE consent SET reader = 0, permits = 1, revoked = 0, exceptions = '[]'",
}


@pytest.mark.promise("compiled-consents-never-go-missing")
@pytest.mark.parametrize("lost", LOST)
def test_a_row_that_does_not_count_changes_nothing(city: City, lost: str) -> None:
    _, open_, _ = shared(city)
    other = city.resident("0000000002", name="試験 次郎")
    city.team(other, "Organization/hosp", "Organization/clinic")
    closed = city.created("hosp-ehr", observation(other))
    city.consent(other)
    city.clock.move(minutes=1)
    city.consent(other, exceptions=[to_recipient("Organization/clinic")])
    assert (sees(city, open_), sees(city, closed)) == (True, False)
    city.store.lane.do(lambda tx: run(tx, LOST[lost], {}))
    assert (sees(city, open_), sees(city, closed)) == (True, False)


@pytest.mark.promise("compiled-consents-never-go-missing")
def test_a_store_from_before_there_were_rows_gets_them_when_it_is_opened(city: City) -> None:
    person, one, _ = shared(city, exceptions=[to_recipient("Organization/day")])
    by_proxy(city, person)
    before = rows(city)
    proxies = city.store.lane.do(lambda tx: query(tx, "SELECT * FROM proxy", {}))
    assert (len(before), len(proxies)) == (2, 1)
    for forget in FORGOTTEN:
        city.store.lane.do(partial(run, statement=forget, parameters={}))
    open_store(store_place(city.keys)).lane.close()
    assert rows(city) == before
    assert city.store.lane.do(lambda tx: query(tx, "SELECT * FROM proxy", {})) == proxies
    assert sees(city, one)


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_the_row_is_that_of_the_newest_version(city: City) -> None:
    _, one, agreed = shared(city)
    assert sees(city, one)
    revoked = {**agreed, "status": "inactive"}
    assert city.put("city-registry", f"/fhir/Consent/{agreed['id']}", revoked).status_code == 200
    assert not sees(city, one)
    (row,) = rows(city)
    assert (row.revoked, row.spaces) == (1, "medical team")


def test_a_draft_is_no_rule(city: City) -> None:
    _, one, agreed = shared(city)
    city.clock.move(minutes=1)
    city.consent(str(agreed["patient"]["reference"]).removeprefix("Patient/"), status="draft", root="deny")
    assert sees(city, one)
    assert {row.spaces for row in rows(city)} == {"medical team", ""}


@pytest.mark.promise("unreadable-denies")
def test_who_leaves_the_registry_makes_a_consent_that_names_them_unreadable(city: City) -> None:
    _, one, _ = shared(city, exceptions=[to_recipient("Practitioner/cw-suzuki")])
    assert sees(city, one)
    file = read_city(SMALL / "city.toml", city.keys)
    context = Context(city.clock.now, "setup", random_id, BASE_URL)
    without = replace(file, people=tuple(person for person in file.people if person.id != "cw-suzuki"))
    city.store.lane.do(lambda tx: apply(tx, without, context))
    assert not sees(city, one)
    city.store.lane.do(lambda tx: apply(tx, file, context))
    assert sees(city, one)


def by_proxy(city: City, person: str, **related: object) -> Body:
    """A consent that a guardian signed, later than any before; gives the guardian."""
    basis = [{"url": PROXY_LEGAL_BASIS, "valueString": "成年後見"}]
    guardian = {"resourceType": "RelatedPerson", "patient": {"reference": f"Patient/{person}"}, "extension": basis}
    stored = city.created("city-registry", {**guardian, **related})
    city.clock.move(minutes=1)
    city.consent(person, performer=[{"reference": f"RelatedPerson/{stored['id']}"}])
    return stored


def test_a_proxy_counts_as_long_as_the_legal_basis_stands(city: City) -> None:
    person, one, _ = shared(city, root="deny")
    guardian = by_proxy(city, person)
    assert sees(city, one)
    plain = {name: value for name, value in guardian.items() if name != "extension"}
    assert city.put("city-registry", f"/fhir/RelatedPerson/{guardian['id']}", plain).status_code == 200
    assert not sees(city, one)
    assert city.put("city-registry", f"/fhir/RelatedPerson/{guardian['id']}", guardian).status_code == 200
    assert sees(city, one)
    assert city.delete("city-registry", f"/fhir/RelatedPerson/{guardian['id']}").status_code == 204
    assert not sees(city, one)


@pytest.mark.promise("unreadable-denies")
def test_a_refusal_whose_patient_is_written_strangely_is_not_lost(city: City) -> None:
    """It is filed under the resident, so it counts for the resident, whatever its reading makes of the reference."""
    person, one, _ = shared(city)
    city.clock.move(minutes=1)
    strange = {"reference": f"Patient/{person}", "identifier": {"system": "http://city.test", "value": "7"}}
    refusal = consent(person, "medical", "team", when=city.clock.now, root="deny")
    city.created("city-registry", {**refusal, "patient": strange})
    assert not sees(city, one)


@pytest.mark.promise("unreadable-denies")
def test_the_secretariat_is_told_once_of_a_consent_that_cannot_be_read(city: City) -> None:
    person, _, agreed = shared(city)
    unread = {**agreed, "provision": {"type": "permit", "provision": [{"type": "deny", "action": [{"text": "?"}]}]}}
    for status in ("active", "inactive"):
        answer = city.put("city-registry", f"/fhir/Consent/{agreed['id']}", {**unread, "status": status})
        assert answer.status_code == 200, answer.text
    (case,) = city.store.lane.do(lambda tx: reviews.waiting(tx, 10))
    assert (case.kind, case.patient, case.subject) == ("unreadable-consent", person, f"Consent/{agreed['id']}")
    assert "provision 1.action" in case.text


def test_a_consent_signed_to_the_microsecond_is_in_its_order(city: City) -> None:
    person, one, _ = shared(city)
    moment = (city.clock.now + timedelta(seconds=1)).isoformat(timespec="microseconds")
    city.clock.move(minutes=1)
    city.consent(person, root="deny", dateTime=moment.replace("000000", "000001"))
    city.consent(person, dateTime=moment.replace("000000", "000002"))
    assert sees(city, one)
