"""A resident's own record of access: all of it, in words, for the desk that hands it to them (TRUST T-099)."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from hub.context import instant
from hub.store import audit, reviews
from tests.api.emergencies import OFFICER, PARAMEDIC, REASON, allergy, declared
from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    SECRETARIAT,
    Browser,
    browser_of,
    looked_after,
    rows,
    words,
)
from tests.hub_in_test import City, note, observation

ENTRY = re.compile(r'id="e-([0-9a-f]+)"')
NEXT = re.compile(r'<a class="button" rel="next" href="([^"]+)"')
WHEN = "2026-11-22T04:00:00.000Z"
SECRET = "膝の痛みが続きます。"


@pytest.fixture
def person(city: City) -> str:
    """A resident whom a care manager looked at, whom a care worker tried to look at, and of whom systems pushed."""
    person = looked_after(city)
    for count in range(3):
        city.created("hosp-ehr", observation(person, 7.0 + count))
    city.created("hosp-ehr", note(person, SECRET))
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    browser_of(city, CARE_WORKER).get(f"/people/{person}")
    return person


@pytest.fixture
def desk(city: City) -> Browser:
    return browser_of(city, SECRETARIAT)


def entries(desk: Browser, path: str) -> list[str]:
    """The ids of the entries on a page and on all that follow it."""
    found: list[str] = []
    following: str | None = path
    while following:
        html = desk.page(following)
        found += ENTRY.findall(html)
        link = NEXT.search(html)
        following = link[1].replace("&amp;", "&") if link else None
    return found


def test_who_saw_what_when_and_why_in_words(desk: Browser, person: str) -> None:
    text = words(desk.page(f"/access-record/{person}"))
    seen = "12:00 試験居宅介護支援事業所の介護支援専門員 伊藤 美和 あなたの"
    assert f"2026年11月22日（日） {seen}" in text
    assert "検体検査" in text.partition(seen)[2][:60]
    assert "画面や一覧で見ました。 目的：介護・生活の支援 わけ：あなたの同意と、市の共有の取り決めにより" in text
    assert "決め手となった定め：2026年11月22日の同意" in text
    assert SECRET not in text


def test_what_was_refused_stands_apart_and_is_understood(desk: Browser, person: str) -> None:
    text = words(desk.page(f"/access-record/{person}?show=refused"))
    assert "お断りしたもの 1件 12:00 お見せしていません 試験デイサービス（介護サービス）の介護職員 鈴木 理恵" in text
    assert "その人も、その機関も、あなたの支援チームに入っていません。お見せしませんでした。" in text
    assert "伊藤" not in text.partition("お断りしたもの 1件")[2]


def test_what_systems_did_is_summed_by_day_and_organisation(city: City, desk: Browser, person: str) -> None:
    city.clock.move(days=1)
    city.created("hosp-ehr", observation(person, 9.9))
    desk = browser_of(city, SECRETARIAT)
    later, _, earlier = words(desk.page(f"/access-record/{person}")).partition("2026年11月22日")
    assert "試験市立病院 1件 あなたの検体検査を登録しました 1件" in later
    assert "試験市立病院 4件 あなたの検体検査を登録しました 3件" in earlier
    assert "試験市役所 3件" in earlier
    people = words(desk.page(f"/access-record/{person}?show=people"))
    assert "システムどうしの自動のやりとり" not in people
    assert "伊藤 美和" in people


@pytest.mark.promise("record-of-access-is-whole")
def test_the_record_is_the_multiset_of_the_residents_audit_events(city: City, desk: Browser, person: str) -> None:
    other = looked_after(city, number="0000000002", name="鈴木 一郎")
    desk.page(f"/access-record/{person}")
    events = city.get("aud-kondo", f"/fhir/AuditEvent?patient={person}&_count=200").json()["entry"]
    told = entries(desk, f"/access-record/{person}")
    assert Counter(told) == Counter(one["resource"]["id"] for one in events)
    assert len(told) > 9
    parts = [entries(desk, f"/access-record/{person}?show={show}") for show in ("people", "refused", "undone")]
    machines = {row["id"] for row in city.log(patient=person) if not row["person"] and row["outcome"] == "0"}
    looked_since = set(parts[0]) - set(told)  # the look of this very test
    assert len(looked_since) == 1
    assert Counter([*parts[0], *parts[1], *parts[2], *machines]) - Counter(looked_since) == Counter(told)
    assert not set(entries(desk, f"/access-record/{other}")) & set(told)


def test_what_somebody_does_again_and_again_is_told_once_with_every_time(city: City, person: str) -> None:
    manager, worker = browser_of(city, CARE_MANAGER), browser_of(city, CARE_WORKER)
    for _ in range(2):
        city.clock.move(minutes=7)
        manager.page(f"/people/{person}")
        worker.get(f"/people/{person}")
    desk = browser_of(city, SECRETARIAT)
    text = words(desk.page(f"/access-record/{person}"))
    assert text.count("お断りしたもの 3件 12:14 お見せしていません 試験デイサービス（介護サービス）の介護職員") == 1
    assert text.count("この日、同じ内容でほかに 2回（12:00 から）") == 2
    paper = words(desk.page(f"/access-record/{person}/print"))
    assert paper.count("この日、同じ内容でほかに 2回： 12:07 、 12:00") == 2
    assert paper.count("伊藤 美和") == 1


def test_what_was_asked_about_stands_alone(city: City, desk: Browser, person: str) -> None:
    manager = browser_of(city, CARE_MANAGER)
    for _ in range(2):
        city.clock.move(minutes=7)
        manager.page(f"/people/{person}")
    looks = [row["id"] for row in city.log(patient=person, person="cm-ito")]
    assert desk.post(f"/access-record/{person}/entries/{looks[1]}", {"text": "なぜですか。"}).status_code == 303
    text = words(desk.page(f"/access-record/{person}?show=people"))
    assert "この日、同じ内容でほかに 1回（12:00 から）" in text
    assert "12:07 試験居宅介護支援事業所の介護支援専門員 伊藤 美和" in text.partition("質問 なぜですか。")[0]


def logged(city: City, person: str, days: int, each: int) -> None:
    """So many further entries on each of the days that follow, all at one instant of theirs."""
    found = city.store.lane.do(lambda tx: audit.find(tx, {"patient": person}, count=1))
    one = audit.record_of(found[0], "")
    more = [
        one._replace(id=f"{day:016x}{count:016x}", recorded=instant(city.clock.now + timedelta(days=day)))
        for day in range(1, days + 1)
        for count in range(each)
    ]
    city.store.lane.do(lambda tx: audit.put(tx, more))
    city.clock.move(days=days)


@pytest.mark.parametrize(("days", "each", "on_the_first"), [(9, 90, 270), (1, 900, 200)], ids=["whole days", "one day"])
def test_a_long_record_is_paged_without_a_gap(city: City, person: str, days: int, each: int, on_the_first: int) -> None:
    logged(city, person, days, each)
    desk = browser_of(city, SECRETARIAT)
    before = Counter(row["id"] for row in rows(city, "SELECT id FROM audit WHERE patient = :p", p=person))
    first = desk.page(f"/access-record/{person}")
    assert len(ENTRY.findall(first)) == on_the_first
    following = NEXT.search(first)
    assert following is not None
    assert desk.get(following[1].replace("?before=", "?show=people&before=")).status_code == 400
    found = Counter(entries(desk, f"/access-record/{person}"))
    assert set(found.values()) == {1}
    assert Counter(one for one in found if one in before) == before


def test_a_record_is_narrowed_to_days_in_japan(city: City, person: str) -> None:
    logged(city, person, 2, 5)
    desk = browser_of(city, SECRETARIAT)
    assert len(entries(desk, f"/access-record/{person}?from=2026-11-23&to=2026-11-23")) == 5
    assert entries(desk, f"/access-record/{person}?to=2026-11-21") == []
    assert desk.get(f"/access-record/{person}?from=tomorrow").status_code == 400
    assert desk.get(f"/access-record/{person}?show=secrets").status_code == 400


def test_on_paper_it_is_the_same_record_for_the_resident(desk: Browser, person: str) -> None:
    text = words(desk.page(f"/access-record/{person}/print"))
    assert "あなたの情報へのアクセスの記録" in text
    assert "お名前 山田 花子 様" in text
    assert "12:00 試験居宅介護支援事業所の介護支援専門員 伊藤 美和" in text
    assert "試験市立病院のシステム（自動のやりとり）4件" in text
    assert "お断りしたもの" in text


def test_every_look_at_the_record_and_every_print_is_in_it(city: City, desk: Browser, person: str) -> None:
    desk.page(f"/access-record/{person}?show=people")
    desk.page(f"/access-record/{person}/print")
    looks = [row for row in city.log(patient=person) if row["interaction"].startswith("operation:access-record")]
    assert [(row["interaction"], row["person"], row["purpose"], row["reason"]) for row in looks] == [
        ("operation:access-record-print", "sec-noda", "PATRQT", "record"),
        ("operation:access-record", "sec-noda", "PATRQT", "record"),
    ]
    text = words(desk.page(f"/access-record/{person}"))
    assert "試験市役所の事務局職員 野田 恵子 この、アクセスの記録を印刷しました。 目的：ご本人の求め" in text
    assert "窓口が開きました" in text


def test_the_resident_is_found_by_all_that_is_said_or_not_at_all(city: City, desk: Browser, person: str) -> None:
    here = f"/access-record/{person}"
    assert "ご本人か、代わりの方であることを確かめて" in desk.page("/access-record")
    number = {"name": "", "birth": "", "number": "011234-0000000001"}
    assert desk.post("/access-record", number).headers["location"] == here
    named = {"name": "山田花子", "birth": "1940-05-01", "number": ""}
    assert desk.post("/access-record", named).headers["location"] == here
    for wrong in ({**named, "birth": "1940-05-02"}, {**named, "birth": ""}, {**number, "number": "x"}):
        missed = desk.post("/access-record", wrong).headers["location"]
        assert missed.startswith("/access-record?typed=")
        assert desk.get(missed).status_code == 200
    looks = city.log(interaction="operation:find-resident")
    assert not any("山田" in row["query"] or "0000000001" in row["query"] for row in looks)
    assert {row["patient"] for row in looks} == {person, None}


@pytest.mark.promise("record-of-access-is-for-the-desk")
@pytest.mark.parametrize("role", [CARE_MANAGER, AUDITOR])
def test_it_is_for_the_desk_and_others_are_refused_kindly_and_in_the_log(city: City, person: str, role: str) -> None:
    browser, desk = browser_of(city, role), browser_of(city, SECRETARIAT)
    (seen,) = city.log(interaction="page", patient=person, outcome="0")
    for path in (
        f"/access-record/{person}",
        f"/access-record/{person}/print",
        f"/access-record/{person}/entries/{seen['id']}",
    ):
        assert desk.get(path).status_code == 200
        refused = browser.get(path)
        assert refused.status_code == 403
        assert "このページは使えません" in refused.text
        last = city.log()[0]
        assert (last["patient"], last["outcome"], last["reason"]) == (person, "8", "not-for-role")
    assert browser.get("/access-record").status_code == 403
    assert browser.post("/access-record", {"number": "011234-0000000001"}).status_code == 403
    assert "/access-record" not in browser.get("/").headers["location"]


def test_nobodys_record_is_not_there(desk: Browser, person: str) -> None:
    assert desk.get("/access-record/nobody").status_code == 404
    assert desk.get(f"/access-record/{person}/entries/nothing").status_code == 404


def test_of_what_the_resident_was_not_told_the_kind_is_not_told_either(city: City, desk: Browser, person: str) -> None:
    secret = {"security": [{"system": "https://renkei.example/fhir/CodeSystem/label", "code": "UNINFORMED"}]}
    city.created("hosp-ehr", observation(person, 5.5, meta=secret))
    city.clock.move(days=1)
    text = words(browser_of(city, SECRETARIAT).page(f"/access-record/{person}"))
    assert "あなたのそのほかの情報を登録しました 1件" in text
    assert "あなたの検体検査を登録しました 3件" in text


def test_an_emergency_is_marked_with_what_was_opened_why_and_what_the_city_found(
    city: City, desk: Browser, person: str
) -> None:
    city.created("hosp-ehr", allergy(person))
    assert declared(city, PARAMEDIC, identifier="011234-0000000001")["patient"] == person
    assert city.get(PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}").json()["total"] == 1
    special = words(desk.page(f"/access-record/{person}?show=special"))
    assert "緊急時 試験市消防署の救急隊員 堀 大地 緊急アクセスを宣言しました。 目的：救急" in special
    assert f"堀 大地（試験市消防署）による緊急アクセスの宣言（{REASON}）" in special
    assert "あなたのアレルギーを画面や一覧で見ました。 目的：救急 わけ：命や体にかかわる緊急のとき" in special
    assert "市の確認：確かめています" in special
    assert "伊藤" not in special

    city.store.lane.do(
        lambda tx: reviews.close(tx, reviews.waiting(tx, 1)[0], "justified", "意識がなかったため。", WHEN, OFFICER)
    )
    assert "市の確認：正しい利用でした 意識がなかったため。" in words(desk.page(f"/access-record/{person}"))
    assert "【緊急時】" in desk.page(f"/access-record/{person}/print")
