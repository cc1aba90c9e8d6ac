"""Who writes a resident's rules (CONSENT.md §3.2, §3.5): on what paper, and that no refusal is written away."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from profiles.canonical import INFORMATION_CATEGORY
from tests.api.looking import prescription
from tests.hub_in_test import (
    CONSENT_URL,
    FORM_URL,
    NOON,
    Body,
    City,
    consent,
    entry,
    form,
    on_paper,
    patient,
    provenance_of,
    transaction,
)

pytestmark = pytest.mark.promise("a-forged-consent-opens-nothing")
CLINIC: Body = {"organization": [{"reference": "Organization/clinic"}]}
PATCH = {"content_type": "application/json-patch+json"}


@pytest.fixture
def person(city: City) -> str:
    """A resident who refuses; the hospital and a care manager's office look after them."""
    resident = city.resident()
    city.team(resident, "Organization/hosp", "Organization/kyotaku")
    city.consent(resident, root="deny")
    city.clock.move(seconds=5)
    return resident


@pytest.fixture
def secret(city: City, person: str) -> str:
    """The path of what the hospital published of them."""
    return f"/fhir/MedicationRequest/{city.created('hosp-ehr', prescription(person, 'ヒミツマル錠'))['id']}"


def look(city: City, secret: str, who: str = "care-plan-app") -> int:
    city.clock.move(seconds=5)
    return city.get(who, secret).status_code


def reason(city: City, refused: httpx2.Response) -> str:
    assert refused.status_code == 403, refused.text
    return str(city.log(outcome="8")[0]["reason"])


# -- a relation that is confirmed


def test_whoever_registered_a_first_contact_that_nobody_confirmed_writes_no_consent(
    city: City, person: str, secret: str
) -> None:
    assert city.post("clinic-emr", "/fhir/Patient", patient()).json()["id"] == person
    opens = consent(person, "medical", "team", when=city.clock.now, **CLINIC)
    assert city.post("clinic-emr", "/fhir/Consent", opens).status_code == 403
    refused = city.post("clinic-emr", "/fhir", on_paper(opens))
    assert reason(city, refused) == "not-related"
    assert "Ask the municipality" in refused.text
    assert look(city, secret) == 404
    city.team(person, "Organization/clinic")
    city.taken("clinic-emr", {**opens, "dateTime": city.clock.now.isoformat()})
    assert look(city, secret) == 200, "taken by whoever looks after them, on paper, a later word replaces an earlier"


def test_a_consent_of_somebody_whom_the_same_push_registers_waits_for_the_relation(city: City) -> None:
    uuid = "urn:uuid:00000000-0000-4000-8000-00000000000c"
    opens = {**consent("x", "medical", **CLINIC), "patient": {"reference": uuid}, "performer": [{"reference": uuid}]}
    parts = on_paper(opens)["entry"]
    parts[0]["resource"]["subject"] = {"reference": uuid}
    refused = city.post("clinic-emr", "/fhir", transaction(entry(patient(), full_url=uuid), *parts))
    assert reason(city, refused) == "not-related"


def test_an_organisation_that_looks_after_them_no_longer_writes_no_consent(
    city: City, person: str, secret: str
) -> None:
    city.team(person, "Organization/clinic", period={"end": "2026-11-21"})
    opens = consent(person, "medical", "team", when=city.clock.now, **CLINIC)
    assert reason(city, city.post("clinic-emr", "/fhir", on_paper(opens))) == "not-related"
    assert look(city, secret) == 404


# -- the signed form


def pushed(document: Body | None, written: Body, *notes: Body) -> Body:
    papers = [entry(document, full_url=FORM_URL)] if document else []
    return transaction(*papers, entry(written, full_url=CONSENT_URL), *map(entry, notes))


def named(person: str, form: str = FORM_URL, **more: Any) -> Body:
    source: Body = {"sourceReference": {"reference": form}} if form else {}
    return consent(person, "medical", "team", when=NOON, **CLINIC, **source, **more)


