"""Who may not declare an emergency, and when: every refusal is in the log (CONSENT.md §6, TRUST T-070 – T-072)."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import httpx2
import pytest

from hub.access import emergencies
from hub.auth import fingerprint
from hub.context import Context, Credential, instant
from hub.errors import Conflict, Refused
from hub.interactions.emergency.declare import allow_again
from hub.store import registry
from hub.store.database import Tx
from tests.api.emergencies import (
    DECLARE,
    NURSE,
    OFFICER,
    PARAMEDIC,
    SECOND,
    WHY,
    allergy,
    cases,
    declare,
    declared,
    somebody,
)
from tests.api.pages_city import browser_of, change, rows, words
from tests.hub_in_test import BASE_URL, NOON, Body, City, random_id

pytestmark = pytest.mark.one_hub


@pytest.fixture(autouse=True)
def noon(city: City) -> Iterator[None]:
    city.clock.now = NOON
    yield
    change(city, "DELETE FROM emergency_stop")
    change(city, "DELETE FROM emergency")


def refusals(city: City, reason: str) -> list[Body]:
    return city.log(interaction="operation:declare-emergency", reason=reason)


def none_declared(city: City, person: str) -> bool:
    kept = rows(city, "SELECT id FROM emergency WHERE patient = :patient", patient=person)
    return not kept and not cases(city, patient=person)


@pytest.mark.parametrize("who", ["cm-ito", "sec-noda", "aud-kondo", "hosp-ehr", "clinic-emr", "city-registry"])
def test_other_roles_and_systems_never_declare(city: City, who: str) -> None:
    person, name = somebody(city, "Practitioner/cm-ito")
    before = len(refusals(city, "not-for-role"))
    assert declare(city, who, name=name).status_code == 403
    assert declared(city, "dr-sato", name=name)["patient"] == person
    assert len(refusals(city, "not-for-role")) == before + 1


def test_a_token_that_covers_no_patient_declares_nothing(city: City) -> None:
    person, name = somebody(city)
    said = [{"name": "name", "valueString": name}, *WHY]
    token = city.token(PARAMEDIC, scopes="user/Observation.rs")
    body = {"resourceType": "Parameters", "parameter": said}
    answer = city.client.post(DECLARE, json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert none_declared(city, person)


def token(city: City, age: timedelta | None, profession: str = "paramedic") -> str:
    """A token of the paramedic in a role, who used a factor of sign-in so long ago, or none at all."""
    secret, now = random_id(), city.clock.now
    row = {
        "fingerprint": fingerprint(secret),
        "kind": "access",
        "system": None,
        "person": PARAMEDIC,
        "organisation": "fire",
        "profession": profession,
        "scopes": "user/*.rs",
        "purpose": "TREAT",
        "issued": instant(now),
        "expires": instant(now + timedelta(hours=1)),
        **({"proved": instant(now - age)} if age is not None else {}),
    }
    city.store.lane.do(lambda tx: registry.put_token(tx, row))
    return secret


@pytest.mark.promise("emergency-needs-a-fresh-sign-in")
def test_a_sign_in_of_more_than_five_minutes_ago_does_not_count(city: City) -> None:
    person, name = somebody(city)
    said = [{"name": "name", "valueString": name}, *WHY]
    body = {"resourceType": "Parameters", "parameter": said}

    def with_proof(age: timedelta | None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token(city, age)}"}
        return city.client.post(DECLARE, json=body, headers=headers)

    for age in (timedelta(minutes=5), timedelta(hours=1), timedelta(minutes=-1), None):
        answer = with_proof(age)
        assert answer.status_code == 401
        assert "Sign in again" in answer.text
        assert none_declared(city, person)
    assert with_proof(timedelta(minutes=4, seconds=59)).status_code == 200
    assert {row["person"] for row in refusals(city, "sign-in-again")} == {PARAMEDIC}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": " \u3000\t"}, "reason"),
        ({"reason": "あ" * 501}, "reason"),
        ({"place": ""}, "place"),
        ({"place": " \u3000"}, "place"),
        ({"birthDate": "1940-05"}, "birthDate"),
        ({"birthDate": "1940-02-30"}, "birthDate"),
        ({"place": "あ" * 501}, "place"),
    ],
)
def test_what_is_not_said_in_full_opens_nothing(city: City, said: dict[str, str], place: str) -> None:
    person, name = somebody(city)
    answer = declare(city, **{"name": name, **said})
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [place]
    assert none_declared(city, person)
    assert refusals(city, "malformed")[0]["person"] == PARAMEDIC


def test_nobody_is_named_by_saying_nothing(city: City) -> None:
    answer = declare(city)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, ["name"])
    assert declare(city, name=" ").status_code == 400
    assert declare(city, name="x", gender="female").status_code == 400  # not a parameter


def test_a_role_that_ended_declares_nothing_and_sees_nothing_more(city: City) -> None:
    person, name = somebody(city)
    kept = city.created("hosp-ehr", allergy(person))["id"]
    declared(city, name=name)
    assert city.get(PARAMEDIC, f"/fhir/AllergyIntolerance/{kept}").status_code == 200
    change(city, "UPDATE role SET ends = '2026-11-21' WHERE person = :person", person=PARAMEDIC)
    try:
        assert city.get(PARAMEDIC, f"/fhir/AllergyIntolerance/{kept}").status_code == 403
        assert declare(city, name=name).status_code == 403
        assert refusals(city, "not-in-force") != []
    finally:
        change(city, "UPDATE role SET ends = '' WHERE person = :person", person=PARAMEDIC)


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_who_declared_in_one_role_sees_nothing_in_another(city: City) -> None:
    person, name = somebody(city)
    kept = city.created("hosp-ehr", allergy(person))["id"]
    change(city, "INSERT INTO role VALUES (:person, 'fire', 'nurse', '2020-01-01', '')", person=PARAMEDIC)
    declared(city, name=name)
    for profession, status in (("paramedic", 200), ("nurse", 404)):
        headers = {"Authorization": f"Bearer {token(city, timedelta(), profession)}"}
        assert city.client.get(f"/fhir/AllergyIntolerance/{kept}", headers=headers).status_code == status


# -- many


def allow(city: City, officer: str, person: str) -> None:
    credential = Credential(fingerprint(city.token(officer)))
    context = Context(city.clock.now, "test", random_id, BASE_URL)
    city.store.lane.do(lambda tx: allow_again(tx, credential, person, context))


def test_after_twenty_patients_in_ten_minutes_it_needs_a_second_officer(city: City) -> None:
    names = [somebody(city)[1] for _ in range(22)]
    for name in names[:19]:
        declared(city, NURSE, name=name)
    declared(city, NURSE, name=names[0])  # the same patient again does not count
    assert cases(city, kind="emergency-alarm", person=NURSE) == []
    declared(city, NURSE, name=names[19])
    (alarm,) = cases(city, kind="emergency-alarm", person=NURSE)
    assert (alarm["subject"], alarm["patient"]) == (f"EmergencyStop/{NURSE}", "")
    refused = declare(city, NURSE, name=names[20])
    assert refused.status_code == 403
    assert refusals(city, "emergency-stop")[0]["person"] == NURSE
    assert declared(city, PARAMEDIC, name=names[20])  # somebody else is not stopped
    city.clock.move(hours=2)
    assert declare(city, NURSE, name=names[20]).status_code == 403  # nor does time lift it

    for who in ("sec-noda", "aud-kondo", NURSE):
        with pytest.raises(Refused):
            allow(city, who, NURSE)
    with pytest.raises(Refused):  # an officer never for themselves
        allow(city, OFFICER, OFFICER)
    allow(city, SECOND, NURSE)
    assert declared(city, NURSE, name=names[20])
    with pytest.raises(Conflict):
        allow(city, OFFICER, NURSE)
    (done,) = city.log(interaction="operation:allow-emergency", outcome="0")
    assert (done["person"], done["query"]) == (SECOND, f"EmergencyStop/{NURSE}")
    assert len(cases(city, kind="emergency-alarm", person=NURSE)) == 1


def test_whoever_was_allowed_again_is_counted_anew(city: City) -> None:
    for _ in range(20):
        declared(city, NURSE, name=somebody(city)[1])
    city.clock.move(seconds=1)
    allow(city, OFFICER, NURSE)
    city.clock.move(seconds=1)
    for _ in range(2):
        declared(city, NURSE, name=somebody(city)[1])


def test_an_export_never_counts_an_emergency(city: City) -> None:
    person, name = somebody(city)
    declared(city, name=name)
    credential = Credential(fingerprint(city.token(PARAMEDIC)))

    def counted(interaction: str) -> int:
        def work(tx: Tx) -> int:
            caller = registry.caller(tx, credential, city.clock.now)
            assert caller is not None
            return len(emergencies.counting(tx, caller, interaction, (person,), city.clock.now))

        return city.store.lane.do(work)

    assert (counted("read"), counted("operation:export"), counted("operation:export-file")) == (1, 0, 0)


def test_twenty_in_more_than_ten_minutes_are_nobodys_alarm(city: City) -> None:
    for _ in range(10):
        declared(city, "dr-sato", name=somebody(city)[1])
    city.clock.move(minutes=10)
    for _ in range(19):
        declared(city, "dr-sato", name=somebody(city)[1])
    assert cases(city, kind="emergency-alarm", person="dr-sato") == []
    declared(city, "dr-sato", name=somebody(city)[1])
    assert len(cases(city, kind="emergency-alarm", person="dr-sato")) == 1


def test_of_many_at_once_none_comes_through_uncounted(city: City) -> None:
    names = [somebody(city)[1] for _ in range(24)]
    city.token(PARAMEDIC)
    answers: list[int] = []
    threads = [Thread(target=lambda name=name: answers.append(declare(city, name=name).status_code)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 20 + [403] * 4
    assert len(cases(city, kind="emergency-alarm", person=PARAMEDIC)) == 1


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_an_emergency_opens_no_desk(city: City) -> None:
    """It is for reading what helps: whoever takes consents takes them from those whom they look after."""
    person, name = somebody(city)
    physician = browser_of(city, "dr-hayashi/clinic/physician")
    declared(city, "dr-hayashi", name=name)
    assert physician.get(f"/people/{person}").status_code == 200
    for page in ("", "/new", "/copy"):
        assert physician.get(f"/consents/{person}{page}").status_code == 404
    assert name not in words(physician.post("/consents", {"name": name}).text).partition("いません")[2]
    city.team(person, "Organization/clinic")
    assert physician.get(f"/consents/{person}/new").status_code == 200
