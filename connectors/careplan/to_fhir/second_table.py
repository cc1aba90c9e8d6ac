"""第2表 居宅サービス計画書(2): needs, goals and the services that answer them.

The CarePlan tells the whole table, for those who read care plans; the ServiceRequests tell the services alone, for
those who may see only which services are in use.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import columns, information_category, notes, office
from connectors.careplan.to_fhir.first_table import PLAN_DAY, plan_record
from connectors.careplan.to_fhir.printed_form import numbered, told
from connectors.careplan.to_fhir.record import Entry, Origin, Record
from profiles.resource import Json, Resource

_NUMBERS = ("課題ＮＯ", "援助目標ＮＯ", "援助内容ＮＯ")
_TERMS = {"長期": "long", "短期": "short"}
_CARRIED = ("課題", "長期目標", "長期期間", "短期目標", "短期期間")
_SERVICE = (
    "サービス内容",
    "保険対象区分",
    "サービス種別",
    "サービス事業者コード",
    "サービス事業所名",
    "頻度",
    "実施期間",
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row with the cells of the rows above that its blanks stand for, its goals and its service."""

    row: Row
    told: dict[str, str]
    goals: dict[str, Record]
    service: Record | None


def second_table(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UP2KYO of one person and plan → Goal, ServiceRequest, CarePlan, CareTeam."""
    first = rows[0]
    sheet = origin.sheet(first, first[PLAN_DAY])
    plan = origin.record("CarePlan", sheet, "2")
    lines = _lines(rows, sheet, origin)
    yield from _goals(lines, origin)
    for line in lines:
        if line.service:
            yield line.service.put(line.row.line, _service_request(line, plan, origin))
    yield plan.put(
        first.line,
        {
            "partOf": [plan_record(first, origin).named],
            "status": "active",
            "intent": "plan",
            "category": [{"coding": [information_category("care-plan")]}],
            "title": "居宅サービス計画書(2)",
            "subject": origin.patient(first),
            "period": {"start": first[PLAN_DAY]},
            "created": first["居宅計画書作成年月日"],
            "author": origin.sender,
            "addresses": [{"display": need} for need in _distinct(line.told["課題"] for line in lines)],
            "goal": [*_references(goal for line in lines for goal in line.goals.values())],
            "activity": [_activity(line) for line in lines if line.service],
        },
    )
    yield from _team(lines, origin)


def _lines(rows: list[Row], sheet: str, origin: Origin) -> list[_Line]:
    goals: dict[tuple[str, str], dict[tuple[str, ...], Record]] = {}

    def goal(need: str, term: str, *texts: str) -> dict[str, Record]:
        if not texts[-1]:
            return {}
        its = goals.setdefault((need, term), {})
        if texts not in its:
            its[texts] = origin.record("Goal", sheet, need or "0", _TERMS[term], str(len(its) + 1))
        return {term: its[texts]}

    return [
        _Line(
            row,
            cells,
            goal(row["課題ＮＯ"], "長期", cells["長期目標"])
            | goal(row["課題ＮＯ"], "短期", cells["長期目標"], cells["短期目標"]),
            origin.record("ServiceRequest", sheet, numbers) if any(row[name] for name in _SERVICE) else None,
        )
        for row, cells, numbers in zip(rows, told(rows, _CARRIED, _NUMBERS[:1]), numbered(rows, _NUMBERS), strict=True)
    ]


def _goals(lines: list[_Line], origin: Origin) -> Iterator[Entry]:
    found: dict[tuple[str, Record], list[_Line]] = {}
    for line in lines:
        for goal in line.goals.items():
            found.setdefault(goal, []).append(line)
    for (term, record), its in found.items():
        yield record.put(its[0].row.line, _goal(term, its, origin))


def _goal(term: str, lines: list[_Line], origin: Origin) -> Resource:
    first = lines[0]
    periods = _distinct(line.told[f"{term}期間"] for line in lines)
    above = [("長期目標", first.told["長期目標"])] if term == "短期" else []
    return {
        "lifecycleStatus": "active",
        "category": [{"text": f"{term}目標"}],
        "description": {"text": first.told[f"{term}目標"]},
        "subject": origin.patient(first.row),
        "startDate": first.row[PLAN_DAY],
        "addresses": [{"display": need} for need in _distinct(line.told["課題"] for line in lines)],
        "note": notes([*((f"{term}期間", period) for period in periods), *above]),
    }


def _service_request(line: _Line, plan: Record, origin: Origin) -> Resource:
    row = line.row
    return {
        "basedOn": [plan.reference],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [information_category("service-use")]}],
        "code": {"text": row["サービス種別"] or row["サービス内容"] or "サービス"},
        "orderDetail": [{"text": row.shown("保険対象区分")}],
        "subject": origin.patient(row),
        "occurrenceTiming": {"code": {"text": row["頻度"]}},
        "authoredOn": row[PLAN_DAY],
        "performer": [office(row["サービス事業者コード"], row["サービス事業所名"])],
        "reasonCode": [{"text": line.told["課題"]}],
        "note": notes(columns(row, "実施期間")),
        "patientInstruction": row["サービス内容"],
    }


def _activity(line: _Line) -> Resource:
    row = line.row
    return {
        "detail": {
            "kind": "ServiceRequest",
            "code": {"text": row["サービス種別"] or row["サービス内容"] or "サービス"},
            "goal": [*_references(line.goals.values())],
            "status": "scheduled",
            "scheduledString": row["頻度"],
            "performer": [office(row["サービス事業者コード"], row["サービス事業所名"])],
            "description": _sentence(row),
        }
    }


def _sentence(row: Row) -> str:
    """The service as one line: 訪問介護 調理と掃除（ゆきみ訪問介護、週２回、６か月、保険給付の対象）."""
    what = " ".join(text for text in (row["サービス種別"], row["サービス内容"]) if text)
    names = ("サービス事業所名", "頻度", "実施期間", "保険対象区分")
    how = "、".join(text for _, text in columns(row, *names) if text)
    return f"{what}（{how}）" if how else what


def _team(lines: list[_Line], origin: Origin) -> Iterator[Entry]:
    """The offices that give the services: to be in this team is the relation that lets them read."""
    services: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        row = line.row
        key = row["サービス事業者コード"], row["サービス事業所名"]
        if any(key):
            services.setdefault(key, []).append(row["サービス種別"])
    if not services:
        return
    first = lines[0].row
    participants: list[Json] = [
        {"role": [{"text": kind} for kind in _distinct(kinds)], "member": office(*key)}
        for key, kinds in services.items()
    ]
    yield origin.lasting("CareTeam", first, "services").put(
        first.line,
        {
            "status": "active",
            "name": "居宅サービス計画の担当事業所",
            "subject": origin.patient(first),
            "period": {"start": first[PLAN_DAY]},
            "participant": participants,
            "managingOrganization": [origin.sender],
        },
    )


def _references(records: Iterable[Record]) -> list[Json]:
    return [record.reference for record in dict.fromkeys(records)]


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
