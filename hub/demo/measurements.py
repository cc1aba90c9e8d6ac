"""Laboratory results, vital signs and the day's care as Observations (JP_Observation_LabResult, _VitalSigns)."""

from collections.abc import Iterator

from hub.demo.chart import Chart
from hub.demo.city import Lab
from hub.demo.elements import HL7, JP_OBSERVATION_CATEGORY, LOINC, coding, concept, profile, quantity
from hub.demo.lives import Daily, Vitals
from profiles.resource import FhirDecimal, Json, Resource

_JLAC10 = "http://medis.or.jp/CodeSystem/master-JLAC10-17digits"
_UNCODED_LAB = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_Uncoded_CS"
_NURSING = "http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode"
_RESPIRATION = coding(_NURSING, "31001369", "呼吸数")
_MM_HG = ("mmHg", "mm[Hg]")
_PER_MINUTE = ("回/分", "/min")


def measurements(chart: Chart) -> Iterator[Resource]:
    """Everything that this organisation measured."""
    yield from _labs(chart)
    for taken in chart.life.vitals:
        if taken.by == chart.organisation.id:
            yield from _vitals(chart, taken)
    for count, day in enumerate(chart.life.daily):
        if day.by == chart.organisation.id:
            yield chart.entry(_daily(chart, day), "daily", str(count))


def _labs(chart: Chart) -> Iterator[Resource]:
    for labs in chart.life.labs:
        if labs.by == chart.organisation.id:
            for name, value in labs.results.items():
                result = _lab(chart, chart.demo.catalogue.labs[name], value)
                result["effectiveDateTime"] = chart.moment(labs.day, labs.at)
                yield chart.entry(result, "lab", name, str(labs.day))


def _lab(chart: Chart, lab: Lab, value: str) -> Resource:
    standard = coding(_JLAC10, lab.jlac10) if lab.jlac10 else coding(_UNCODED_LAB, "9" * 17, "未標準化")
    result: Resource = {
        "resourceType": "Observation",
        "meta": profile("JP_Observation_LabResult"),
        "status": "final",
        "category": [_category("laboratory")],
        "code": concept(lab.name, standard, coding(LOINC, lab.loinc)),
        "subject": chart.subject,
        "performer": [chart.itself],
        "valueQuantity": quantity(value, lab.unit, lab.ucum or lab.unit),
        "specimen": {"display": lab.specimen},
    }
    bounds: Resource = {}
    if lab.low:
        bounds["low"] = quantity(lab.low, lab.unit)
    if lab.high:
        bounds["high"] = quantity(lab.high, lab.unit)
    if bounds:
        result["referenceRange"] = [bounds]
        result["interpretation"] = [{"coding": [coding(f"{HL7}/v3-ObservationInterpretation", _flag(lab, value))]}]
    return result


def _flag(lab: Lab, value: str) -> str:
    measured = FhirDecimal(value)
    if lab.low and measured < FhirDecimal(lab.low):
        return "L"
    return "H" if lab.high and measured > FhirDecimal(lab.high) else "N"


def _vitals(chart: Chart, taken: Vitals) -> Iterator[Resource]:
    """A reading a line; the blood pressure is one reading of two numbers."""
    pressure: list[Json] = [
        {"code": concept("収縮期血圧", coding(LOINC, "8480-6")), "valueQuantity": quantity(taken.systolic, *_MM_HG)},
        {"code": concept("拡張期血圧", coding(LOINC, "8462-4")), "valueQuantity": quantity(taken.diastolic, *_MM_HG)},
    ]
    yield _vital(chart, taken, concept("血圧", coding(LOINC, "85354-9")), {"component": pressure})
    readings = (
        (concept("脈拍", coding(LOINC, "8867-4")), str(taken.pulse), *_PER_MINUTE),
        (concept("体温", coding(LOINC, "8310-5")), taken.temperature, "℃", "Cel"),
        (concept("SpO2", coding(LOINC, "59408-5")), str(taken.spo2 or ""), "%", "%"),
        (concept("呼吸数", _RESPIRATION, coding(LOINC, "9279-1")), str(taken.respiration or ""), *_PER_MINUTE),
        (concept("体重", coding(LOINC, "29463-7")), taken.weight, "kg", "kg"),
    )
    for code, value, unit, ucum in readings:
        if value:
            yield _vital(chart, taken, code, {"valueQuantity": quantity(value, unit, ucum)})


def _vital(chart: Chart, taken: Vitals, code: Resource, value: Resource) -> Resource:
    is_body = code["text"] == "体重"
    reading: Resource = {
        "resourceType": "Observation",
        "meta": profile("JP_Observation_BodyMeasurement" if is_body else "JP_Observation_VitalSigns"),
        "status": "final",
        "category": [_category("body-measurement" if is_body else "vital-signs")],
        "code": code,
        "subject": chart.subject,
        "effectiveDateTime": chart.moment(taken.day, taken.at),
        "performer": [chart.author(taken.author)],
        **value,
    }
    return chart.entry(reading, "vital", str(code["text"]), str(taken.day), taken.at)


def _daily(chart: Chart, day: Daily) -> Resource:
    parts = (("食事", day.meal), ("排泄", day.toilet), ("入浴", day.bath))
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [_category("activity")],
        "code": {"text": "ケア記録"},
        "subject": chart.subject,
        "effectiveDateTime": chart.moment(day.day, day.at),
        "performer": [chart.author(day.author)],
        "component": [{"code": {"text": name}, "valueString": text} for name, text in parts],
    }


def _category(code: str) -> Resource:
    return {"coding": [coding(JP_OBSERVATION_CATEGORY, code)]}
