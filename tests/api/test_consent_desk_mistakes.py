"""What a clerk at the consent desk does by mistake: Back after saving, a consent that begins later, a rule in vain."""

import pytest

from tests.api.consent_desk import (
    PAPER,
    desk_of,
    drafted,
    ended,
    hidden,
    hidden_link,
    registered,
    saved,
    send,
)
from tests.api.pages_city import Browser, words
from tests.hub_in_test import Body, City, note

pytestmark = pytest.mark.one_hub
ALREADY = "この入力は、さきに登録されています。あとから送られた内容は、登録していません。"
BEGINS = "この同意は、2027年1月1日に始まります。それまで、"


@pytest.fixture
def desk(city: City, person: str) -> Browser:
    """After ``person``, with whom the clock is put right."""
    return desk_of(city)


def consents(city: City, person: str) -> list[Body]:
    found = city.get("city-registry", f"/fhir/Consent?patient={person}").json()
    return [one["resource"] for one in found.get("entry", [])]


def test_what_is_changed_after_back_is_not_taken_for_registered(city: City, desk: Browser, person: str) -> None:
    review = drafted(desk, person)
    draft = review.rpartition("/")[2]
    saved(desk, review)
    already = f"/consents/{person}?done=already"
    for action in ("check", "add", "records-1"):
        changed = {**PAPER, "root": "deny", "draft": draft, "action": action}
        location = send(desk, f"/consents/{person}/new", changed).headers["location"]
        assert desk.get(location).headers["location"] == already, action
    assert desk.get(f"/consents/{person}/new?draft={draft}").headers["location"] == already
    assert ALREADY in words(desk.page(already))
    (consent,) = consents(city, person)
    assert consent["provision"]["type"] == "permit"


def test_a_revocation_after_back_is_told_to_have_been_done(city: City, desk: Browser, person: str) -> None:
    registered(desk, person)
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    review = ended(desk, person, consent)
    saved(desk, review)
    draft = review.rpartition("/")[2]
    response = desk.get(f"/consents/{person}/revoke/{consent}?draft={draft}")
    assert response.headers["location"] == f"/consents/{person}?done=already"


def test_a_consent_that_begins_later_is_said_to_close_the_space_until_then(
    city: City, desk: Browser, person: str
) -> None:
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    city.created("hosp-ehr", note(person))
    registered(desk, person, {**PAPER, "signed": "2026-11-20"})
    assert BEGINS not in words(desk.page(drafted(desk, person)))
    later = words(desk.page(drafted(desk, person, {**PAPER, "since": "2027-01-01"})))
    assert f"{BEGINS}医療側の場と介護側の場では、ほかの機関が出した情報は共有されません" in later
    assert "試験居宅介護支援事業所" in later.partition("見られなくなる")[2], "as the list below says"
    in_vain = words(desk.page(drafted(desk, person, {**PAPER, "signed": "2026-11-01", "since": "2027-01-01"})))
    assert BEGINS not in in_vain, "it would not speak for any space"


def test_a_label_is_not_opened_to_nobody(city: City, desk: Browser, person: str) -> None:
    fields = {**PAPER, "x1-type": "permit", "x1-label-PSY": "1"}
    review = send(desk, f"/consents/{person}/new", fields).headers["location"]
    html = desk.page(desk.get(review).headers["location"])
    assert "印のついた情報を「見せる」ときは、だれに見せるかを選んでください。" in words(html)
    assert 'id="x1-who" name="x1-who" aria-invalid="true"' in html
    draft = hidden(html, "draft")
    right = {**fields, "x1-who": "profession/nurse", "draft": draft}
    assert saved(desk, send(desk, f"/consents/{person}/new", right, None).headers["location"]).status_code == 303
    denied = {**PAPER, "x1-type": "deny", "x1-label-PSY": "1"}
    assert "/drafts/" in send(desk, f"/consents/{person}/new", denied).headers["location"]


def test_a_consent_that_was_replaced_and_then_revoked_is_called_a_consent(
    city: City, desk: Browser, person: str
) -> None:
    registered(desk, person, {**PAPER, "signed": "2026-11-19"})
    registered(desk, person, {**PAPER, "medical": "", "root": "deny", "signed": "2026-11-20"})
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    saved(desk, ended(desk, person, consent, signed="2026-11-21"))
    assert "介護側の場 ： 2026年11月20日の同意に置き換わりました 。" in words(desk.page(f"/consents/{person}"))