WITHOUT: dict[str, Callable[[str, str], Body]] = {
    "neither": lambda who, _: transaction(entry(named(who, ""))),
    "a paper that the consent does not name": lambda who, _: pushed(
        form(who), named(who, ""), provenance_of(CONSENT_URL, FORM_URL)
    ),
    "a provenance": lambda who, _: pushed(form(who), named(who)),
    "a provenance of the consent": lambda who, _: pushed(
        form(who), named(who), provenance_of(FORM_URL, FORM_URL)
    ),
    "a provenance made from the form": lambda who, _: pushed(form(who), named(who), provenance_of(CONSENT_URL)),
    "a paper that there is": lambda who, _: pushed(
        None, named(who, "DocumentReference/none"), provenance_of(CONSENT_URL, "DocumentReference/none")
    ),
    "a paper that is its own": lambda who, theirs: pushed(
        None, named(who, theirs), provenance_of(CONSENT_URL, theirs)
    ),
    "a paper that is one": lambda who, _: pushed(
        None, named(who, "QuestionnaireResponse/none"), provenance_of(CONSENT_URL, "QuestionnaireResponse/none")
    ),
    "a paper of this resident": lambda who, _: pushed(
        form("{other}"), named(who), provenance_of(CONSENT_URL, FORM_URL)
    ),
    "a paper with anything on it": lambda who, _: pushed(
        form(who, content=[{"attachment": {"title": "同意書", "url": "https://x.test/paper.pdf"}}]),
        named(who),
        provenance_of(CONSENT_URL, FORM_URL),
    ),
    "a paper that counts": lambda who, _: pushed(
        form(who, status="entered-in-error"), named(who), provenance_of(CONSENT_URL, FORM_URL)
    ),
    "a paper that is shared with nobody": lambda who, _: pushed(
        form(who, category=[{"text": "診療情報提供書"}]), named(who), provenance_of(CONSENT_URL, FORM_URL)
    ),
    "more than a title": lambda who, _: pushed(
        None, named(who, "", sourceAttachment={"title": "同意書"}), provenance_of(CONSENT_URL)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT)
def test_an_organisation_writes_no_consent_without_its_signed_form(
    city: City, person: str, secret: str, name: str
) -> None:
    city.team(person, "Organization/clinic")
    other = city.resident("0000000002", name="川上 次郎")
    city.team(other, "Organization/clinic")
    theirs = f"DocumentReference/{city.created('city-registry', form(person))['id']}"
    push = WITHOUT[name](person, theirs)
    for one in push["entry"]:
        if one["resource"].get("subject", {}).get("reference") == "Patient/{other}":
            one["resource"]["subject"]["reference"] = f"Patient/{other}"
    assert reason(city, city.post("clinic-emr", "/fhir", push)) == "no-signed-form"
    assert look(city, secret) == 404


def test_a_note_that_is_taken_away_or_was_there_before_is_none_of_this_push(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    note = city.created("clinic-emr", provenance_of(f"Patient/{person}"))
    papers = pushed(form(person), named(person))["entry"]
    gone: Body = {"request": {"method": "DELETE", "url": f"Provenance/{note['id']}"}}
    there = entry(provenance_of(CONSENT_URL, FORM_URL), ifNoneExist=f"_id={note['id']}")
    for one in (gone, there):
        refused = city.post("clinic-emr", "/fhir", transaction(*papers, one))
        assert reason(city, refused) == "no-signed-form"


def test_a_paper_that_was_deleted_shows_nothing(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    letter = city.created("clinic-emr", form(person, category=[{"text": "診療情報提供書"}]))
    kept = f"DocumentReference/{letter['id']}"
    assert city.client.delete(f"/fhir/{kept}", headers=city.headers("clinic-emr")).status_code < 300
    push = pushed(None, named(person, kept), provenance_of(CONSENT_URL, kept))
    assert reason(city, city.post("clinic-emr", "/fhir", push)) == "no-signed-form"


def test_the_paper_may_have_been_sent_before_or_be_in_the_consent_or_be_a_binary(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    kept = f"DocumentReference/{city.created('clinic-emr', form(person))['id']}"
    tag = {"tag": [{"system": INFORMATION_CATEGORY, "code": "consent"}]}
    scan: Body = {
        "resourceType": "Binary",
        "meta": tag,
        "contentType": "application/pdf",
        "securityContext": {"reference": f"Patient/{person}"},
        "data": "JVBERi0xLjcK",
    }
    uuid = "urn:uuid:00000000-0000-4000-8000-00000000000c"
    document = form(person, content=[{"attachment": {"contentType": "application/pdf", "url": uuid}}])
    inside = named(person, "", sourceAttachment={"contentType": "application/pdf", "data": "JVBERi0xLjcK"})
    for push in (
        pushed(None, named(person, kept), provenance_of(CONSENT_URL, kept)),
        pushed(None, inside, provenance_of(CONSENT_URL)),
        transaction(
            entry(scan, full_url=uuid), *pushed(document, named(person), provenance_of(CONSENT_URL, FORM_URL))["entry"]
        ),
    ):
        assert city.post("clinic-emr", "/fhir", push).status_code == 200
    wrong = form(person, id=kept.removeprefix("DocumentReference/"), status="entered-in-error")
    assert city.put("clinic-emr", f"/fhir/{kept}", wrong).status_code == 200
    again = pushed(None, named(person, kept), provenance_of(CONSENT_URL, kept))
    assert reason(city, city.post("clinic-emr", "/fhir", again)) == "no-signed-form"


# -- revoking is easy, a new word is not


def test_the_taker_revokes_without_a_new_form_and_sends_the_same_again(city: City, person: str, secret: str) -> None:
    opens = consent(person, "medical", "team", when=city.clock.now, organization=[{"reference": "Organization/hosp"}])
    stored = city.taken("hosp-ehr", opens)
    assert look(city, secret) == 200
    here = f"/fhir/Consent/{stored['id']}"
    assert city.put("hosp-ehr", here, stored).status_code == 200
    headers = city.headers("hosp-ehr", **PATCH)
    ended = b'[{"op":"replace","path":"/status","value":"inactive"}]'
    assert city.client.patch(here, content=ended, headers=headers).status_code == 200
    assert look(city, secret) == 404
    assert reason(city, city.put("hosp-ehr", here, stored)) == "no-signed-form"
    city.taken("hosp-ehr", stored, id_=stored["id"])
    assert look(city, secret) == 200


def test_a_refusal_is_not_written_over_by_its_taker_without_a_new_form(city: City, person: str, secret: str) -> None:
    mine: Body = {"organization": [{"reference": "Organization/hosp"}]}
    refusal = city.taken("hosp-ehr", consent(person, "medical", "team", when=city.clock.now, root="deny", **mine))
    here = f"/fhir/Consent/{refusal['id']}"
    opens = {**consent(person, "medical", "team", when=city.clock.now, **mine), "id": refusal["id"]}
    opens["sourceReference"] = refusal["sourceReference"]
    assert reason(city, city.put("hosp-ehr", here, opens)) == "no-signed-form"
    city.clock.move(seconds=5)
    wider = {**refusal, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert reason(city, city.put("hosp-ehr", here, wider)) == "no-signed-form"
    assert look(city, secret) == 404
    city.taken("hosp-ehr", opens, id_=refusal["id"])
    assert look(city, secret) == 200


def test_a_wish_for_care_becomes_a_consent_with_its_form_only(city: City, person: str, secret: str) -> None:
    """It closed no space before, so that it may be a consent for one space only."""
    city.team(person, "Organization/hosp")
    mine: Body = {"organization": [{"reference": "Organization/hosp"}]}
    wish = city.created("hosp-ehr", {**consent(person, "medical", when=NOON, **mine), **WISH})
    opens = {**consent(person, "medical", when=city.clock.now, **mine), "id": wish["id"]}
    assert reason(city, city.put("hosp-ehr", f"/fhir/Consent/{wish['id']}", opens)) == "no-signed-form"
    assert look(city, secret) == 404
    city.taken("hosp-ehr", opens, id_=wish["id"])


# -- a refusal is not written away


WISH: Body = {
    "scope": {"text": "人生の最終段階の希望"},
    "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentcategorycodes", "code": "acd"}]}],
}


def scoped(code: str) -> Body:
    return {"scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": code}]}}


