"""Mutants that break one invariant of R4, and those of narratives, attachments and contained resources."""

from collections.abc import Callable, Iterator

from profiles.resource import Json, Resource, as_object, as_text, objects
from tests.properties.mutations.broken import Mutant, broken
from tests.properties.mutations.spot import Spot

_RETRACTED: Json = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"},
        {
            "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
            "code": "entered-in-error",
        },
    ]
}
_UNSAFE = (
    '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
    '<p onclick="alert(1)">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="https://example.org/"></iframe>',
    '<img src="https://example.org/pixel.png" alt="x"/>',
    "<p>not closed",
)


def invariant_mutants(spot: Spot) -> Iterator[Mutant]:
    """The mutants of one object whose type has invariants."""
    for rule in _RULES.get(spot.kind, ()):
        for changed in rule(spot):
            where = spot.path("max") if rule is eld_3 else spot.path()
            yield broken(rule.__name__.strip("_").replace("_", "-"), spot, changed, where)
    if spot.kind == "Narrative" and "div" in spot.value:
        for unsafe in _UNSAFE:
            div = f'<div xmlns="http://www.w3.org/1999/xhtml">{unsafe}</div>'
            yield broken("narrative", spot, spot.having(div=div), spot.path("div"))
        yield broken(
            "narrative", spot, spot.having(div='<div xmlns="http://www.w3.org/1999/xhtml"> </div>'), spot.path("div")
        )
    if spot.kind == "Attachment":
        yield from _attachment(spot)
    if spot.steps[-2:-1] == ("contained",):
        yield from _contained(spot)


def _attachment(spot: Spot) -> Iterator[Mutant]:
    if "data" in spot.value:
        yield broken("attachment size", spot, spot.having(size=1), spot.path("size"))
        yield broken("attachment hash", spot, spot.having(hash="AAAA"), spot.path("hash"))
    yield broken("attachment url", spot, spot.having(url="javascript:alert(1)"), spot.path("url"))
    yield broken("MIME type", spot, spot.having(contentType="no type"), spot.path("contentType"))


def _contained(spot: Spot) -> Iterator[Mutant]:
    inner: Json = [{"resourceType": "Basic", "id": "inner", "code": {"text": "x"}}]
    yield broken("dom-2", spot, spot.having(contained=inner), spot.path("contained"))
    yield broken("contained id", spot, spot.without("id"), spot.path())
    yield broken("dom-3", spot, spot.having(id="nobody-names-me"), spot.path())
    for meta in ({"versionId": "1"}, {"lastUpdated": "2026-01-01T00:00:00Z"}):
        changed = spot.having(meta={**as_object(spot.value.get("meta")), **meta})
        yield broken("dom-4", spot, changed, spot.path("meta"))
    label: Json = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
    labelled = spot.having(meta={**as_object(spot.value.get("meta")), "security": label})
    yield broken("dom-5", spot, labelled, spot.path("meta", "security"))


def obs_6(spot: Spot) -> Iterator[Resource]:
    if any(name.startswith("value") for name in spot.value):
        yield spot.having(dataAbsentReason={"text": "x"})


def obs_7(spot: Spot) -> Iterator[Resource]:
    if any(name.startswith("value") for name in spot.value) and as_object(spot.value["code"]).get("coding"):
        yield spot.having(component=[{"code": spot.value["code"], "valueString": "x"}])


def obs_3(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"appliesTo": [{"text": "x"}]})


def per_1(spot: Spot) -> Iterator[Resource]:
    if "start" in spot.value:
        yield spot.having(end="1900-01-01")
    if "end" in spot.value:
        yield spot.having(start="2199-01-01T00:00:00+09:00")


def qty_3(spot: Spot) -> Iterator[Resource]:
    if "code" in spot.value and "system" in spot.value:
        yield spot.without("system")


def drt_1(spot: Spot) -> Iterator[Resource]:
    if "code" in spot.value:
        yield spot.having(system="http://example.org/units")


def rng_2(spot: Spot) -> Iterator[Resource]:
    if "low" in spot.value and "high" in spot.value:
        yield spot.having(low=spot.value["high"], high=spot.value["low"])


def cpt_2(spot: Spot) -> Iterator[Resource]:
    if "value" in spot.value:
        yield spot.without("system")


def att_1(spot: Spot) -> Iterator[Resource]:
    if "data" in spot.value:
        yield spot.without("contentType")


def ext_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"url": spot.value["url"]})
    if not any(name.startswith(("value", "_value")) for name in spot.value):
        yield spot.having(valueString="x")
    else:
        yield spot.having(extension=[{"url": "http://example.org/x", "valueString": "x"}])


def rat_1(spot: Spot) -> Iterator[Resource]:
    if {"numerator", "denominator"} <= spot.value.keys():
        yield spot.without("numerator")
        yield spot.without("denominator")


def pat_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"gender": "female"})


