"""One dispensing block of a notebook (record 5 and what stands under it) → medicines and messages."""

from dataclasses import dataclass

from connectors.conversion import SourceContext
from connectors.jahis.draft import MEDICAL, Draft, annotation
from connectors.jahis.identity import JAHIS_RECORD
from connectors.jahis.medicine import Medicine, absent, medicine
from connectors.jahis.notebook import Dispensing, Facility, Note, Prescription, Professional, Rp
from connectors.jahis.records import Record
from profiles.canonical import BASE, JP_CORE, MEDICAL_INSTITUTION_NO
from profiles.resource import Json, Resource, as_text

PROVIDED_INFORMATION = f"{BASE}/CodeSystem/jahis-provided-information"
RP_NUMBER = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber"
ORDER_IN_RP = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex"

_CAUTION, _PROVIDED, _LEFTOVER, _REMARK, _PATIENT_ENTRY = "401", "411", "421", "501", "601"
_TOPIC = {
    _CAUTION: "服用注意",
    _PROVIDED: "医療機関等への提供情報",
    _LEFTOVER: "残薬確認",
    _REMARK: "備考",
    _PATIENT_ENTRY: "患者等の記入",
}
_INSTITUTION = "the directory of institutions holds it"
_AUTHOR = "only the author of a medicine and of a note has a place"


@dataclass(frozen=True, slots=True)
class _Block:
    """What all medicines of a block share; ``words`` name the block."""

    dispensing: Dispensing
    by_institution: bool
    institution: Resource
    notes: tuple[Resource, ...]
    words: tuple[str, ...]


def add_dispensing(draft: Draft, dispensing: Dispensing, output_kind: str, source: SourceContext) -> None:
    """Medicines, then messages.

    A medicine that medical staff recorded in a file of the institution itself is a
    MedicationDispense; what the patient hands on or wrote is a MedicationStatement.  Cautions and
    remarks on the block stand with every medicine, so that each can be read alone.
    """
    facility = dispensing.facility
    has_medicines = any(prescription.rps for prescription in dispensing.prescriptions)
    shared = {_CAUTION, _REMARK} if has_medicines else set()
    block = _Block(
        dispensing=dispensing,
        by_institution=output_kind == "1",
        institution=_institution(facility) if facility else _sender(source),
        notes=tuple(annotation(note.text, note.author) for note in dispensing.notes if note.record.number in shared),
        words=(dispensing.date, _key(facility) or source.institution_number or source.organisation_id),
    )
    for prescription in dispensing.prescriptions:
        _add_prescription(draft, block, prescription)
    for note in dispensing.notes:
        if note.record.number not in shared:
            _add_message(draft, block, note)
    _report(draft, dispensing)


def _add_prescription(draft: Draft, block: _Block, prescription: Prescription) -> None:
    name = draft.names.name("prescription", *block.words, _key(prescription.facility))
    for rp in prescription.rps:
        prescriber = _prescriber(prescription.facility, rp.doctor)
        for order, drug in enumerate(rp.drugs, 1):
            made = medicine(drug, rp.usage)
            draft.unmapped += made.unmapped
            author = drug.author or block.dispensing.author or MEDICAL
            said = [f"処方：{prescriber}"] if prescriber else []
            if block.by_institution and author == MEDICAL:
                resource = _dispense(draft, block, made, rp.number, order)
                if prescriber:
                    resource["authorizingPrescription"] = [_prescribed(name, prescriber)]
            else:
                resource = _statement(draft, block, made, author)
                said.insert(0, _dispensed(block, rp, made))
            cautions = (*drug.cautions, *(rp.usage.cautions if rp.usage else ()))
            notes: list[Json] = [
                *(annotation(sentence, author) for sentence in said),
                *(annotation(note.text, note.author) for note in cautions),
                *block.notes,
            ]
            draft.add(resource | {"note": notes} if notes else resource, "medicine", name, str(rp.number), str(order))


def _dispense(draft: Draft, block: _Block, made: Medicine, rp: int, order: int) -> Resource:
    """A JP_MedicationDispense, which demands a quantity: one that the file does not tell is marked as absent."""
    performers: list[Json] = [{"actor": block.institution}]
    performers += [{"actor": {"type": "Practitioner", "display": one.name}} for one in block.dispensing.professionals]
    resource: Resource = {
        "resourceType": "MedicationDispense",
        "meta": {"profile": [f"{JP_CORE}/JP_MedicationDispense"]},
        "identifier": [{"system": RP_NUMBER, "value": str(rp)}, {"system": ORDER_IN_RP, "value": str(order)}],
        "status": "completed",
        "medicationCodeableConcept": made.concept,
        "subject": draft.subject,
        "performer": performers,
        "quantity": made.quantity or absent(),
        "whenHandedOver": block.dispensing.date,
    }
    if made.days:
        resource["daysSupply"] = made.days
    if made.dosage:
        resource["dosageInstruction"] = [made.dosage]
    return resource


