"""介護予防サービス・支援計画書: the plan, its assessment and life goals (UPYOBO); the support plan (UPYOBO_SUB)."""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.certification import certification
from connectors.careplan.to_fhir.elements import columns, information_category, notes, office
from connectors.careplan.to_fhir.printed_form import numbered, told
from connectors.careplan.to_fhir.questionnaire import items, response
from connectors.careplan.to_fhir.record import Entry, Origin, Record
from profiles.resource import Json, Resource

_DAY = "計画作成(変更)日"
_AREAS = ("運動・移動", "日常生活(家庭生活)", "社会参加、対人関係・コミュニケーション", "健康管理")
_AREA_COLUMNS = ("現在の状況", "本人・家族の意欲・意向", "領域における課題の有無", "領域における課題（背景・原因）")
_RISKS = ("運動不足", "栄養改善", "口腔内ケア", "閉じこもり予防", "物忘れ予防", "うつ予防")
_LIFE_GOALS = ("目標とする生活(1日)", "目標とする生活(1年)")
_NOTES = (
    "計画種類",
    "委託の有無",
    "整理番号",
    "計画書区分",
    _DAY,
    "初回作成日",
    "計画作成者事業者・事業所住所",
    "計画作成者事業者・事業所電話番号",
    "担当地域包括支援センター",
    "健康状態の留意点",
    "妥当な支援の実施に向けた方針",
    "地域包括支援センター意見",
    "同意日",
    "同意者氏名",
)
_NUMBERS = ("課題ＮＯ", "支援計画ＮＯ", "利用サービスＮＯ")
_NEED = ("総合的課題", "課題に対する目標と具体策の提案", "具体策についての意向 本人・家族", "目標")
_SUPPORT = (
    "【支援計画】目標についての支援のポイント",
    "【支援計画】本人等のセルフケアや家族の支援、インフォーマルサービス",
    "【支援計画】介護保険サービス又は地域支援事業",
)
_SERVICE = ("【利用サービス】サービス種別", "【利用サービス】事業所(利用先)", "【利用サービス】期間")


def prevention_sheet(row: Row, origin: Origin) -> str:
    """The name of the plan of a day."""
    return origin.sheet(row, row[_DAY], "prevention")


