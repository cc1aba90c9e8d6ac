"""The pages in a real browser: they work without script, fit a small phone, can be read and reached, and print."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from tests.api.pages_city import AUDITOR, CARE_MANAGER, SECRETARIAT, looked_after
from tests.hub_in_test import City, note, observation, patient

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1200, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"NO BROWSER TESTS: {CHROMIUM} is missing"),
]


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    playwright = pytest.importorskip("playwright.sync_api", reason="NO BROWSER TESTS: playwright is missing")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def site(city: City) -> Iterator[str]:
    """The city, served on a free port of the loopback address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = uvicorn.Config(city.client.app, "127.0.0.1", port, lifespan="off", ws="none", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def person(city: City) -> str:
    person = looked_after(city, "Organization/kyotaku")
    city.created("care-plan-app", note(person, "膝の痛みが続きます。" * 12))
    city.created("hosp-ehr", patient("0000000001"))
    city.created("hosp-ehr", observation(person))
    city.resident("0000000002")
    return person


def open_page(chromium: "Browser", site: str, role: str, size: dict[str, int]) -> "Page":
    """A page in which ``role`` has signed in."""
    context = chromium.new_context(viewport={"width": size["width"], "height": size["height"]}, locale="ja-JP")
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.click(f'button[value="{role}"]')
    return page


def test_a_care_managers_morning_without_script(chromium: "Browser", site: str, city: City, person: str) -> None:
    context = chromium.new_context(locale="ja-JP", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/people")
    page.click("text=入り口へ")
    page.click("text=伊藤 美和")
    assert page.url == f"{site}/people"
    page.click("text=山田 花子")
    assert "新しい情報が" in page.inner_text(".notice")
    page.click("summary")
    page.select_option("#category", "progress-note")
    page.click("button:has-text('しぼり込む')")
    assert page.locator("article").count() == 1
    page.click("a:has-text('すべて見る')")
    page.click("text=入院時情報提供書")
    assert page.locator(".item").count() == 12
    page.click("text=サインアウト")
    assert page.url == f"{site}/sign-in"
    page.goto(f"{site}/people")
    assert "サインインしてください" in page.inner_text("h1")
    context.close()


def paths(role: str, person: str) -> list[str]:
    if role == CARE_MANAGER:
        return ["/sign-in", "/people", f"/people/{person}?category=", f"/people/{person}/handoff", "/people/nobody"]
    return ["/audit", "/audit?person=cm-ito"] if role == AUDITOR else ["/desk"]


@pytest.mark.parametrize("role", [CARE_MANAGER, AUDITOR, SECRETARIAT])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_is_legible_and_can_be_reached(
    chromium: "Browser", site: str, person: str, role: str, size: dict[str, int]
) -> None:
    page = open_page(chromium, site, role, size)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in paths(role, person):
        page.goto(f"{site}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.evaluate(UNLABELLED) == [], path
        assert page.evaluate(SMALL_TARGETS) == [], path
        assert page.evaluate(POOR_CONTRAST) == [], path
        assert page.locator("h1").count() == 1, path
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", path
    assert [text for text in said if "404" not in text] == []
    page.context.close()


def test_the_handoff_prints_on_a4_without_the_pages_frame(chromium: "Browser", site: str, person: str) -> None:
    page = open_page(chromium, site, CARE_MANAGER, DESKTOP)
    page.goto(f"{site}/people/{person}/handoff")
    page.emulate_media(media="print")
    for hidden in (".top", ".back", ".how", ".bottom"):
        assert not page.locator(hidden).is_visible(), hidden
    printed = page.pdf(prefer_css_page_size=True)
    width, height = (float(number) for number in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0])
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    page.context.close()


UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(one => !one.labels.length).map(one => one.outerHTML)"""

# Buttons and form fields are at least 44 px high (WCAG 2.5.5).
SMALL_TARGETS = """() => [...document.querySelectorAll('button, .button, select, summary'),
    ...document.querySelectorAll('input:not([type=hidden], [type=checkbox])')]
    .filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""

# Text against the nearest ground that is painted: 4.5 to 1, or 3 to 1 for large type (WCAG 1.4.3).
POOR_CONTRAST = """() => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = one => {
        for (; one; one = one.parentElement) {
            const colour = parts(getComputedStyle(one).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const poor = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !one.offsetParent) continue;
        const style = getComputedStyle(one), size = parseFloat(style.fontSize);
        const [high, low] = [light(parts(style.color)), light(ground(one))].sort((a, b) => b - a);
        const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < needed) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
    }
    return poor;
}"""
