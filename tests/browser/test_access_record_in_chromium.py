"""The resident's record of access and the pages of why in a real browser: without script, on a phone, on paper."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.emergencies import PARAMEDIC, allergy, declared
from tests.api.pages_city import CARE_MANAGER, CARE_WORKER, SECRETARIAT, browser_of, looked_after
from tests.api.team_desk import TeamDesk, outcome
from tests.browser.test_pages_in_chromium import POOR_CONTRAST, SMALL_TARGETS, UNLABELLED, chromium, pytestmark, site
from tests.hub_in_test import City, note, observation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["chromium", "pytestmark", "site"]

OFFICER = "off-murata/city/municipal-officer"
PHONE, DESKTOP = {"width": 375, "height": 740}, {"width": 1200, "height": 900}


@pytest.fixture
def person(city: City) -> str:
    """A resident of whom people, systems and an emergency are in the log."""
    person = looked_after(city)
    for value in (7.0, 7.5):
        city.created("hosp-ehr", observation(person, value))
    city.created("hosp-ehr", note(person, "膝の痛みが続きます。"))
    city.created("hosp-ehr", allergy(person))
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    browser_of(city, CARE_WORKER).get(f"/people/{person}")
    declared(city, PARAMEDIC, identifier="011234-0000000001")
    city.get(PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}")
    return person


def signed_in(chromium: "Browser", site: str, role: str, size: dict[str, int]) -> "Page":
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="ja-JP", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.click(f'button[value="{role}"]')
    return page


def check(page: "Page", size: dict[str, int], name: str) -> None:
    """It fits, is legible, and can be reached; a picture of it where ``SCREENSHOTS`` says."""
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    assert page.evaluate(UNLABELLED) == [], name
    assert page.evaluate(SMALL_TARGETS) == [], name
    assert page.evaluate(POOR_CONTRAST) == [], name
    assert page.locator("h1").count() == 1, name
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"{name}-{size['width']}.png", full_page=True)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_desk_finds_reads_asks_and_sees_why(
    chromium: "Browser", site: str, person: str, size: dict[str, int]
) -> None:
    page = signed_in(chromium, site, SECRETARIAT, size)
    page.click("text=ご本人の記録")
    check(page, size, "find")
    page.fill("#number", "011234-0000000001")
    page.click("button:has-text('探す')")
    assert page.url == f"{site}/access-record/{person}"
    check(page, size, "record")
    page.locator("summary", has_text="試験市立病院").click()
    assert page.locator(".machines[open] li[id]").count() == 4
    check(page, size, "record-open")
    page.locator("li", has_text="伊藤 美和").get_by_text("この一件についてたずねる").click()
    check(page, size, "entry")
    page.fill("#text", "この日は会っていません。なぜ見たのですか。")
    page.click("button:has-text('市の担当者に届ける')")
    assert "質問を届けました" in page.inner_text(".notice.good")
    check(page, size, "asked")
    page.click("text=決まりの順にくわしく見る")
    assert page.locator(".way .decides").count() == 1
    check(page, size, "why-then")
    page.click("text=いまはどうかを調べる")
    page.select_option("#category", "laboratory")
    page.click("button:has-text('いまの決まりで調べる')")
    assert "2件は" in page.inner_text("article h3")
    check(page, size, "why-now")
    page.context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_officer_asks_why(chromium: "Browser", site: str, person: str, size: dict[str, int]) -> None:
    page = signed_in(chromium, site, OFFICER, size)
    page.click("text=見られる理由")
    check(page, size, "why")
    page.goto(f"{site}/why?patient={person}&who={CARE_WORKER}&category=laboratory")
    assert "見られません" in page.inner_text("article h3")
    check(page, size, "why-officer")
    page.context.close()


def test_the_record_prints_on_a4_without_the_pages_frame(chromium: "Browser", site: str, person: str) -> None:
    page = signed_in(chromium, site, SECRETARIAT, DESKTOP)
    page.goto(f"{site}/access-record/{person}/print")
    check(page, DESKTOP, "print-screen")
    page.emulate_media(media="print")
    for hidden in (".top", ".back", ".how", ".bottom"):
        assert not page.locator(hidden).is_visible(), hidden
    printed = page.pdf(prefer_css_page_size=True)
    width, height = (float(number) for number in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0])
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    page.set_viewport_size({"width": 700, "height": 990})
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / "print.png", full_page=True)
    page.context.close()


def test_on_a_phone_the_paper_can_be_read(chromium: "Browser", site: str, person: str) -> None:
    page = signed_in(chromium, site, SECRETARIAT, PHONE)
    page.goto(f"{site}/access-record/{person}/print")
    check(page, PHONE, "print-screen")
    page.context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("place", ["access-record", "why"])
def test_the_way_back_leads_to_the_search_as_it_was(
    chromium: "Browser", site: str, person: str, size: dict[str, int], place: str
) -> None:
    page = signed_in(chromium, site, SECRETARIAT, size)
    page.goto(f"{site}/{place}")
    page.fill("#name", "山田 花子")
    page.click("main form button")
    assert "生年月日が入っていません" in page.inner_text(".notice")
    check(page, size, f"{place}-missed")
    page.click("nav >> text=事務局")
    page.go_back()
    assert page.input_value("#name") == "山田 花子"
    page.context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_what_was_not_done_and_who_forbids_an_emergency(
    chromium: "Browser", site: str, city: City, person: str, size: dict[str, int]
) -> None:
    assert outcome(TeamDesk(city, person).summary("kyotaku/", "tonari/", "2026-11-01").headers["location"])
    browser_of(city, CARE_MANAGER).get(f"/access-record/{person}")
    (refused, *_) = city.log(patient=person, reason="not-for-role")
    city.clock.move(seconds=1)
    reason = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "ETREAT"}
    city.consent(person, exceptions=[{"type": "deny", "purpose": [reason]}])
    page = signed_in(chromium, site, SECRETARIAT, size)
    page.goto(f"{site}/access-record/{person}")
    assert "もう過ぎた日だったため、記録していません。" in page.inner_text("main")
    check(page, size, "record-undone")
    page.goto(f"{site}/access-record/{person}/print?show=undone")
    check(page, size, "record-undone-print")
    page.goto(f"{site}/why/{refused['id']}")
    check(page, size, "why-not-for-role")
    page.goto(f"{site}/why?patient={person}&who={PARAMEDIC}/fire/paramedic&category=allergy&purpose=ETREAT")
    assert "緊急時の利用を断っているもの" in page.inner_text("main")
    check(page, size, "why-emergency")
    page.context.close()
