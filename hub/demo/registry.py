"""What the municipality pushes first: the person, relatives, insurance, certification, care team, services."""

from collections.abc import Iterator
from unicodedata import normalize

from hub.demo.chart import KAIGO_INSURER, Chart, identifiers, organisation, practitioner
from hub.demo.documents import document
from hub.demo.elements import (
    HL7,
    JP_OBSERVATION_CATEGORY,
    PUBLIC_INSURED_NO,
    PUBLIC_PAYER_NO,
    coding,
    concept,
    information_category,
    names,
    profile,
    telephone,
)
from hub.demo.lives import Care, Relative
from profiles.canonical import (
    ACT_CODE,
    CARE_LEVEL,
    DEMENTIA_INDEPENDENCE,
    KAIGO_INSURED_NO,
    LABEL,
    PROXY_LEGAL_BASIS,
)
from profiles.canonical import PHYSICAL_INDEPENDENCE as PHYSICAL
from profiles.japan import codes_of, item
from profiles.japan import concept as ltc_concept
from profiles.resource import Json, Resource

# On what a relative decides for the resident (CONSENT §3): FHIR has no element for it.

_RELATIONS = {
    "妻": "WIFE", "夫": "HUSB", "長女": "DAUC", "長男": "SONC", "次男": "SONC", "長男の妻": "DAUINLAW",
    "弟": "BRO", "妹": "SIS", "姪": "NIECE", "父": "FTH", "母": "MTH",
}  # fmt: skip
_STATUS_OF = {
    CARE_LEVEL: "functional-status",
    PHYSICAL: "functional-status",
    DEMENTIA_INDEPENDENCE: "cognitive-status",
}
_PROFESSIONS = {
    "physician": "医師", "dentist": "歯科医師", "dental-hygienist": "歯科衛生士", "pharmacist": "薬剤師",
    "nurse": "看護師", "public-health-nurse": "保健師", "physical-therapist": "理学療法士",
    "occupational-therapist": "作業療法士", "speech-therapist": "言語聴覚士",
    "medical-social-worker": "医療ソーシャルワーカー", "social-worker": "社会福祉士",
    "care-manager": "介護支援専門員", "care-worker": "介護職", "coordinator": "コーディネーター",
}  # fmt: skip
_KINDS = {
    "hospital": "病院", "clinic": "かかりつけ医", "dental-clinic": "歯科", "pharmacy": "薬局",
    "home-nursing": "訪問看護", "care-management": "居宅介護支援", "care-service": "介護サービス",
    "care-facility": "介護施設", "support-center": "地域包括支援センター",
}  # fmt: skip


def patient(chart: Chart) -> Resource:
    """The entry of the person as this organisation knows him or her; the city alone tells address and telephone."""
    life = chart.life
    own = chart.own_number
    found: Resource = {
        "resourceType": "Patient",
        "meta": profile("JP_Patient"),
        "identifier": [*([own] if own else []), *identifiers(life)],
        "active": True,
        "name": names(life.name, life.kana),
        "gender": life.sex,
        "birthDate": life.born.isoformat(),
    }
    if chart.organisation.kind == "municipality":
        found["address"] = [{"use": "home", "text": life.address, "postalCode": life.postal_code, "country": "JP"}]
        if life.phone:
            found["telecom"] = telephone(life.phone)
        if life.label:
            found["meta"] = {**profile("JP_Patient"), "security": [coding(LABEL, life.label)]}
    return {"fullUrl": chart.patient_url, "resource": found, "request": {"method": "POST", "url": "Patient"}}


def registry(chart: Chart) -> Iterator[Resource]:
    """The entries of the resident's registration."""
    for relative in chart.life.family:
        yield chart.entry(_related(chart, relative), relative.name)
    yield from _coverages(chart)
    if chart.life.care:
        yield from _certification(chart, chart.life.care)
    if chart.life.team:
        yield chart.entry(_team(chart))
    if chart.life.services:
        yield chart.entry(_services(chart))


def _related(chart: Chart, relative: Relative) -> Resource:
    codes = [coding(f"{HL7}/v3-RoleCode", _RELATIONS[relative.relation])] if relative.relation in _RELATIONS else []
    circumstances = ["同居" if relative.lives_with else "", relative.note.rstrip("。")]
    relation = "・".join([relative.relation, *filter(None, circumstances)])
    relationship: list[Json] = [concept(relation, *codes)]
    if relative.key_person:
        relationship.append(concept("キーパーソン（緊急連絡先）", coding(f"{HL7}/v2-0131", "C", "Emergency Contact")))
    found: Resource = {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": chart.subject,
        "relationship": relationship,
        "name": names(relative.name, relative.kana),
        "telecom": telephone(relative.phone),
    }
    if relative.proxy:
        found["extension"] = [{"url": PROXY_LEGAL_BASIS, "valueString": relative.proxy}]
        relationship.append(concept("代理人", coding(f"{HL7}/v3-RoleCode", "GUARD", "guardian")))
    return found


