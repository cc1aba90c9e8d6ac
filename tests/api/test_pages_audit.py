"""The access log as pages: readable, narrowed, without clinical content, and only for those who review it."""

import json
import re
from html import unescape

import pytest

from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    SECRETARIAT,
    Browser,
    browser_of,
    looked_after,
    words,
)
from tests.hub_in_test import City, note

SECRET = "膝の痛みが続きます。"
NEXT = re.compile(r'<a class="button" rel="next" href="([^"]+)"')
EVENT = re.compile(r'href="(/audit/[0-9a-f]+)"')


@pytest.fixture
def person(city: City) -> str:
    """A resident whose page the care manager saw, and the care worker tried to see."""
    person = looked_after(city)
    city.created("hosp-ehr", note(person, SECRET))
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    browser_of(city, CARE_WORKER).get(f"/people/{person}")
    return person


@pytest.fixture
def auditor(city: City, person: str) -> Browser:
    return browser_of(city, AUDITOR)


def test_who_saw_whose_what_when_and_by_which_rule(auditor: Browser, person: str) -> None:
    text = words(auditor.page("/audit"))
    seen = "2026-11-22 12:00 試験居宅介護支援事業所の介護支援専門員 伊藤 美和 が"
    assert f"{seen} 住民 {person[:8]}…さんの担当者・申し送り・基本情報 を閲覧しました。" in text
    assert "ご本人の同意と市の共有の取り決めにより、お見せしました。" in text
    refused = f"介護職員 鈴木 理恵 が 住民 {person[:8]}…さんの基本情報 を閲覧しようとしましたが"
    assert f"{refused}、この方の担当として登録されていないため" in text


def test_no_clinical_content_and_no_residents_name(auditor: Browser) -> None:
    html = auditor.page("/audit")
    pages = [html, *(auditor.page(path) for path in set(EVENT.findall(html)))]
    assert len(pages) > 8
    for page in pages:
        assert SECRET not in page
        assert "山田" not in page


def test_it_counts_todays_accesses_and_refusals(city: City, auditor: Browser) -> None:
    def counts() -> tuple[str, ...]:
        return tuple(re.findall(r"<b>(\d+)</b>", auditor.page("/audit")))

    before = len(city.log())
    assert counts() == (str(before), "1")
    city.clock.move(hours=7)
    assert counts()[1] == "1"
    auditor = browser_of(city, AUDITOR)
    city.clock.move(hours=5)  # midnight in Japan
    assert counts() == ("0", "0")


def test_it_is_narrowed(auditor: Browser, person: str) -> None:
    refused = words(auditor.page("/audit?outcome=refused"))
    assert f"鈴木 理恵 が 住民 {person[:8]}…さんの基本情報 を閲覧しようとしましたが" in refused
    assert "閲覧しました" not in refused
    assert "しようとしました" not in words(auditor.page("/audit?outcome=allowed"))
    assert "鈴木" not in _entries(auditor.page("/audit?person=cm-ito"))
    assert "伊藤" not in _entries(auditor.page("/audit?organisation=day"))
    assert "サインイン" not in _entries(auditor.page(f"/audit?patient={person}"))
    assert "登録しました" in _entries(auditor.page(f"/audit?patient=Patient/{person}&kind=write"))
    assert "閲覧しました" not in _entries(auditor.page("/audit?kind=sign-in"))
    assert "この条件にあう記録はありません" in auditor.page("/audit?to=2026-11-21")
    assert "この条件にあう記録はありません" in auditor.page("/audit?from=2026-11-23")
    assert "閲覧しました" in auditor.page("/audit?from=2026-11-22&to=2026-11-22")
    assert auditor.get("/audit?from=yesterday").status_code == 400
    assert '<option value="cm-ito" selected>' in auditor.page("/audit?person=cm-ito")


def test_pages_of_the_log_follow_one_another(city: City, auditor: Browser, person: str) -> None:
    for _ in range(60):
        city.created("hosp-ehr", note(person))
    html = auditor.page("/audit?kind=write")
    following = NEXT.search(html)
    assert following is not None
    path = following[1].replace("&amp;", "&")
    first, second = set(EVENT.findall(html)), set(EVENT.findall(auditor.page(path)))
    assert len(first) == 50
    assert second
    assert not first & second
    assert auditor.get(path.replace("kind=write", "kind=look")).status_code == 400
    assert auditor.get("/audit?before=12").status_code == 400


def test_one_event_in_full(city: City, auditor: Browser, person: str) -> None:
    (seen,) = city.log(interaction="page", patient=person, outcome="0")
    html = auditor.page(f"/audit/{seen['id']}")
    text = words(html)
    assert "だれが 伊藤 美和（cm-ito）" in text
    assert f"だれの Patient/{person}" in text
    assert "結果 認められました" in text
    assert "決め手の定め Consent/" in text
    shown = re.search(r"<pre[^>]*><code>(.*)</code></pre>", html, re.DOTALL)
    assert shown is not None
    event = json.loads(unescape(shown[1]))
    assert (event["resourceType"], event["id"]) == ("AuditEvent", seen["id"])
    assert auditor.get("/audit/invented").status_code == 404


def test_what_a_stranger_typed_is_not_told(city: City, auditor: Browser) -> None:
    city.get("hosp-ehr", "/fhir/Patient?name=%E5%B1%B1%E7%94%B0%E8%8A%B1%E5%AD%90")
    (asked,) = [row for row in city.log(interaction="search-type") if "name=" in row["query"]]
    told = auditor.page(f"/audit/{asked['id']}").partition("<pre")[0]
    assert "（条件：name）" in told
    assert "山田" not in told
    assert "%E5%B1%B1" not in told


@pytest.mark.parametrize("role", [CARE_MANAGER, SECRETARIAT])
def test_the_log_is_for_auditors(city: City, person: str, role: str) -> None:
    browser = browser_of(city, role)
    (seen, *_) = city.log(interaction="page")
    for path in ("/audit", f"/audit/{seen['id']}"):
        refused = browser.get(path)
        assert refused.status_code == 403
        assert "このページは使えません" in refused.text
    assert city.log()[0]["reason"] == "not-for-role"


def test_looking_at_the_log_is_in_the_log(city: City, auditor: Browser) -> None:
    auditor.page("/audit?person=cm-ito")
    (looked,) = city.log(interaction="search-type", person="aud-kondo")
    assert (looked["query"], looked["reason"], looked["outcome"]) == ("AuditEvent?person=cm-ito", "audit", "0")


def _entries(html: str) -> str:
    return words(html.partition('<ol class="log">')[2])
