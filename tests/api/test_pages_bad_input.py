"""No page falls over what a person, a broken browser or an attacker sends: every page, every field, odd values."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from hub import web
from hub.web.routes import PAGES
from tests.api.consent_desk import CONSENT_DESK, PAPER, send
from tests.api.disasters import AREA, OFFICER
from tests.api.emergencies import declared as emergency
from tests.api.pages_city import AUDITOR, CARE_MANAGER, PHYSICIAN, SECRETARIAT, Browser, browser_of, looked_after, rows
from tests.hub_in_test import City

ODD = {
    "nothing": "",
    "a zero byte": "a\0b",
    "half a pair": "\ud800",
    "a long text": "あ" * 2000,
    "a huge number": "9" * 400,
    "a negative number": "-1",
    "full-width digits": "２０２６-１１-２２",
    "the end of days": "9999-12-31",
    "before all days": "0000-00-00",
    "a far year": "12026-01-01",
    "a date that is none": "2026-02-30",
    "a time before the calendar": "0001-01-01T00:00",
    "markup": "<script>alert(1)</script>'\"",
    "other directions": "\u202e\u200b\ufeff",
    "a path": "../../etc/passwd",
    "a percent": "%00%ff%",
    "separators": "a/b/c|d;e&f=g:h,i",
}
ALONE = ("a zero byte", "a time before the calendar", "other directions")
"""These in each field alone, where the others are as they should be."""
PARAMEDIC = "pm-hori/fire/paramedic"
WHOSE = {
    "/sign-in": SECRETARIAT, "/people": CARE_MANAGER, "/desk": SECRETARIAT, "/care-teams": SECRETARIAT,
    "/emergency": PARAMEDIC, "/disaster/people": PHYSICIAN, "/disaster": OFFICER,
    "/consents": CONSENT_DESK, "/reviews": OFFICER, "/audit": AUDITOR, "/access-record": SECRETARIAT,
    "/why": SECRETARIAT,
}  # fmt: skip
"""By the beginning of its address, for whom a page is."""
PLAUSIBLE = {
    "name": "山田 花子", "birth": "1940-05-01", "q": "山田 花子", "reason": "意識がない", "place": "北町",
    "act": "unclear", "note": "確かめました。", "text": "なぜですか。", "decision": "hold", "organisation": "hosp",
    "leaving": "kyotaku/", "coming": "tonari/", "last": "2026-11-30", "starts": "2026-11-22", "ends": "2026-11-30",
    "who": "day/", "organisations": "clinic", "areas": AREA, **PAPER,
}  # fmt: skip
_FIELD = re.compile(r"""(?:\.get\(|asked\[)"([a-z][a-z-]*)\"""")
_SEARCH = ("name", "birth", "number")
_TYPED = re.compile(r'name="([a-z][a-z-]*)"')


def fields(path: str) -> list[str]:
    """The names by which the pages with such an address read what was sent, and under which they ask for it."""
    folder, about = Path(web.__file__).parent, path.split("/")[1].replace("-", "_")
    files = [*folder.glob(f"{about}*.py"), *folder.glob(f"templates/{about}*.html"), folder / "find_resident.py"]
    sources = [file.read_text("utf-8") for file in files]
    return sorted({*_SEARCH, *(name for text in sources for name in (*_FIELD.findall(text), *_TYPED.findall(text)))})


def pages() -> list[tuple[str, str]]:
    """(method, path with its names) of each page that somebody signs in for."""
    return [(page.method, page.path) for page in PAGES if page.path.startswith(tuple(WHOSE))]


@pytest.fixture
def person(city: City) -> str:
    one = looked_after(city)
    emergency(city, name="山田 花子", birthDate="1940-05-01")
    return one


def known(city: City, path: str, person: str) -> str:
    """The path with ids that there are."""
    tables = {
        "/emergency/{id}": "emergency",
        "/reviews/{id}": "review_case",
        "/audit/{id}": "audit",
        "/why/{id}": "audit",
    }
    [consent] = rows(city, "SELECT id FROM resource WHERE type = 'Consent'")
    ids = {"consent": str(consent["id"])}
    if path in tables:
        ids["id"] = str(rows(city, f"SELECT id FROM {tables[path]}")[0]["id"])  # noqa: S608 - our own names
    return re.sub(r"{(\w+)}", lambda found: ids.get(found[1], person), path)


def sent(browser: Browser, method: str, path: str, typed: Mapping[str, str]) -> int:
    if path.endswith("/new") and method == "POST":
        return send(browser, path, {name: value.replace("\ud800", "?") for name, value in typed.items()}).status_code
    pairs = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in typed.items()})
    if method == "GET":
        return browser.get(f"{path}?{pairs}"[:60_000]).status_code
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base}
    return browser.client.post(path, content=pairs, headers=form).status_code


def whose(path: str) -> str:
    return next(role for begins, role in WHOSE.items() if path.startswith(begins))


@pytest.mark.parametrize(("method", "path"), pages())
def test_no_page_falls_over_what_is_typed(city: City, person: str, method: str, path: str) -> None:
    browser, here = browser_of(city, whose(path)), known(city, path, person)
    typed = {name: PLAUSIBLE.get(name, "") for name in fields(path)}
    answers = {(what, "all"): sent(browser, method, here, dict.fromkeys(typed, odd)) for what, odd in ODD.items()}
    for what in ALONE:
        answers |= {(what, name): sent(browser, method, here, {**typed, name: ODD[what]}) for name in typed}
    if here != path:
        for what, odd in ODD.items():
            elsewhere = re.sub(r"{\w+}", quote(odd.encode("utf-8", "surrogatepass")), path)
            answers[what, "id"] = sent(browser, method, elsewhere, typed)
    assert [(*one, status) for one, status in answers.items() if status >= 500] == []
    assert set(answers.values()) != {403}, "the page is for this role"