def _statement(draft: Draft, block: _Block, made: Medicine, author: str) -> Resource:
    """A JP_MedicationStatement.  Whether the medicine is still taken is not in the file: status unknown."""
    resource: Resource = {
        "resourceType": "MedicationStatement",
        "meta": {"profile": [f"{JP_CORE}/JP_MedicationStatement"]},
        "status": "unknown",
        "medicationCodeableConcept": made.concept,
        "subject": draft.subject,
        "effectivePeriod": {"start": block.dispensing.date},
    }
    if source := draft.told_by(author, block.institution):
        resource["informationSource"] = source
    if made.dosage:
        resource["dosage"] = [made.dosage]
    return resource


def _dispensed(block: _Block, rp: Rp, made: Medicine) -> str:
    """What a MedicationStatement has no element for: who dispensed, when and how much."""
    dispensing = block.dispensing
    words = [_written(dispensing.facility), *(one.name for one in dispensing.professionals), dispensing.date]
    if rp.usage and rp.usage.dispensed is not None:
        words.append(f"{rp.usage.dispensed}{rp.usage.unit}")
    if made.quantity:
        words.append(f"全量{made.quantity['value']}{as_text(made.quantity.get('unit'))}")
    return "調剤：" + " ".join(word for word in words if word)


def _prescribed(name: str, prescriber: str) -> Resource:
    """A logical Reference to the prescription, whose own number the notebook does not hold."""
    identifier: Resource = {"system": JAHIS_RECORD, "value": name}
    return {"type": "MedicationRequest", "identifier": identifier, "display": prescriber}


def _add_message(draft: Draft, block: _Block, note: Note) -> None:
    topic: Resource = {"text": _TOPIC[note.record.number]}
    if note.kind:
        topic = {"coding": [{"system": PROVIDED_INFORMATION, "code": note.kind}], **topic}
    words = ("note", *block.words, note.record.number)
    sender = draft.told_by(note.author, block.institution)
    draft.message(note, topic, *words, sent=note.date or block.dispensing.date, sender=sender)


def _institution(facility: Facility) -> Resource:
    """A logical Reference: the number when it is whole, the name as written."""
    reference: Resource = {"type": "Organization"}
    if facility.number:
        reference["identifier"] = {"system": MEDICAL_INSTITUTION_NO, "value": facility.number}
    return reference | {"display": facility.name}


def _sender(source: SourceContext) -> Resource:
    """The Reference to the sender, for a block that does not name where it was dispensed."""
    reference: Resource = {"type": "Organization"}
    if source.institution_number:
        reference["identifier"] = {"system": MEDICAL_INSTITUTION_NO, "value": source.institution_number}
    return reference | {"display": source.organisation_name}


def _key(facility: Facility | None) -> str:
    return (facility.number or facility.name) if facility else ""


def _written(facility: Facility | None) -> str:
    if facility is None:
        return ""
    return f"{facility.name}（{facility.number}）" if facility.number else facility.name


def _prescriber(facility: Facility | None, doctor: Professional | None) -> str:
    parts = [_written(facility), *((doctor.detail, doctor.name) if doctor else ())]
    return " ".join(part for part in parts if part)


def _report(draft: Draft, dispensing: Dispensing) -> None:
    """What has no place: addresses and numbers of institutions and people, authors of records that have no author."""
    if dispensing.facility:
        draft.leave(dispensing.facility.record, _INSTITUTION, "postal code", "address", "telephone")
    for professional in dispensing.professionals:
        draft.leave(professional.record, "the directory of people holds it", "contact")
    for facility in (dispensing.facility, *(one.facility for one in dispensing.prescriptions)):
        if facility and not facility.number:
            why = "the three parts do not make a 10-digit institution number"
            draft.leave(facility.record, why, "prefecture", "fee table", "institution code")
    for record in _authored(dispensing):
        if record.text("author") not in {"", MEDICAL}:
            draft.leave(record, _AUTHOR, "author")


def _authored(dispensing: Dispensing) -> list[Record]:
    """The records whose author goes nowhere."""
    rps = [rp for prescription in dispensing.prescriptions for rp in prescription.rps]
    usages = [rp.usage for rp in rps if rp.usage]
    named = [dispensing.facility, *dispensing.professionals, *(one.facility for one in dispensing.prescriptions)]
    named += [doctor for doctor in dict.fromkeys(rp.doctor for rp in rps) if doctor]
    supplements = [note for rp in rps for drug in rp.drugs for note in drug.supplements]
    supplements += [note for usage in usages for note in usage.supplements]
    return [one.record for one in (*named, *usages, *supplements) if one]
