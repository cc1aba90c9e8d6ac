"""The review queue: what waits, with what it is about, and what the officers found (CONSENT.md §6)."""

import re
from uuid import uuid4

import pytest

from hub.context import instant
from hub.store import reviews
from tests.api.disasters import AREA, HERE, OFFICER, SECOND, declared, lives_at
from tests.api.emergencies import NURSE, PARAMEDIC, REASON, allergy
from tests.api.emergencies import declared as emergency
from tests.api.pages_city import AUDITOR, PHYSICIAN, SECRETARIAT, Browser, browser_of, change, rows, words
from tests.hub_in_test import City

PAGE = "/reviews"
NEXT = re.compile(r'rel="next" href="([^"]+)"')


@pytest.fixture
def officer(city: City) -> Browser:
    return browser_of(city, OFFICER)


def opened(
    city: City, kind: str, subject: str, text: str = "わけ", *, person: str = "sec-noda", patient: str = ""
) -> str:
    """A case as whoever opens one puts it; gives its id."""
    city.clock.move(seconds=1)
    id_ = uuid4().hex
    case = {"patient": patient, "id": id_, "kind": kind, "subject": subject, "text": text}
    by = {"opened": instant(city.clock.now), "organisation": "city", "person": person}
    still = {"finding": "", "note": "", "closed": "", "closed_by": ""}
    city.store.lane.do(lambda tx: reviews.put(tx, {**case, **by, **still}))
    return id_


def decide(browser: Browser, case: str, finding: str, note: str = "") -> int:
    return browser.post(f"{PAGE}/{case}", {"act": finding, "note": note}).status_code


def only_case(city: City) -> str:
    [row] = rows(city, "SELECT id FROM review_case")
    return str(row["id"])


def test_an_empty_queue_says_so(city: City, officer: Browser) -> None:
    html = officer.page(PAGE)
    assert "待っているものはありません" in words(html)
    assert "<title>確認 –" in html


def test_an_emergency_is_told_with_what_was_seen_and_closed(city: City, officer: Browser) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    city.created("hosp-ehr", allergy(person))
    emergency(city, PARAMEDIC, name="山田 花子", birthDate="1940-05-01", place="試験市北町の路上")
    assert city.get(PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}").json()["total"] == 1
    case = only_case(city)
    html = officer.page(PAGE)
    text = words(html)
    assert "<title>(1) 確認 –" in html
    assert "待っているもの 1件 緊急アクセス 2026年11月22日（日）12:00" in text
    assert "だれが 試験市消防署 堀 大地 だれの 山田 花子 86歳 女性" in text
    assert "いつ 2026年11月22日（日）12:00 から 13:00 まで" in text
    assert f"わけ {REASON}（試験市北町の路上） 見たもの 12:00 アレルギー" in text
    assert "ペニシリン" not in html
    assert "まだ開いています" in text
    city.clock.move(minutes=60)
    assert "まだ開いています" not in officer.page(PAGE)
    assert decide(officer, case, "not-justified") == 400
    assert decide(officer, case, "answered", "はい") == 400
    assert decide(officer, case, "not-justified", "要らない利用でした。") == 303
    late = officer.post(f"{PAGE}/{case}", {"act": "justified", "note": ""})
    assert late.status_code == 409
    assert 'href="/reviews">「確認」のページで、いまの状態を見る</a>' in late.text
    text = words(officer.page(f"{PAGE}?done=not-justified"))
    assert "待っているものはありません" in text
    assert "正しくない利用でした 要らない利用でした。 2026年11月22日 13:00 村田 隆" in text
    closed = [row for row in city.log(interaction="operation:review-close") if row["outcome"] == "0"]
    assert [(row["patient"], row["person"], row["query"]) for row in closed] == [
        (person, "off-murata", f"reviews/{case}?finding=not-justified")
    ]


def test_a_note_that_is_missing_is_asked_for_on_the_page(city: City, officer: Browser) -> None:
    case = opened(city, "disaster", "Disaster/x")
    answer = officer.post(f"{PAGE}/{case}", {"act": "unclear", "note": " "})
    assert answer.status_code == 400
    assert "この結論には、わけ" in words(answer.text)
    assert f'href="#c-{case}"' in answer.text
    assert decide(officer, case, "unclear", "x" * 1001) == 400
    assert decide(officer, case, "justified") == 303


def test_a_finding_is_taken_back(city: City, officer: Browser) -> None:
    case = opened(city, "disaster", "Disaster/x")
    assert decide(officer, case, "reopen") == 409
    assert decide(officer, case, "unclear", "わかりません。") == 303
    assert decide(browser_of(city, SECOND), case, "reopen") == 303
    html = officer.page(PAGE)
    assert "待っているもの 1件" in words(html)
    assert ">わかりません。</textarea>" in html
    assert decide(officer, case, "justified") == 303
    assert [row["query"] for row in city.log(interaction="operation:review-reopen", outcome="0")] == [
        f"reviews/{case}?finding=unclear"
    ]


