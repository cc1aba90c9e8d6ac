"""The registry as FHIR: Organization, Practitioner, PractitionerRole that every member reads (CONSENT.md §4)."""

from collections.abc import Iterator

from hub.city.file import CityFile, Organisation, Person
from hub.context import Context, instant
from hub.draft import Facts, Version
from profiles.canonical import (
    CARE_OFFICE_NO,
    MEDICAL_INSTITUTION_NO,
    NAME_REPRESENTATION,
    ORGANISATION_KIND,
    PROFESSION,
)
from profiles.json import write_json
from profiles.resource import Json, Resource

SOURCE = "registry"
_FACTS = Facts("", SOURCE, f"{SOURCE}/directory", "directory", 0, None, 0, 1, 0)


def directory_versions(file: CityFile, context: Context) -> list[Version]:
    """A version of every organisation, person and role of the file."""
    return [_version(resource, context) for resource in _resources(file)]


def _resources(file: CityFile) -> Iterator[Resource]:
    for organisation in file.organisations:
        yield _organization(organisation)
    for person in file.people:
        yield _practitioner(person)
        for role in person.roles:
            period: Resource = {"start": role.from_.isoformat()}
            if role.to:
                period["end"] = role.to.isoformat()
            yield {
                "resourceType": "PractitionerRole",
                "id": f"{person.id}.{role.organisation}.{role.profession}"[:64],
                "period": period,
                "practitioner": {"reference": f"Practitioner/{person.id}", "display": person.name},
                "organization": {"reference": f"Organization/{role.organisation}"},
                "code": [{"coding": [{"system": PROFESSION, "code": role.profession}]}],
            }


def _organization(one: Organisation) -> Resource:
    numbers: list[Json] = [
        {"system": system, "value": value}
        for system, value in (
            (MEDICAL_INSTITUTION_NO, one.identifiers.medical_institution),
            (CARE_OFFICE_NO, one.identifiers.care_office),
        )
        if value
    ]
    return {
        "resourceType": "Organization",
        "id": one.id,
        **({"identifier": numbers} if numbers else {}),
        "active": one.to is None,
        "type": [{"coding": [{"system": ORGANISATION_KIND, "code": one.kind}]}],
        "name": one.name,
    }


def _practitioner(one: Person) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": one.id,
        "name": [_name(one.name, "IDE"), _name(one.kana, "SYL")],
    }


def _name(text: str, representation: str) -> Resource:
    family, _, given = text.partition(" ")
    return {
        "extension": [{"url": NAME_REPRESENTATION, "valueCode": representation}],
        "use": "official",
        "text": text,
        "family": family,
        **({"given": [given]} if given else {}),
    }


def _version(resource: Resource, context: Context) -> Version:
    version, recorded = context.new_id(), instant(context.now)
    meta: Resource = {"versionId": version, "lastUpdated": recorded}
    rest = {name: value for name, value in resource.items() if name not in ("resourceType", "id")}
    body = write_json({"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta, **rest})
    return Version(_FACTS, str(resource["resourceType"]), str(resource["id"]), version, recorded, 0, body)
