"""Prescriptions, injections and the taking of medicines (JP_MedicationRequest, FACTS §1.3)."""

from collections.abc import Iterator

from hub.demo.chart import Chart
from hub.demo.city import Medicine, Usage
from hub.demo.elements import coding, concept, profile, quantity
from hub.demo.lives import Injection, Line, Prescription
from profiles.resource import Json, Resource

YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
_NO_CODE = "http://jpfhir.jp/fhir/eCS/CodeSystem/MedicationCodeNocoded_CS"
_RP = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber"
_ORDER_IN_RP = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex"
_JAMI = "http://jami.jp/CodeSystem/MedicationUsage"
_UNCODED_USAGE = coding(
    "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_MedicationUsage_Uncoded_CS", "0X0XXXXXXXXX0000"
)
_ROUTES = "http://jpfhir.jp/fhir/core/CodeSystem/route-codes"
_CATEGORIES = "http://jpfhir.jp/fhir/core/CodeSystem/JP_MedicationCategoryMERIT9_CS"
_CATEGORY_NAMES = {"OHP": "外来処方", "IHP": "入院処方"}
_UNITS = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"
_UNIT_CODES = {"錠": "TAB", "カプセル": "CAP"}


def prescriptions(chart: Chart) -> Iterator[Resource]:
    """The prescriptions of this organisation: a MedicationRequest a medicine."""
    for prescription in chart.life.prescriptions:
        if prescription.by == chart.organisation.id:
            for number, order, line in by_rp(prescription):
                request = _request(chart, prescription, number, order, line)
                yield chart.entry(request, str(prescription.day), line[0])


def by_rp(prescription: Prescription) -> Iterator[tuple[int, int, Line]]:
    """RP number, number within the RP, and the line: medicines that are taken in the same way share an RP."""
    usages = list(dict.fromkeys(usage for _, _, usage in prescription.medicines))
    for number, usage in enumerate(usages, 1):
        lines = [line for line in prescription.medicines if line[2] == usage]
        for order, line in enumerate(lines, 1):
            yield number, order, line


def medicine_concept(medicine: Medicine) -> Resource:
    """The CodeableConcept: the YJ code, or the code that says there is none."""
    code = coding(YJ, medicine.yj, medicine.name) if medicine.yj else coding(_NO_CODE, "NOCODED", "標準コードなし")
    return concept(medicine.name, code)


def _request(chart: Chart, prescription: Prescription, number: int, order: int, line: Line) -> Resource:
    name, amount, usage_name = line
    medicine, usage = chart.demo.catalogue.medicines[name], chart.demo.catalogue.usages[usage_name]
    by_days = medicine.form == "internal" and not usage.as_needed
    total = amount if medicine.form == "external" else amount * prescription.days
    supply: Resource = {"quantity": _amount(total, medicine)}
    if by_days:
        supply["expectedSupplyDuration"] = quantity(prescription.days, "日", "d")
    return {
        "resourceType": "MedicationRequest",
        "meta": profile("JP_MedicationRequest"),
        "identifier": _rp_identifiers(number, order),
        "status": "active",
        "intent": "order",
        "category": [
            concept(
                _CATEGORY_NAMES[prescription.category],
                coding(_CATEGORIES, prescription.category, _CATEGORY_NAMES[prescription.category]),
            )
        ],
        "medicationCodeableConcept": medicine_concept(medicine),
        "subject": chart.subject,
        "authoredOn": chart.moment(prescription.day, prescription.at),
        "requester": chart.author(prescription.author),
        "dosageInstruction": [_dosage(prescription, medicine, usage, amount)],
        "dispenseRequest": supply,
    }


def _rp_identifiers(number: int, order: int) -> list[Json]:
    return [{"system": _RP, "value": str(number)}, {"system": _ORDER_IN_RP, "value": str(order)}]


def _dosage(prescription: Prescription, medicine: Medicine, usage: Usage, amount: int) -> Resource:
    timing: Resource = {"code": concept(usage.text, coding(_JAMI, usage.jami) if usage.jami else _UNCODED_USAGE)}
    dosage: Resource = {"text": usage.text, "timing": timing}
    if usage.as_needed:
        dosage["asNeededBoolean"] = True
    if medicine.form == "internal":
        dosage["route"] = concept("経口", coding(_ROUTES, "PO", "口"))
        dosage["doseAndRate"] = [_dose(medicine, usage, amount)]
    if medicine.form == "internal" and not usage.as_needed:
        timing["repeat"] = {"boundsDuration": quantity(prescription.days, "日", "d")}
    return dosage


def _dose(medicine: Medicine, usage: Usage, amount: int) -> Resource:
    """The amount of one time; and of a day, unless it is taken as needed."""
    if usage.as_needed:
        return {"doseQuantity": _amount(amount, medicine)}
    per_day: Resource = {"numerator": _amount(amount, medicine), "denominator": quantity(1, "日", "d")}
    return {"doseQuantity": _amount(amount // usage.times, medicine), "rateRatio": per_day}


def _amount(value: int, medicine: Medicine) -> Resource:
    return quantity(value, medicine.unit, _UNIT_CODES.get(medicine.unit, ""), _UNITS)


def injections(chart: Chart) -> Iterator[Resource]:
    """The injections that this organisation ordered."""
    for injection in chart.life.injections:
        if injection.by == chart.organisation.id:
            yield chart.entry(_injection(chart, injection), "injection", str(injection.day))


def _injection(chart: Chart, one: Injection) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "meta": profile("JP_MedicationRequest_Injection"),
        "identifier": _rp_identifiers(1, 1),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(one.name, coding(_NO_CODE, "NOCODED", "標準コードなし")),
        "subject": chart.subject,
        "authoredOn": chart.moment(one.day, "15:40"),
        "requester": chart.author(one.author),
        "dosageInstruction": [
            {
                "text": one.text,
                "route": concept("静脈注射", coding(_ROUTES, "IV", "静脈内")),
                "doseAndRate": [{"doseQuantity": quantity(one.dose, one.unit, one.unit)}],
            }
        ],
    }


def statements(chart: Chart) -> Iterator[Resource]:
    """服薬状況: how the resident takes a medicine, as this organisation saw it."""
    for use in chart.life.medication_use:
        if use.by == chart.organisation.id:
            said: Resource = {
                "resourceType": "MedicationStatement",
                "meta": profile("JP_MedicationStatement"),
                "status": "active",
                "medicationCodeableConcept": medicine_concept(chart.demo.catalogue.medicines[use.medicine]),
                "subject": chart.subject,
                "effectivePeriod": {"start": chart.date(use.day)},
                "dateAsserted": chart.moment(use.day, use.at),
                "informationSource": chart.author(use.author),
                "note": [{"text": use.text}],
            }
            yield chart.entry(said, use.medicine, str(use.day))
