"""The care-team desk in a real browser, without script: confirm, add, hand over, take back."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.pages_city import CARE_MANAGER, SECRETARIAT
from tests.api.team_desk import patient_of
from tests.browser.test_pages_in_chromium import POOR_CONTRAST, SMALL_TARGETS, UNLABELLED, chromium, site
from tests.hub_in_test import City

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["chromium", "site"]

pytestmark = pytest.mark.browser
PHONE, DESKTOP = {"width": 375, "height": 740}, {"width": 1200, "height": 900}


@pytest.fixture
def resident(city: City) -> str:
    """Somebody with a team, and a clinic that waits."""
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")
    city.consent(person)
    city.created("clinic-emr", patient_of(city, person))
    return person


def signed_in(chromium: "Browser", site: str, role: str, size: dict[str, int], *, script: bool = False) -> "Page":
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="ja-JP", java_script_enabled=script
    )
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.click(f'button[value="{role}"]')
    return page


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_morning_at_the_desk_without_script(
    chromium: "Browser", site: str, resident: str, size: dict[str, int], tmp_path: Path
) -> None:
    page = signed_in(chromium, site, SECRETARIAT, size)
    page.click("nav >> text=支援チーム")
    page.screenshot(path=tmp_path / f"list-{size['width']}.png", full_page=True)
    page.click("text=山田 花子")
    page.screenshot(path=tmp_path / f"team-{size['width']}.png", full_page=True)
    page.click("text=支援チームに加わることを確かめました")
    assert "確かめました" in page.inner_text(".notice")

    page.click("summary:has-text('支援チームに加える')")
    page.select_option("#member", "day/cw-suzuki")
    page.fill("#role", "入浴の担当")
    page.screenshot(path=tmp_path / f"adding-{size['width']}.png", full_page=True)
    page.click("button:text-is('加える')")
    assert page.locator("h3:has-text('鈴木 理恵')").count() == 1
    page.click("text=いまの操作を元に戻す")
    assert page.locator("h3:has-text('鈴木 理恵')").count() == 0

    page.click("summary:has-text('担当を引き継ぐ')")
    page.select_option("#coming", "tonari/cm-ueda")
    page.click("text=保存の前に、変わることを見る")
    page.screenshot(path=tmp_path / f"summary-{size['width']}.png", full_page=True)
    page.click("text=この内容で引き継ぐ")
    assert "上田 直子（2026年11月23日から）" in page.inner_text(".line")
    page.screenshot(path=tmp_path / f"handed-over-{size['width']}.png", full_page=True)
    page.context.close()


@pytest.mark.parametrize("role", [SECRETARIAT, CARE_MANAGER])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_is_legible_and_can_be_reached(
    chromium: "Browser", site: str, resident: str, role: str, size: dict[str, int], tmp_path: Path
) -> None:
    page = signed_in(chromium, site, role, size, script=True)
    asked = "leaving=kyotaku/&coming=tonari/&last=2026-11-22&role="
    team = f"/care-teams/{resident}"
    paths = ["/care-teams", team, f"{team}?said=stale", f"{team}/hand-over?{asked}"]
    for number, path in enumerate(paths):
        page.goto(f"{site}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.screenshot(path=tmp_path / f"{role.partition('/')[0]}-{number}-{size['width']}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.evaluate(UNLABELLED) == [], path
        assert page.evaluate(SMALL_TARGETS) == [], path
        assert page.evaluate(POOR_CONTRAST) == [], path
        assert page.locator("h1").count() == 1, path
    page.context.close()


def test_what_is_printed_is_the_team_without_its_forms(
    chromium: "Browser", site: str, resident: str, tmp_path: Path
) -> None:
    page = signed_in(chromium, site, SECRETARIAT, DESKTOP, script=True)
    page.goto(f"{site}/care-teams/{resident}")
    page.emulate_media(media="print")
    assert page.locator(".line").is_visible()
    assert page.locator("h3:has-text('試験市立病院')").is_visible()
    for hidden in (".top", "form", "summary"):
        assert not any(one.is_visible() for one in page.locator(hidden).all()), hidden
    page.screenshot(path=tmp_path / "printed.png", full_page=True)
    page.context.close()
