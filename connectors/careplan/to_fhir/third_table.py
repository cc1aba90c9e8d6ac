"""第3表 週間サービス計画表: a weekly CarePlan, one activity a row."""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import information_category
from connectors.careplan.to_fhir.first_table import PLAN_DAY, plan_record
from connectors.careplan.to_fhir.record import Entry, Origin
from connectors.careplan.to_fhir.visit import minutes_between
from profiles.resource import Json, Resource

_DAYS = {"1": "mon", "2": "tue", "3": "wed", "4": "thu", "5": "fri", "6": "sat", "7": "sun"}


def third_table(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UP3KYO of one person and plan → CarePlan."""
    first = rows[0]
    yield origin.record("CarePlan", origin.sheet(first, first[PLAN_DAY], "week"), "3").put(
        first.line,
        {
            "partOf": [plan_record(first, origin).named],
            "status": "active",
            "intent": "plan",
            "category": [{"coding": [information_category("care-plan")]}],
            "title": "週間サービス計画表",
            "subject": origin.patient(first),
            "period": {"start": first[PLAN_DAY]},
            "created": first["週間サービス計画表作成年月日"],
            "author": origin.sender,
            "activity": [activity for row in rows for activity in _activities(row)],
        },
    )


def _activities(row: Row) -> Iterator[Resource]:
    """A row has a service of a weekday, a daily activity, or a service outside the week; each that it has is told."""
    start, end = row["開始時間"], row["終了時間"]
    if row["介護サービス内容"] or row["曜日"] or start or end:
        timing = _timing(start, end) | {"period": 1, "periodUnit": "wk"}
        if row["曜日"]:
            timing["dayOfWeek"] = [_DAYS[row["曜日"]]]
        yield _detail("介護サービス", row["介護サービス内容"], timing, f"{row.shown('曜日')} {_span(start, end)}")
    start, end = row["活動の開始時間"], row["活動の終了時間"]
    if row["主な日常生活上の活動"] or start or end:
        timing = _timing(start, end) | {"period": 1, "periodUnit": "d"}
        yield _detail("主な日常生活上の活動", row["主な日常生活上の活動"], timing, f"毎日 {_span(start, end)}")
    if row["週単位以外のサービス"]:
        yield _detail("週単位以外のサービス", row["週単位以外のサービス"], {}, "週単位以外のサービス")


def _detail(kind: str, what: str, repeat: Resource, when: str) -> Resource:
    detail: Resource = {
        "code": {"text": what or kind},
        "status": "scheduled",
        "description": f"{when.strip()} {what}".strip(),
    }
    if repeat:
        detail["scheduledTiming"] = {"repeat": {"frequency": 1, **repeat}}
    return {"detail": detail}


def _timing(start: str, end: str) -> dict[str, Json]:
    # A time of day is before 24:00; the span in the description keeps what was written.
    repeat: dict[str, Json] = {"timeOfDay": [f"{start}:00"]} if start and start != "24:00" else {}
    minutes = minutes_between(start, end)
    return repeat | ({"duration": minutes, "durationUnit": "min"} if minutes else {})


def _span(start: str, end: str) -> str:
    return "" if not (start or end) else start if start == end else f"{start}–{end}"
