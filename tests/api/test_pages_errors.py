"""Errors as pages: kind, in Japanese, without details; and programs get what programs read."""

import pytest

from tests.api.pages_city import CARE_MANAGER, Browser, browser_of, words
from tests.hub_in_test import City


def test_an_address_that_there_is_not(city: City) -> None:
    response = Browser(city).get("/no/such/page")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    text = words(response.text)
    assert "見つかりません" in text
    assert response.headers["x-request-id"] in text


def test_a_form_target_typed_as_an_address(city: City) -> None:
    response = Browser(city).get("/sign-out")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "この方法では開けません" in response.text


def test_programs_are_answered_as_before(city: City) -> None:
    browser = Browser(city)
    assert browser.get("/fhir/Patient/x/y/z/w").status_code == 404
    wrong_way = browser.get("/oauth/token")
    assert (wrong_way.status_code, wrong_way.headers["allow"]) == (405, "POST")
    for response in (browser.get("/fhir/Patient/x/y/z/w"), wrong_way):
        assert "html" not in response.headers["content-type"]


def test_an_error_page_keeps_the_readers_own_frame(city: City) -> None:
    assert "伊藤 美和" in browser_of(city, CARE_MANAGER).get("/people/nobody").text


def test_a_store_that_is_busy(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = browser_of(city, CARE_MANAGER)
    city.store.lane.do(lambda tx: tx.exec_driver_sql("ALTER TABLE timeline RENAME TO gone"))
    response = browser.get("/people")
    assert response.status_code == 503
    text = words(response.text)
    assert "いま、混み合っています" in text
    assert "timeline" not in text


def test_the_stylesheet_is_kept_until_it_changes(city: City) -> None:
    browser = Browser(city)
    address = browser.page("/sign-in").partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    response = browser.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/css")
    assert "max-age" in response.headers["cache-control"]
    assert browser.get("/people").headers["cache-control"] == "no-store"
