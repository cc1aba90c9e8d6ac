"""Forms as QuestionnaireResponses: face sheet, assessment, explanation, ACP; and the rules for sudden change.

A ``linkId`` begins with the code of the shared item that its answer belongs to (docs/handoff.md).
"""

from collections.abc import Iterator

from connectors.transaction import uuid_url
from hub.demo.chart import Chart
from hub.demo.elements import HL7, coding, information_category
from hub.demo.lives import Acp, Assessment, EmergencyPlan, Explanation, FaceSheet
from profiles.canonical import BASE, CONSENT_SCOPE
from profiles.resource import Resource

Question = tuple[str, str, str]  # linkId, question, answer

_ADL = {
    "eating": "食事",
    "toileting": "排泄",
    "bathing": "入浴",
    "moving": "移動",
    "transfer": "移乗",
    "dressing": "更衣",
}


def forms(chart: Chart) -> Iterator[Resource]:
    """The forms that this organisation filled in."""
    here, life = chart.organisation.id, chart.life
    if life.face_sheet and life.face_sheet.by == here:
        yield _form(chart, "face-sheet", life.face_sheet, _face_sheet(life.face_sheet))
    for assessment in life.assessments:
        if assessment.by == here:
            yield _form(chart, "assessment", assessment, _assessment(assessment))
    for explanation in life.explanations:
        if explanation.by == here:
            yield _form(chart, "explanation", explanation, _explanation(explanation))
    if life.emergency_plan and life.emergency_plan.by == here:
        yield chart.entry(_emergency_plan(chart, life.emergency_plan), "emergency-plan")
    latest = max((talk.day for talk in life.acp), default=0)
    for talk in life.acp:
        if talk.by == here:
            yield _form(chart, "acp", talk, _acp(talk))
            yield chart.entry(_directive(chart, talk, superseded=talk.day < latest), "acp", str(talk.day))


def _form(
    chart: Chart, name: str, said: FaceSheet | Assessment | Explanation | Acp, questions: list[Question]
) -> Resource:
    form: Resource = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}/Questionnaire/{name}",
        "status": "completed",
        "subject": chart.subject,
        "authored": chart.moment(said.day, said.at),
        "author": chart.author(said.author),
        "item": [
            {"linkId": link, "text": question, "answer": [{"valueString": answer}]}
            for link, question, answer in questions
            if answer
        ],
    }
    return chart.entry(form, name, str(said.day))


def _face_sheet(one: FaceSheet) -> list[Question]:
    return [
        ("wishes.patient", "本人の希望", one.wish_self),
        ("wishes.family", "家族の希望", one.wish_family),
        ("house", "家屋の状況", one.house),
        ("family-care", "家族の介護力", one.family_care),
        ("family-care.household", "世帯", one.household),
        ("care-points", "介護の留意点", one.care_points),
        ("history", "生活歴", one.history),
    ]


def _assessment(one: Assessment) -> list[Question]:
    return [
        *((f"adl.{name}", _ADL[name], level) for name, level in one.adl.items()),
        ("adl.meal-form", "食事の形態", one.meal_form),
        ("adl.paralysis", "麻痺", one.paralysis),
        ("adl.communication", "意思の疎通", one.communication),
        ("adl.cognition", "認知機能", one.cognition),
        ("adl.behaviour", "行動・心理症状", one.behaviour),
        ("adl.sleep", "睡眠", one.sleep),
        ("adl.skin", "皮膚", one.skin),
        ("illness.treatment", "医療処置", one.treatment),
    ]


def _explanation(one: Explanation) -> list[Question]:
    return [
        ("explanation.told", "説明の内容", one.told),
        ("explanation.received", "受け止め方", one.received),
        ("expected-changes.outlook", "予測される変化", one.outlook),
        ("home-cautions", "在宅療養の注意点", one.cautions),
    ]


def _acp(one: Acp) -> list[Question]:
    return [
        ("end-of-life.place", "最期を過ごす場所", one.place),
        ("end-of-life.cpr", "心肺蘇生", one.cpr),
        ("end-of-life.intubation", "気管挿管", one.intubation),
        ("end-of-life.tube-feeding", "経管栄養", one.tube_feeding),
        ("end-of-life.life-support", "生命維持治療", one.life_support),
        ("end-of-life.agent", "代わりに話し合う人", one.agent),
        ("wishes.joys", "大切にしていること", one.joys),
        ("wishes.fears", "心配なこと", one.fears),
        ("end-of-life.present", "話し合った人", "、".join(one.present)),
    ]


def _directive(chart: Chart, talk: Acp, *, superseded: bool) -> Resource:
    """What the talk came to, where other systems look for it (FACTS §5.1): a record, never an order."""
    form = uuid_url("demo", chart.organisation.id, chart.life.id, "QuestionnaireResponse", "acp", str(talk.day))
    summary = "／".join(f"{question}：{answer}" for _, question, answer in _acp(talk)[:5] if answer)
    return {
        "resourceType": "Consent",
        "status": "inactive" if superseded else "active",
        "scope": {"coding": [coding(CONSENT_SCOPE, "adr")]},
        "category": [{"coding": [coding(f"{HL7}/consentcategorycodes", "acd")]}],
        "patient": chart.subject,
        "dateTime": chart.moment(talk.day, talk.at),
        "organization": [chart.itself],
        "sourceReference": {"reference": form},
        "policyRule": {"text": summary},
    }


def _emergency_plan(chart: Chart, plan: EmergencyPlan) -> Resource:
    hospital = chart.demo.city.organisation_of(plan.hospital)
    phone = chart.demo.catalogue.telephones[plan.hospital]
    steps = (f"対応：{plan.action}", f"医療機関：{hospital.name} 電話 {phone}", f"本人の希望：{plan.wish}")
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "category": [information_category("emergency-plan")],
        "title": "急変時の対応",
        "description": plan.expected,
        "subject": chart.subject,
        "period": {"start": chart.date(plan.day)},
        "created": chart.date(plan.day),
        "author": chart.author(plan.author),
        "activity": [{"detail": {"status": "in-progress", "description": step}} for step in steps],
    }
