"""The consent desk outside the municipality names only those proxies whom its people may see (CONSENT.md §3.5, §5)."""

import re

import pytest

from profiles.canonical import INFORMATION_CATEGORY, PROXY_LEGAL_BASIS
from tests.api.consent_desk import CONSENT_DESK, PAPER, PDF, base_of, drafted, hidden, known, saved, send
from tests.api.pages_city import PHYSICIAN, Browser, browser_of, words
from tests.hub_in_test import Body, City

pytestmark = pytest.mark.promise("hidden-answers-as-never-existed")
NAME, BASIS = "秘蔵 和子", "成年後見人"
RECIPIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
HIDE: Body = {
    "type": "deny",
    "actor": [{"role": {"coding": [RECIPIENT]}, "reference": {"reference": "Organization/hosp"}}],
    "class": [{"system": INFORMATION_CATEGORY, "code": "emergency-contact"}],
}


@pytest.fixture
def person(city: City) -> str:
    """Looked after by the hospital, which has a record of them."""
    person = city.resident()
    city.team(person, "Organization/hosp")
    known(city, person)
    return person


@pytest.fixture
def doctor(city: City) -> Browser:
    return browser_of(city, PHYSICIAN)


def proxy(city: City, person: str) -> str:
    """The resident's guardian, whom the municipality recorded; gives the reference."""
    guardian: Body = {
        "resourceType": "RelatedPerson",
        "extension": [{"url": PROXY_LEGAL_BASIS, "valueString": BASIS}],
        "active": True,
        "patient": {"reference": f"Patient/{person}"},
        "relationship": [{"text": "長女"}],
        "name": [{"text": NAME}],
    }
    return f"RelatedPerson/{city.created('city-registry', guardian)['id']}"


def agree(city: City, person: str, *, hide: bool) -> None:
    city.consent(person, exceptions=[HIDE] if hide else [])
    city.clock.move(seconds=5)


def shown_again(browser: Browser, path: str, fields: dict[str, str]) -> str:
    """The form after it was sent, without what no two drafts share."""
    answer = send(browser, path, fields, ("a.pdf", PDF))
    assert answer.status_code == 303, answer.text
    location = browser.get(answer.headers["location"]).headers["location"]
    html = browser.page(location)
    return html.replace(hidden(html, "draft"), "?").replace(fields["signer"], "?")


@pytest.mark.parametrize("agreed", [True, False], ids=["hidden by the resident", "no consent"])
def test_a_proxy_who_is_hidden_changes_no_form(city: City, person: str, doctor: Browser, agreed: bool) -> None:
    known(city, person)
    if agreed:
        agree(city, person, hide=True)
    here = f"/consents/{person}/new"
    without = doctor.page(here)
    nobody = shown_again(doctor, here, {**PAPER, "signer": "RelatedPerson/nobody"})
    guardian = proxy(city, person)
    assert city.get("dr-sato", f"/fhir/{guardian}").status_code == 404
    assert doctor.page(here) == without
    assert shown_again(doctor, here, {**PAPER, "signer": guardian}) == nobody
    assert "署名したのがどなたかを選んでください。" in words(nobody)


def test_a_proxy_who_is_seen_is_offered_and_named(city: City, person: str, doctor: Browser) -> None:
    agree(city, person, hide=False)
    guardian = proxy(city, person)
    assert city.get("dr-sato", f"/fhir/{guardian}").status_code == 200
    assert NAME in words(doctor.page(f"/consents/{person}/new"))
    assert saved(doctor, drafted(doctor, person, {**PAPER, "signer": guardian})).status_code == 303
    assert f"署名：{NAME}（長女、{BASIS}）" in words(doctor.page(f"/consents/{person}"))


def test_who_signed_and_was_hidden_since_is_named_no_more(city: City, person: str, doctor: Browser) -> None:
    agree(city, person, hide=False)
    guardian = proxy(city, person)
    review = drafted(doctor, person, {**PAPER, "signer": guardian})
    saved(doctor, review)
    consent = taken(doctor, person)
    city.clock.move(minutes=1)
    agree(city, person, hide=True)
    assert city.get("dr-sato", f"/fhir/{guardian}").status_code == 404
    for path in ("", "/new", "/copy", f"/revoke/{consent}", f"/new?from={consent}"):
        page = doctor.get(f"/consents/{person}{path}").text
        assert not re.search(f"{NAME}|{BASIS}|長女", page), path
    assert "署名：代理の方" in words(doctor.page(f"/consents/{person}"))
    ended = shown_again(
        doctor, f"/consents/{person}/revoke/{consent}", {**revocation(doctor, person), "signer": guardian}
    )
    assert "取り消しを申し出たのがどなたかを選んでください。" in words(ended)
    desk = browser_of(city, CONSENT_DESK)
    assert NAME in words(desk.page(f"/consents/{person}/new")), "the municipality recorded the proxy"


def taken(browser: Browser, person: str) -> str:
    """The id of the consent that was taken here."""
    found = re.search(f'/consents/{person}/revoke/([^"]+)"', browser.page(f"/consents/{person}"))
    assert found
    return found[1]


def revocation(browser: Browser, person: str) -> dict[str, str]:
    return {"signed": "2026-11-22", "why": "ご本人の希望", "action": "check", "base": base_of(browser, person)}
