"""``/emergency``: declare, the sheet at once with its end, and what is said afterwards (CONSENT.md §6)."""

import re
from urllib.parse import urlencode

import pytest

from tests.api.emergencies import PLACE, REASON, allergy, cases, relative, somebody
from tests.api.pages_city import AUDITOR, CARE_MANAGER, PHYSICIAN, SECRETARIAT, Browser, browser_of, change, words
from tests.hub_in_test import NOON, City

pytestmark = pytest.mark.one_hub
PARAMEDIC = "pm-hori/fire/paramedic"


@pytest.fixture(autouse=True)
def noon(city: City) -> None:
    city.clock.now = NOON
    change(city, "DELETE FROM emergency")


@pytest.fixture
def paramedic(city: City) -> Browser:
    return browser_of(city, PARAMEDIC)


def sheet_of(browser: Browser, **fields: str) -> str:
    """The address of the sheet that a declaration opens."""
    response = browser.post("/emergency", {"reason": REASON, "place": PLACE, **fields})
    assert response.status_code == 303, words(response.text)
    return response.headers["location"]


def test_a_paramedics_work_begins_here(city: City) -> None:
    browser = Browser(city)
    response = browser.post("/sign-in", {"role": PARAMEDIC})
    assert response.headers["location"] == "/emergency"
    html = browser.page("/emergency")
    assert "緊急アクセスを宣言して開く" in html
    assert "<script" not in html
    assert 'aria-current="page">緊急アクセス' in html
    assert 'href="/emergency"' in browser_of(city, PHYSICIAN).page("/people")


def test_the_sheet_comes_at_once_with_its_end(city: City, paramedic: Browser) -> None:
    person, name = somebody(city)
    city.created("hosp-ehr", allergy(person))
    city.created("city-registry", relative(person))
    response = paramedic.get(sheet_of(paramedic, name=name, place="栄町４丁目"))
    text = words(response.text)
    assert f"{name} 86歳 女性" in text
    assert "あと 60分 （ 13:00 まで）" in text
    for expected in (
        "アレルギー ペニシリン",
        "試験市立病院",
        "山田 和子（長女） 電話 0165-00-0001",
        f"理由：{REASON}（栄町４丁目）",
    ):
        assert expected in text
    assert "薬 表示できる記録なし" in text
    assert 'href="tel:0165000001"' in response.text
    assert '<time datetime="2026-11-22T04:00:00.000Z">13:00</time>' in response.text
    assert 'http-equiv="refresh" content="3601"' in response.text
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script>", response.text)
    script = paramedic.get(response.text.partition('<script src="')[2].partition('"')[0])
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert f"{name} 86歳 女性 13:00 まで（あと" in words(paramedic.page("/emergency"))


@pytest.mark.promise("emergency-is-bound-to-one-patient")
def test_after_its_hour_it_is_not_there_and_the_page_says_so_kindly(city: City, paramedic: Browser) -> None:
    person, name = somebody(city)
    sheet = sheet_of(paramedic, name=name)
    city.clock.move(minutes=59, seconds=59)
    assert name in paramedic.page(sheet)
    city.clock.move(seconds=1)
    response = paramedic.get(sheet)
    assert response.status_code == 404
    assert "緊急アクセスは終わりました" in words(response.text)
    assert name not in response.text
    assert name not in paramedic.page("/emergency")
    assert paramedic.get(f"/people/{person}").status_code == 404


def test_it_can_be_ended_before(city: City, paramedic: Browser) -> None:
    person, name = somebody(city)
    sheet = sheet_of(paramedic, name=name)
    other = browser_of(city, PHYSICIAN)
    assert other.post(sheet, {}).status_code == 404
    assert other.get(sheet).status_code == 404
    assert "緊急アクセスは終わりました" not in words(other.get(sheet).text)
    assert paramedic.post(sheet, {}, origin="https://evil.example").status_code == 403
    assert name in paramedic.page(sheet)
    response = paramedic.post(sheet, {})
    assert response.headers["location"] == "/emergency?done=ended"
    assert "緊急アクセスを終えました" in words(paramedic.page("/emergency?done=ended"))
    assert paramedic.get(sheet).status_code == 404
    (row,) = city.log(interaction="operation:end-emergency", patient=person)
    assert (row["purpose"], row["outcome"]) == ("ETREAT", "0")


