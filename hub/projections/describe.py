"""One resource in plain Japanese: what kind of news it is, what it says, and what may be read further.

One small function a resource type, dispatched by ``_BY_TYPE``; a type without one is described by whatever
name it has.  Nothing here judges: numbers and names are given as the source wrote them.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hub.projections.forms import answers
from hub.projections.medicines import days_supplied, directions, medicine
from hub.projections.wording import (
    care_level,
    choice,
    concept,
    day,
    number,
    period,
    person_name,
    plain,
    quantity,
    referred,
    text_of,
)
from profiles import category_name
from profiles.canonical import LTC_ITEM
from profiles.resource import Json, Resource, as_object, as_text, codings, objects


class Said(NamedTuple):
    """``head`` is the kind of news (調剤), ``body`` the news itself, ``more`` what adds to it; all plain text."""

    head: str
    body: str = ""
    more: str = ""


def describe(resource: Resource, category: str) -> Said:
    """What ``resource``, of information category ``category``, says to the people who care for the person."""
    said = _BY_TYPE.get(as_text(resource.get("resourceType")), _anything)(resource, _HEADS.get(category, ""))
    head = said.head or plain(category_name(category))
    return Said(head, plain(said.body + _mark(resource)), plain(said.more))


# Shorter than the category's own name, where a line begins with it.
_HEADS = {
    "progress-note": "申し送り",
    "problem": "病名",
    "emergency-contact": "緊急連絡先",
    "update-notice": "他システムの更新",
    "device": "医療機器",
    "consent": "情報共有の同意",
    "acp": "人生の最終段階の希望",
}

_STATUSES = {
    "entered-in-error": "誤りのため取り消し", "cancelled": "取り消し", "revoked": "取り消し", "rejected": "取り消し",
    "stopped": "中止", "not-done": "実施せず", "not-taken": "服用していない", "on-hold": "休止中",
    "draft": "下書き", "preliminary": "暫定", "declined": "辞退", "inactive": "終了",
}  # fmt: skip
_CERTAINTIES = {
    "entered-in-error": "誤りのため取り消し", "refuted": "否定", "provisional": "疑い", "differential": "疑い",
    "unconfirmed": "未確定",
}  # fmt: skip
_COURSES = {"resolved": "治癒", "remission": "寛解", "inactive": "現在は問題なし"}


def _mark(resource: Resource) -> str:
    """What changes the meaning of the line altogether, in brackets behind it."""
    status = as_text(resource.get("status")) or as_text(resource.get("lifecycleStatus"))
    marks = [
        _STATUSES.get(status),
        *(_CERTAINTIES.get(code) for _, code in codings(resource.get("verificationStatus"))),
        *(_COURSES.get(code) for _, code in codings(resource.get("clinicalStatus"))),
    ]
    return next((f"（{mark}）" for mark in marks if mark), "")


def _join(*parts: str, by: str = " ") -> str:
    return by.join(part for part in parts if part)


def _counted(parts: list[str], unit: str) -> str:
    """The first of ``parts``, and how many more there are."""
    return parts[0] + (f" ほか{len(parts) - 1}{unit}" if len(parts) > 1 else "") if parts else ""


# --- medicines ----------------------------------------------------------------------------------


def _medication(resource: Resource, head: str) -> Said:
    days = days_supplied(resource)
    ordered = as_object(resource.get("dispenseRequest")).get("quantity")
    amount = f"{days}日分" if days else quantity(resource.get("quantity") or ordered)
    return Said(head, _join(medicine(resource), amount), _join(*directions(resource), _notes(resource), by="／"))


# --- observations and reports -------------------------------------------------------------------


def _observation(resource: Resource, head: str) -> Said:
    code = resource.get("code")
    if (LTC_ITEM, "care-level") in codings(code):
        return Said("要介護度", care_level(resource.get("valueCodeableConcept")) or _value(resource))
    parts = _components(resource)
    found = _value(resource) or parts
    reading = [concept(one) for one in objects(resource.get("interpretation"))]
    normal = [_range(one) for one in objects(resource.get("referenceRange"))[:1]]
    more = _join(*(_FLAGS.get(flag, flag) for flag in reading), *normal, _notes(resource), by="／")
    return Said(head, _join(concept(code), found), more)


_FLAGS = {"H": "高い", "HH": "とても高い", "L": "低い", "LL": "とても低い", "N": "基準範囲内", "A": "異常",
          "AA": "異常", "POS": "陽性", "NEG": "陰性"}  # fmt: skip


def _value(resource: Resource) -> str:
    value = choice(resource, "value")
    if value is None and resource.get("dataAbsentReason"):
        return "結果なし"
    return text_of(value)


def _components(resource: Resource) -> str:
    parts = objects(resource.get("component"))
    by_code = {code: part for part in parts for _, code in codings(part.get("code"))}
    if {"8480-6", "8462-4"} <= by_code.keys():
        high, low = (as_object(by_code[code].get("valueQuantity")) for code in ("8480-6", "8462-4"))
        return f"{number(high.get('value'))}/{quantity(low)}"
    return "、".join(_join(concept(part.get("code")), _value(part)) for part in parts)


def _range(one: Resource) -> str:
    low, high = as_object(one.get("low")), as_object(one.get("high"))
    if low and high:
        return f"基準 {number(low.get('value'))}～{quantity(high)}"
    return _join("基準", as_text(one.get("text")) or (f"{quantity(low)} 以上" if low else f"{quantity(high)} 以下"))


def _report(resource: Resource, head: str) -> Said:
    results = [referred(one, resource) for one in objects(resource.get("result"))]
    conclusion = as_text(resource.get("conclusion")) or concept(resource.get("conclusionCode"))
    return Said(head, concept(resource.get("code")), _join(conclusion, *results, by="、"))


def _imaging(resource: Resource, head: str) -> Said:
    kinds = [concept(one) for one in objects(resource.get("modality"))]
    name = as_text(resource.get("description")) or concept(resource.get("procedureCode")) or "、".join(kinds)
    return Said(head, name, concept(resource.get("reasonCode")))


# --- problems, visits, care ---------------------------------------------------------------------


def _condition(resource: Resource, head: str) -> Said:
    onset = text_of(choice(resource, "onset"))
    return Said(head, concept(resource.get("code")), _join(f"発症 {onset}" if onset else "", _notes(resource), by="／"))


def _procedure(resource: Resource, _: str) -> Said:
    return Said("処置・手術", concept(resource.get("code")), concept(resource.get("reasonCode")))


def _family_history(resource: Resource, _: str) -> Said:
    conditions = [concept(one.get("code")) for one in objects(resource.get("condition"))]
    return Said("家族歴", _join(concept(resource.get("relationship")), "、".join(conditions)))


def _allergy(resource: Resource, head: str) -> Said:
    reactions = [concept(one.get("manifestation")) for one in objects(resource.get("reaction"))]
    grave = "重い反応のおそれ" if resource.get("criticality") == "high" else ""
    return Said(head, concept(resource.get("code")), _join(*reactions, grave, by="／"))


def _immunization(resource: Resource, head: str) -> Said:
    return Said(head, concept(resource.get("vaccineCode")), concept(resource.get("reasonCode")))


_VISITS = {"IMP": "入院", "ACUTE": "入院", "NONAC": "入院", "OBSENC": "入院", "SS": "日帰り入院", "AMB": "受診",
           "HH": "訪問診療", "EMER": "救急受診", "VR": "オンライン診療"}  # fmt: skip


def discharged(resource: Resource) -> bool:
    """Whether an Encounter is a stay in hospital that has ended."""
    ended = resource.get("status") == "finished" or bool(as_object(resource.get("period")).get("end"))
    return ended and _VISITS.get(as_text(as_object(resource.get("class")).get("code"))) == "入院"


def _encounter(resource: Resource, _: str) -> Said:
    kind = _VISITS.get(as_text(as_object(resource.get("class")).get("code")), "受診")
    if discharged(resource):
        kind = "退院"
    elif resource.get("status") == "planned":
        kind += "予定"
    places = [referred(one.get("location"), resource) for one in objects(resource.get("location"))]
    place = (
        referred(resource.get("serviceProvider"), resource)
        or _join(*places[:1])
        or concept(resource.get("serviceType"))
    )
    return Said(kind, place, "、".join(concept(one) for one in objects(resource.get("reasonCode"))))


def _care_plan(resource: Resource, head: str) -> Said:
    steps = [
        as_text(detail.get("description")) or concept(detail.get("code"))
        for detail in (as_object(one.get("detail")) for one in objects(resource.get("activity")))
    ]
    description = as_text(resource.get("description"))
    title = as_text(resource.get("title"))
    body = title or description or concept(resource.get("category"))
    return Said(head, body, _join(description if title else "", *steps, _notes(resource), by="／"))


def _goal(resource: Resource, head: str) -> Said:
    return Said(head or "目標", concept(resource.get("description")), _notes(resource))


def members(team: Resource) -> list[str]:
    """The members of a CareTeam: ``主治医 佐藤 健（雪見市立総合病院）``."""
    lines = []
    for one in objects(team.get("participant")):
        until = day(as_text(as_object(one.get("period")).get("end")))
        place = _join(referred(one.get("onBehalfOf"), team), f"{until}まで" if until else "", by="、")
        who = _join(concept(one.get("role")), referred(one.get("member"), team))
        lines.append(who + (f"（{place}）" if place else ""))
    return [line for line in lines if line]


def _care_team(resource: Resource, head: str) -> Said:
    team = members(resource)
    name = as_text(resource.get("name"))
    return Said(head, _counted(team, "名") or name, "、".join(team) if len(team) > 1 else "")


def _service(resource: Resource, head: str) -> Said:
    return Said(head, concept(resource.get("code")) or concept(resource.get("category")), _notes(resource))


# --- notes, documents, forms --------------------------------------------------------------------


def _communication(resource: Resource, head: str) -> Said:
    said = _join(*(as_text(one.get("contentString")) for one in objects(resource.get("payload"))))
    topic = as_text(as_object(resource.get("topic")).get("text"))
    return Said(head, _join(topic if topic not in said else "", said, by="：") or _notes(resource))


def _document(resource: Resource, head: str) -> Said:
    files = [as_text(as_object(one.get("attachment")).get("title")) for one in objects(resource.get("content"))]
    names = [concept(resource.get("type")), *files, as_text(resource.get("description"))]
    first, *others = dict.fromkeys(name for name in names if name) or [""]
    return Said(head, first, _join(*others, by="／"))


def _composition(resource: Resource, head: str) -> Said:
    titles = [as_text(one.get("title")) for one in objects(resource.get("section"))]
    return Said(head, as_text(resource.get("title")) or concept(resource.get("type")), _join(*titles, by="、"))


def _form(resource: Resource, head: str) -> Said:
    said = [one.text for one in answers(resource)]
    return Said(head, _counted(said, "項目"), "／".join(said[1:]))


def _consent(resource: Resource, head: str) -> Said:
    provision = as_object(resource.get("provision"))
    answer = {"permit": "同意", "deny": "不同意"}.get(as_text(provision.get("type")), "")
    wishes = list(_wishes(provision))
    written = as_text(as_object(resource.get("sourceAttachment")).get("title")) or concept(resource.get("policyRule"))
    kinds = "、".join(filter(None, map(concept, objects(resource.get("category")))))
    if any(code == "adr" for _, code in codings(resource.get("scope"))):
        return Said(head, "、".join(wishes) or written or kinds, written if wishes else "")
    return Said(head, _join(answer, f"（{kinds}）" if kinds else "", by=""), written)


_REFUSING = re.compile("ない|ません|不要|拒否|辞退|中止")


def _wishes(provision: Resource) -> Iterator[str]:
    """What a directive permits and, said as a refusal, what it denies."""
    for one in objects(provision.get("code")):
        wish = concept(one)
        refused = provision.get("type") == "deny" and not _REFUSING.search(wish)
        yield wish + ("：希望しない" if refused else "")
    for exception in objects(provision.get("provision")):
        yield from _wishes(exception)


# --- people, insurance, devices -----------------------------------------------------------------


def telephone(resource: Resource) -> str:
    """The first telephone number of a resource with ``telecom``."""
    numbers = [as_text(one.get("value")) for one in objects(resource.get("telecom")) if one.get("system") == "phone"]
    return plain(numbers[0]) if numbers else ""


SEXES = {"male": "男性", "female": "女性", "other": "その他", "unknown": "不明"}


def _patient(resource: Resource, head: str) -> Said:
    born = day(as_text(resource.get("birthDate")))
    sex = SEXES.get(as_text(resource.get("gender")), "")
    return Said(head, person_name(resource.get("name")), _join(f"{born} 生まれ" if born else "", sex, by="／"))


def _related_person(resource: Resource, head: str) -> Said:
    relation = concept(resource.get("relationship"))
    name = person_name(resource.get("name"))
    phone = telephone(resource)
    return Said(head, name + (f"（{relation}）" if relation else ""), f"電話 {phone}" if phone else "")


def _role(resource: Resource, head: str) -> Said:
    place = referred(resource.get("organization"), resource)
    who = _join(concept(resource.get("code")), referred(resource.get("practitioner"), resource))
    phone = telephone(resource)
    return Said(head, who + (f"（{place}）" if place else ""), f"電話 {phone}" if phone else "")


def _coverage(resource: Resource, head: str) -> Said:
    kinds = [as_text(one.get("name")) or as_text(one.get("value")) for one in objects(resource.get("class"))]
    payor = [referred(one, resource) for one in objects(resource.get("payor"))]
    body = concept(resource.get("type")) or _join(*kinds[:1]) or _join(*payor[:1])
    span = period(resource.get("period"))
    return Said(head, body, f"有効期間 {span}" if span else "")


def _device(resource: Resource, head: str) -> Said:
    named = [as_text(one.get("name")) for one in objects(resource.get("deviceName"))]
    used = referred(resource.get("device"), resource)
    return Said(head, used or concept(resource.get("type")) or _join(*named[:1]), _notes(resource))


def _anything(resource: Resource, head: str) -> Said:
    names: list[Json] = [resource.get(name) for name in ("code", "title", "name", "type", "description", "category")]
    found = (plain(name) if isinstance(name, str) else concept(name) or person_name(name) for name in names)
    return Said(head, next(filter(None, found), ""), _notes(resource))


def notes(resource: Resource) -> list[str]:
    """The free remarks (``note``) that the source wrote on a resource."""
    return [plain(as_text(one.get("text"))) for one in objects(resource.get("note")) if one.get("text")]


def _notes(resource: Resource) -> str:
    return " ".join(notes(resource))


_BY_TYPE: dict[str, Callable[[Resource, str], Said]] = {
    "AllergyIntolerance": _allergy,
    "CarePlan": _care_plan,
    "CareTeam": _care_team,
    "Communication": _communication,
    "Composition": _composition,
    "Condition": _condition,
    "Consent": _consent,
    "Coverage": _coverage,
    "Device": _device,
    "DeviceUseStatement": _device,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Encounter": _encounter,
    "FamilyMemberHistory": _family_history,
    "Goal": _goal,
    "ImagingStudy": _imaging,
    "Immunization": _immunization,
    "MedicationAdministration": _medication,
    "MedicationDispense": _medication,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "Observation": _observation,
    "Patient": _patient,
    "PractitionerRole": _role,
    "Procedure": _procedure,
    "QuestionnaireResponse": _form,
    "RelatedPerson": _related_person,
    "ServiceRequest": _service,
}