def test_the_oldest_comes_first(city: City, officer: Browser) -> None:
    for number in range(3):
        opened(city, "unreadable-consent", f"Consent/{number}", f"読めない{number}")
    text = words(officer.page(PAGE))
    assert "「見せない」として扱っています" in text
    assert text.index("読めない0") < text.index("読めない1") < text.index("読めない2")


def test_an_alarm_comes_before_whatever_waits_and_stands_on_every_page(city: City, officer: Browser) -> None:
    for number in range(101):
        opened(city, "unreadable-consent", f"Consent/{number}", f"読めない{number:03}。")
    opened(city, "emergency-alarm", "EmergencyStop/ns-abe", "多くの方への宣言がありました。")
    pages = [officer.page(PAGE)]
    while following := NEXT.search(pages[-1]):
        pages.append(officer.page(following[1]))
    assert [one.count('<article class="waiting"') for one in pages] == [50, 50, 2]
    assert "待っているもの 102件 警報が1件あります。" in words(pages[0])
    assert pages[0].index("多くの方への宣言") < pages[0].index("読めない000。")
    assert "警報が1件あります。 はじめの50件 にあります。" in words(pages[1])
    told = [one for page in pages for one in re.findall(r"読めない\d+", page)]
    assert told == [f"読めない{number:03}" for number in range(101)]
    assert "警報 102 件が待っています" in words(officer.page("/audit"))
    assert "件が待っています" not in browser_of(city, AUDITOR).page("/audit")
    assert officer.page(f"{PAGE}?after=nobody").count('<article class="waiting"') == 50


def test_on_a_later_page_one_stays_there(city: City, officer: Browser) -> None:
    cases = [opened(city, "disaster", f"Disaster/{number}") for number in range(52)]
    answer = officer.post(f"{PAGE}/{cases[50]}", {"act": "justified", "note": "", "after": cases[49]})
    assert answer.headers["location"] == f"/reviews?done=justified&after={cases[49]}"
    assert f'id="c-{cases[51]}"' in officer.page(answer.headers["location"])
    assert decide(officer, cases[49], "justified") == 303
    assert f'id="c-{cases[51]}"' in officer.page(answer.headers["location"]), "its place is known, closed or not"
    assert decide(officer, cases[51], "justified") == 303
    assert "ここから先に、待っているものはありません" in officer.page(answer.headers["location"])


def test_an_officers_look_has_its_true_purpose(city: City, officer: Browser) -> None:
    person = city.resident()
    emergency(city, PARAMEDIC, name="山田 花子", birthDate="1940-05-01")
    officer.page(PAGE)
    (look,) = city.log(interaction="page", person="off-murata", patient=person)
    assert (look["purpose"], look["reason"]) == ("HCOMPL", "officer")
    told = words(browser_of(city, SECRETARIAT).page(f"/access-record/{person}"))
    assert "目的：決まりが守られたかの確認" in told


def test_a_question_is_told_with_the_access_and_answered(city: City, officer: Browser) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    city.get("dr-sato", f"/fhir/Patient/{person}")
    [event] = city.log(patient=person, person="dr-sato")
    case = opened(city, "question", f"AuditEvent/{event['id']}", "なぜ見ましたか", patient=person)
    text = words(officer.page(PAGE))
    assert "ご本人からの質問" in text
    assert "「なぜ見ましたか」" in text
    assert "試験市立病院の医師 佐藤 健" in text
    assert decide(officer, case, "justified") == 400
    assert decide(officer, case, "answered") == 400
    assert decide(officer, case, "answered", "診療のためでした。") == 303


@pytest.mark.promise("every-emergency-and-disaster-is-reviewed")
def test_nobody_closes_a_case_about_themselves(city: City, officer: Browser) -> None:
    declared(city, areas=[AREA])
    disaster, person = only_case(city), city.resident()
    officer.page("/disaster")
    [seen] = city.log(person="off-murata", interaction="page", outcome="0")[:1]
    question = opened(city, "question", f"AuditEvent/{seen['id']}", patient=person)
    alarm = opened(city, "emergency-alarm", "EmergencyStop/off-murata")
    second = browser_of(city, SECOND)
    for case, finding in ((disaster, "unclear"), (question, "answered"), (alarm, "unclear")):
        assert decide(officer, case, finding, "わけ") == 403
        assert decide(officer, case, "allow") == 403
        assert decide(second, case, finding, "わけ") == 303
        assert decide(officer, case, "reopen") == 403
    assert "own-case" in {row["reason"] for row in city.log(person="off-murata", outcome="8")}
    assert "ご自身についての件" not in officer.page(PAGE), "they are closed"


