"""Every kind of door, as somebody knocks at it: what is shown there, and what is done there."""

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from tests.api import emergencies
from tests.api.disasters import OFFICER, fields
from tests.api.exporting import job, manifest
from tests.api.looking import prescription
from tests.api.pages_city import AUDITOR, CARE_MANAGER, SECRETARIAT, Browser, browser_of, rows
from tests.api.team_desk import TeamDesk
from tests.hub_in_test import Body, City, consent, entry, note, patient, sign_in, transaction
from tests.stream_in_test import streams_of

NOTEBOOK = Path(__file__).parents[2] / "connectors/jahis/samples/dispensing.txt"
PARAMEDIC = "pm-hori/fire/paramedic"
CONSENT_DESK = "cd-mori/city/consent-desk"
MARK = "ヒミツマル錠"
NUMBERS = count(9_300_000_001)


class Scene:
    """A resident with a secret that the care manager and her office may see; everybody is signed in already."""

    def __init__(self, city: City) -> None:
        self.city = city
        streams_of(city).ending = True  # each says what there is, and ends
        self.number = f"{next(NUMBERS):010d}"
        self.name = f"雪谷 {self.number}子"
        self.person = city.resident(self.number, name=self.name)
        city.team(self.person, "Organization/hosp", "Organization/pharm", "Organization/kyotaku", "Practitioner/cm-ito")
        self.agreed = city.consent(self.person)
        self.secret = city.created("hosp-ehr", prescription(self.person, MARK))
        self.here = f"/fhir/MedicationRequest/{self.secret['id']}"
        self.job = job(city, "care-plan-app", "Patient/$export")
        self.file = urlsplit(manifest(city, "care-plan-app", self.job)["output"][0]["url"]).path
        emergencies.declared(city, name=self.name)
        self.emergency = rows(city, "SELECT id FROM emergency WHERE patient = :patient", patient=self.person)[0]["id"]
        self.team = {**TeamDesk(city, self.person).hidden("members"), "starts": "2026-11-22"}
        roles = (CARE_MANAGER, AUDITOR, SECRETARIAT, PARAMEDIC, CONSENT_DESK, OFFICER)
        self.browsers: dict[str, Browser] = {role: browser_of(city, role) for role in roles}
        self.headers: dict[str, dict[str, str]] = {
            who: city.headers(who)
            for who in (
                "cm-ito",
                "dr-sato",
                "pm-hori",
                "aud-kondo",
                "sec-noda",
                "hosp-ehr",
                "pharm-rx",
                "care-plan-app",
                "city-registry",
            )
        }

    def hidden(self) -> tuple[str, ...]:
        """What no refusal may say."""
        return (MARK, self.secret["id"], self.name, self.number, "access_token")

    def get(self, path: str, who: str = "cm-ito") -> httpx2.Response:
        return self.city.client.get(path, headers=self.headers[who])

    def post(self, path: str, body: object, who: str = "hosp-ehr") -> httpx2.Response:
        return self.city.client.post(path, json=body, headers=self.headers[who])

    def put(self, resource: Body, who: str = "hosp-ehr") -> httpx2.Response:
        path = f"/fhir/{resource['resourceType']}/{resource['id']}"
        return self.city.client.put(path, json=resource, headers=self.headers[who])

    def page(self, role: str, path: str) -> httpx2.Response:
        return self.browsers[role].get(path)

    def form(self, role: str, path: str, fields: Mapping[str, str]) -> httpx2.Response:
        return self.browsers[role].post(path, fields)


Ask: TypeAlias = Callable[[Scene], httpx2.Response]

SHOWING: Mapping[str, Ask] = {
    "read": lambda at: at.get(at.here),
    "vread": lambda at: at.get(f"{at.here}/_history/{at.secret['meta']['versionId']}"),
    "history": lambda at: at.get(f"{at.here}/_history"),
    "search": lambda at: at.get(f"/fhir/MedicationRequest?patient={at.person}&_total=accurate"),
    "search with includes": lambda at: at.get(
        f"/fhir/MedicationRequest?patient={at.person}&_include=MedicationRequest:subject"
    ),
    "search by a chain": lambda at: at.get(f"/fhir/MedicationRequest?subject:Patient._id={at.person}"),
    "search by post": lambda at: at.city.client.post(
        "/fhir/MedicationRequest/_search", data={"patient": at.person}, headers=at.headers["cm-ito"]
    ),
    "search of all types": lambda at: at.get(f"/fhir?_type=MedicationRequest,Patient&_id={at.secret['id']}"),
    "compartment": lambda at: at.get(f"/fhir/Patient/{at.person}/MedicationRequest"),
    "batch": lambda at: at.post(
        "/fhir",
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": at.here[6:]}}]},
        "cm-ito",
    ),
    "feed": lambda at: at.get("/feed"),
    "feed of one": lambda at: at.get(f"/feed?patient={at.person}"),
    "feed as it happens": lambda at: at.get("/feed/stream?since="),
    "everything": lambda at: at.get(f"/fhir/Patient/{at.person}/$everything"),
    "handoff": lambda at: at.post(f"/fhir/Patient/{at.person}/$handoff", {}, "cm-ito"),
    "file of an export": lambda at: at.get(at.file, "care-plan-app"),
    "page of my people": lambda at: at.page(CARE_MANAGER, "/people"),
    "page of a person": lambda at: at.page(CARE_MANAGER, f"/people/{at.person}"),
    "page of the handoff": lambda at: at.page(CARE_MANAGER, f"/people/{at.person}/handoff"),
}
"""What shows the care manager, or her office, something of the resident."""

