"""The entrance of the demo city: who gets in, from where, for how long, and what the log says of it."""

import pytest
from starlette.testclient import TestClient

from hub.app import create_app
from hub.settings import Settings
from hub.web.sign_in import SCOPES
from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    HERE,
    LEFT,
    PHYSICIAN,
    SECRETARIAT,
    Browser,
    browser_of,
    change,
    rows,
    words,
)
from tests.hub_in_test import City

BANNER = "これは実演用の入り口です。 本物の情報を入れないでください。"


def test_the_entrance_lists_everybody_and_says_whose_role_has_ended(city: City) -> None:
    html = Browser(city).page("/sign-in")
    assert f'value="{CARE_MANAGER}"' in html
    assert f'value="{LEFT}"' not in html
    assert "岡田 翔 介護職員 役割が2025年3月31日（月）に終わり、入れません" in words(html)


@pytest.mark.parametrize(
    ("role", "home", "purpose"),
    [
        (CARE_MANAGER, "/people", "CAREMGT"),
        (PHYSICIAN, "/people", "TREAT"),
        (AUDITOR, "/audit", "AUDIT"),
        (SECRETARIAT, "/desk", "CAREMGT"),
    ],
)
def test_each_role_begins_where_its_work_is(city: City, role: str, home: str, purpose: str) -> None:
    browser = Browser(city)
    assert browser.get("/").headers["location"] == "/sign-in"
    response = browser.post("/sign-in", {"role": role})
    assert (response.status_code, response.headers["location"]) == (303, home)
    assert browser.get("/").headers["location"] == home
    assert browser.get(home).status_code == 200
    (token,) = rows(city, "SELECT * FROM token WHERE kind = 'session'")
    assert (token["scopes"], token["purpose"], token["system"]) == (SCOPES, purpose, None)


def test_the_session_is_a_cookie_that_no_script_and_no_other_site_gets(city: City) -> None:
    cookie = Browser(city).post("/sign-in", {"role": CARE_MANAGER}).headers["set-cookie"].lower()
    assert cookie.startswith("renkei_session=")
    assert {"httponly", "samesite=lax", "path=/", "max-age=28800"} <= set(cookie.split("; "))
    assert "secure" not in cookie  # the base URL of this city is http


def test_the_cookie_goes_over_https_only_where_the_hub_has_https(city: City) -> None:
    app = create_app(city.store.lane, city.store.secret, Settings(), "https://hub.example", clock=city.clock)
    client = TestClient(app, base_url=HERE, client=("127.0.0.1", 50000), follow_redirects=False)
    response = client.post("/sign-in", data={"role": CARE_MANAGER}, headers={"Origin": HERE})
    assert "secure" in response.headers["set-cookie"].lower().split("; ")


