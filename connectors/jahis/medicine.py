"""Drugs, amounts and usages of a notebook in FHIR's data types."""

import re
import unicodedata
from dataclasses import dataclass

from connectors.conversion import Unmapped
from connectors.jahis.notebook import Drug, Note, Usage
from profiles.canonical import BASE
from profiles.resource import FhirDecimal, Json, Resource

# JP Core has no URL for these two, so they are ours.
RECEIPT_MEDICINE = f"{BASE}/CodeSystem/receipt-medicine"
MHLW_MEDICINE = f"{BASE}/CodeSystem/mhlw-medicine"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
HOT = "http://medis.or.jp/CodeSystem/master-HOT"
GENERIC = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"
MEDICATION_USAGE = "http://jami.jp/CodeSystem/MedicationUsage"
MERIT9_UNIT = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code"
ROUTE = "http://jpfhir.jp/fhir/core/CodeSystem/route-codes"
UCUM = "http://unitsofmeasure.org"
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

# コード種別 of record 201 → form of the code and its system.
_CODE = {
    "2": (re.compile(r"[0-9]{9}"), RECEIPT_MEDICINE),
    "3": (re.compile(r"[0-9A-Z]{12}"), MHLW_MEDICINE),
    "4": (re.compile(r"[0-9A-Z]{12}"), YJ),
    "6": (re.compile(r"[0-9]{7}|[0-9]{9}|[0-9]{13}"), HOT),
}
_GENERIC_CODE = re.compile(r"[0-9A-Z]{1,12}")
# Units as they appear after NFKC in lower case → MERIT-9.
_UNIT = {"錠": "TAB", "カプセル": "CAP", "cap": "CAP", "c": "CAP", "ml": "ML", "mg": "MG", "本": "HON", "個": "KO"}
_PER_DAY, _AS_NEEDED = frozenset({"1", "2", "6", "7"}), "3"
_FORM = {"1": "内服", "2": "内滴", "3": "屯服", "4": "注射", "5": "外用", "6": "浸煎", "7": "湯"}
_DAYS = "日分"
_COUNTED = frozenset({"日分", "回分", "調剤", ""})


@dataclass(frozen=True, slots=True)
class Medicine:
    """One drug with its usage, ready for a MedicationDispense or a MedicationStatement."""

    concept: Resource
    quantity: Resource | None
    days: Resource | None
    dosage: Resource
    unmapped: tuple[Unmapped, ...]


def medicine(drug: Drug, usage: Usage | None) -> Medicine:
    """The drug as dispensed: what, how much in all, for how many days, taken how."""
    days = usage.dispensed if usage and usage.unit == _DAYS else None
    total, dosage = _total(drug, usage), _dosage(drug, usage, days)
    unmapped = _unmapped_codes(drug)
    if not total and "doseAndRate" not in dosage and drug.amount is not None:
        unmapped.append(drug.record.unmapped("amount", "it is neither a dose nor, without a known number, a total"))
    if usage:
        unmapped += _unmapped_usage(usage)
        if not total and days is None and usage.dispensed is not None:
            unmapped.append(usage.record.unmapped("dispensed number", "without an amount and a unit it makes no total"))
    return Medicine(
        concept={"coding": [*_codings(drug)], "text": drug.name} if _codings(drug) else {"text": drug.name},
        quantity=total,
        days=_days(days) if days is not None else None,
        dosage=dosage,
        unmapped=tuple(unmapped),
    )


def absent() -> Resource:
    """The data type of a required element whose value the file does not tell."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}


def _code_system(drug: Drug) -> str:
    """The system of the drug's code, ``""`` when the code does not have the form that its kind demands."""
    form, system = _CODE.get(drug.code_kind, (None, ""))
    if form is None or not form.fullmatch(drug.code):
        return ""
    return f"{system}{len(drug.code)}" if system == HOT else system


def _codings(drug: Drug) -> list[Json]:
    found: list[Json] = []
    if system := _code_system(drug):
        found.append({"system": system, "code": drug.code, "display": drug.name})
    if _GENERIC_CODE.fullmatch(drug.generic_code):
        coding: Resource = {"system": GENERIC, "code": drug.generic_code}
        found.append(coding | {"display": drug.generic_name} if drug.generic_name else coding)
    return found


