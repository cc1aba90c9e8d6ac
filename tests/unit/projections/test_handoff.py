"""入院時情報提供書: complete, with its sources, valid, the same from the same, and equal to its page."""

import csv
from datetime import datetime
from pathlib import Path

import pytest

from hub.projections.handoff import ITEMS, SHARED_INFORMATION_ITEM, Held, ItemView, LineView, handoff, handoff_view
from profiles import read_json, validate, write_json
from profiles.canonical import CARE_LEVEL, CONFIDENTIALITY, KAIGO_INSURED_NO, LTC_ITEM, NAME_REPRESENTATION
from profiles.instants import JAPAN
from profiles.resource import Json, Resource, as_object, as_text, objects, walk

NOW = datetime(2026, 11, 20, 10, 31, tzinfo=JAPAN)
BASE_URL = "https://hub.example.jp/fhir"
DOCUMENT = "6f0c2b1e-5c1d-4f2a-9a51-0d5f3f6f0001"
FOUR_WEEKS: Resource = {"value": 28, "unit": "日", "system": "http://unitsofmeasure.org", "code": "d"}
GUIDE = Path(__file__).parents[4] / "shared" / "data" / "shared-information-items.csv"

SUBJECT: Resource = {"reference": "Patient/p1"}
HOSPITAL: Resource = {"resourceType": "Organization", "id": "hosp", "name": "雪見市立総合病院"}
OFFICE: Resource = {"resourceType": "Organization", "id": "kyotaku", "name": "居宅介護支援事業所なごみ"}
MANAGER: Resource = {"resourceType": "Practitioner", "id": "cm-suzuki", "name": [{"text": "鈴木 一郎"}]}
PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": KAIGO_INSURED_NO, "value": "011234-0000000001"}],
    "name": [
        {"text": "タカハシ ハナ", "extension": [{"url": NAME_REPRESENTATION, "valueCode": "SYL"}]},
        {"text": "髙橋 ハナ", "extension": [{"url": NAME_REPRESENTATION, "valueCode": "IDE"}]},
    ],
    "birthDate": "1940-11-21",
    "gender": "female",
    "address": [{"text": "雪見市中央1-1"}],
    "telecom": [{"system": "phone", "value": "0165-00-0001"}],
}


def text(words: str) -> Resource:
    return {"text": words}


def drug(kind: str, id: str, name: str, day: str, status: str = "completed") -> Resource:
    when = {"MedicationRequest": "authoredOn", "MedicationDispense": "whenHandedOver"}.get(kind, "effectiveDateTime")
    dosage = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
    resource: Resource = {
        "resourceType": kind,
        "id": id,
        "status": status,
        "medicationCodeableConcept": text(name),
        "subject": SUBJECT,
        when: day,
        dosage: [{"timing": {"repeat": {"boundsDuration": FOUR_WEEKS}}}],
    }
    return resource | {"intent": "order"} if kind == "MedicationRequest" else resource


def observation(id: str, code: Resource, day: str, value: Resource) -> Resource:
    resource: Resource = {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": code,
        "subject": SUBJECT,
        "effectiveDateTime": day,
    }
    return resource | value


def answer(link: str, question: str, words: str) -> Resource:
    return {"linkId": link, "text": question, "answer": [{"valueString": words}]}


def form(id: str, day: str, *answers: Json) -> Resource:
    return {
        "resourceType": "QuestionnaireResponse", "id": id, "status": "completed", "subject": SUBJECT,
        "authored": day, "item": list(answers),
    }  # fmt: skip


def held(category: str, resource: Resource, source: str = "なごみ", kind: str = "care-management") -> Held:
    return Held(resource, category, source, kind, "2026-11-19T00:00:00Z")


