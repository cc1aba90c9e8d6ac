"""担当している方: whom a page lists, what it says of them, and who may open it."""

from urllib.parse import urlencode

import pytest

from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    PHYSICIAN,
    Browser,
    browser_of,
    change,
    looked_after,
    words,
)
from tests.hub_in_test import City, note, observation

ROW = 'class="who"'


def test_my_people_with_their_news(city: City) -> None:
    person = looked_after(city)
    city.created("hosp-ehr", observation(person))
    html = browser_of(city, CARE_MANAGER).page("/people")
    text = words(html)
    assert "1人のうち、 1人 に新しい情報があります" in text
    assert "山田 花子 86歳 女性 新着 2 件" in text
    assert "HbA1c" in text
    assert "2026年11月20日 9:00 試験市立病院" in text
    assert f'href="/people/{person}"' in html


def test_what_i_have_seen_is_no_news_and_what_comes_later_is(city: City) -> None:
    seen, other = looked_after(city), looked_after(city, number="0000000002", name="川上 一郎")
    browser = browser_of(city, CARE_MANAGER)
    browser.page(f"/people/{seen}")
    text = words(browser.page("/people"))
    assert "2人のうち、 1人 に新しい情報があります" in text
    assert text.index("川上 一郎") < text.index("山田 花子")

    browser.page(f"/people/{other}")
    assert "新しい情報はありません" in words(browser.page("/people?news=1"))
    city.created("hosp-ehr", note(seen))
    text = words(browser.page("/people?news=1"))
    assert "山田 花子 86歳 女性 新着 1 件" in text
    assert "川上 一郎" not in text


def test_news_are_each_readers_own(city: City) -> None:
    person = looked_after(city, "Organization/hosp", "Practitioner/cm-ito")
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    assert "新着 1 件" in words(browser_of(city, PHYSICIAN).page("/people"))


def test_nobody_else_is_listed(city: City) -> None:
    looked_after(city)
    assert "担当している方は、まだいません" in words(browser_of(city, CARE_WORKER).page("/people"))


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_what_is_hidden_is_neither_counted_nor_told(city: City) -> None:
    person = looked_after(city, "Organization/hosp", "Organization/clinic", "Practitioner/cm-ito")
    city.created("hosp-ehr", observation(person))
    hidden = observation(person, 9.9, effectiveDateTime="2026-11-22T09:00:00+09:00")
    city.created("clinic-emr", hidden)  # a clinic's results are not shared with the team space
    text = words(browser_of(city, CARE_MANAGER).page("/people"))
    assert "新着 2 件" in text
    assert "HbA1c 7.2 %" in text
    assert "9.9" not in text
    assert "9.9" in words(browser_of(city, PHYSICIAN).page("/people"))


def test_without_consent_the_person_is_listed_without_a_name(city: City) -> None:
    person = city.resident()
    city.team(person, "Practitioner/cm-ito")
    html = browser_of(city, CARE_MANAGER).page("/people")
    assert "お名前は表示できません" in html
    assert "いま、お見せできる情報はありません" in html
    assert "山田" not in html


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_revoked_consent_hides_at_the_next_request(city: City) -> None:
    person = city.resident()
    city.team(person, "Practitioner/cm-ito")
    consent = city.consent(person)
    browser = browser_of(city, CARE_MANAGER)
    assert "山田 花子" in browser.page("/people")
    assert "山田 花子" in browser.page(f"/people/{person}")

    city.clock.move(seconds=1)
    revoked = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", revoked).status_code == 200
    for path in ("/people", f"/people/{person}"):
        assert "山田" not in browser.page(path)
    assert browser.get(f"/people/{person}/handoff").status_code == 404


def test_the_log_says_whose_list_was_seen(city: City) -> None:
    person = looked_after(city)
    browser_of(city, CARE_MANAGER).page("/people")
    (seen,) = city.log(interaction="page")
    assert (seen["patient"], seen["person"], seen["outcome"]) == (person, "cm-ito", "0")
    assert seen["query"] == "people?news=0&page=1"
    assert "Patient/" in seen["what"]
    assert "CareTeam/" in seen["what"]


@pytest.mark.promise("an-auditor-sees-no-content")
def test_an_auditor_sees_no_list_of_residents(city: City) -> None:
    person = looked_after(city)
    auditor = browser_of(city, AUDITOR)
    for path in ("/people", f"/people/{person}", f"/people/{person}/handoff"):
        refused = auditor.get(path)
        assert refused.status_code == 403, path
        assert "山田" not in refused.text
    assert {row["reason"] for row in city.log(outcome="8")} == {"not-for-role"}


@pytest.mark.parametrize("path", ["/people", "/people/x", "/people/x/handoff", "/audit", "/audit/x", "/desk"])
def test_nobody_reads_a_page_without_a_session(city: City, path: str) -> None:
    refused = Browser(city).get(path)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "text/html; charset=utf-8"
    assert Browser(city).get(path, Cookie="renkei_session=invented").status_code == 401


def test_long_lists_have_pages(city: City) -> None:
    person = looked_after(city)
    statement = """INSERT INTO relation (patient, origin, organisation, person, role, starts, ends, pending)
                   SELECT :patient, 'CareTeam/many', organisation, person, role, starts, ends, pending
                     FROM relation WHERE person = 'cm-ito' AND origin <> 'CareTeam/many' LIMIT 1"""
    for number in range(60):
        change(city, statement, patient=f"other-{number:02d}")
    browser = browser_of(city, CARE_MANAGER)
    first, second = browser.page("/people"), browser.page("/people?page=2")
    assert (first.count(ROW), second.count(ROW)) == (50, 11)
    assert f"/people/{person}" in first
    assert 'href="/people?page=2"' in first
    assert 'href="/people?page=1"' in second
    assert browser.page("/people?page=99").count(ROW) == 11
    assert browser.page("/people?page=x") == browser.page("/people?page=1") == first


def test_i_find_somebody_by_the_beginning_of_a_name_or_of_how_it_is_read(city: City) -> None:
    person = looked_after(city)
    looked_after(city, number="0000000002", name="川上 一郎")
    browser = browser_of(city, CARE_MANAGER)
    for name in ("山", "山田", "花子", " 山田 "):
        page = browser.page(f"/people?name={name}")
        assert (page.count(ROW), "で始まる方は、1人です" in page, f'href="/people/{person}"' in page) == (1, True, True)
    nobody = words(browser.page("/people?name=<b>ない"))
    assert "見つかりませんでした" in nobody
    assert "「<b>ない」で始まる方は、0人です" in nobody


def test_a_sign_in_a_name_is_a_sign_and_no_separator(city: City) -> None:
    looked_after(city)
    browser = browser_of(city, CARE_MANAGER)
    for name in (",", "、", "山田,", "川上,山田", "\\", "$", "|", "。", "\u200b", "\0"):
        page = browser.get(f"/people?{urlencode({'name': name})}")
        assert (page.status_code, page.text.count(ROW)) == (200, 0), name
        assert "見つかりませんでした" in page.text


def test_nobody_is_found_by_a_name_that_may_not_be_seen(city: City) -> None:
    looked_after(city)
    hidden = city.resident("0000000002", name="川上 一郎")
    city.team(hidden, "Practitioner/cm-ito")
    browser = browser_of(city, CARE_MANAGER)
    assert f'href="/people/{hidden}"' in browser.page("/people")
    assert browser.page("/people?name=川上").replace("川上", "西田") == browser.page("/people?name=西田")