def _unmapped_codes(drug: Drug) -> list[Unmapped]:
    found = []
    if drug.code and not _code_system(drug):
        why = f"no code system of the code kind {drug.code_kind!r} has such a code; the name is kept"
        found.append(drug.record.unmapped("code", why))
    if drug.generic_name and not _GENERIC_CODE.fullmatch(drug.generic_code):
        found.append(drug.record.unmapped("generic name", "it has no code; the medicine's own name is kept"))
    if drug.generic_code and not _GENERIC_CODE.fullmatch(drug.generic_code):
        found.append(drug.record.unmapped("generic code", "it is not a code of the generic name master"))
    return found


def _unmapped_usage(usage: Usage) -> list[Unmapped]:
    found = []
    if usage.form and usage.form not in _FORM:
        found.append(usage.record.unmapped("form", "it is not a way in which a medicine is taken"))
    if usage.code and not _is_jami(usage):
        found.append(usage.record.unmapped("usage code", "only the 16-digit JAMI code has a system; the text is kept"))
    if usage.unit not in _COUNTED:
        found.append(usage.record.unmapped("dispensed unit", "it does not tell what the number counts"))
    return found


def _is_jami(usage: Usage) -> bool:
    return re.fullmatch(r"[0-9A-Z]{16}", usage.code) is not None


def _total(drug: Drug, usage: Usage | None) -> Resource | None:
    """All that was dispensed: the amount of a day, a time or a portion, times the number of them."""
    if drug.amount is None or usage is None or usage.dispensed is None or usage.unit not in _COUNTED:
        return None
    return _quantity(FhirDecimal(format(drug.amount * usage.dispensed, "f")), drug.unit)


def _quantity(value: FhirDecimal, unit: str) -> Resource:
    quantity: Resource = {"value": value}
    if unit:
        quantity["unit"] = unit
    if code := _UNIT.get(unicodedata.normalize("NFKC", unit).lower()):
        quantity |= {"system": MERIT9_UNIT, "code": code}
    return quantity


def _days(value: FhirDecimal) -> Resource:
    return {"value": value, "unit": "日", "system": UCUM, "code": "d"}


def _dosage(drug: Drug, usage: Usage | None, days: FhirDecimal | None) -> Resource:
    """A JP_MedicationDosage, empty when the file says nothing about the usage."""
    dosage: Resource = {}
    if usage and usage.text:
        dosage["text"] = usage.text
    if supplements := _instructions((*drug.supplements, *(usage.supplements if usage else ()))):
        dosage["additionalInstruction"] = supplements
    if usage is None:
        return dosage
    timing: Resource = {}
    if days is not None:
        timing["repeat"] = {"boundsDuration": _days(days)}
    if _is_jami(usage):
        timing["code"] = {"coding": [{"system": MEDICATION_USAGE, "code": usage.code}]}
    if timing:
        dosage["timing"] = timing
    if usage.form == _AS_NEEDED:
        dosage["asNeededBoolean"] = True
    if usage.form in _FORM:
        dosage["route"] = _route(usage.form)
    if drug.amount is not None:
        dosage |= _dose(drug.amount, drug.unit, usage)
    return dosage


def _instructions(notes: tuple[Note, ...]) -> list[Json]:
    return [{"text": note.text} for note in notes]


def _route(form: str) -> Resource:
    if form in _PER_DAY or form == _AS_NEEDED:
        return {"coding": [{"system": ROUTE, "code": "PO", "display": "口"}], "text": _FORM[form]}
    return {"text": _FORM[form]}


def _dose(amount: FhirDecimal, unit: str, usage: Usage) -> Resource:
    """What is taken a day (内服) or a time (屯服); elsewhere the amount is the total and says nothing of a dose."""
    if usage.form in _PER_DAY and usage.unit in {_DAYS, ""}:
        day: Resource = {"value": 1, "unit": "日", "system": UCUM, "code": "d"}
        ratio: Resource = {"numerator": _quantity(amount, unit), "denominator": day}
        return {"doseAndRate": [{"rateRatio": ratio}]}
    if usage.form == _AS_NEEDED:
        return {"doseAndRate": [{"doseQuantity": _quantity(amount, unit)}]}
    return {}
