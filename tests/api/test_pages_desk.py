"""The secretariat's desk: what waits there, what a decision changes at once, and how it is undone."""

import json

import pytest

from tests.api.disasters import OFFICER
from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    PHYSICIAN,
    SECRETARIAT,
    Browser,
    browser_of,
    change,
    looked_after,
    rows,
    words,
)
from tests.hub_in_test import City, note, patient

CONTACTS, CANDIDATES = "/desk/contacts", "/desk/candidates"


@pytest.fixture
def desk(city: City) -> Browser:
    return browser_of(city, SECRETARIAT)


@pytest.fixture
def stranger(city: City) -> str:
    """A resident whom the hospital, which nobody put into the care team, has registered as well."""
    person = looked_after(city, "Organization/kyotaku")
    city.created("hosp-ehr", patient("0000000001"))
    return person


@pytest.fixture
def twins(city: City) -> tuple[str, str]:
    """Two residents of one name, birth date and sex."""
    low, high = sorted((city.resident("0000000001"), city.resident("0000000002")))
    return low, high


def test_a_first_contact_waits_and_once_confirmed_the_organisation_reads(
    city: City, desk: Browser, stranger: str
) -> None:
    told = city.created("care-plan-app", note(stranger, "退院後の相談です。"))
    path = f"/fhir/Communication/{told['id']}"
    assert "試験市立病院 病院 山田 花子 86歳 女性" in words(desk.page("/desk"))
    assert city.get("dr-sato", path).status_code == 404

    fields = {"patient": stranger, "organisation": "hosp", "decision": "confirm"}
    assert desk.post(CONTACTS, fields).headers["location"] == "/desk?done=confirm"
    text = words(desk.page("/desk?done=confirm"))
    assert "はじめての連絡 0件" in text
    assert "支援チームへの参加を確かめました" in text
    assert "2026年11月22日に 野田 恵子 が確かめました" in text
    assert city.get("dr-sato", path).status_code == 200
    assert "山田 花子" in browser_of(city, PHYSICIAN).page("/people")

    assert desk.post(CONTACTS, fields).status_code == 409
    assert desk.post(CONTACTS, {**fields, "decision": "undo"}).status_code == 303
    assert city.get("dr-sato", path).status_code == 404
    assert "はじめての連絡 1件" in words(desk.page("/desk"))
    assert desk.post(CONTACTS, {**fields, "decision": "undo"}).status_code == 409
    kept = [(row["interaction"], row["patient"], row["person"]) for row in city.log(reason="desk")]
    assert kept == [
        ("operation:desk-contact-undo", stranger, "sec-noda"),
        ("operation:desk-contact-confirm", stranger, "sec-noda"),
    ]


def test_the_municipality_waits_for_nobody(city: City, desk: Browser) -> None:
    city.resident()
    assert "はじめての連絡 0件" in words(desk.page("/desk"))


def test_a_contact_that_there_is_not_is_not_confirmed(city: City, desk: Browser, stranger: str) -> None:
    unknown = {"patient": "nobody", "organisation": "hosp", "decision": "confirm"}
    assert desk.post(CONTACTS, unknown).status_code == 404
    assert desk.post(CONTACTS, {**unknown, "patient": stranger, "decision": "no"}).status_code == 400
    assert [row["outcome"] for row in city.log(interaction="operation:desk-contact-confirm")] == ["8"]


def test_two_who_may_be_one_stand_side_by_side(city: City, desk: Browser, twins: tuple[str, str]) -> None:
    text = words(desk.page("/desk"))
    assert "同じ方かもしれない記録 1組" in text
    assert "氏名・生年月日・性別が同じです" in text
    assert text.count("氏名 山田 花子 よみ — 生年月日 1940年5月1日（86歳） 性別 女性") == 2


def test_only_the_municipalitys_own_record_is_shown(city: City, desk: Browser) -> None:
    _secretariat_reads_everything(city)
    known = city.resident("0000000001")
    other = str(city.created("hosp-ehr", patient("0000000002"))["id"])
    related = "INSERT INTO relation (patient, origin, organisation, person, role, starts, ends, pending)"
    change(city, f"{related} VALUES (:patient, 'test', 'city', '', '', '', '', 0)", patient=other)
    city.consent(other)
    assert known != other
    html = desk.page("/desk")
    assert "市の記録にはありません" in html
    assert html.count("<strong>山田 花子</strong>") == 1