def test_sign_in_and_sign_out_are_in_the_log(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    browser.post("/sign-out", {})
    assert [(row["interaction"], row["outcome"], row["person"]) for row in city.log(person="cm-ito")] == [
        ("sign-out", "0", "cm-ito"),
        ("sign-in", "0", "cm-ito"),
    ]


def test_signing_out_ends_the_session_itself_not_only_the_cookie(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    secret = browser.session
    browser.post("/sign-out", {})
    assert browser.session == ""
    assert browser.get("/people", Cookie=f"renkei_session={secret}").status_code == 401


def test_every_sign_in_makes_a_new_session_and_ends_the_one_before(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    before = browser.session
    browser.post("/sign-in", {"role": AUDITOR})
    assert browser.session not in ("", before)
    assert Browser(city).get("/people", Cookie=f"renkei_session={before}").status_code == 401


def test_a_session_ends_after_eight_hours(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    city.clock.move(hours=7, minutes=59)
    assert browser.get("/people").status_code == 200
    city.clock.move(minutes=1)
    refused = browser.get("/people")
    assert refused.status_code == 401
    assert "サインインしてください" in refused.text
    assert 'href="/sign-in"' in refused.text


def test_a_role_that_ends_closes_the_session_at_the_next_request(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    change(city, "UPDATE role SET ends = '2026-11-21' WHERE person = 'cm-ito'")
    assert browser.get("/people").status_code == 403
    assert city.log(person="cm-ito")[0]["reason"] == "not-in-force"


def test_a_role_that_has_ended_gets_no_session(city: City) -> None:
    browser = Browser(city)
    assert browser.post("/sign-in", {"role": LEFT}).status_code == 403
    assert browser.session == ""
    assert rows(city, "SELECT * FROM token") == []
    assert [(row["interaction"], row["outcome"], row["reason"]) for row in city.log()] == [
        ("sign-in", "8", "not-in-force")
    ]


@pytest.mark.parametrize("role", ["", "nobody/kyotaku/care-manager", "cm-ito/hosp/physician", "cm-ito"])
def test_nobody_signs_in_as_somebody_whom_the_city_does_not_know(city: City, role: str) -> None:
    assert Browser(city).post("/sign-in", {"role": role}).status_code == 401
    assert city.log()[0]["reason"] == "unknown-person"


@pytest.mark.parametrize(
    ("base", "address", "headers"),
    [
        (HERE, "192.0.2.7", {}),
        (HERE, "192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}),
        (HERE, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        (HERE, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("http://hub.test", "127.0.0.1", {}),
        ("http://hub.test", "127.0.0.1", {"X-Forwarded-Host": "127.0.0.1"}),
        ("http://127.0.0.1.hub.test", "127.0.0.1", {}),
        ("http://localhost.hub.test", "127.0.0.1", {}),
    ],
)
def test_the_entrance_is_for_this_machine_only(city: City, base: str, address: str, headers: dict[str, str]) -> None:
    browser = Browser(city, base=base, address=address)
    shown = browser.get("/sign-in", **headers)
    assert shown.status_code == 403
    assert "伊藤" not in shown.text
    assert browser.post("/sign-in", {"role": CARE_MANAGER}, **headers).status_code == 403
    assert browser.session == ""
    assert {(row["interaction"], row["outcome"], row["reason"]) for row in city.log()} == {
        ("sign-in", "8", "not-local")
    }


@pytest.mark.parametrize("base", ["http://localhost:8080", "http://[::1]:8080", HERE])
def test_the_names_of_this_machine_are_let_in(city: City, base: str) -> None:
    assert Browser(city, base=base).post("/sign-in", {"role": CARE_MANAGER}).status_code == 303


def test_a_city_without_the_demo_entrance_has_none(city: City) -> None:
    inside = browser_of(city, CARE_MANAGER)
    change(city, "UPDATE city SET demo_sign_in = 0")
    browser = Browser(city)
    assert browser.get("/sign-in").status_code == 403
    assert browser.post("/sign-in", {"role": CARE_MANAGER}).status_code == 403
    assert city.log()[0]["reason"] == "no-demo"
    assert BANNER not in words(inside.page("/people"))


def test_every_page_says_that_this_is_a_demonstration(city: City) -> None:
    browser = browser_of(city, CARE_MANAGER)
    for path in ("/sign-in", "/people", "/audit", "/people/nobody", "/no/such/page", "/sign-out"):
        assert BANNER in words(browser.get(path).text), path


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1"])
def test_a_form_of_another_site_changes_nothing(city: City, origin: str | None) -> None:
    browser = browser_of(city, CARE_MANAGER)
    assert browser.post("/sign-out", {}, origin=origin).status_code == 403
    assert browser.get("/people").status_code == 200
    assert Browser(city).post("/sign-in", {"role": CARE_MANAGER}, origin=origin).status_code == 403
    assert [row["reason"] for row in city.log(interaction="sign-out")] == ["cross-site"]


def test_the_referer_serves_where_a_browser_sends_no_origin(city: City) -> None:
    browser = Browser(city)
    fields = {"role": CARE_MANAGER}
    assert browser.post("/sign-in", fields, origin=None, Referer="https://evil.example/").status_code == 403
    assert browser.post("/sign-in", fields, origin=None, Referer=f"{HERE}/sign-in").status_code == 303