@pytest.mark.promise("every-emergency-and-disaster-is-reviewed")
def test_a_disaster_is_told_with_who_saw_how_many(city: City, officer: Browser) -> None:
    people = [city.resident(f"000000000{number}", **lives_at(HERE)) for number in (1, 2)]
    declared(city, "clinic", "hosp")
    for one in people:
        assert city.get("clinic-emr", f"/fhir/Patient/{one}").status_code == 200
    assert city.get("dr-sato", f"/fhir/Patient/{people[0]}").status_code == 200
    assert city.get("dr-sato", f"/fhir/Patient/{people[0]}").status_code == 200
    html = browser_of(city, SECOND).page(PAGE)
    text = words(html)
    assert "災害の宣言" in text
    assert "村田 隆、千葉 美咲" in text
    assert "どこの方の 試験市 北町" in text
    assert "試験クリニック システム 2人の情報を2回" in text
    assert "試験市立病院 佐藤 健 1人の情報を2回" in text
    assert not any(one in html for one in people)
    assert "ご自身についての件" in officer.page(PAGE)


def test_an_alarm_lets_somebody_declare_again(city: City, officer: Browser) -> None:
    person = city.resident()
    stopped = "INSERT INTO emergency_stop (person, raised, organisation, allowed, allowed_by)"
    change(city, f"{stopped} VALUES ('ns-abe', :now, 'hosp', '', '')", now=instant(city.clock.now))
    case = opened(city, "emergency-alarm", "EmergencyStop/ns-abe", "多くの方への宣言がありました。")
    assert "阿部 桜" in words(officer.page(PAGE))
    assert "この方は、いま宣言できません" in officer.page(PAGE)
    assert "また宣言できるようにする" in officer.page(PAGE)
    assert decide(browser_of(city, AUDITOR), case, "allow") == 403
    assert decide(officer, case, "allow") == 303
    assert "また宣言できるようにする" not in officer.page(PAGE)
    assert "11月22日（日）12:00に、村田 隆が、また宣言できるようにしました。" in words(officer.page(PAGE))
    assert decide(officer, case, "allow") == 409
    assert emergency(city, NURSE, name="山田 花子", birthDate="1940-05-01")["patient"] == person
    other = opened(city, "disaster", "Disaster/x")
    assert decide(officer, other, "allow") == 404


def test_an_alarm_that_was_closed_can_still_be_answered_and_an_old_one_lifts_no_later_stop(
    city: City, officer: Browser
) -> None:
    stopped = "INSERT INTO emergency_stop (person, raised, organisation, allowed, allowed_by)"
    cases = []
    for _ in range(2):
        city.clock.move(minutes=1)
        change(city, f"{stopped} VALUES ('ns-abe', :now, 'hosp', '', '')", now=instant(city.clock.now))
        cases.append(opened(city, "emergency-alarm", "EmergencyStop/ns-abe"))
        if len(cases) == 1:
            assert decide(officer, cases[0], "justified") == 303
            assert "また宣言できるようにする" in officer.page(PAGE)
            assert decide(officer, cases[0], "allow") == 303
            assert "また宣言できるようにする" not in officer.page(PAGE)
    assert decide(officer, cases[0], "allow") == 409
    assert "この方は、いま宣言できません" in officer.page(PAGE)
    assert decide(officer, cases[1], "allow") == 303


def test_an_auditor_looks_and_is_told_no_name(city: City) -> None:
    person = city.resident()
    emergency(city, PARAMEDIC, name="山田 花子", birthDate="1940-05-01")
    auditor, case = browser_of(city, AUDITOR), only_case(city)
    html = auditor.page(PAGE)
    assert person in html
    assert "山田" not in html
    assert "<button name=" not in html
    assert decide(auditor, case, "justified") == 403
    assert decide(auditor, case, "reopen") == 403


@pytest.mark.parametrize("who", [SECRETARIAT, PHYSICIAN])
def test_nobody_else_looks(city: City, who: str) -> None:
    case, browser = opened(city, "disaster", "Disaster/x"), browser_of(city, who)
    assert browser.get(PAGE).status_code == 403
    assert decide(browser, case, "justified") == 403
    assert decide(browser_of(city, OFFICER), case, "justified") == 303


def test_a_case_that_there_is_not(city: City, officer: Browser) -> None:
    assert decide(officer, "nobody", "justified") == 404
    assert decide(officer, "nobody", "reopen") == 404
    case = opened(city, "disaster", "Disaster/x")
    assert decide(officer, case, "whatever", "わけ") == 400
    assert officer.post(f"{PAGE}/{case}", {"act": "justified"}, origin="https://elsewhere.example").status_code == 403
    assert decide(officer, case, "justified") == 303


def test_what_was_written_is_text(city: City, officer: Browser) -> None:
    case = opened(city, "unreadable-consent", "Consent/x", "<script>1</script>")
    assert decide(officer, case, "answered", "<script>2</script>") == 303
    html = officer.page(f"{PAGE}?done=answered")
    assert "<script>" not in html
    assert "&lt;script&gt;2" in html