def test_a_decision_on_a_pair_is_kept_and_undone(city: City, desk: Browser, twins: tuple[str, str]) -> None:
    low, high = twins
    fields = {"patient": high, "other": low, "decision": "different"}
    assert desk.post(CANDIDATES, fields).headers["location"] == "/desk?done=different"
    text = words(desk.page("/desk"))
    assert "同じ方かもしれない記録 0組" in text
    assert "別の人 野田 恵子、2026年11月22日 12:00" in text

    assert desk.post(CANDIDATES, {**fields, "decision": "undo"}).status_code == 303
    text = words(desk.page("/desk"))
    assert "同じ方かもしれない記録 1組" in text
    assert "保留" not in text.partition("読めない同意")[0].replace("同じ人かもしれない（保留）", "")

    assert desk.post(CANDIDATES, {**fields, "decision": "hold"}).status_code == 303
    text = words(desk.page("/desk"))
    assert "同じ方かもしれない記録 1組" in text
    assert "保留：野田 恵子、2026年11月22日 12:00" in text
    assert {(row["interaction"], row["patient"]) for row in city.log(reason="desk")} == {
        (f"operation:desk-pair-{decision}", one) for decision in ("different", "undo", "hold") for one in twins
    }


def test_a_pair_that_nobody_queued_is_not_decided(desk: Browser, city: City) -> None:
    one, other = city.resident("0000000001"), city.resident("0000000002", name="川上 一郎")
    assert desk.post(CANDIDATES, {"patient": one, "other": other, "decision": "different"}).status_code == 404
    assert desk.post(CANDIDATES, {"patient": one, "other": other, "decision": "merge"}).status_code == 400


def test_a_consent_that_cannot_be_read_is_told_with_its_reason(city: City, desk: Browser) -> None:
    person = city.resident()
    assert "読めない同意 0件" in words(desk.page("/desk"))
    city.consent(
        person, "team", exceptions=[{"type": "deny", "class": [{"system": "http://x.test", "code": "genome"}]}]
    )
    text = words(desk.page("/desk"))
    assert "読めない同意 1件" in text
    assert "読めなかったところ： 例外1：「情報の種類」が読みとれません。" in text
    assert "genome" in text
    waits = words(browser_of(city, OFFICER).page("/reviews"))
    assert "例外1：「情報の種類」が読みとれません。" in waits


@pytest.mark.parametrize("role", [CARE_MANAGER, PHYSICIAN, AUDITOR])
def test_the_desk_is_the_secretariats(city: City, twins: tuple[str, str], stranger: str, role: str) -> None:
    browser = browser_of(city, role)
    assert browser.get("/desk").status_code == 403
    pair = {"patient": twins[0], "other": twins[1], "decision": "different"}
    assert browser.post(CANDIDATES, pair).status_code == 403
    contact = {"patient": stranger, "organisation": "hosp", "decision": "confirm"}
    assert browser.post(CONTACTS, contact).status_code == 403
    assert city.log(reason="desk") == []
    assert {row["reason"] for row in city.log(outcome="8")} == {"not-for-role"}


def test_another_site_decides_nothing(city: City, desk: Browser, twins: tuple[str, str]) -> None:
    pair = {"patient": twins[0], "other": twins[1], "decision": "different"}
    assert desk.post(CANDIDATES, pair, origin="https://evil.example").status_code == 403
    assert "同じ方かもしれない記録 1組" in words(desk.page("/desk"))


def test_the_desks_decisions_read_well_in_the_log(city: City, desk: Browser, twins: tuple[str, str]) -> None:
    desk.post(CANDIDATES, {"patient": twins[0], "other": twins[1], "decision": "different"})
    text = words(browser_of(city, AUDITOR).page("/audit?kind=desk"))
    assert f"野田 恵子 が 住民 {twins[0][:8]}…さんと、同じ方かもしれない記録を「別の人」と判断しました。" in text


def _secretariat_reads_everything(city: City) -> None:
    """A share policy that would show the secretariat other organisations' records as well."""
    (row,) = rows(city, "SELECT document FROM city")
    document = json.loads(row["document"])
    space = {"spaces": ["medical"], "exclude": [], "labels": []}
    document["policy"]["publish"].append({"publisher": "*", "category": "demographics", "space": "medical"})
    document["policy"]["read"].append({"profession": "secretariat", "organisation-kind": "municipality", **space})
    change(city, "UPDATE city SET document = :document", document=json.dumps(document))
