"""One line of the timeline for each kind of news, whole."""

import pytest

from hub.projections.timeline import TimelineText, timeline_item
from profiles.canonical import CARE_LEVEL, DEMENTIA_INDEPENDENCE, LTC_ITEM, SCENE
from profiles.resource import FhirDecimal, Resource

LOINC = "http://loinc.org"


def coded(code: str, system: str = LOINC) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def pressure(code: str, value: int) -> Resource:
    return {"code": coded(code), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}


DISPENSE: Resource = {
    "resourceType": "MedicationDispense",
    "status": "completed",
    "medicationCodeableConcept": {"text": "アムロジピン錠5mg"},
    "quantity": {"value": 28, "unit": "錠"},
    "daysSupply": {"value": 28, "unit": "日", "code": "d"},
    "whenHandedOver": "2026-11-20T10:30:00+09:00",
    "performer": [{"actor": {"reference": "Practitioner/yamada", "display": "山田 花子"}}],
    "dosageInstruction": [{"text": "1日1回 朝食後"}],
}


def test_a_dispensing_says_drug_days_dose_moment_and_author() -> None:
    assert timeline_item(DISPENSE, "dispensing") == TimelineText(
        scene="daily",
        occurred="2026-11-20T10:30:00+09:00",
        title="調剤：アムロジピン錠5mg 28日分",
        text="1日1回 朝食後",
        link=None,
        author_name="山田 花子",
    )


def test_a_notice_of_another_system_carries_its_link() -> None:
    notice: Resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"text": "訪問記録の更新"},
        "date": "2026-11-20T01:00:00Z",
        "content": [{"attachment": {"url": "https://karte.example/visits/7"}}],
    }
    assert timeline_item(notice, "update-notice") == TimelineText(
        scene="daily",
        occurred="2026-11-20T01:00:00Z",
        title="他システムの更新：訪問記録の更新",
        text="",
        link="https://karte.example/visits/7",
        author_name=None,
    )
    assert timeline_item(notice, "clinical-document").link is None
    notice["content"] = [{"attachment": {"url": "javascript:alert(1)"}}]
    assert timeline_item(notice, "update-notice").link is None


