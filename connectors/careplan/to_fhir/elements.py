"""The small FHIR elements that the resources of a care plan share."""

from collections.abc import Iterable

from connectors.careplan.layouts import codes, service_kinds
from connectors.careplan.parse import Row
from profiles.canonical import BASE, CARE_LEVEL, CARE_OFFICE_NO, DEMENTIA_INDEPENDENCE, INFORMATION_CATEGORY
from profiles.canonical import PHYSICAL_INDEPENDENCE as PHYSICAL
from profiles.resource import Json, Resource

SERVICE_CODE = f"{BASE}/CodeSystem/care-service-code"
SERVICE_KIND = f"{BASE}/CodeSystem/care-service-kind"
_SYSTEMS = {
    "care-level": CARE_LEVEL,
    "physical-independence": PHYSICAL,
    "dementia-independence": DEMENTIA_INDEPENDENCE,
}


def information_category(code: str) -> Resource:
    """The Coding that says which category of the hub a resource is."""
    return {"system": INFORMATION_CATEGORY, "code": code}


def coded(table: str, code: str) -> Resource:
    """The Coding of a code of one of the standard's tables."""
    return {
        "system": _SYSTEMS.get(table, f"{BASE}/CodeSystem/careplan-{table}"),
        "code": code,
        "display": codes(table)[code],
    }


def concept(row: Row, name: str) -> Resource:
    """The CodeableConcept of a coded column, ``{}`` when it is blank."""
    table = row.layout.column(name).codes
    return {"coding": [coded(table, row[name])], "text": row.shown(name)} if row[name] else {}


def service(code: str) -> Resource:
    """The CodeableConcept of a サービスコード (6), whose first two characters are the kind."""
    kind = service_kinds().get(code[:2])
    text = f"{kind.display}（{code}）" if kind else f"サービスコード {code}"
    return {"coding": [{"system": SERVICE_CODE, "code": code}, service_kind(code)], "text": text}


def service_kind(code: str) -> Resource:
    """The Coding of the サービス種類 that a サービスコード begins with."""
    kind = service_kinds().get(code[:2])
    coding: Resource = {"system": SERVICE_KIND, "code": code[:2]}
    return {**coding, "display": kind.display} if kind else coding


def office(number: str, name: str) -> Resource:
    """A Reference to a care office by its 事業所番号, or by its name alone; ``{}`` without either."""
    reference: Resource = {"type": "Organization"} if number or name else {}
    if number:
        reference["identifier"] = {"system": CARE_OFFICE_NO, "value": number}
    if name:
        reference["display"] = name
    return reference


def notes(texts: Iterable[tuple[str, str]]) -> list[Json]:
    """An Annotation ``label: text`` for each that is not blank."""
    return [{"text": f"{label}: {text}"} for label, text in texts if text]


def columns(row: Row, *names: str) -> list[tuple[str, str]]:
    """The columns as (name, text as a person reads it)."""
    return [(name, row.shown(name)) for name in names]


def without_blanks(resource: Resource) -> Resource:
    """The resource without the elements that have no value (FHIR R4 §2.6.2 allows none)."""
    return {name: kept for name, value in resource.items() if (kept := _kept(value)) not in ("", None, {}, [])}


def _kept(value: Json) -> Json:
    if isinstance(value, dict):
        return without_blanks(value)
    if isinstance(value, list):
        return [kept for item in value if (kept := _kept(item)) not in ("", None, {}, [])]
    return value
