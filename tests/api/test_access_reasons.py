"""What the log says of every access: for each resident the true reason, and the rules that opened or closed it."""

import json

import pytest

from profiles.canonical import INFORMATION_CATEGORY, PROFESSION
from tests.hub_in_test import Body, City, note, observation

pytestmark = pytest.mark.one_hub

LABORATORY = {"system": INFORMATION_CATEGORY, "code": "laboratory"}
DENIED = {"type": "deny", "class": [LABORATORY]}
PHYSICIANS = {
    "type": "permit",
    "actor": [{"role": {"coding": [{"system": PROFESSION, "code": "physician"}]}, "reference": {"display": "医師"}}],
}


def newest(city: City, person: str) -> tuple[str, str, list[str]]:
    """Interaction, reason and rules of the newest record about a resident."""
    row = city.log(patient=person)[0]
    return row["interaction"], row["reason"], json.loads(row["rules"])


def ask(city: City, who: str, path: str) -> Body:
    posted = path.removeprefix("POST ")
    answer = city.post(who, posted, {}) if posted != path else city.get(who, path)
    assert answer.status_code == 200, answer.text
    body: Body = answer.json()
    return body


def shared(city: City, person: str, **more: object) -> tuple[Body, str]:
    """A resident whom hospital and clinic look after, a laboratory result of the hospital, and the consent's id."""
    city.team(person, "Organization/hosp", "Organization/clinic")
    consent = city.consent(person, **more)
    return city.created("hosp-ehr", observation(person)), f"Consent/{consent['id']}"


@pytest.mark.promise("every-access-has-its-reason")
@pytest.mark.parametrize(
    ("path", "interaction"),
    [
        ("/fhir/Observation/{id}", "read"),
        ("/fhir/Observation/{id}/_history", "history-instance"),
        ("/fhir/Observation?patient=Patient/{person}", "search-type"),
        ("/fhir/Observation?_id={id}", "search-type"),
        ("/fhir?patient=Patient/{person}&_type=Observation,Communication", "search-system"),
        ("/fhir/Patient/{person}/$everything", "operation:everything"),
        ("POST /fhir/Patient/{person}/$handoff", "operation:handoff"),
        ("/feed?patient={person}", "feed"),
    ],
)
def test_every_door_names_the_consent_that_opened_it(city: City, person: str, path: str, interaction: str) -> None:
    one, consent = shared(city, person)
    where = path.format(person=person, id=one["id"])
    ask(city, "clinic-emr", where)
    assert newest(city, person) == (interaction, "consent", [consent])
    ask(city, "hosp-ehr", "/fhir/Observation?patient=Patient/" + person)
    assert newest(city, person) == ("search-type", "own", [])


def test_an_exception_that_opens_is_named_itself(city: City, person: str) -> None:
    _, consent = shared(city, person, root="deny", exceptions=[PHYSICIANS])
    ask(city, "clinic-emr", f"/fhir/Observation?patient=Patient/{person}")
    assert newest(city, person) == ("search-type", "consent", [f"{consent}#1"])


def test_own_and_others_together_are_by_consent(city: City, person: str) -> None:
    _, consent = shared(city, person)
    city.created("clinic-emr", note(person))
    ask(city, "clinic-emr", f"/fhir?_type=Observation,Communication&patient=Patient/{person}")
    assert newest(city, person)[1:] == ("consent", [consent])
    ask(city, "clinic-emr", f"/fhir/Communication?patient=Patient/{person}")
    assert newest(city, person)[1:] == ("own", [])


def test_of_two_residents_on_a_page_each_has_their_own_reason(city: City, person: str) -> None:
    one, consent = shared(city, person)
    other = city.resident("9700000001", name="試験 別人")
    city.team(other, "Organization/clinic")
    mine = city.created("clinic-emr", observation(other))
    ask(city, "clinic-emr", f"/fhir/Observation?_id={one['id']},{mine['id']}")
    assert newest(city, person)[1:] == ("consent", [consent])
    assert newest(city, other)[1:] == ("own", [])


@pytest.mark.parametrize(
    ("more", "reason", "rule"),
    [
        ({"exceptions": [DENIED]}, "resident-denied", "#1"),
        ({"root": "deny"}, "no-consent", ""),
    ],
)
def test_a_refusal_names_the_rule_in_the_log_and_nothing_in_the_answer(
    city: City, person: str, more: dict[str, object], reason: str, rule: str
) -> None:
    one, consent = shared(city, person, **more)
    for path in (
        f"/fhir/Observation/{one['id']}",
        f"/fhir/Observation/{one['id']}/_history/{one['meta']['versionId']}",
    ):
        answer = city.get("clinic-emr", path)
        assert newest(city, person)[1:] == (reason, [f"{consent}{rule}"])
        never = city.get("clinic-emr", "/fhir/Observation/" + "0" * 32)
        assert (answer.status_code, answer.content) == (never.status_code, never.content)


def test_what_is_shown_of_nobody_has_no_reason(city: City, person: str) -> None:
    shared(city, person, root="deny")
    ask(city, "clinic-emr", f"/fhir/Observation?patient=Patient/{person}")
    row = city.log(interaction="search-type")[0]
    assert (row["patient"], row["reason"], row["rules"]) == (None, "", "[]")