OTHERS: Mapping[str, Ask] = {
    "refusal": lambda at: at.get(at.here, "pharm-rx"),
    "metadata": lambda at: at.get(f"{at.here}/$meta"),
    "status of an export": lambda at: at.get(at.job, "care-plan-app"),
    "match": lambda at: at.post("/fhir/Patient/$match", whom(at), "sec-noda"),
    "log": lambda at: at.get("/fhir/AuditEvent", "aud-kondo"),
    "history of all": lambda at: at.get("/fhir/MedicationRequest/_history", "aud-kondo"),
    "page of the log": lambda at: at.page(AUDITOR, "/audit"),
    "page of a record of access": lambda at: at.page(CONSENT_DESK, f"/access-record/{at.person}"),
    "page of the secretariat": lambda at: at.page(SECRETARIAT, "/desk"),
    "page of consents": lambda at: at.page(CONSENT_DESK, f"/consents/{at.person}"),
    "page of a care team": lambda at: at.page(SECRETARIAT, f"/care-teams/{at.person}"),
    "page of an emergency": lambda at: at.page(PARAMEDIC, f"/emergency/{at.emergency}"),
    "page of reviews": lambda at: at.page(OFFICER, "/reviews"),
}
"""What shows something else: the log, who is looked after, that there is nothing."""

DOING: Mapping[str, Ask] = {
    "create": lambda at: at.post("/fhir/Communication", note(at.person, MARK)),
    "update": lambda at: at.put({**at.secret, "status": "stopped"}),
    "patch": lambda at: at.city.client.patch(
        at.here,
        content=b'[{"op":"replace","path":"/status","value":"on-hold"}]',
        headers={**at.headers["hosp-ehr"], "Content-Type": "application/json-patch+json"},
    ),
    "transaction": lambda at: at.post("/fhir", transaction(entry(note(at.person, MARK)), entry(note(at.person)))),
    "first contact": lambda at: at.post("/fhir/Patient", patient(f"{next(NUMBERS):010d}")),
    "file": lambda at: at.city.client.post(
        f"/ingest/jahis?patient=Patient/{at.person}",
        content=NOTEBOOK.read_bytes(),
        headers={**at.headers["pharm-rx"], "Idempotency-Key": at.number},
    ),
    "consent": lambda at: at.post(
        "/fhir/Consent", consent(at.person, "medical", when=at.city.clock.now), "city-registry"
    ),
    "emergency": lambda at: at.post("/fhir/Patient/$declare-emergency", declaration(at.name), "pm-hori"),
    "emergency by its page": lambda at: at.form(
        PARAMEDIC, "/emergency", {"name": at.name, "reason": "意識がありません", "place": "駅前"}
    ),
    "disaster": lambda at: at.form(OFFICER, "/disaster", fields(at.city)),
    "relation": lambda at: at.form(
        SECRETARIAT, f"/care-teams/{at.person}/members", {**at.team, "member": "tonari/cm-ueda", "role": ""}
    ),
    "export": lambda at: at.city.client.get(
        "/fhir/Patient/$export?_type=Consent", headers={**at.headers["care-plan-app"], "Prefer": "respond-async"}
    ),
    "sign-in": lambda at: sign_in(at.city, "hosp-ehr"),
    "sign-in of a person": lambda at: Browser(at.city).post("/sign-in", {"role": CARE_MANAGER}),
    "delete": lambda at: at.city.client.delete(at.here, headers=at.headers["hosp-ehr"]),
}
"""What changes something; the last of them takes the secret away."""


def declaration(name: str) -> Body:
    """An emergency of whoever has this name."""
    said = (("name", name), ("reason", f"意識がありません {uuid4().hex[:4]}"), ("place", "駅前"))
    return {"resourceType": "Parameters", "parameter": [{"name": one, "valueString": text} for one, text in said]}


def whom(at: Scene) -> Body:
    """The resident, as the secretariat looks for them."""
    wanted = {"name": "resource", "resource": patient(at.number, name=at.name)}
    return {"resourceType": "Parameters", "parameter": [wanted]}