AWAY: dict[str, tuple[str, Callable[[str], Body]]] = {
    "to another resident": (
        "another-resident",
        lambda other: {"patient": {"reference": f"Patient/{other}"}, "performer": [{"reference": f"Patient/{other}"}]},
    ),
    "as entered in error": ("no-rule-any-more", lambda _: {"status": "entered-in-error"}),
    "as a draft": ("no-rule-any-more", lambda _: {"status": "draft"}),
    "as a proposal": ("no-rule-any-more", lambda _: {"status": "proposed"}),
    "as one to research": ("no-rule-any-more", lambda _: scoped("research")),
    "as a wish for care that names no scope": ("no-rule-any-more", lambda _: WISH),
    "as a wish for care": ("no-rule-any-more", lambda _: scoped("adr")),
    "out of a space": ("fewer-spaces", lambda other: {"category": consent(other, "team")["category"]}),
    "out of a space, revoked": (
        "fewer-spaces",
        lambda other: {"category": consent(other, "team")["category"], "status": "inactive"},
    ),
    "to an earlier day": ("earlier-date", lambda _: {"dateTime": "2026-11-20"}),
    "to an earlier moment of the day": ("earlier-date", lambda _: {"dateTime": "2026-11-22T11:59:00+09:00"}),
}


@pytest.mark.parametrize("name", AWAY)
@pytest.mark.parametrize("who", ["city-registry", "hosp-ehr"])
def test_a_recorded_refusal_is_not_written_away(city: City, who: str, name: str) -> None:
    person, other = city.resident(), city.resident("0000000002", name="川上 次郎")
    for one in (person, other):
        city.team(one, "Organization/hosp", "Organization/kyotaku")
    secret = f"/fhir/MedicationRequest/{city.created('hosp-ehr', prescription(person, 'ヒミツマル錠'))['id']}"
    city.consent(person)
    assert look(city, secret) == 200
    taker: Body = {"organization": [{"reference": f"Organization/{'hosp' if who == 'hosp-ehr' else 'city'}"}]}
    refusal = city.taken(who, consent(person, "medical", "team", when=city.clock.now, root="deny", **taker))
    assert look(city, secret) == 404
    why, change = AWAY[name]
    changed, here = {**refusal, **change(other)}, f"/fhir/Consent/{refusal['id']}"
    plain = city.put(who, here, changed)
    assert reason(city, plain) == why
    assert "evoke" in plain.text
    assert reason(city, city.post(who, "/fhir", on_paper(changed, id_=refusal["id"]))) == why
    assert look(city, secret) == 404
    assert city.put(who, here, {**refusal, "status": "inactive"}).status_code == 200
    assert look(city, secret) == 404, "revoked, it does not let the earlier one come back"


