"""What fhirclient (SMART on FHIR) does to a hub: ``python with_fhirclient.py http://127.0.0.1:8080/fhir SYSTEM KEY``.

It signs in as a hospital's system with its private key, a JWK file.  Everything that it gets it reads into classes that
take nothing which FHIR R4 does not have.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import uuid4

import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.patient import Patient
from fhirclient.server import (
    FHIRNotFoundException,
    FHIRPermissionDeniedException,
    FHIRServer,
    FHIRUnauthorizedException,
)
from joserfc import jwt
from joserfc.jwk import ECKey

MR = "urn:oid:1.2.392.100495.20.3.51.10112345670"
LOINC = "http://loinc.org"
Refusal = TypeVar("Refusal", bound=Exception)


def signed_in(base_url: str, system: str, key_file: str) -> FHIRServer:
    """private_key_jwt: the client finds the token endpoint in the CapabilityStatement and shows its assertion there."""
    endpoint = requests.get(f"{base_url}/.well-known/smart-configuration", timeout=10).json()["token_endpoint"]
    with open(key_file, encoding="ascii") as file:
        key = ECKey.import_key(json.load(file))
    claims = {"iss": system, "sub": system, "aud": endpoint, "exp": int(time.time()) + 240, "jti": uuid4().hex}
    header = {"alg": "ES384", "kid": key.kid, "typ": "JWT"}
    assertion = jwt.encode(header, claims, key, algorithms=["ES384"])
    settings = {"app_id": system, "api_base": base_url, "scope": "system/*.cruds", "jwt_token": assertion}
    client = FHIRClient(settings)
    client.wants_patient = False
    assert not client.prepare(), "the capability statement alone is no sign-in"
    client.authorize()
    assert client.ready
    assert client.server.capabilityStatement.fhirVersion == "4.0.1"
    return client.server


def patient(number: str) -> Patient:
    return Patient(
        {
            "identifier": [{"system": MR, "value": number}],
            "name": [{"text": "試験 次郎", "family": "試験", "given": ["次郎"]}],
            "gender": "male",
            "birthDate": "1940-12-24",
        }
    )


def pressure(of: str, day: int) -> Observation:
    return Observation(
        {
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "vital-signs",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": LOINC, "code": "8480-6"}], "text": "収縮期血圧"},
            "subject": {"reference": f"Patient/{of}"},
            "effectiveDateTime": f"2026-11-{day:02}T07:30:00+09:00",
            "valueQuantity": {
                "value": 120 + day,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }
    )


def creates_reads_and_changes(server: FHIRServer, of: str) -> None:
    number = Patient.read(of, server).identifier[0].value
    with headers(server, **{"If-None-Exist": f"identifier={MR}|{number}"}):
        assert patient(number).create(server)["id"] == of
    stored = Observation(pressure(of, 1).create(server))
    assert Observation.read(stored.id, server).as_json() == stored.as_json()
    stored.status = "amended"
    with headers(server, **{"If-Match": f'W/"{stored.meta.versionId}"'}):
        changed = Observation(stored.update(server))
        assert changed.status == "amended"
        answered(412, lambda: stored.update(server))
    history = Bundle.read_from(f"Observation/{stored.id}/_history", server)
    assert [one.request.method for one in history.entry] == ["PUT", "POST"]
    assert history.entry[1].resource.status == "final"


def sends_bundles(server: FHIRServer, of: str) -> None:
    entries = [
        {"resource": pressure(of, day).as_json(), "request": {"method": "POST", "url": "Observation"}}
        for day in range(2, 8)
    ]
    stored = Bundle(Bundle({"type": "transaction", "entry": entries}).create(server))
    assert [one.response.status for one in stored.entry] == ["201 Created"] * 6
    asked = [{"request": {"method": "GET", "url": url}} for url in (f"Patient/{of}", "Patient/nobody")]
    answers = Bundle(Bundle({"type": "batch", "entry": asked}).create(server))
    assert [one.response.status[:3] for one in answers.entry] == ["200", "404"]
    assert isinstance(answers.entry[1].response.outcome, OperationOutcome)


def searches(server: FHIRServer, of: str) -> None:
    search = Observation.where({"patient": of, "code": f"{LOINC}|8480-6", "_sort": "-date", "_count": "3"})
    pages = list(search.perform_iter(server))
    assert [len(page.entry) for page in pages] == [3, 3, 1]
    days = [one.resource.effectiveDateTime.date.day for page in pages for one in page.entry]
    assert days == [7, 6, 5, 4, 3, 2, 1]
    with_people = Observation.where({"patient": of, "_count": "2"}).include("subject")
    kinds = [type(one) for one in next(with_people.perform_iter(server)).entry]
    assert len(kinds) == 3
    found = list(
        Patient.where({"_id": of}).include("subject", Observation, reverse=True).perform_resources_iter(server)
    )
    assert [type(one) for one in found] == [Patient, *[Observation] * 7]
    number = found[0].identifier[0].value
    chained = Observation.where({"patient.identifier": f"{MR}|{number}", "date": "lt2026-11-03"})
    assert len(list(chained.perform_resources_iter(server))) == 2


def calls_operations(server: FHIRServer, of: str) -> None:
    everything = Bundle.read_from(f"Patient/{of}/$everything?_count=5", server)
    assert everything.entry[0].resource.id == of
    assert [link.relation for link in everything.link] == ["self", "next"]
    answer = server.post_json("Observation/$validate", pressure(of, 1).as_json()).json()
    assert "error" not in [issue.severity for issue in OperationOutcome(answer).issue]


def is_refused_in_its_own_words(server: FHIRServer, of: str) -> None:
    refused(FHIRNotFoundException, lambda: Patient.read("nobody", server))
    refused(FHIRPermissionDeniedException, lambda: server.request_json("AuditEvent"))
    refused(FHIRUnauthorizedException, lambda: server.request_json(f"Patient/{of}", nosign=True))
    wrong = pressure(of, 1)
    wrong.status = "perhaps"
    answer = answered(422, lambda: wrong.create(server))
    assert OperationOutcome(answer.json()).issue[0].expression == ["Observation.status"]


def deletes(server: FHIRServer, of: str) -> None:
    one = Observation(pressure(of, 9).create(server))
    assert one.delete(server) is None
    answered(410, lambda: Observation.read(one.id, server))


@contextmanager
def headers(server: FHIRServer, **more: str) -> Iterator[None]:
    """fhirclient has no words for these two; its session has."""
    server.session.headers.update(more)
    yield
    for name in more:
        del server.session.headers[name]


def refused(kind: type[Refusal], ask: Callable[[], object]) -> Refusal:
    try:
        ask()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def answered(status: int, ask: Callable[[], object]) -> requests.Response:
    """What came with a refusal for which fhirclient has no class of its own."""
    answer = refused(requests.HTTPError, ask).response
    assert answer is not None
    assert answer.status_code == status
    return answer


def main(base_url: str, system: str, key_file: str) -> None:
    server = signed_in(base_url, system, key_file)
    of = patient(f"fhirclient-{uuid4().hex[:8]}").create(server)["id"]
    for step in (
        creates_reads_and_changes,
        sends_bundles,
        searches,
        calls_operations,
        is_refused_in_its_own_words,
        deletes,
    ):
        step(server, of)
        print(f"fhirclient {step.__name__.replace('_', ' ')}")


if __name__ == "__main__":
    main(*sys.argv[1:])
