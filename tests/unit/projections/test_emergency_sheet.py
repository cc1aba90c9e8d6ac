"""The sheet of an emergency and of a disaster: the care level is on it, however many cards were sent."""

from collections.abc import Callable
from datetime import datetime

import pytest

from hub.projections.emergency_sheet import Sheet, disaster_sheet, emergency_sheet
from hub.projections.handoff import Held
from profiles.canonical import CARE_LEVEL, LTC_ITEM
from profiles.instants import JAPAN
from profiles.resource import Resource
from tests.unit.projections.test_handoff import held, observation

NOW = datetime(2026, 11, 20, 10, 31, tzinfo=JAPAN)
GRADES = ("physical-independence", "dementia-independence")


def graded(id_: str, code: str, day: str, value: Resource) -> Held:
    about: Resource = {"coding": [{"system": LTC_ITEM, "code": code}]}
    return held("ltc-certification", observation(id_, about, day, value), "雪見市役所", "municipality")


def card(id_: str, start: str) -> Held:
    coverage: Resource = {
        "resourceType": "Coverage",
        "id": id_,
        "status": "active",
        "beneficiary": {"reference": "Patient/p1"},
        "period": {"start": start},
    }
    return held("ltc-certification", coverage, "雪見市役所", "municipality")


@pytest.mark.parametrize("sheet", [emergency_sheet, disaster_sheet])
def test_the_care_level_comes_before_the_cards_and_the_grades(sheet: Callable[..., Sheet]) -> None:
    level: Resource = {"valueCodeableConcept": {"coding": [{"system": CARE_LEVEL, "code": "22"}]}}
    entries = [
        graded("l1", "care-level", "2025-04-01", level),
        *(graded(code, code, "2026-04-01", {"valueCodeableConcept": {"text": "Ａ１"}}) for code in GRADES),
        *(card(f"c{month}", f"2026-0{month}-01") for month in range(1, 6)),
    ]
    (section,) = [one for one in sheet(None, entries, NOW).sections if one.code == "ltc-certification"]
    assert any("要介護２" in line.text or "要介護2" in line.text for line in section.lines)
    assert section.more == 3


def care_team(id_: str, *members: Resource) -> Held:
    team: Resource = {
        "resourceType": "CareTeam",
        "id": id_,
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "participant": list(members),
    }
    return held("care-team", team, "雪見市役所", "municipality")


def member(name: str, role: str = "", end: str = "") -> Resource:
    period: Resource = {"period": {"end": end}} if end else {}
    named: Resource = {"role": [{"text": role}]} if role else {}
    return {"member": {"reference": "#1", "display": name}, **named, **period}


@pytest.mark.parametrize("sheet", [emergency_sheet, disaster_sheet])
def test_the_team_is_those_who_serve_now_each_once(sheet: Callable[..., Sheet]) -> None:
    entries = [
        care_team("t1", member("佐藤 健", "主治医"), member("左 利一", end="2026-11-20T10:30:00+09:00")),
        care_team("t2", member("佐藤 健", "主治医"), member("佐藤 健", "相談医"), member("右 良二", end="2026-11-19")),
        care_team("t3", member("中 光三", end="2026-11-20"), member("上 四郎", end="2026-11-20T10:31:00+09:00")),
    ]
    (section,) = [one for one in sheet(None, entries, NOW).sections if one.code == "team"]
    told = sorted(line.text for line in section.lines)
    assert told == ["中 光三（2026-11-20まで）", "主治医 佐藤 健", "相談医 佐藤 健"]