TEAM: Resource = {
    "resourceType": "CareTeam", "id": "t1", "status": "active", "subject": SUBJECT,
    "period": {"start": "2026-04-01"},
    "participant": [
        {"role": [text("主治医")], "member": {"display": "佐藤 健"}, "onBehalfOf": {"display": "雪見市立総合病院"}},
        {"role": [text("担当ケアマネジャー")], "member": {"display": "鈴木 一郎"}},
    ],
}  # fmt: skip
NOTE: Resource = {
    "resourceType": "Communication", "id": "n1", "status": "completed", "subject": SUBJECT,
    "sent": "2026-11-18T17:00:00+09:00", "payload": [{"contentString": "むせが増えています <注意>"}],
}  # fmt: skip
EXPLANATION: Resource = NOTE | {
    "id": "n2",
    "payload": [{"contentString": "心不全の進行を説明。本人は納得している"}],
    "topic": {"coding": [{"system": SHARED_INFORMATION_ITEM, "code": "explanation"}]},
}
PLAN: Resource = {
    "resourceType": "CarePlan", "id": "c1", "status": "active", "intent": "plan", "subject": SUBJECT,
    "title": "居宅サービス計画書(1)", "period": {"start": "2026-10-01"},
    "note": [{"text": "入浴は午前中に"}],
}  # fmt: skip
RICH = [
    held("care-team", TEAM, "雪見市役所", "municipality"),
    held("progress-note", NOTE, "こなゆき", "home-nursing"),
    held("progress-note", EXPLANATION, "白樺内科クリニック", "clinic"),
    held("dispensing", drug("MedicationDispense", "d1", "アムロジピン錠5mg", "2026-11-10"), "ゆきみ薬局", "pharmacy"),
    held("prescription", drug("MedicationRequest", "r1", "アムロジピン錠5mg", "2026-11-09"), "白樺内科", "clinic"),
    held("prescription", drug("MedicationRequest", "r2", "ロキソプロフェン錠60mg", "2026-05-01"), "白樺内科", "clinic"),
    held("prescription", drug("MedicationRequest", "r3", "ワルファリン錠1mg", "2026-11-09", "stopped"), "白樺内科"),
    held("medication-use", drug("MedicationStatement", "s1", "酸化マグネシウム錠330mg", "2026-02-01", "active")),
    held(
        "vital-signs",
        observation("v1", text("体重"), "2026-11-01", {"valueQuantity": {"value": 41, "unit": "kg"}}),
    ),
    held(
        "vital-signs",
        observation("v2", text("体重"), "2026-11-15", {"valueQuantity": {"value": 40, "unit": "kg"}}),
    ),
    held(
        "ltc-certification",
        observation(
            "l1",
            {"coding": [{"system": LTC_ITEM, "code": "care-level"}]},
            "2026-04-01",
            {"valueCodeableConcept": {"coding": [{"system": CARE_LEVEL, "code": "22"}]}},
        ),
        "雪見市役所",
        "municipality",
    ),
    held("daily-record", observation("a1", text("食事摂取"), "2026-11-19", {"valueString": "半分"})),
    held(
        "face-sheet",
        form(
            "f1",
            "2026-10-01T09:00:00+09:00",
            answer("house", "住まい", "2階建て、寝室は1階"),
            answer("house.steps", "段差", "玄関 20cm"),
            answer("wishes", "本人の希望", "家で暮らしたい"),
            answer("hobby", "趣味", "編み物"),
        ),
    ),
    held(
        "emergency-contact",
        {"resourceType": "RelatedPerson", "id": "k1", "patient": SUBJECT, "name": [text("髙橋 次郎")]},
    ),
    held(
        "problem",
        {
            "resourceType": "Condition",
            "id": "x1",
            "subject": SUBJECT,
            "code": text("心不全"),
            "recordedDate": "2024-01-05",
            "meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]},
        },
        "雪見市立総合病院",
        "hospital",
    ),
    held(
        "problem",
        {
            "resourceType": "Condition",
            "id": "x2",
            "subject": SUBJECT,
            "code": text("別の人の病名"),
            "verificationStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                        "code": "entered-in-error",
                    }
                ]
            },
        },
    ),
    held(
        "allergy",
        {
            "resourceType": "AllergyIntolerance",
            "id": "y1",
            "patient": SUBJECT,
            "code": text("そば"),
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
        },
    ),
    held("emergency-plan", PLAN | {"id": "e1", "title": "呼吸苦のときは訪問看護へ"}),
    held("care-plan", PLAN),
    held("acp", form("q1", "2026-09-01", answer("place", "最期を過ごしたい場所", "自宅"))),
]


def draft(entries: list[Held]) -> Resource:
    return handoff(
        PATIENT,
        entries,
        now=NOW,
        document_id=DOCUMENT,
        base_url=BASE_URL,
        authors=[MANAGER, OFFICE],
        custodian=HOSPITAL,
    )


def resources(bundle: Resource) -> list[Resource]:
    return [as_object(entry.get("resource")) for entry in objects(bundle.get("entry"))]


def test_the_items_are_those_of_the_guide() -> None:
    if not GUIDE.exists():
        pytest.skip("the guide's list lies beside the repository and is not here")
    with GUIDE.open(encoding="utf-8") as lines:
        guide = [(int(row["no"]), row["item_ja"]) for row in csv.DictReader(lines)]
    assert [(item.number, item.title) for item in ITEMS] == guide


