"""What a notebook says about the person apart from dispensings: records 2, 3, 31, 4 and 701."""

from connectors.jahis.draft import Draft, annotation
from connectors.jahis.notebook import FamilyPharmacist, Note, OtcMedicine
from profiles.canonical import JP_CORE
from profiles.resource import Json, Resource

_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_ALLERGY, _SIDE_EFFECT, _HISTORY = "1", "2", "3"
_TOPIC = {_ALLERGY: "アレルギー歴", _SIDE_EFFECT: "副作用歴", _HISTORY: "既往歴"}
# Answers that say that there is nothing: an allergy to 「なし」 would be a false alarm for ever.
_NOTHING = frozenset({"なし", "無し", "無", "ない", "無い", "特になし", "特に無し", "特記事項なし", "特記なし"})


def add_remark(draft: Draft, note: Note) -> None:
    """Record 2.  It is named by its words: another sentence never overwrites an allergy."""
    words = ("remark", note.kind, note.text)
    if note.kind not in _TOPIC or note.text.rstrip("。．.") in _NOTHING:
        topic: Resource = {"text": _TOPIC.get(note.kind, "患者特記")}
        draft.message(note, topic, *words, sent="", sender=draft.told_by(note.author))
    elif note.kind == _HISTORY:
        draft.add(_condition(draft, note), *words)
    else:
        draft.add(_allergy(draft, note), *words)


def _condition(draft: Draft, note: Note) -> Resource:
    """A JP_Condition without clinicalStatus: the notebook does not say whether the illness is over."""
    resource: Resource = {
        "resourceType": "Condition",
        "meta": {"profile": [f"{JP_CORE}/JP_Condition"]},
        "category": [{"coding": [{"system": _CONDITION_CATEGORY, "code": "problem-list-item"}]}],
        "code": {"text": note.text},
        "subject": draft.subject,
    }
    if asserter := draft.told_by(note.author):
        resource["asserter"] = asserter
    return resource


def _allergy(draft: Draft, note: Note) -> Resource:
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "meta": {"profile": [f"{JP_CORE}/JP_AllergyIntolerance"]},
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": "unconfirmed"}]},
        "type": "intolerance" if note.kind == _SIDE_EFFECT else "allergy",
        "code": {"text": note.text},
        "patient": draft.subject,
    }
    if note.kind == _SIDE_EFFECT:
        resource["category"] = ["medication"]
    if asserter := draft.told_by(note.author):
        resource["asserter"] = asserter
    return resource


def add_otc(draft: Draft, medicine: OtcMedicine) -> None:
    """Record 3 with its 31, named by medicine and first day."""
    period: Resource = {"start": medicine.start, "end": medicine.end}
    resource: Resource = {
        "resourceType": "MedicationStatement",
        "meta": {"profile": [f"{JP_CORE}/JP_MedicationStatement"]},
        "status": "completed" if medicine.end else "unknown",
        "category": {"text": "一般用医薬品"},
        "medicationCodeableConcept": {"text": medicine.name},
        "subject": draft.subject,
    }
    if any(period.values()):
        resource["effectivePeriod"] = {name: value for name, value in period.items() if value}
    if source := draft.told_by(medicine.author):
        resource["informationSource"] = source
    ingredients: list[Json] = [
        annotation(f"成分：{one.name}", one.record.text("author")) for one in medicine.ingredients
    ]
    if ingredients:
        resource["note"] = ingredients
    draft.add(resource, "otc", medicine.name, medicine.start)
    draft.leave(medicine.record, "FHIR medicines of this hub are not identified by package", "JAN code")
    for one in medicine.ingredients:
        draft.leave(one.record, "the standard names no system for it; the name is kept", "code")


def add_memo(draft: Draft, note: Note) -> None:
    """Record 4."""
    topic: Resource = {"text": "手帳メモ"}
    draft.message(note, topic, "memo", note.date, note.text, sent=note.date, sender=draft.told_by(note.author))


def add_family_pharmacist(draft: Draft, pharmacist: FamilyPharmacist) -> None:
    """Record 701 as a sentence, not as a CareTeam: a file must not make anybody a member of a care team."""
    details = [pharmacist.pharmacy, pharmacist.contact]
    if pharmacist.start or pharmacist.end:
        details.append(f"{pharmacist.start}〜{pharmacist.end}")
    text = f"{pharmacist.name}（{'、'.join(one for one in details if one)}）" if any(details) else pharmacist.name
    note = Note(pharmacist.record, text, pharmacist.record.text("author"))
    words = ("family pharmacist", pharmacist.name, pharmacist.start)
    sender = draft.told_by(note.author)
    draft.message(note, {"text": "かかりつけ薬剤師"}, *words, sent=pharmacist.start, sender=sender)