LINES: list[tuple[str, Resource, str, str]] = [
    (
        "laboratory",
        {
            "resourceType": "Observation",
            "code": {"text": "HbA1c"},
            "valueQuantity": {"value": FhirDecimal("7.20"), "unit": "%"},
            "interpretation": [coded("H")],
            "referenceRange": [{"low": {"value": 4.6, "unit": "%"}, "high": {"value": 6.2, "unit": "%"}}],
        },
        "検体検査：HbA1c 7.20 %",
        "高い／基準 4.6～6.2 %",
    ),
    (
        "vital-signs",
        {
            "resourceType": "Observation",
            "code": coded("85354-9"),
            "component": [pressure("8462-4", 78), pressure("8480-6", 132)],
        },
        "バイタル：血圧 132/78 mmHg",
        "",
    ),
    (
        "vital-signs",
        {"resourceType": "Observation", "code": {"text": "意識"}, "valueCodeableConcept": {"text": "清明"}},
        "バイタル：意識 清明",
        "",
    ),
    (
        "laboratory",
        {"resourceType": "Observation", "status": "preliminary", "code": {"text": "CRP"}, "dataAbsentReason": {}},
        "検体検査：CRP（暫定）",
        "",
    ),
    (
        "ltc-certification",
        {
            "resourceType": "Observation",
            "code": coded("care-level", LTC_ITEM),
            "valueCodeableConcept": coded("22", CARE_LEVEL),
        },
        "要介護度：要介護2",
        "",
    ),
    (
        "ltc-certification",
        {
            "resourceType": "Coverage",
            "status": "active",
            "type": {"text": "介護保険"},
            "period": {"start": "2026-04-01", "end": "2028-03-31"},
        },
        "介護認定情報：介護保険",
        "有効期間 2026-04-01～2028-03-31",
    ),
    (
        "care-plan",
        {
            "resourceType": "CarePlan",
            "status": "active",
            "title": "居宅サービス計画書(1)",
            "description": "自宅で暮らし続ける",
            "activity": [{"detail": {"description": "訪問看護 週1回"}}],
        },
        "ケアプラン：居宅サービス計画書(1)",
        "自宅で暮らし続ける／訪問看護 週1回",
    ),
    (
        "progress-note",
        {"resourceType": "Communication", "payload": [{"contentString": "食欲がありません。\n水分はとれています。"}]},
        "申し送り：食欲がありません。 水分はとれています。",
        "",
    ),
    (
        "acp",
        {
            "resourceType": "QuestionnaireResponse",
            "item": [
                {"linkId": "1", "text": "最期を過ごしたい場所", "answer": [{"valueString": "自宅"}]},
                {"linkId": "2", "item": [{"linkId": "2.1", "text": "心肺蘇生", "answer": [{"valueBoolean": False}]}]},
            ],
        },
        "人生の最終段階の希望：最期を過ごしたい場所：自宅 ほか1項目",
        "心肺蘇生：いいえ",
    ),
    (
        "acp",
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": coded("adr"),
            "policyRule": {"text": "本人の書面"},
            "provision": {"type": "deny", "code": [{"text": "人工呼吸器を希望しない"}]},
        },
        "人生の最終段階の希望：人工呼吸器を希望しない",
        "本人の書面",
    ),
    (
        "acp",
        {
            "resourceType": "Consent",
            "scope": coded("adr"),
            "provision": {
                "type": "permit",
                "code": [{"text": "点滴"}],
                "provision": [{"type": "deny", "code": [{"text": "人工呼吸器"}]}],
            },
        },
        "人生の最終段階の希望：点滴、人工呼吸器：希望しない",
        "",
    ),
    (
        "encounter",
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "serviceProvider": {"display": "雪見市立総合病院"},
            "reasonCode": [{"text": "肺炎"}],
        },
        "入院：雪見市立総合病院",
        "肺炎",
    ),
    ("encounter", {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}}, "退院", ""),
    ("encounter", {"resourceType": "Encounter", "status": "planned", "class": {"code": "IMP"}}, "入院予定", ""),
    (
        "problem",
        {
            "resourceType": "Condition",
            "code": {"text": "肺炎"},
            "verificationStatus": coded("provisional"),
            "onsetDateTime": "2026-11",
        },
        "病名：肺炎（疑い）",
        "発症 2026-11",
    ),
    (
        "allergy",
        {
            "resourceType": "AllergyIntolerance",
            "code": {"text": "ペニシリン"},
            "criticality": "high",
            "reaction": [{"manifestation": [{"text": "発疹"}]}],
        },
        "アレルギー：ペニシリン",
        "発疹／重い反応のおそれ",
    ),
    (
        "clinical-document",
        {"resourceType": "DocumentReference", "type": coded("18842-5"), "description": "内科 12日間"},
        "文書：退院時サマリー",
        "内科 12日間",
    ),
    (
        "care-team",
        {
            "resourceType": "CareTeam",
            "participant": [
                {
                    "role": [{"text": "主治医"}],
                    "member": {"display": "佐藤 健"},
                    "onBehalfOf": {"display": "雪見市立総合病院"},
                },
                {"role": [coded("care-manager")], "member": {"display": "鈴木 一郎"}},
            ],
        },
        "担当者：主治医 佐藤 健（雪見市立総合病院） ほか1名",
        "主治医 佐藤 健（雪見市立総合病院）、介護支援専門員 鈴木 一郎",
    ),
    (
        "emergency-contact",
        {
            "resourceType": "RelatedPerson",
            "name": [{"text": "高橋 次郎"}],
            "relationship": [{"text": "長男"}],
            "telecom": [{"system": "phone", "value": "090-0000-0001"}],
        },
        "緊急連絡先：高橋 次郎（長男）",
        "電話 090-0000-0001",
    ),
    (
        "prescription",
        {
            "resourceType": "MedicationRequest",
            "status": "stopped",
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "ワルファリン錠1mg"}}],
            "dispenseRequest": {"expectedSupplyDuration": {"value": 14, "code": "d"}},
        },
        "処方：ワルファリン錠1mg 14日分（中止）",
        "",
    ),
    ("other", {"resourceType": "Basic", "code": {"text": "名前のあるもの"}}, "その他：名前のあるもの", ""),
    ("other", {"resourceType": "Basic"}, "その他", ""),
]