def test_what_a_rich_record_says_of_every_item() -> None:
    view = handoff_view(draft(RICH))
    said = {item.number: [(line.text, line.source, line.date) for line in item.lines] for item in view.items}
    assert said == {
        1: [
            ("主治医 佐藤 健（雪見市立総合病院）", "雪見市役所", "2026-04-01"),
            ("担当ケアマネジャー 鈴木 一郎", "雪見市役所", "2026-04-01"),
        ],
        2: [
            ("本人の希望：家で暮らしたい", "なごみ（居宅介護支援）", "2026-10-01"),
            ("最期を過ごしたい場所：自宅", "なごみ（居宅介護支援）", "2026-09-01"),
        ],
        3: [
            ("申し送り：むせが増えています <注意>", "こなゆき（訪問看護）", "2026-11-18"),
            ("服薬状況：酸化マグネシウム錠330mg 28日分", "なごみ（居宅介護支援）", "2026-02-01"),
            ("バイタル：体重 40 kg", "なごみ（居宅介護支援）", "2026-11-15"),
        ],
        4: [
            ("要介護度：要介護2", "雪見市役所", "2026-04-01"),
            ("ケア記録・ADL：食事摂取 半分", "なごみ（居宅介護支援）", "2026-11-19"),
        ],
        5: [
            ("住まい：2階建て、寝室は1階", "なごみ（居宅介護支援）", "2026-10-01"),
            ("段差：玄関 20cm", "なごみ（居宅介護支援）", "2026-10-01"),
        ],
        6: [("緊急連絡先：髙橋 次郎", "なごみ（居宅介護支援）", "2026-11-19")],
        7: [
            ("アレルギー：そば", "なごみ（居宅介護支援）", "2026-11-19"),
            ("病名：心不全", "雪見市立総合病院", "2024-01-05"),
            ("調剤：アムロジピン錠5mg 28日分", "ゆきみ薬局", "2026-11-10"),
            ("服薬状況：酸化マグネシウム錠330mg 28日分", "なごみ（居宅介護支援）", "2026-02-01"),
        ],
        8: [("申し送り：心不全の進行を説明。本人は納得している", "白樺内科クリニック（診療所）", "2026-11-18")],
        9: [("急変時ルール：呼吸苦のときは訪問看護へ（入浴は午前中に）", "なごみ（居宅介護支援）", "2026-10-01")],
        10: [("入浴は午前中に", "なごみ（居宅介護支援）", "2026-10-01")],
        11: [("ケアプラン：居宅サービス計画書(1)（入浴は午前中に）", "なごみ（居宅介護支援）", "2026-10-01")],
        12: [("最期を過ごしたい場所：自宅", "なごみ（居宅介護支援）", "2026-09-01")],
    }
    assert view.known == 12


def test_the_head_of_the_page() -> None:
    view = handoff_view(draft(RICH))
    assert (view.title, view.issued) == ("入院時情報提供書", "2026-11-20 10:31")
    assert view.authors == ("鈴木 一郎", "居宅介護支援事業所なごみ")
    assert view.patient == (
        ("氏名", "髙橋 ハナ"),
        ("ふりがな", "タカハシ ハナ"),
        ("生年月日", "1940-11-21（85歳）"),
        ("性別", "女性"),
        ("住所", "雪見市中央1-1"),
        ("電話", "0165-00-0001"),
        ("介護保険被保険者番号", "011234-0000000001"),
    )


def test_an_empty_record_says_that_nothing_is_known() -> None:
    bundle = draft([])
    assert handoff_view(bundle).items == tuple(ItemView(item.number, item.title, False, (), 0) for item in ITEMS)
    reasons = [one["emptyReason"] for one in objects(resources(bundle)[0]["section"])]
    assert {as_text(as_object(reason).get("text")) for reason in reasons} == {"記録なし"}
    assert len(reasons) == 12


@pytest.mark.parametrize("entries", [[], RICH], ids=["empty", "rich"])
def test_the_document_is_valid_and_holds_all_that_it_names(entries: list[Held]) -> None:
    bundle = draft(entries)
    body = write_json(bundle)
    assert [issue for issue in validate(as_object(read_json(body)), body) if issue.severity == "error"] == []
    listed = resources(bundle)
    assert [one["resourceType"] for one in listed[:2]] == ["Composition", "Patient"]
    addresses = [f"{one['resourceType']}/{one['id']}" for one in listed]
    assert [entry["fullUrl"] for entry in objects(bundle["entry"])] == [f"{BASE_URL}/{one}" for one in addresses]
    named = {as_text(part["reference"]) for _, part in walk(listed[0]) if "reference" in part}
    assert named <= set(addresses)


def test_the_confidentiality_is_that_of_the_strictest_entry() -> None:
    assert resources(draft(RICH))[0]["confidentiality"] == "R"
    assert resources(draft([]))[0]["confidentiality"] == "N"


def test_the_same_record_in_another_order_gives_the_same_bytes() -> None:
    assert write_json(draft(RICH)) == write_json(draft(RICH[::-1]))


def test_what_is_left_out_is_counted() -> None:
    said = [NOTE | {"id": f"n{n}", "sent": f"2026-11-{n:02}T09:00:00+09:00"} for n in range(1, 10)]
    item = handoff_view(draft([held("progress-note", note) for note in said])).items[2]
    assert [line.date for line in item.lines] == [f"2026-11-{n:02}" for n in (9, 8, 7, 6, 5)]
    assert item.more == 4


def test_a_drug_that_ran_out_or_was_stopped_is_not_in_use_but_a_leftover_is() -> None:
    def shown(day: str, status: str = "completed") -> tuple[LineView, ...]:
        prescription = held("prescription", drug("MedicationRequest", "r", "薬", day, status))
        return handoff_view(draft([prescription])).items[6].lines

    assert shown("2026-10-09")
    assert not shown("2026-10-08")
    assert not shown("2026-11-19", "stopped")


def test_a_team_that_has_ended_attends_no_longer() -> None:
    ended = TEAM | {"period": {"start": "2025-01-01", "end": "2026-11-19"}}
    assert not handoff_view(draft([held("care-team", ended)])).items[0].known
