"""Forged consents (TRUST T-062, T-063): only the resident's own word of now, taken by whoever may, opens anything."""

from collections.abc import Callable
from itertools import count

import pytest

from profiles.canonical import INFORMATION_CATEGORY, PROFESSION
from tests.api.looking import NEVER_USED, prescription
from tests.hub_in_test import (
    NOON,
    Body,
    City,
    consent,
    entry,
    note,
    on_paper,
    transaction,
)

pytestmark = pytest.mark.one_hub
NUMBERS = count(9_600_000_001)
NOTHING: set[str] = set()
DOORS = {"read", "search", "feed"}
TEAM = ("Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PAPER: Body = {"organization": [{"reference": "Organization/hosp"}]}
RECIPIENT = {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}


@pytest.fixture
def other(city: City) -> str:
    """Another resident, who is looked after by the same and agrees to everything."""
    resident = city.resident(f"{next(NUMBERS):010d}", name="別人 一郎")
    city.team(resident, *TEAM)
    city.consent(resident)
    return resident


@pytest.fixture
def person(city: City) -> str:
    """A resident who is looked after, and has agreed to nothing."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, *TEAM)
    return resident


@pytest.fixture
def secret(city: City, person: str) -> Body:
    return city.created("hosp-ehr", prescription(person, mark(person)))


def mark(person: str) -> str:
    """What stands in this resident's secret alone."""
    return f"ヒミツマル錠{person}"


def seen(city: City, who: str, secret: Body) -> set[str]:
    """Which of three kinds of doors show somebody the secret; tests/api/test_consent_at_the_doors.py asks at all."""
    person = secret["subject"]["reference"].removeprefix("Patient/")
    paths = {
        "read": f"/fhir/MedicationRequest/{secret['id']}",
        "search": f"/fhir/MedicationRequest?patient={person}",
        "feed": f"/feed?patient={person}",
    }
    return {door for door, path in paths.items() if mark(person) in city.get(who, path).text}


def to(kind: str, reference: str, **more: object) -> Body:
    """An exception for one recipient."""
    return {"type": kind, "actor": [{"role": RECIPIENT, "reference": {"reference": reference}}], **more}


# -- T-062: consents that somebody made up


REFUSED: dict[str, Callable[[str, str], tuple[str, Body]]] = {
    "of an organisation that took no paper": lambda who, _: ("hosp-ehr", consent(who, "team")),
    "on another's paper": lambda who, _: ("care-plan-app", consent(who, "team", **PAPER)),
    "signed by the organisation": lambda who, _: ("hosp-ehr", signed_by(who, "Organization/hosp")),
    "signed by one of its people": lambda who, _: ("hosp-ehr", signed_by(who, "Practitioner/dr-sato")),
    "signed by it among others": lambda who, _: ("hosp-ehr", signed_by(who, f"Patient/{who}", "Organization/hosp")),
    "that opens to its writer": lambda who, _: ("hosp-ehr", favour(who, to("permit", "Organization/hosp"))),
    "that opens to its writer's people": lambda who, _: ("hosp-ehr", favour(who, to("permit", "Practitioner/ns-abe"))),
    "that opens to its writer, written whole": lambda who, _: (
        "hosp-ehr",
        favour(who, to("permit", "http://hub.test/fhir/Organization/hosp")),
    ),
    "that opens to its writer, one level deeper": lambda who, _: (
        "hosp-ehr",
        favour(who, {"type": "deny", "provision": [to("permit", "Organization/hosp")]}),
    ),
    "that does not say whether it denies its writer": lambda who, _: (
        "hosp-ehr",
        favour(who, {key: value for key, value in to("", "Organization/hosp").items() if key != "type"}),
    ),
    "of somebody whom the writer does not know": lambda who, _: (
        "clinic-emr",
        consent(who, "team", organization=[{"reference": "Organization/clinic"}]),
    ),
    "of nobody": lambda who, _: ("city-registry", consent(NEVER_USED, "team")),
}


def signed_by(who: str, *performers: str) -> Body:
    return consent(who, "medical", "team", performer=[{"reference": one} for one in performers], **PAPER)


def favour(who: str, exception: Body) -> Body:
    return consent(who, "medical", "team", root="deny", exceptions=[exception], **PAPER)


@pytest.mark.promise("a-forged-consent-opens-nothing")
@pytest.mark.parametrize("name", REFUSED)
def test_a_forged_consent_is_refused_and_that_is_in_the_log(
    city: City, person: str, other: str, secret: Body, name: str
) -> None:
    who, forged = REFUSED[name](person, other)
    answer = city.post(who, "/fhir/Consent", forged)
    assert answer.status_code in (403, 422), answer.text
    last = city.log(interaction="create")[0]
    assert (last["outcome"], last["system"]) == ("8" if answer.status_code == 403 else "4", who)
    pushed = city.post(who, "/fhir", transaction(entry(note(person, "一緒に")), *on_paper(forged)["entry"]))
    assert pushed.status_code in (403, 422), pushed.text
    assert seen(city, "cm-ito", secret) == NOTHING
    assert "一緒に" not in city.get("hosp-ehr", f"/fhir/Communication?patient={person}").text


UNHEARD: dict[str, Callable[[str, str], Body]] = {
    "of somebody else": lambda who, other: consent(other, "medical", "team"),
    "of somebody else, signed by this one": lambda who, other: consent(
        other, "medical", "team", performer=[{"reference": f"Patient/{who}"}]
    ),
    "signed by another resident": lambda who, other: signed_by(who, f"Patient/{other}"),
    "signed by nobody": lambda who, _: without(consent(who, "medical", "team"), "performer"),
    "signed by somebody by name": lambda who, _: consent(
        who, "medical", "team", performer=[{"display": "山田 花子"}]
    ),
    "signed by a relative whom nobody recorded": lambda who, _: signed_by(who, f"RelatedPerson/{NEVER_USED}"),
    "without a date": lambda who, _: without(consent(who, "medical", "team"), "dateTime"),
    "of tomorrow": lambda who, _: consent(who, "medical", "team", dateTime="2026-11-23"),
    "for a time to come": lambda who, _: within(who, {"start": "2026-11-23"}),
    "for a time that is over": lambda who, _: within(who, {"end": "2026-11-21"}),
    "for a time that ends before it begins": lambda who, _: within(who, {"start": "2026-11-23", "end": "2026-11-21"}),
    "entered in error": lambda who, _: consent(who, "medical", "team", status="entered-in-error"),
    "rejected": lambda who, _: consent(who, "medical", "team", status="rejected"),
    "a draft": lambda who, _: consent(who, "medical", "team", status="draft"),
    "proposed": lambda who, _: consent(who, "medical", "team", status="proposed"),
    "for research": lambda who, _: consent(who, "medical", "team", scope=coded("consentscope", "research")),
    "for no space": lambda who, _: consent(who),
    "that says OPTOUT and permits": lambda who, _: consent(
        who, "medical", "team", policyRule=coded("v3-ActCode", "OPTOUT")
    ),
    "that permits within a permit within a deny": lambda who, _: favour(
        who, {"type": "deny", "provision": [to("permit", "Practitioner/cm-ito")]}
    ),
    "that permits whom it denies": lambda who, _: consent(
        who,
        "medical",
        "team",
        root="deny",
        exceptions=[to("permit", "Practitioner/cm-ito"), to("deny", "Practitioner/cm-ito")],
    ),
    "that permits and denies all": lambda who, _: consent(who, "medical", "team", exceptions=[{"type": "deny"}]),
    "that permits somebody who is not known": lambda who, _: consent(
        who, "medical", "team", root="deny", exceptions=[to("permit", "Practitioner/nobody")]
    ),
    "that permits a profession that there is not": lambda who, _: consent(
        who, "medical", "team", root="deny", exceptions=[for_profession("friend")]
    ),
    "with a rule that changes its meaning": lambda who, _: consent(
        who, "medical", "team", modifierExtension=[{"url": "http://x.test/not", "valueBoolean": True}]
    ),
}  # fmt: skip


def without(body: Body, name: str) -> Body:
    return {key: value for key, value in body.items() if key != name}


def within(who: str, period: Body) -> Body:
    return consent(who, "medical", "team", provision={"type": "permit", "period": period})


def coded(system: str, code: str) -> Body:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def for_profession(code: str) -> Body:
    role = {"coding": [{"system": PROFESSION, "code": code}]}
    return {"type": "permit", "actor": [{"role": role, "reference": {"display": code}}]}


@pytest.mark.promise("a-forged-consent-opens-nothing")
@pytest.mark.parametrize("name", UNHEARD)
def test_a_consent_that_is_not_the_residents_own_word_of_now_opens_nothing(
    city: City, person: str, other: str, secret: Body, name: str
) -> None:
    """Even when the municipality itself writes it; what is good FHIR is kept, and is no rule."""
    written = city.post("city-registry", "/fhir/Consent", UNHEARD[name](person, other))
    assert written.status_code in (201, 422), written.text
    assert seen(city, "cm-ito", secret) == NOTHING
    city.clock.move(seconds=1)
    own_word = consent(person, "medical", "team", when=city.clock.now)
    if written.status_code == 201 and written.json()["patient"] == own_word["patient"]:
        id_ = written.json()["id"]
        assert city.put("city-registry", f"/fhir/Consent/{id_}", {**own_word, "id": id_}).status_code == 200
    else:
        city.created("city-registry", own_word)
    assert seen(city, "cm-ito", secret) == DOORS


@pytest.mark.promise("deny-wins")
@pytest.mark.parametrize("root", ["permit", "deny"])
def test_of_two_exceptions_that_match_the_one_that_denies_counts(
    city: City, person: str, secret: Body, root: str
) -> None:
    category = {"class": [{"system": INFORMATION_CATEGORY, "code": "prescription"}]}
    both = [to("permit", "Practitioner/cm-ito", **category), {"type": "deny", **category}]
    for exceptions in (both, both[::-1]):
        city.clock.move(seconds=1)
        city.consent(person, root=root, exceptions=exceptions)
        assert seen(city, "cm-ito", secret) == NOTHING
    city.clock.move(seconds=1)
    city.consent(person, root=root, exceptions=both[:1])
    assert seen(city, "cm-ito", secret) == DOORS


# -- T-063: a consent from before


@pytest.mark.promise("who-was-faster-is-not-overwritten")
def test_a_consent_from_before_the_revocation_is_not_put_back(city: City, person: str, secret: Body) -> None:
    agreed = city.consent(person)
    here, old = f"/fhir/Consent/{agreed['id']}", {"if_match": f'W/"{agreed["meta"]["versionId"]}"'}
    city.clock.move(seconds=1)
    over = {**agreed, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", here, over, **old).status_code == 200
    headers = city.headers("city-registry", content_type="application/json-patch+json", **old)
    back = b'[{"op":"replace","path":"/status","value":"active"}]'
    again = entry(agreed, "PUT", f"Consent/{agreed['id']}", ifMatch=old["if_match"])
    late = [
        city.put("city-registry", here, agreed, **old),
        city.client.patch(here, content=back, headers=headers),
        city.post("city-registry", "/fhir", transaction(again)),
    ]
    assert [one.status_code for one in late] == [412, 412, 412]
    assert seen(city, "cm-ito", secret) == NOTHING
