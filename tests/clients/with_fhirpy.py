"""What fhirpy does to a hub: ``python with_fhirpy.py http://127.0.0.1:8080/fhir TOKEN``, of a hospital's system.

fhirpy has no sign-in of its own; it takes the Authorization header that it is given.
"""

import sys
from collections.abc import Callable
from uuid import uuid4

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import (
    AuthorizationError,
    BaseFHIRError,
    ForbiddenError,
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)
from fhirpy.lib import SyncFHIRResource

MR = "urn:oid:1.2.392.100495.20.3.51.10112345670"
EVENT = "http://fhirpy.example/event"
VITAL_SIGNS = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}


def patient(client: SyncFHIRClient, number: str) -> SyncFHIRResource:
    return client.resource(
        "Patient",
        identifier=[{"system": MR, "value": number}],
        name=[{"text": "試験 花子", "family": "試験", "given": ["花子"]}],
        gender="female",
        birthDate="1948-05-02",
    )


def weight(client: SyncFHIRClient, of: SyncFHIRResource, number: int) -> SyncFHIRResource:
    return client.resource(
        "Observation",
        identifier=[{"system": EVENT, "value": f"{of['identifier'][0]['value']}-{number}"}],
        status="preliminary",
        category=[{"coding": [VITAL_SIGNS]}],
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "体重"},
        subject=of.to_reference(),
        effectiveDateTime=f"2026-11-{number:02}T09:00:00+09:00",
        valueQuantity={"value": 50 + number, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    )


def creates_reads_and_changes(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    number = hanako["identifier"][0]["value"]
    same, created = (
        client.resources("Patient").search(identifier=f"{MR}|{number}").get_or_create(patient(client, number))
    )
    assert (same.id, created) == (hanako.id, False), "a conditional create finds what is there"

    first = weight(client, hanako, 1).create()
    assert client.get("Observation", first.id)["valueQuantity"]["value"] == 51
    before = first["meta"]["versionId"]
    first["status"] = "final"
    first.update()
    assert first["meta"]["versionId"] != before
    assert first.refresh()["status"] == "final", "the hub answers 304, and nothing changes"
    assert first.patch(note=[{"text": "朝食前"}])["note"][0]["text"] == "朝食前"
    assert first["status"] == "final", "what a patch does not name stays"
    assert "note" not in client.patch("Observation", first.id, note=None)

    history = client.execute(f"{first.reference}/_history", method="get")
    assert [one["request"]["method"] for one in history["entry"]] == ["PUT", "PUT", "PUT", "POST"]
    careful = SyncFHIRClient(client.url, client.authorization, {"If-Match": f'W/"{before}"'})
    refused(MultipleResourcesFound, lambda: careful.update(first))  # fhirpy's name for every 412


def sends_bundles(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    entries = [
        {"resource": weight(client, hanako, day).serialize(), "request": {"method": "POST", "url": "Observation"}}
        for day in range(2, 8)
    ]
    stored = client.resource("Bundle", type="transaction", entry=entries).create()
    assert [one["response"]["status"] for one in stored["entry"]] == ["201 Created"] * 6
    asked = [{"request": {"method": "GET", "url": url}} for url in (hanako.reference, "Patient/nobody")]
    answers = client.resource("Bundle", type="batch", entry=asked).create()
    assert [one["response"]["status"][:3] for one in answers["entry"]] == ["200", "404"]


def searches(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    weights = client.resources("Observation").search(patient=hanako.id, code="http://loinc.org|29463-7").sort("-date")
    assert weights.count() == 7
    dates = [one["effectiveDateTime"][:10] for one in weights.limit(3)]  # follows the next links
    assert dates == [f"2026-11-{day:02}" for day in range(7, 0, -1)]
    assert len(weights.search(date__ge="2026-11-03", date__lt="2026-11-05").fetch()) == 2
    assert next(iter(weights.search(status__not="final")))["status"] == "preliminary"

    number = hanako["identifier"][0]["value"]
    chained = client.resources("Observation").search(patient__identifier=f"{MR}|{number}")
    assert len(chained.fetch_all()) == 7
    backwards = client.resources("Patient").has("Observation", "patient", code="29463-7").search(_id=hanako.id)
    assert backwards.get().id == hanako.id
    page = weights.limit(2).include("Observation", "patient").fetch_raw()
    assert [one["resource"]["resourceType"] for one in page["entry"]] == ["Observation", "Observation", "Patient"]
    short = next(iter(weights.elements("status")))
    assert "status" in short
    assert "effectiveDateTime" not in short


def calls_operations(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    everything = hanako.execute("$everything", method="get")
    assert len(everything["entry"]) >= 8
    assert weight(client, hanako, 20).is_valid()
    wrong = weight(client, hanako, 20)
    wrong["status"] = "perhaps"
    assert not wrong.is_valid()


def is_refused_in_its_own_words(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    wrong = weight(client, hanako, 21)
    wrong["status"] = "perhaps"
    refusal = refused(OperationOutcome, wrong.create)
    assert "Observation.status" in str(refusal)
    assert "identifer" in str(refused(OperationOutcome, client.resources("Patient").search(identifer="1").fetch))
    refused(ResourceNotFound, lambda: client.get("Patient", "nobody"))
    refused(ForbiddenError, client.resources("AuditEvent").fetch)
    refused(AuthorizationError, lambda: SyncFHIRClient(client.url, "Bearer nobody").get("Patient", hanako.id))


def deletes(client: SyncFHIRClient, hanako: SyncFHIRResource) -> None:
    last = next(iter(client.resources("Observation").search(patient=hanako.id).sort("-date").limit(1)))
    last.delete()
    refused(ResourceNotFound, lambda: client.get("Observation", last.id))
    number = hanako["identifier"][0]["value"]
    client.resources("Observation").search(identifier=f"{EVENT}|{number}-6").delete()
    assert client.resources("Observation").search(patient=hanako.id).count() == 5


def refused(kind: type[BaseFHIRError], ask: Callable[[], object]) -> BaseFHIRError:
    try:
        ask()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def main(base_url: str, token: str) -> None:
    client = SyncFHIRClient(base_url, authorization=f"Bearer {token}")
    assert client.execute("metadata", method="get")["fhirVersion"] == "4.0.1"
    hanako = patient(client, f"fhirpy-{uuid4().hex[:8]}").create()
    for step in (
        creates_reads_and_changes,
        sends_bundles,
        searches,
        calls_operations,
        is_refused_in_its_own_words,
        deletes,
    ):
        step(client, hanako)
        print(f"fhirpy {step.__name__.replace('_', ' ')}")


if __name__ == "__main__":
    main(*sys.argv[1:])