def test_a_refusal_is_not_patched_away(city: City, person: str, secret: str) -> None:
    """The patch finds the version of the moment; a consent of another kind than sharing is left alone."""
    refusal = city.get("city-registry", f"/fhir/Consent?patient={person}").json()["entry"][0]["resource"]
    away = b'[{"op":"replace","path":"/status","value":"entered-in-error"}]'
    headers = city.headers("city-registry", **PATCH)
    here = f"/fhir/Consent/{refusal['id']}"
    assert reason(city, city.client.patch(here, content=away, headers=headers)) == "no-rule-any-more"
    draft = city.consent(person, status="draft")
    assert city.put("city-registry", f"/fhir/Consent/{draft['id']}", {**draft, **scoped("adr")}).status_code == 200


def test_a_date_that_is_still_to_come_may_be_put_right(city: City, person: str, secret: str) -> None:
    """A slip of the pen would close the resident's space until then."""
    slip = city.consent(person, dateTime="2062-11-22")
    assert look(city, secret) == 404
    right = {**slip, "dateTime": "2026-11-22"}
    here = f"/fhir/Consent/{slip['id']}"
    assert reason(city, city.put("city-registry", here, {**slip, "dateTime": "2026-11-21"})) == "earlier-date"
    assert city.put("city-registry", here, right).status_code == 200