def test_nobody_and_several_are_told_alike_and_the_words_are_kept(city: City, paramedic: Browser) -> None:
    _, name = somebody(city)
    city.resident("0000000333", name=name, birth="1955-05-05")
    several = paramedic.post("/emergency", {"name": name, "reason": REASON, "place": "駅前"})
    nobody = paramedic.post("/emergency", {"name": "だれ でもない", "reason": REASON, "place": "駅前"})
    assert several.status_code == nobody.status_code == 404
    assert several.text.replace(name, "*") == nobody.text.replace("だれ でもない", "*")
    assert "あてはまる方がいないか、二人以上います" in words(nobody.text)
    assert f'value="{REASON}"' in nobody.text
    assert sheet_of(paramedic, name=name, birth="昭和30年5月5日")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "だれか", "reason": "　", "place": "x"}, "理由を書いてください"),
        ({"name": "だれか", "reason": "x", "place": "　"}, "場所を書いてください"),
        ({"reason": "x", "place": "x"}, "お名前・生年月日・番号のどれか"),
        ({"birth": "きのう", "reason": "x", "place": "x"}, "生年月日が読みとれません"),
        ({"name": "あ" * 600, "reason": "x", "place": "x"}, "長すぎます"),
    ],
)
def test_what_is_missing_is_said_kindly(city: City, paramedic: Browser, fields: dict[str, str], said: str) -> None:
    response = paramedic.post("/emergency", fields)
    assert response.status_code == 400
    assert said in words(response.text)
    assert city.log(interaction="operation:declare-emergency")[0]["reason"] == "malformed"


@pytest.mark.promise("emergency-needs-a-fresh-sign-in")
def test_when_the_sign_in_is_old_one_shows_oneself_again_and_goes_on(city: City, paramedic: Browser) -> None:
    person, name = somebody(city)
    city.clock.move(minutes=6)
    assert "もう一度、サインインしてください" in words(paramedic.page("/emergency"))
    said = {"name": name, "reason": REASON, "place": "駅前"}
    response = paramedic.post("/emergency", said)
    assert response.status_code == 401
    assert cases(city, patient=person) == []
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text))
    assert carried == {"then": "emergency", **said}
    before = paramedic.session
    response = paramedic.post("/sign-in", {"role": PARAMEDIC, **carried})
    assert response.status_code == 303
    assert response.headers["location"].startswith("/emergency/")
    assert paramedic.session != before
    assert name in paramedic.page(response.headers["location"])
    again = browser_of(city, PARAMEDIC)
    assert again.post("/sign-in", {"role": PARAMEDIC, "then": "emergency"}).headers["location"] == "/emergency"


@pytest.mark.parametrize("role", [CARE_MANAGER, AUDITOR, SECRETARIAT])
def test_other_roles_have_no_such_page(city: City, role: str) -> None:
    person, name = somebody(city, "Practitioner/cm-ito")
    browser = browser_of(city, role)
    assert browser.get("/emergency").status_code == 403
    response = browser.post("/emergency", {"name": name, "reason": REASON, "place": PLACE})
    assert (response.status_code, "使えません" in words(response.text)) == (403, True)
    assert cases(city, patient=person) == []
    assert city.log(interaction="operation:declare-emergency")[0]["reason"] == "not-for-role"


def test_a_form_of_another_site_declares_nothing(city: City, paramedic: Browser) -> None:
    person, name = somebody(city)
    said = {"name": name, "reason": REASON, "place": PLACE}
    assert paramedic.post("/emergency", said, origin="https://evil.example").status_code == 403
    assert cases(city, patient=person) == []


def test_the_team_sees_it_on_the_residents_page_and_the_auditor_in_the_log(city: City, paramedic: Browser) -> None:
    person, name = somebody(city, "Practitioner/cm-ito")
    paramedic.page(sheet_of(paramedic, name=name, place="駅前"))
    team = words(browser_of(city, CARE_MANAGER).page(f"/people/{person}"))
    assert "緊急アクセス：12:00 に、試験市消防署の救急隊員 堀 大地 さんが宣言しました" in team
    auditor = browser_of(city, AUDITOR)
    log = words(auditor.page(f"/audit?{urlencode({'patient': person})}"))
    assert "堀 大地 が 住民" in log
    assert "緊急アクセスを宣言しました。" in log
    assert "緊急時の情報 を閲覧しました。緊急時の利用が申告されていたため" in log
    (row,) = city.log(interaction="operation:declare-emergency", patient=person)
    shown = words(auditor.page(f"/audit/{row['id']}"))
    assert f"申告された理由 {REASON} 申告された場所 駅前" in shown
    assert "目的 救急" in shown