def prevention_plan(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPYOBO → CarePlan, Goal, QuestionnaireResponse, Observation."""
    for row in rows:
        who, sheet = {**origin.patient(row), "display": row["利用者名"]}, prevention_sheet(row, origin)
        period = (row["認定有効期間開始日"], row["認定有効期間終了日"])
        goals = {name: origin.record("Goal", sheet, f"life-{n}") for n, name in enumerate(_LIFE_GOALS, 1) if row[name]}
        for name, goal in goals.items():
            yield goal.put(row.line, _goal(row, who, name, row[name]))
        yield _plan(row, origin).put(
            row.line,
            {
                "status": "active",
                "intent": "plan",
                "category": [{"coding": [information_category("care-plan")]}],
                "title": "介護予防サービス・支援計画書",
                "description": row["総合的な方針"],
                "subject": who,
                "period": {"start": max(period[0], row[_DAY]), "end": period[1]},
                "created": row[_DAY],
                "author": office("", row["計画作成者事業者・事業所名"]),
                "contributor": _authors(row),
                "goal": [goal.reference for goal in goals.values()],
                "note": notes(columns(row, *_NOTES)),
            },
        )
        record = origin.record("QuestionnaireResponse", sheet, "assessment")
        yield from response(record, row, "assessment", who, _assessment(row))
        record = origin.record("Observation", sheet, "care-level")
        yield from certification(row, who, record, period=period, facts=("認定年月日",))


def support_plan(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPYOBO_SUB of one person and plan → CarePlan, Goal, ServiceRequest."""
    first, sheet = rows[0], prevention_sheet(rows[0], origin)
    who = origin.patient(first)
    plan = origin.record("CarePlan", sheet, "support")
    goals: dict[tuple[str, ...], Record] = {}
    activities: list[Json] = []
    needs, supports = told(rows, _NEED, _NUMBERS[:1]), told(rows, _SUPPORT, _NUMBERS[:2])
    for row, numbers, need, support in zip(rows, numbered(rows, _NUMBERS), needs, supports, strict=True):
        key = (row["課題ＮＯ"], *need.values())
        if key not in goals and any(need.values()):
            goals[key] = origin.record("Goal", sheet, row["課題ＮＯ"] or "0", str(len(goals) + 1))
            yield goals[key].put(row.line, _need_goal(row, who, need))
        if any(support.values()) or any(row[column] for column in _SERVICE):
            request = origin.record("ServiceRequest", sheet, numbers)
            yield request.put(row.line, _request(row, who, plan, need["総合的課題"], support))
            activities.append(_activity(row, goals.get(key), support))
    yield plan.put(
        first.line,
        {
            "partOf": [_plan(first, origin).named],
            "status": "active",
            "intent": "plan",
            "category": [{"coding": [information_category("care-plan")]}],
            "title": "介護予防サービス・支援計画書（支援計画）",
            "subject": who,
            "period": {"start": first[_DAY]},
            "created": first[_DAY],
            "author": origin.sender,
            "goal": [goal.reference for goal in goals.values()],
            "activity": activities,
        },
    )


def _plan(row: Row, origin: Origin) -> Record:
    return origin.record("CarePlan", prevention_sheet(row, origin), "plan")


def _authors(row: Row) -> list[Json]:
    names = (
        row["計画作成者氏名（地域包括支援センター担当者名）"],
        row["計画作成者氏名（担当介護支援専門員名）"],
    )
    return [{"type": "Practitioner", "display": name} for name in names if name]


def _assessment(row: Row) -> list[Json]:
    areas = [items(row, area, area, tuple(f"【{area}】{name}" for name in _AREA_COLUMNS)) for area in _AREAS]
    checks = tuple(
        f"{kind}({risk})" for kind in ("基本チェックリストの該当数", "事業プログラムの要否") for risk in _RISKS
    )
    return [item for group in (*areas, items(row, "checklist", "基本チェックリスト", checks)) for item in group]


def _goal(row: Row, who: Resource, kind: str, text: str) -> Resource:
    return {
        "lifecycleStatus": "active",
        "category": [{"text": kind}],
        "description": {"text": text},
        "subject": who,
        "startDate": row[_DAY],
    }


def _need_goal(row: Row, who: Resource, need: dict[str, str]) -> Resource:
    whole, proposal, wish, goal = _NEED
    return {
        **_goal(row, who, "目標", need[goal] or need[whole] or "目標の記載なし"),
        "addresses": [{"display": need[whole]}],
        "note": notes([(proposal, need[proposal]), (wish, need[wish])]),
    }


def _request(row: Row, who: Resource, plan: Record, need: str, support: dict[str, str]) -> Resource:
    kind, place, period = (row[name] for name in _SERVICE)
    return {
        "basedOn": [plan.reference],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [information_category("service-use")]}],
        "code": {"text": kind or "支援"},
        "subject": who,
        "authoredOn": row[_DAY],
        "performer": [office("", place)],
        "reasonCode": [{"text": need}],
        "note": notes([("期間", period), *support.items()]),
    }


def _activity(row: Row, goal: Record | None, support: dict[str, str]) -> Resource:
    kind, place, period = (row[name] for name in _SERVICE)
    service = " ".join(text for text in (kind, place, period) if text)
    told = (f"{name}: {text}" for name, text in support.items() if text)
    return {
        "detail": {
            "kind": "ServiceRequest",
            "code": {"text": kind or "支援"},
            "goal": [goal.reference] if goal else [],
            "status": "scheduled",
            "performer": [office("", place)],
            "description": "\n".join([service, *told]).strip(),
        }
    }
