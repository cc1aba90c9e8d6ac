"""Emergency access in a real browser: the countdown, the end of it, and a phone in one's hand."""

from typing import TYPE_CHECKING

import pytest

from tests.api.emergencies import PLACE, REASON, allergy, relative, somebody
from tests.browser.test_pages_in_chromium import (
    DESKTOP,
    PHONE,
    POOR_CONTRAST,
    SMALL_TARGETS,
    UNLABELLED,
    chromium,
    open_page,
    pytestmark,
    site,
)
from tests.hub_in_test import City

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["chromium", "pytestmark", "site"]
PARAMEDIC = "pm-hori/fire/paramedic"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_form_and_the_sheet_fit_are_legible_and_count_down(
    chromium: "Browser", site: str, city: City, size: dict[str, int]
) -> None:
    person, name = somebody(city)
    city.created("hosp-ehr", allergy(person))
    city.created("city-registry", relative(person))
    page = open_page(chromium, site, PARAMEDIC, size)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.fill("#name", "だれ でもない")
    page.fill("#reason", REASON)
    page.fill("#place", PLACE)
    page.click("button.urgent")
    for _ in ("the form with its refusal", "the sheet"):
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert page.evaluate(UNLABELLED) == []
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(POOR_CONTRAST) == []
        if page.locator(".remaining").count() == 0:
            page.fill("#name", name)
            page.click("button.urgent")
    assert page.locator("h1").inner_text().startswith(name)
    page.wait_for_selector("[data-left]:has-text('59分5')")
    assert page.locator("time").inner_text() == "13:00"
    assert [text for text in said if "404" not in text] == []
    page.context.close()


def test_at_its_end_the_page_takes_itself_away(chromium: "Browser", site: str, city: City) -> None:
    _, name = somebody(city)
    page = open_page(chromium, site, PARAMEDIC, PHONE)
    page.fill("#name", name)
    page.fill("#reason", REASON)
    page.fill("#place", PLACE)
    page.click("button.urgent")
    address = page.url
    city.clock.move(minutes=59, seconds=58)
    page.goto(address)
    assert name in page.inner_text("h1")
    city.clock.move(seconds=2)
    page.wait_for_selector("h1:has-text('緊急アクセスは終わりました')")
    assert name not in page.content()
    page.context.close()


def test_without_script_the_end_stands_there_and_the_page_goes_too(chromium: "Browser", site: str, city: City) -> None:
    _, name = somebody(city)
    context = chromium.new_context(locale="ja-JP", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.click(f'button[value="{PARAMEDIC}"]')
    page.fill("#name", name)
    page.fill("#reason", REASON)
    page.fill("#place", PLACE)
    page.click("button.urgent")
    assert "60分" in page.inner_text(".remaining")
    assert "13:00 まで" in page.inner_text(".remaining")
    city.clock.move(minutes=59, seconds=59)
    page.goto(page.url)
    city.clock.move(seconds=1)
    page.wait_for_selector("text=緊急アクセスは終わりました")
    context.close()
