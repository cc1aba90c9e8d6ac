"""The consent desk in a real browser, without script: a paper from the form to the store, and its revocation."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.consent_desk import CONSENT_DESK, PDF
from tests.browser.test_pages_in_chromium import POOR_CONTRAST, SMALL_TARGETS, UNLABELLED, chromium, site
from tests.hub_in_test import City, note

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["chromium", "site"]

pytestmark = pytest.mark.browser
PHONE, DESKTOP = {"width": 375, "height": 740}, {"width": 1200, "height": 900}


@pytest.fixture
def resident(city: City) -> str:
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/day", "Practitioner/cm-ito")
    city.created("hosp-ehr", note(person))
    return person


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / "同意書.pdf"
    file.write_bytes(PDF)
    return file


def at_the_desk(chromium: "Browser", site: str, size: dict[str, int]) -> "Page":
    context = chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="ja-JP", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.click(f'button[value="{CONSENT_DESK}"]')
    page.click("nav >> text=同意の受付")
    return page


def looked_at(page: "Page", name: str, size: dict[str, int], shots: Path) -> None:
    """The page fits, every field has its label, every target its size, and all can be read."""
    page.screenshot(path=shots / f"{name}-{size['width']}.png", full_page=True)
    with_script = page.context.browser
    assert with_script is not None
    context = with_script.new_context(viewport={"width": size["width"], "height": size["height"]}, locale="ja-JP")
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]  # what one context gives another takes
    other = context.new_page()
    other.goto(page.url)
    other.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert other.evaluate("document.documentElement.scrollWidth") <= size["width"], name
    assert other.evaluate(UNLABELLED) == [], name
    assert other.evaluate(SMALL_TARGETS.replace("[type=checkbox])", "[type=checkbox], [type=radio])")) == [], name
    assert other.evaluate(POOR_CONTRAST) == [], name
    assert other.locator("h1").count() == 1, name
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_paper_is_registered_looked_at_saved_and_revoked(
    chromium: "Browser", site: str, city: City, resident: str, paper: Path, size: dict[str, int], tmp_path: Path
) -> None:
    page = at_the_desk(chromium, site, size)
    looked_at(page, "find", size, tmp_path)
    page.fill("#name", "山田花子")
    page.click("text=探す")
    page.click("ul.people a")
    assert page.url == f"{site}/consents/{resident}"
    looked_at(page, "nothing-yet", size, tmp_path)

    page.click("text=用紙から同意を登録する")
    page.fill("#signed", "2026-11-21")
    page.check("label:has-text('医療側の場')")
    page.check("label:has-text('介護側の場')")
    page.set_input_files("#scan", paper)
    page.click("text=何が変わるかを確かめる")
    assert "「参加する」か「参加しない」かを選んでください。" in page.inner_text("#problems")
    looked_at(page, "problems", size, tmp_path)
    page.check("label:has-text('参加する（')")
    page.select_option("#x1-type", "deny")
    page.select_option("#x1-who", label="試験デイサービス")
    page.click("text=例外の行を足す")
    page.locator("summary:has-text('例外 6')").wait_for()
    looked_at(page, "form", size, tmp_path)
    page.click("summary:has-text('例外 2')")
    page.select_option("#x2-type", "deny")
    page.select_option("#x2-who", label="医師")
    page.click("details:has(> summary:has-text('例外 2')) >> summary:has-text('さらにしぼる')")
    page.check("#x2-purpose-COC")
    page.click("button[value=records-2]")
    page.check("#x2-records label:has-text('経過観察・申し送り')")
    looked_at(page, "records", size, tmp_path)
    page.click("text=何が変わるかを確かめる")

    assert page.inner_text("h1") == "登録する前に確かめる"
    assert "試験デイサービスに、すべての情報を見せません。" in page.inner_text("main")
    assert "指定した1件の情報（試験市立病院の経過観察・申し送り、2026年11月21日" in page.inner_text("main")
    gained = page.inner_text("section[aria-labelledby=gains]")
    assert "試験居宅介護支援事業所" in gained
    assert "試験デイサービス" not in gained
    looked_at(page, "review", size, tmp_path)
    page.click("text=この内容で登録する")
    assert "同意を登録しました" in page.inner_text("[role=status]")
    looked_at(page, "registered", size, tmp_path)
    page.click("text=ご本人の控え（印刷）")
    looked_at(page, "copy", size, tmp_path)
    page.emulate_media(media="print")
    for hidden in (".top", ".back", ".how", ".bottom"):
        assert not page.locator(hidden).is_visible(), hidden
    page.emulate_media(media="screen")

    page.goto(f"{site}/consents/{resident}")
    page.click("a:has-text('取り消す')")
    page.fill("#signed", "2026-11-22")
    page.fill("#why", "ご本人の希望")
    looked_at(page, "revoke", size, tmp_path)
    page.click("text=何が変わるかを確かめる")
    assert "試験居宅介護支援事業所" in page.inner_text("section[aria-labelledby=losses]")
    looked_at(page, "revoke-review", size, tmp_path)
    page.click("button:has-text('この同意を取り消す')")
    assert "同意を取り消しました" in page.inner_text("[role=status]")
    looked_at(page, "revoked", size, tmp_path)
    page.context.close()
