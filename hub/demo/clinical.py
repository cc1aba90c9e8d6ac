"""Diseases, allergies, stays and visits, images, vaccines, devices."""

from collections.abc import Iterator

from hub.demo.chart import Chart
from hub.demo.documents import marked
from hub.demo.elements import HL7, coding, concept, profile
from hub.demo.lives import Allergy, Device, Problem, Stay
from profiles.canonical import ACT_CODE
from profiles.resource import Resource

_ICD10 = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full"
_DISEASE_KEY = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"
_ALLERGENS = "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS"


def clinical(chart: Chart) -> Iterator[Resource]:
    """What this organisation knows of the resident's illnesses and treatment, but for medicines and measurements."""
    here = chart.organisation.id
    life = chart.life
    for problem in life.problems:
        if problem.by == here:
            yield chart.entry(_condition(chart, problem), problem.name)
    for allergy in life.allergies:
        # A pharmacy's own words on allergies travel in its files.
        if allergy.by == here and chart.organisation.kind != "pharmacy":
            yield chart.entry(_allergy(chart, allergy), allergy.substance)
    yield from _encounters(chart)
    for image in life.imaging:
        if image.by == here:
            report = _report(chart, image.title, image.text, chart.moment(image.day, image.at), image.author)
            yield chart.entry(report, image.title)
    for vaccine in life.immunizations:
        if vaccine.by == here:
            given = _immunization(chart, vaccine.vaccine, vaccine.lot, chart.date(vaccine.day))
            yield chart.entry(given, vaccine.vaccine, str(vaccine.day))
    for device in life.devices:
        if device.by == here:
            yield chart.entry(_device(chart, device), device.name)


def _condition(chart: Chart, one: Problem) -> Resource:
    codes = [coding(_ICD10, one.icd10, one.name)] if one.icd10 else []
    codes += [coding(_DISEASE_KEY, one.key_number, one.name)] if one.key_number else []
    meta = profile("JP_Condition")
    return {
        "resourceType": "Condition",
        "meta": {**meta, **marked(one.label)} if one.label else meta,
        "clinicalStatus": {"coding": [coding(f"{HL7}/condition-clinical", "active")]},
        "verificationStatus": {"coding": [coding(f"{HL7}/condition-ver-status", "confirmed")]},
        "category": [{"coding": [coding(f"{HL7}/condition-category", "problem-list-item")]}],
        "code": concept(one.name, *codes),
        "subject": chart.subject,
        "onsetDateTime": one.since,
        "recordedDate": chart.date(-120),
    }


def _allergy(chart: Chart, one: Allergy) -> Resource:
    codes = [coding(_ALLERGENS, one.code, one.substance)] if one.code else []
    return {
        "resourceType": "AllergyIntolerance",
        "meta": profile("JP_AllergyIntolerance"),
        "clinicalStatus": {"coding": [coding(f"{HL7}/allergyintolerance-clinical", "active")]},
        "verificationStatus": {"coding": [coding(f"{HL7}/allergyintolerance-verification", "confirmed")]},
        "type": "allergy",
        "category": [one.kind],
        "criticality": "high" if one.severe else "low",
        "code": concept(one.substance, *codes),
        "patient": chart.subject,
        "recordedDate": chart.date(-200),
        "reaction": [{"manifestation": [{"text": one.reaction}]}],
    }


def _encounters(chart: Chart) -> Iterator[Resource]:
    for stay in chart.life.stays:
        if stay.by == chart.organisation.id:
            yield chart.entry(_stay(chart, stay), "stay", str(stay.since))
    for visit in chart.life.visits:
        if visit.by == chart.organisation.id:
            class_ = coding(ACT_CODE, "HH", "訪問診療") if visit.home else coding(ACT_CODE, "AMB", "外来")
            seen = _encounter(chart, class_, "finished", visit.reason, visit.author)
            seen["period"] = {"start": chart.moment(visit.day, "10:00"), "end": chart.moment(visit.day, "10:20")}
            yield chart.entry(seen, "visit", str(visit.day))


def _stay(chart: Chart, stay: Stay) -> Resource:
    status = "in-progress" if stay.until is None else "finished"
    found = _encounter(chart, coding(ACT_CODE, "IMP", "入院"), status, stay.reason, stay.author)
    period: Resource = {"start": chart.moment(stay.since, "14:30")}
    found["period"] = period if stay.until is None else {**period, "end": chart.moment(stay.until, "10:30")}
    return found


def _encounter(chart: Chart, class_: Resource, status: str, reason: str, author: str) -> Resource:
    return {
        "resourceType": "Encounter",
        "meta": profile("JP_Encounter"),
        "status": status,
        "class": class_,
        "subject": chart.subject,
        "participant": [{"individual": chart.author(author)}],
        "reasonCode": [{"text": reason}],
        "serviceProvider": chart.itself,
    }


def _report(chart: Chart, title: str, text: str, taken: str, author: str) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "category": [{"coding": [coding(f"{HL7}/v2-0074", "RAD", "放射線")]}],
        "code": {"text": title},
        "subject": chart.subject,
        "effectiveDateTime": taken,
        "performer": [chart.author(author)],
        "conclusion": text,
    }


def _immunization(chart: Chart, vaccine: str, lot: str, day: str) -> Resource:
    return {
        "resourceType": "Immunization",
        "meta": profile("JP_Immunization"),
        "status": "completed",
        "vaccineCode": {"text": vaccine},
        "patient": chart.subject,
        "occurrenceDateTime": day,
        "primarySource": True,
        "lotNumber": lot,
        "performer": [{"actor": chart.itself}],
    }


def _device(chart: Chart, one: Device) -> Resource:
    """A device in use; the device itself is contained, for it is told apart by its use alone."""
    device: Resource = {
        "resourceType": "Device",
        "id": "device",
        "deviceName": [{"name": one.name, "type": "user-friendly-name"}],
    }
    if one.model:
        device["modelNumber"] = one.model
    return {
        "resourceType": "DeviceUseStatement",
        "contained": [device],
        "status": "active",
        "subject": chart.subject,
        "timingPeriod": {"start": chart.date(one.day)},
        "recordedOn": chart.date(one.day),
        "device": {"reference": "#device", "display": one.name},
    }