@pytest.mark.parametrize(("category", "resource", "title", "text"), LINES, ids=[title for _, _, title, _ in LINES])
def test_title_and_text(category: str, resource: Resource, title: str, text: str) -> None:
    item = timeline_item(resource, category)
    assert (item.title, item.text) == (title, text)


def test_a_long_note_keeps_its_end_in_the_text_and_both_keep_their_lengths() -> None:
    note: Resource = {"resourceType": "Communication", "payload": [{"contentString": "あ" * 90 + "終わり"}]}
    item = timeline_item(note, "progress-note")
    assert item.title == "申し送り：" + "あ" * 74 + "…"
    assert item.text == "あ" * 90 + "終わり"
    note["payload"] = [{"contentString": "あ" * 1000}]
    item = timeline_item(note, "progress-note")
    assert (len(item.title), len(item.text)) == (80, 400)


def test_direction_and_control_marks_do_not_reach_the_reader() -> None:
    said = "量を\u202e5倍\u0007に\r\n増やす"
    note: Resource = {"resourceType": "Communication", "payload": [{"contentString": said}]}
    assert timeline_item(note, "progress-note").title == "申し送り：量を5倍に 増やす"


STAY: Resource = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"code": "IMP"},
    "period": {"start": "2026-11-01T09:00:00+09:00", "end": "2026-11-12T11:00:00+09:00"},
}
SCENES: list[tuple[str, str, Resource]] = [
    ("end-of-life", "acp", {"resourceType": "Consent"}),
    ("emergency", "emergency-plan", {"resourceType": "CarePlan"}),
    ("emergency", "encounter", {"resourceType": "Encounter", "class": {"code": "EMER"}}),
    ("admission-discharge", "encounter", STAY),
    ("daily", "encounter", {"resourceType": "Encounter", "class": {"code": "AMB"}}),
    ("admission-discharge", "clinical-document", {"resourceType": "DocumentReference", "type": coded("57133-1")}),
    ("daily", "clinical-document", {"resourceType": "DocumentReference", "type": coded("11506-3")}),
    (
        "dementia",
        "ltc-certification",
        {"resourceType": "Observation", "valueCodeableConcept": coded("IIa", DEMENTIA_INDEPENDENCE)},
    ),
    (
        "infection",
        "laboratory",
        {
            "resourceType": "Observation",
            "code": coded("5F", "http://jpfhir.jp/fhir/clins/CodeSystem/JLAC11/JP_CLINS_ObsLabResult_InfectionLabo_CS"),
        },
    ),
    (
        "disaster",
        "acp",
        {"resourceType": "Consent", "meta": {"tag": [{"system": SCENE, "code": "disaster"}]}},
    ),
]


@pytest.mark.parametrize(("scene", "category", "resource"), SCENES)
def test_scene(scene: str, category: str, resource: Resource) -> None:
    assert timeline_item(resource, category).scene == scene


def test_a_scene_that_is_none_of_ours_is_not_taken_over() -> None:
    tagged: Resource = {"resourceType": "Consent", "meta": {"tag": [{"system": SCENE, "code": "<b>"}]}}
    assert timeline_item(tagged, "acp").scene == "end-of-life"


def test_a_stay_that_has_ended_stands_at_its_discharge() -> None:
    assert timeline_item(STAY, "encounter").occurred == "2026-11-12T11:00:00+09:00"
    running = STAY | {"status": "in-progress", "period": {"start": "2026-11-01T09:00:00+09:00"}}
    assert timeline_item(running, "encounter").occurred == "2026-11-01T09:00:00+09:00"
