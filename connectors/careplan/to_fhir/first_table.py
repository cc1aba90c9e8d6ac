"""第1表 居宅サービス計画書(1): the CarePlan, the care manager's CareTeam, the certification it was made under."""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.certification import certification
from connectors.careplan.to_fhir.elements import columns, information_category, notes, office
from connectors.careplan.to_fhir.record import Entry, Origin, Record
from profiles.canonical import PROFESSION

PLAN_DAY = "居宅サービス計画作成（変更）日"
_NOTES = (
    "利用者及び家族の生活に対する意向を踏まえた課題分析の結果",
    "介護認定審査会の意見及びサービスの種類の指定",
    "生活援助中心型の算定理由",
    "その他理由",
    "計画書区分",
    PLAN_DAY,
    "初回居宅サービス計画作成日",
    "介護支援事業者郵便番号",
    "介護支援事業者住所１",
    "介護支援事業者住所２",
)


def plan_record(row: Row, origin: Origin) -> Record:
    """The name of the 第1表 to which a row of any of the three tables belongs."""
    return origin.record("CarePlan", origin.sheet(row, row[PLAN_DAY]), "1")


def first_table(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UP1KYO → CarePlan, CareTeam, Observation."""
    for row in rows:
        team = origin.lasting("CareTeam", row, "care-management")
        period = (row["認定有効期間開始日"], row["認定有効期間終了日"])
        yield _team(row, origin, team)
        yield plan_record(row, origin).put(
            row.line,
            {
                "status": "active",
                "intent": "plan",
                "category": [{"coding": [information_category("care-plan")]}],
                "title": "居宅サービス計画書(1)",
                "description": row["総合的な援助の方針"],
                "subject": origin.patient(row),
                # A plan changed within the period is in force from its own day.
                "period": {"start": max(period[0], row[PLAN_DAY]), "end": period[1]},
                "created": row["作成年月日"],
                "author": office(row["介護支援事業者コード"], row["介護支援事業者名"]),
                "contributor": [{"type": "Practitioner", "display": row["居宅サービス計画作成者"]}],
                "careTeam": [team.reference],
                "note": notes(columns(row, *_NOTES)),
            },
        )
        yield from certification(
            row,
            origin.patient(row),
            origin.lasting("Observation", row, "first-table", row["認定有効期間開始日"], "care-level"),
            period=period,
            facts=("認定日",),
        )


def _team(row: Row, origin: Origin, team: Record) -> Entry:
    care_office = office(row["介護支援事業者コード"], row["介護支援事業者名"])
    return team.put(
        row.line,
        {
            "status": "active",
            "name": "居宅介護支援",
            "subject": origin.patient(row),
            "period": {"start": row[PLAN_DAY], "end": row["認定有効期間終了日"]},
            "participant": [
                {
                    "role": [{"coding": [{"system": PROFESSION, "code": "care-manager"}], "text": "介護支援専門員"}],
                    "member": {"type": "Practitioner", "display": row["居宅サービス計画作成者"]},
                    "onBehalfOf": care_office,
                },
                {"role": [{"text": "居宅介護支援事業所"}], "member": care_office},
            ],
            "managingOrganization": [care_office],
        },
    )
