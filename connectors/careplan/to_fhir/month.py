"""第6表 サービス利用票: what is planned in a month (UPPLAN), and what was done (UPJSK).

A visit that was made is an Encounter: the care team sees it on the timeline.  Equipment on loan visits nobody: it
stays one ServiceRequest a month, ``completed``.
"""

from collections.abc import Iterable, Iterator

from connectors.careplan.layouts import service_kinds
from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import information_category, notes, office, service
from connectors.careplan.to_fhir.record import Entry, Origin
from connectors.careplan.to_fhir.visit import encounters, minutes_between, moment
from profiles.resource import Json, Resource

_SAME_SERVICE = (
    "サービス事業者コード",
    "サテライト枝番",
    "サービスコード",
    "TAISコード",
    "福祉用具届出コード",
    "明細判別コード",
    "サービス開始時刻",
    "サービス終了時刻",
)
_EQUIPMENT = ("TAISコード", "福祉用具届出コード", "用具名称（機種名）", "明細判別コード")
_NOTES = (
    "サービス回数",
    "単位数",
    "前月までの短期入所利用日数",
    "日割対象日",
    "３０日超区分",
    "プラン担当者名",
    "サテライト枝番",
)


def planned(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPPLAN of one person and month → a ServiceRequest for each service, with its days."""
    yield from _requests(rows, planned_sheet(origin, rows[0], rows[0]["対象年月"]), "active", origin)


def performed(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPJSK of one person and month → an Encounter for each visit, a ServiceRequest for equipment."""
    sheets: dict[str, list[Row]] = {}
    for row in rows:
        sheet = performed_sheet(origin, row, row["対象年月"], row["サービス事業者コード"], row["サービスコード"][:2])
        sheets.setdefault(sheet, []).append(row)
    for sheet, its in sheets.items():
        yield from _requests([row for row in its if _is_equipment(row)], sheet, "completed", origin)
        yield from encounters([row for row in its if not _is_equipment(row)], sheet, origin)


def planned_sheet(origin: Origin, row: Row, month: str) -> str:
    """The sheet of a month's 予定."""
    return origin.sheet(row, month, "planned")


def performed_sheet(origin: Origin, row: Row, month: str, care_office: str, kind: str) -> str:
    """The sheet of one office's 実績 of one サービス種類: what one DLTJSK row takes back."""
    return origin.sheet(row, month, "performed", care_office, kind)


def _is_equipment(row: Row) -> bool:
    kind = service_kinds().get(row["サービスコード"][:2])
    return any(row[name] for name in _EQUIPMENT) or (kind is not None and kind.reach == "equipment")


def _requests(rows: list[Row], sheet: str, status: str, origin: Origin) -> Iterator[Entry]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in _SAME_SERVICE), []).append(row)
    made = _kept(rows[0], "作成年月日") if rows else ""
    for key, its in groups.items():
        yield origin.record("ServiceRequest", sheet, *key).put(its[0].line, _request(its, status, made, origin))


def _request(rows: list[Row], status: str, made: str, origin: Origin) -> Resource:
    first = rows[0]
    return {
        "status": status,
        "intent": "plan",
        "category": [{"coding": [information_category("service-use")]}],
        "code": service(first["サービスコード"]),
        "orderDetail": [{"text": f"{name}: {text}"} for name in _EQUIPMENT for text in _days_of(rows, name)],
        "subject": origin.patient(first),
        "occurrenceTiming": _occurrence(rows),
        "authoredOn": made,
        "requester": office(_kept(first, "プラン担当業者コード"), ""),
        "performer": [office(first["サービス事業者コード"], first["サービス事業所名"])],
        "note": notes([*_told(rows, _NOTES), *_told(rows, ("サービス事業所名", "プラン担当業者コード"), at_least=2)]),
    }


def _kept(row: Row, name: str) -> str:
    """The value as a person reads it; ``""`` for a column that this kind of row reports as unmapped."""
    return "" if row.layout.column(name).unmapped else row.shown(name)


def _days_of(rows: list[Row], name: str) -> dict[str, list[str]]:
    """Each value of the column → the days that have it."""
    days: dict[str, list[str]] = {}
    for row in rows:
        if value := _kept(row, name):
            days.setdefault(value, []).append(row["サービス利用日"])
    return days


def _told(rows: list[Row], names: Iterable[str], at_least: int = 1) -> Iterator[tuple[str, str]]:
    """(column, value) of columns with so many values; a value that not all days have is told with its days."""
    for name in names:
        days = _days_of(rows, name)
        if len(days) >= at_least:
            for value, its in days.items():
                yield name, value if len(its) == len(rows) else f"{value}（{'、'.join(its)}）"


def _occurrence(rows: list[Row]) -> Resource:
    start, end = rows[0]["サービス開始時刻"], rows[0]["サービス終了時刻"]
    events: list[Json] = [moment(row["サービス利用日"], start) for row in rows]
    minutes = minutes_between(start, end)
    return {"event": events, "repeat": {"duration": minutes, "durationUnit": "min"} if minutes else {}}
