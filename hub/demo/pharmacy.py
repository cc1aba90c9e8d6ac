"""The pharmacy's file of one resident: JAHIS 電子版お薬手帳, CP932 (FACTS §4.1)."""

from collections.abc import Iterator

from hub.demo.chart import Chart
from hub.demo.city import Identifiers
from hub.demo.lives import Allergy, Prescription
from hub.demo.medicines import by_rp

_MEDICAL_STAFF = "1"
_SEX = {"male": "1", "female": "2"}
_INTERNAL, _AS_NEEDED, _EXTERNAL = "1", "3", "5"
_YJ, _NO_CODE = "4", "1"
_JAMI, _NO_USAGE_CODE = "2", "1"


def notebook(chart: Chart) -> bytes | None:
    """The file of all that the pharmacy dispensed, newest first; ``None`` when it dispensed nothing."""
    filled = [one for one in chart.life.prescriptions if one.dispensed]
    if not filled:
        return None
    lines = [("JAHISTC08", "1"), _person(chart)]
    lines += [_remark(one) for one in chart.life.allergies if one.by == chart.organisation.id]
    for prescription in sorted(filled, key=lambda one: one.day, reverse=True):
        lines += _dispensing(chart, prescription)
    return "".join(",".join(line) + "\r\n" for line in lines).encode("cp932")


def _person(chart: Chart) -> tuple[str, ...]:
    life = chart.life
    # Where an order protects the address, the pharmacy leaves it out of its files.
    address = ("", "", "") if life.label else (life.postal_code, life.address, life.phone)
    return ("1", life.name, _SEX[life.sex], f"{life.born:%Y%m%d}", *address, "", "", "", life.kana)


def _remark(allergy: Allergy) -> tuple[str, ...]:
    return ("2", "1", f"{allergy.substance}（{allergy.reaction}）", _MEDICAL_STAFF)


def _dispensing(chart: Chart, prescription: Prescription) -> Iterator[tuple[str, ...]]:
    city = chart.demo.city
    prescriber = city.organisation_of(prescription.by)
    pharmacist = next(one for one in city.person if one.roles[0].organisation == chart.organisation.id)
    yield ("5", chart.date(prescription.day).replace("-", ""), _MEDICAL_STAFF)
    yield ("11", chart.organisation.name, *_numbers(chart.organisation.identifiers), "", "", "", _MEDICAL_STAFF)
    yield ("15", pharmacist.name, "", _MEDICAL_STAFF)
    yield ("51", prescriber.name, *_numbers(prescriber.identifiers), _MEDICAL_STAFF)
    yield ("55", city.person_of(prescription.author).name, "", _MEDICAL_STAFF)
    yield from _medicines(chart, prescription)
    if prescription.leftover:
        yield ("421", prescription.leftover, _MEDICAL_STAFF)
    if prescription.memo:
        yield ("501", prescription.memo, _MEDICAL_STAFF)


def _numbers(identifiers: Identifiers) -> tuple[str, str, str]:
    """Prefecture, fee table and number of a medical institution."""
    number = identifiers.medical_institution
    return number[:2], number[2], number[3:]


def _medicines(chart: Chart, prescription: Prescription) -> Iterator[tuple[str, ...]]:
    """The medicines of each RP and, after the last of them, how they are taken."""
    lines = list(by_rp(prescription))
    for position, (rp, _, (name, amount, usage_name)) in enumerate(lines):
        medicine, usage = chart.demo.catalogue.medicines[name], chart.demo.catalogue.usages[usage_name]
        code = (_YJ, medicine.yj) if medicine.yj else (_NO_CODE, "")
        yield ("201", str(rp), medicine.name, str(amount), medicine.unit, *code, _MEDICAL_STAFF)
        if position + 1 == len(lines) or lines[position + 1][0] != rp:
            if medicine.form == "external":
                counted = ("1", "調剤", _EXTERNAL)
            else:
                times = ("回分", _AS_NEEDED) if usage.as_needed else ("日分", _INTERNAL)
                counted = (str(prescription.days), *times)
            usage_code = (_JAMI, usage.jami) if usage.jami else (_NO_USAGE_CODE, "")
            yield ("301", str(rp), usage.text, *counted, *usage_code, _MEDICAL_STAFF)
