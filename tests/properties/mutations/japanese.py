"""Mutants that the JP Core and clinical-core profiles forbid, of resources that claim one (FACTS §1.3, §2.4)."""

from collections.abc import Iterator, Sequence

from profiles.resource import Json, Resource, as_list, as_object, as_text, codings, objects
from tests.properties.mutations.broken import Mutant
from tests.properties.mutations.spot import Spot

_RP = ("http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber", "urn:oid:1.2.392.100495.20.3.81")
_INDEX = ("http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex", "urn:oid:1.2.392.100495.20.3.82")
_CATEGORY = ("http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS",)
_OTHER = "http://example.org/other"
_CATEGORIES = {
    "JP_Observation_LabResult": "laboratory",
    "JP_Observation_LabResult_eCS": "laboratory",
    "JP_Observation_VitalSigns": "vital-signs",
    "JP_Observation_BodyMeasurement": "body-measurement",
    "JP_Observation_SocialHistory": "social-history",
}
# Profile → elements that it requires beyond R4.
_REQUIRED = {
    "JP_Patient": ("identifier",),
    "JP_Observation_LabResult": ("subject", "effective", "specimen"),
    "JP_Observation_LabResult_eCS": ("subject", "effective", "specimen"),
    "JP_Observation_VitalSigns": ("subject",),
    "JP_Observation_BodyMeasurement": ("subject",),
    "JP_Observation_SocialHistory": ("subject",),
    "JP_MedicationRequest": ("authoredOn",),
    "JP_MedicationDispense": ("subject", "quantity", "whenHandedOver"),
    "JP_Patient_eCS": ("identifier", "name", "gender", "birthDate", "address"),
    "JP_Condition_eCS": ("identifier", "category", "code"),
    "JP_AllergyIntolerance_eCS": ("identifier", "code"),
    "JP_MedicationRequest_eCS": ("authoredOn", "dosageInstruction"),
    "JP_Bundle_CLINS": ("identifier", "timestamp"),
}
_PROCEDURES = (
    *("JP_ProcedureCodesMedical_CS", "JP_ProcedureCodesSTEM7_CS", "masterS-medicalProcedure"),
    *("masterH-dentalProcedure", "master-nursingAction-16digits"),
)
_CONTENT = {
    "JP_Composition_eReferral": ("950", "340", "360"),
    "JP_Composition_eDischargeSummary": ("322", "342", "352", "312", "362", "333", "324", "344", "444", "424"),
}
_DRUGS = frozenset({"JP_MedicationRequest", "JP_MedicationDispense", "JP_MedicationRequest_eCS"})
_TEXT_OF_CODE = frozenset(
    {"JP_Observation_LabResult", "JP_Observation_LabResult_eCS", "JP_Condition_eCS", "JP_AllergyIntolerance_eCS"}
)


def japanese_mutants(spot: Spot) -> Iterator[Mutant]:
    """The mutants of a resource by each profile that it claims."""
    for profile in as_list(as_object(spot.value.get("meta")).get("profile")):
        name = as_text(profile).partition("|")[0].rpartition("/")[2]
        if as_text(profile).startswith("http://jpfhir.jp/") and "resourceType" in spot.value:
            for what, changed, *paths in _broken(spot, name):
                yield Mutant(f"JP {what}", name, changed, frozenset(map(str, paths)))


def _broken(spot: Spot, profile: str) -> Iterator[tuple[str, Resource, str]]:
    for element in _REQUIRED.get(profile, ()):
        names = [name for name in spot.value if name.lstrip("_").startswith(element)]
        where = f"{element}[x]" if element == "effective" else element
        yield "required element missing", spot.without(*names), spot.path(where)
    if profile in _DRUGS:
        yield from _drug(spot)
    if profile in _CATEGORIES:
        yield from _category(spot, _CATEGORIES[profile])
    if profile in _TEXT_OF_CODE:
        code = {name: child for name, child in as_object(spot.value["code"]).items() if name != "text"}
        yield "required element missing", spot.having(code=code), spot.path("code", "text")
    if profile in ("JP_Patient", "JP_Patient_eCS"):
        yield from _person(spot, profile)
    if profile == "JP_Observation_Common":
        other = [_recoded(one, _CATEGORY, system=_OTHER) for one in objects(spot.value.get("category"))]
        yield "system of a slice", spot.having(category=[*other]), spot.path("category")
    if profile.startswith("JP_Observation_LabResult"):
        yield from _laboratory(spot)
    if profile == "JP_Procedure":
        code = as_object(spot.value["code"])
        found = objects(code.get("coding"))
        for one in found:
            if as_text(one.get("system")).endswith(_PROCEDURES):
                twice: list[Json] = [*found, one]
                yield (
                    "slice twice",
                    spot.having(code={**code, "coding": twice}),
                    spot.path("code", "coding", len(found)),
                )
    if profile in _CONTENT:
        yield from _content(spot, _CONTENT[profile])
    if profile == "JP_MedicationRequest_eCS":
        yield "fixed value", spot.having(status="active"), spot.path("status")
        yield "fixed value", spot.having(intent="plan"), spot.path("intent")