def _coverages(chart: Chart) -> Iterator[Resource]:
    """The medical insurance, or the public assistance under the label that closes it."""
    card = chart.life.insurance
    found: Resource = {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": chart.subject,
        "payor": [{"display": "雪見市" if card.welfare_payer else f"保険者 {card.insurer}"}],
    }
    if card.welfare_payer:
        found["meta"] = {**profile("JP_Coverage"), "security": [coding(LABEL, "WELFARE")]}
        found["type"] = concept("生活保護（医療扶助）", coding(ACT_CODE, "SUBSIDIZ"))
        found["identifier"] = [
            {"system": PUBLIC_PAYER_NO, "value": card.welfare_payer},
            {"system": PUBLIC_INSURED_NO, "value": card.welfare_number},
        ]
    else:
        late = card.insurer.startswith("39")
        found["meta"] = profile("JP_Coverage")
        found["type"] = concept("後期高齢者医療" if late else "医療保険", coding(ACT_CODE, "PUBLICPOL"))
        found["subscriberId"] = card.number
    yield chart.entry(found, "medical")


def _certification(chart: Chart, care: Care) -> Iterator[Resource]:
    period: Resource = {"start": chart.date(care.since), "end": chart.date(care.until)}
    coverage: Resource = {
        "resourceType": "Coverage",
        "identifier": [{"system": KAIGO_INSURED_NO, "value": f"{KAIGO_INSURER}-{care.insured}"}],
        "status": "active",
        "type": concept("介護保険", coding(ACT_CODE, "LTC")),
        "beneficiary": chart.subject,
        "period": period,
        "payor": [{"display": "雪見市"}],
    }
    yield chart.entry(coverage, "care")
    for system, value in (
        (CARE_LEVEL, ltc_concept(CARE_LEVEL, care.level)),
        (PHYSICAL, _named(PHYSICAL, care.physical)),
        (DEMENTIA_INDEPENDENCE, _named(DEMENTIA_INDEPENDENCE, care.dementia)),
    ):
        yield chart.entry(_certified(chart, system, value, period), system)
    if care.opinion:
        yield document(chart, "physician-opinion", care.since - 14, "主治医意見書", care.opinion)


def _certified(chart: Chart, system: str, value: Resource, period: Resource) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [coding(JP_OBSERVATION_CATEGORY, _STATUS_OF[system])]}],
        "code": item(system),
        "subject": chart.subject,
        "effectivePeriod": period,
        "performer": [chart.itself],
        "valueCodeableConcept": value,
    }


def _named(system: str, written: str) -> Resource:
    """The concept of a 自立度 written as people write it (``A1``, ``IIa``, ``自立``)."""
    codes = {normalize("NFKC", display): code for code, display in codes_of(system).items()}
    return ltc_concept(system, codes[written])


def _team(chart: Chart) -> Resource:
    # A team of people who looked after the resident long before the demo began.
    open_period: Resource = {"start": chart.date(-365)}
    members: list[Json] = [_member(chart, who, open_period) for who in chart.life.team]
    for former in chart.life.team_ended:
        period: Resource = {"start": chart.date(former.since), "end": chart.date(former.until)}
        members.append(_member(chart, former.who, period))
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "name": f"{chart.life.name}さんの担当者",
        "subject": chart.subject,
        "period": open_period,
        "participant": members,
        "managingOrganization": [chart.itself],
    }


def _member(chart: Chart, who: str, period: Resource) -> Resource:
    city, telephones = chart.demo.city, chart.demo.catalogue.telephones
    people = {one.id: one for one in city.person}
    if who in people:
        role = people[who].roles[0]
        behalf = organisation(city.organisation_of(role.organisation))
        member = practitioner(city, who)
        title, phone = _PROFESSIONS[role.profession], telephones[role.organisation]
        extra: Resource = {"onBehalfOf": behalf}
    else:
        place = city.organisation_of(who)
        member = organisation(place)
        title, phone, extra = _KINDS[place.kind], telephones[who], {}
    member = {**member, "display": f"{member['display']} 電話 {phone}"}
    return {"role": [{"text": title}], "member": member, **extra, "period": period}


def _services(chart: Chart) -> Resource:
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "category": [information_category("service-use")],
        "title": "利用している介護サービス",
        "subject": chart.subject,
        "period": {"start": chart.date(chart.life.care.since if chart.life.care else -180)},
        "author": chart.itself,
        "activity": [{"detail": {"status": "in-progress", "description": service}} for service in chart.life.services],
    }