def con_4(spot: Spot) -> Iterator[Resource]:
    active: Json = [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    yield spot.having(abatementString="x", clinicalStatus={"coding": active})


def con_5(spot: Spot) -> Iterator[Resource]:
    if "clinicalStatus" in spot.value:
        yield spot.having(verificationStatus=_RETRACTED)


def con_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"type": {"text": "x"}})


def ait_1(spot: Spot) -> Iterator[Resource]:
    yield spot.without("clinicalStatus", "verificationStatus")


def ait_2(spot: Spot) -> Iterator[Resource]:
    if "clinicalStatus" in spot.value:
        yield spot.having(verificationStatus=_RETRACTED)


def ppc_1(spot: Spot) -> Iterator[Resource]:
    yield spot.without("policy", "policyRule")


def ppc_2(spot: Spot) -> Iterator[Resource]:
    codes = {as_text(one.get("code")) for one in objects(as_object(spot.value["scope"]).get("coding"))}
    if codes & {"patient-privacy", "research", "adr", "treatment"}:
        yield spot.without("patient")


def cpl_3(spot: Spot) -> Iterator[Resource]:
    if "detail" in spot.value:
        yield spot.having(reference={"reference": "Task/1"})


def mdd_1(spot: Spot) -> Iterator[Resource]:
    if "whenHandedOver" in spot.value:
        yield spot.having(whenPrepared="2199-01-01")


def org_1(spot: Spot) -> Iterator[Resource]:
    yield spot.without("name", "identifier", "_name")


def cmp_1(spot: Spot) -> Iterator[Resource]:
    yield spot.without("text", "entry", "section")


def cmp_2(spot: Spot) -> Iterator[Resource]:
    if "entry" in spot.value:
        yield spot.having(emptyReason={"text": "x"})


def tim_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"duration": 1})


def tim_2(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"period": 1, "frequency": 1})


def tim_5(spot: Spot) -> Iterator[Resource]:
    if "period" in spot.value:
        yield spot.having(period=-1)


def tim_6(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"periodMax": 2, "frequency": 1})


def tim_9(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"offset": 30})


def tim_10(spot: Spot) -> Iterator[Resource]:
    yield spot.having(timeOfDay=["08:00:00"], when=["MORN"])


def fhs_1(spot: Spot) -> Iterator[Resource]:
    yield spot.having(ageString="x", bornString="y")


def prr_1(spot: Spot) -> Iterator[Resource]:
    less = {name: child for name, child in spot.value.items() if name != "code"}
    yield spot.with_value({**less, "orderDetail": [{"text": "x"}]})


def qrs_1(spot: Spot) -> Iterator[Resource]:
    item: Json = [{"linkId": "x"}]
    yield spot.having(answer=[{"valueString": "x"}], item=item)


def mad_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"text": "x"})


def imm_1(spot: Spot) -> Iterator[Resource]:
    yield spot.with_value({"publicationDate": "2026-01-01"})


def eld_3(spot: Spot) -> Iterator[Resource]:
    for text in ("many", "-1", "1.5"):
        yield spot.having(max=text)


def ig_1(spot: Spot) -> Iterator[Resource]:
    first, *others = objects(spot.value.get("resource"))
    yield spot.having(resource=[{**first, "groupingId": "no-such"}, *others])


def ig_2(spot: Spot) -> Iterator[Resource]:
    yield spot.having(fhirVersion=["3.0.1"])


def sdf_8a(spot: Spot) -> Iterator[Resource]:
    first, *others = objects(spot.value.get("element"))
    yield spot.having(element=[{**first, "path": "Elsewhere"}, *others])
    yield spot.having(element=[first, *others, {"id": "x", "path": "Elsewhere.code"}])


_RULES: dict[str, tuple[Callable[[Spot], Iterator[Resource]], ...]] = {
    "Observation": (obs_6, obs_7),
    "Observation.referenceRange": (obs_3,),
    "Period": (per_1,),
    "Quantity": (qty_3,),
    "Duration": (qty_3, drt_1),
    "Age": (qty_3,),
    "Range": (rng_2,),
    "Ratio": (rat_1,),
    "ContactPoint": (cpt_2,),
    "Attachment": (att_1,),
    "Extension": (ext_1,),
    "Patient.contact": (pat_1,),
    "Condition": (con_4, con_5),
    "Condition.stage": (con_1,),
    "AllergyIntolerance": (ait_1, ait_2),
    "Consent": (ppc_1, ppc_2),
    "CarePlan.activity": (cpl_3,),
    "MedicationDispense": (mdd_1,),
    "MedicationAdministration.dosage": (mad_1,),
    "Organization": (org_1,),
    "Composition.section": (cmp_1, cmp_2),
    "Timing.repeat": (tim_1, tim_2, tim_5, tim_6, tim_9, tim_10),
    "FamilyMemberHistory": (fhs_1,),
    "ServiceRequest": (prr_1,),
    "QuestionnaireResponse.item": (qrs_1,),
    "Immunization.education": (imm_1,),
    "ImplementationGuide": (ig_2,),
    "ImplementationGuide.definition": (ig_1,),
    "StructureDefinition.differential": (sdf_8a,),
    "ElementDefinition": (eld_3,),
}
