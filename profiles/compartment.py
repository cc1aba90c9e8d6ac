"""Of which patients a resource is (FHIR R4 §2.3.1, the Patient compartment)."""

from functools import cache

from profiles.paths import Path, parse_path, values
from profiles.references import target_type
from profiles.resource import Resource, as_object, as_text, objects, reference_of
from profiles.tables import rows

# The elements that name the one whom a resource is about, and nobody else.
_SUBJECTS = frozenset({"subject", "patient", "beneficiary", "for", "individual", "candidate"})


@cache
def _paths() -> dict[str, tuple[Path, ...]]:
    return {row["type"]: tuple(map(parse_path, row["paths"].split())) for row in rows("patient_compartment.csv")}


def patients_of(resource: Resource) -> list[str]:
    """The references of all patients that the resource is about, as written, subject first, no repeats.

    Each is ``Patient/x``, ``urn:uuid:…``, ``#x`` (a contained Patient) or an absolute URL.  A Patient is about
    itself.  A ``urn:uuid:`` does not tell its type: it counts in the element that names the subject, and
    elsewhere (author, performer …) only when ``Reference.type`` says Patient; a rewritten resource has no such doubt.
    """
    kind = as_text(resource.get("resourceType"))
    if kind == "Patient":
        identity = as_text(resource.get("id"))
        return [f"Patient/{identity}"] if identity else []
    found: dict[str, None] = {}
    for position, path in enumerate(_paths().get(kind, ())):
        for value in values(resource, path):
            reference = reference_of(value)
            if _names_patient(resource, reference, as_text(as_object(value).get("type")), is_subject=position == 0):
                found[reference] = None
    return list(found)


def subject_by_number(resource: Resource) -> tuple[str, str, str] | None:
    """(element, system, value) where the subject is a logical reference (FHIR R4 §2.3.0.2): a number, no ``reference``.

    ``None`` when there is a reference, or a ``type`` that says it is no Patient.
    """
    paths = _paths().get(as_text(resource.get("resourceType")), ())
    element = paths[0][0] if paths and len(paths[0]) == 1 else ""
    subject = resource.get(element) if element in _SUBJECTS else None
    if not isinstance(subject, dict) or "reference" in subject or subject.get("type") not in (None, "Patient"):
        return None
    number = as_object(subject.get("identifier"))
    value = as_text(number.get("value"))
    return (element, as_text(number.get("system")), value) if value else None


def _names_patient(resource: Resource, reference: str, declared: str, *, is_subject: bool) -> bool:
    if reference.startswith("urn:"):
        return declared == "Patient" or (is_subject and not declared)
    if reference.startswith("#"):
        return any(
            one.get("resourceType") == "Patient" and one.get("id") == reference[1:]
            for one in objects(resource.get("contained"))
        )
    return target_type(reference) == "Patient"
