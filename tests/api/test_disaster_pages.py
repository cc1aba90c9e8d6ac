"""The pages of a disaster: what opens, shown before and during; and one resident of the area for those who help."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from tests.api.disasters import AREA, ELSEWHERE, HERE, OFFICER, SECOND, act, declare, declared, end, fields, lives_at
from tests.api.emergencies import allergy, relative
from tests.api.pages_city import AUDITOR, CARE_WORKER, PHYSICIAN, Browser, browser_of, words
from tests.hub_in_test import Body, City, note

PEOPLE = "/disaster/people"
WHO = {"name": "山田 花子", "birth": "昭和15年5月1日"}
UNMATCHED = "あてはまる方がいないか、二人以上います"


@pytest.fixture
def resident(city: City) -> str:
    """Somebody in the area whom the clinic looks after."""
    one = city.resident(**lives_at(HERE))
    city.team(one, "Organization/clinic")
    city.created("clinic-emr", allergy(one))
    city.created("clinic-emr", note(one, "きょうは来院されませんでした。"))
    city.created("city-registry", relative(one))
    return one


def typed(form: Mapping[str, str]) -> str:
    """What the first form sends, as a browser does."""
    asked = [(name, value) for name, value in form.items() if name != "organisations"]
    return urlencode([*asked, *(("organisation", one) for one in form["organisations"].split())])


def test_before_it_is_declared_it_says_what_would_open(city: City, resident: str) -> None:
    city.resident("0000000002", name="鈴木 次郎", **lives_at(ELSEWHERE))
    first = browser_of(city, OFFICER)
    empty = first.page("/disaster/new")
    assert 'value="hosp" checked' in empty
    assert 'value="day" checked' not in empty, "a day-care centre is no usual helper"
    text = words(first.page(f"/disaster/new?{typed(fields(city, 'clinic', 'fire'))}"))
    assert "2026年11月22日（日）12:00 から 2026年11月23日（月）12:00 まで" in text
    assert "試験市 北町 1人" in text
    assert "試験クリニック 診療所 、試験市消防署 消防" in text
    assert "住民基本情報、緊急連絡先・家族、担当者、介護認定情報" in text
    assert "申し送り" not in text
    assert "山田" not in text
    assert first.get("/disaster").text.count("<article") == 0, "nothing is declared by looking"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "名前を書いてください"),
        ({"areas": ""}, "地域を、一行に一つずつ"),
        ({"organisations": ""}, "支援する機関を、一つ以上"),
        ({"ends": "2026-11-22T11:00"}, "終わりの時刻が、もう過ぎています"),
        ({"ends": "2026-12-07T12:00"}, "いまから14日以内"),
        ({"ends": "いつか"}, "始まりと終わりを入れてください"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed(city: City, wrong: dict[str, str], said: str) -> None:
    html = browser_of(city, OFFICER).page(f"/disaster/new?{typed({**fields(city), **wrong})}")
    assert said in words(html)
    assert "このとおり宣言する" not in html
    assert 'value="clinic" checked' in html or not wrong.get("organisations", "x")


def test_an_area_where_nobody_lives_is_said(city: City, resident: str) -> None:
    html = browser_of(city, OFFICER).page(f"/disaster/new?{typed(fields(city, areas=['北町']))}")
    assert "北町 0人 あてはまる方がいません" in words(html)
    assert "このとおり宣言する" in html


def test_the_board_counts_and_names_nobody(city: City, resident: str) -> None:
    city.resident("0000000002", name="鈴木 次郎", **lives_at(HERE, "098-9999"))
    hidden = {"security": [{"system": "https://renkei.example/fhir/CodeSystem/label", "code": "ADDRESS-PROTECTED"}]}
    city.resident("0000000003", name="佐々木 明美", meta=hidden, **lives_at(HERE))
    first, second, auditor = (browser_of(city, who) for who in (OFFICER, SECOND, AUDITOR))
    assert "いま、災害の宣言はありません" in words(first.page("/disaster"))
    id_ = declare(city, first, areas=[AREA, "098-1234"])
    for browser, button in ((first, "取り下げる"), (second, "確かめました。開きます"), (auditor, "")):
        html = browser.page("/disaster")
        text = words(html)
        assert "地震 二人目を待っています" in text
        assert "試験市 北町、098-1234 2人 住所の保護がある方（市全体で1人）は" in text
        assert not any(name in html for name in ("山田", "鈴木", "佐々木", resident))
        assert [one for one in ("取り下げる", "確かめました。開きます") if one in html] == ([button] if button else [])
    act(second, id_, "confirm")
    assert "いま開いています 2026年11月22日 12:00 村田 隆 が宣言、2026年11月22日 12:00 千葉 美咲 が確認" in words(
        first.page("/disaster?done=confirm")
    )
    end(city, id_)
    text = words(first.page("/disaster"))
    assert "いま、災害の宣言はありません" in text
    assert "地震 終わりました" in text


def test_what_was_typed_is_text(city: City) -> None:
    declare(city, browser_of(city, OFFICER), name="<script>1</script>", areas=["<b>北町</b>"])
    html = browser_of(city, SECOND).page("/disaster")
    assert "<script>1" not in html
    assert "<b>北町" not in html


@pytest.mark.promise("a-disaster-opens-its-area-and-set-only")
def test_a_helper_finds_one_of_the_area_and_sees_the_set(city: City, resident: str) -> None:
    helper = browser_of(city, PHYSICIAN)
    assert "災害時の支援" not in helper.page("/people")
    assert "支援する災害の宣言はありません" in words(helper.page(PEOPLE))
    assert helper.post(PEOPLE, WHO).status_code == 404

    id_ = declared(city, "hosp", "fire")
    assert "災害時の支援" in helper.page("/people")
    assert "地震 試験市 北町 2026年11月23日（月）12:00 まで" in words(helper.page(PEOPLE))
    found = helper.post(PEOPLE, WHO)
    assert found.headers["location"] == f"{PEOPLE}/{resident}"
    html = helper.page(f"{PEOPLE}/{resident}")
    for shown in ("山田 花子", "ペニシリン", "山田 和子", "0165-00-0001", HERE):
        assert shown in html, shown
    assert "来院されませんでした" not in html
    logged = city.log(patient=resident, organisation="hosp")
    assert [(row["interaction"], row["purpose"], row["reason"]) for row in logged[:2]] == [
        ("operation:disaster-sheet", "DISASTER", "disaster"),
        ("operation:disaster-find", "DISASTER", "disaster"),
    ]
    assert {row["rules"] for row in logged[:2]} == {f'["Disaster/{id_}"]'}
    assert any(one.startswith("AllergyIntolerance/") for one in _what(logged[0]))
    assert not any(one.startswith("Communication/") for one in _what(logged[0]))

    end(city, id_)
    assert helper.get(f"{PEOPLE}/{resident}").status_code == 404
    assert helper.post(PEOPLE, WHO).status_code == 404
    assert "災害時の支援" not in helper.page("/people")


def _what(row: Body) -> list[str]:
    found: list[str] = json.loads(row["what"])
    return found


def test_nobody_more_than_one_and_elsewhere_are_one_answer(city: City, resident: str) -> None:
    elsewhere = city.resident("0000000002", name="鈴木 次郎", **lives_at(ELSEWHERE))
    for number in ("0000000003", "0000000004"):
        city.resident(number, name="高橋 三郎", **lives_at(HERE))
    declared(city, "hosp")
    helper = browser_of(city, PHYSICIAN)
    born = {"birth": "1940-05-01"}
    answers = [
        helper.post(PEOPLE, said)
        for said in (
            {"name": "鈴木 次郎", **born},
            {"name": "高橋 三郎", **born},
            {"name": "だれ でもない", **born},
            {"name": "山田 花子"},
            born,
            {"number": "011234-0000000002"},
            {},
        )
    ]
    assert {one.status_code for one in answers} == {404}
    assert all(UNMATCHED in one.text for one in answers)
    assert helper.get(f"{PEOPLE}/{elsewhere}").status_code == 404
    assert helper.get(f"{PEOPLE}/{'0' * 32}").status_code == 404
    assert helper.post(PEOPLE, {"number": "011234-0000000001"}).headers["location"] == f"{PEOPLE}/{resident}"
    refused = [(row["patient"], row["reason"]) for row in city.log(interaction="operation:disaster-find", outcome="8")]
    assert (elsewhere, "no-disaster") in refused
    assert (None, "unmatched") in refused


@pytest.mark.parametrize("who", [CARE_WORKER, AUDITOR])
def test_who_does_not_help_finds_nobody(city: City, resident: str, who: str) -> None:
    declared(city, "hosp", "city")
    browser: Browser = browser_of(city, who)
    assert browser.post(PEOPLE, WHO).status_code in (403, 404)
    assert browser.get(f"{PEOPLE}/{resident}").status_code in (403, 404)
    assert browser_of(city, PHYSICIAN).get(f"{PEOPLE}/{resident}").status_code == 200