def _laboratory(spot: Spot) -> Iterator[tuple[str, Resource, str]]:
    values = [name for name in spot.value if name.startswith(("value", "dataAbsentReason"))]
    less = {name: child for name, child in spot.value.items() if name not in values}
    yield "type of a choice", spot.with_value({**less, "valueBoolean": True}), spot.path("valueBoolean")
    times = [name for name in spot.value if name.startswith("effective")]
    untimed = {name: child for name, child in spot.value.items() if name not in times}
    instant = "2026-01-01T00:00:00Z"
    yield "type of a choice", spot.with_value({**untimed, "effectiveInstant": instant}), spot.path("effectiveInstant")
    yield "target of a reference", spot.having(subject={"reference": "Group/1"}), spot.path("subject", "reference")


def _drug(spot: Spot) -> Iterator[tuple[str, Resource, str]]:
    identifiers = objects(spot.value.get("identifier"))
    for systems in (_RP, _INDEX):
        others: list[Json] = [one for one in identifiers if one.get("system") not in systems]
        member = next((one for one in identifiers if one.get("system") in systems), None)
        if member is None:
            continue
        yield "slice missing", spot.having(identifier=others or [{"value": "x"}]), spot.path("identifier")
        renamed: list[Json] = [*others, {**member, "system": _OTHER}]
        yield "system of a slice", spot.having(identifier=renamed), spot.path("identifier")
        twice: list[Json] = [*identifiers, member]
        yield "slice twice", spot.having(identifier=twice), spot.path("identifier", len(identifiers))
        bare: list[Json] = [*others, {"system": member["system"]}]
        yield "value of a slice", spot.having(identifier=bare), spot.path("identifier", len(others), "value")
    less = {name: child for name, child in spot.value.items() if not name.startswith("medication")}
    changed = spot.with_value({**less, "medicationReference": {"reference": "Medication/1"}})
    yield "type of a choice", changed, spot.path("medicationReference")
    yield "target of a reference", spot.having(subject={"reference": "Group/1"}), spot.path("subject", "reference")


def _content(spot: Spot, needed: tuple[str, ...]) -> Iterator[tuple[str, Resource, str]]:
    sections = objects(spot.value.get("section"))
    for index, section in enumerate(sections):
        below = objects(section.get("section"))
        for number, one in enumerate(below):
            code = codings(one.get("code"))[0][1]
            if code in needed:
                less: list[Json] = [*sections]
                less[index] = {**section, "section": [*below[:number], *below[number + 1 :]]}
                yield "slice within a slice missing", spot.having(section=less), spot.path("section", index, "section")
            more: list[Json] = [*sections]
            more[index] = {**section, "section": [*below, one]}
            where = spot.path("section", index, "section", len(below))
            yield "slice within a slice twice", spot.having(section=more), where


def _category(spot: Spot, code: str) -> Iterator[tuple[str, Resource, str]]:
    categories = objects(spot.value.get("category"))
    member = next((one for one in categories if (_CATEGORY[0], code) in codings(one)), None)
    if member is None:
        return
    for what, fields in (("system of a slice", {"system": _OTHER}), ("code of a slice", {"code": "therapy"})):
        changed: list[Json] = [_recoded(one, _CATEGORY, **fields) for one in categories]
        yield what, spot.having(category=changed), spot.path("category")
    twice: list[Json] = [*categories, member]
    yield "slice twice", spot.having(category=twice), spot.path("category", len(categories))


def _person(spot: Spot, profile: str) -> Iterator[tuple[str, Resource, str]]:
    identifiers = objects(spot.value.get("identifier"))
    if profile == "JP_Patient" and identifiers:
        bare: list[Json] = [{"system": _OTHER}, *identifiers[1:]]
        yield "value of a slice", spot.having(identifier=bare), spot.path("identifier", 0, "value")
    for index, name in enumerate(objects(spot.value.get("name"))):
        extensions = objects(name.get("extension"))
        for position, extension in enumerate(extensions):
            if as_text(extension.get("url")).endswith("iso21090-EN-representation"):
                wrong: list[Json] = [*extensions]
                wrong[position] = {**extension, "valueCode": "KANA"}
                changed = _with_name(spot, index, {**name, "extension": wrong})
                yield "fixed value", changed, spot.path("name", index, "extension", position, "valueCode")
                more: list[Json] = [*extensions, extension]
                changed = _with_name(spot, index, {**name, "extension": more})
                yield "slice twice", changed, spot.path("name", index, "extension", len(extensions))


def _with_name(spot: Spot, index: int, name: Resource) -> Resource:
    names: list[Json] = [*objects(spot.value.get("name"))]
    names[index] = name
    return spot.having(name=names)


def _recoded(concept: Resource, systems: Sequence[str], **fields: Json) -> Resource:
    changed: list[Json] = [
        {**coding, **fields} if coding.get("system") in systems else coding for coding in objects(concept.get("coding"))
    ]
    return {**concept, "coding": changed}
