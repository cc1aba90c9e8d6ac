"""A store with the small city in force, and how a test talks to the hub that runs on it over real connections."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time
from uuid import uuid4

import httpx

from hub.city import apply, read_city
from hub.context import Context
from hub.demo.keys import assertion, make_keys
from hub.runtime import Place, open_store
from tests.hub_in_test import SMALL, Body, care_team, consent, patient

SYSTEMS = ["city-registry", "hosp-ehr", "clinic-emr", "pharm-rx", "care-plan-app", "day-app"]


@dataclass
class Town:
    """The hub's address, a resident whom hospital and clinic look after, and everybody's tokens."""

    data: Path
    client: httpx.Client
    person: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, who: str, **more: str) -> dict[str, str]:
        """Request headers of a system; ``more`` has _ for - ("idempotency_key")."""
        if who not in self.tokens:
            self.tokens[who] = sign_in(self.client, self.data, who)
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/fhir+json", **named}

    def post(self, who: str, path: str, body: Body, key: str = "") -> httpx.Response:
        more = {"idempotency_key": key} if key else {}
        return self.client.post(path, json=body, headers=self.headers(who, **more))

    def get(self, who: str, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers(who))

    def settle(self) -> "Town":
        """Register a new resident, with a care team and a consent."""
        resident = patient(f"{int(uuid4()) % 10**10:010d}", name=f"山田 {uuid4().hex}")
        self.person = str(self.post("city-registry", "/fhir/Patient", resident).json()["id"])
        team = care_team(self.person, "Organization/hosp", "Organization/clinic")
        for resource in (team, consent(self.person, "medical", "team")):
            answer = self.post("city-registry", f"/fhir/{resource['resourceType']}", resource)
            assert answer.status_code == 201, answer.text
        return self


def found(place: Path | Place, city: Path = SMALL / "city.toml") -> None:
    """Make the store, as an operator founds a city."""
    data = place if isinstance(place, Path) else place.data
    make_keys(data, SYSTEMS)
    store = open_store(place)
    context = Context(datetime.now(UTC), "setup", lambda: uuid4().hex, "http://127.0.0.1")
    file = read_city(city, data)
    store.lane.do(lambda tx: apply(tx, file, context))
    store.lane.close()


def sign_in(client: httpx.Client, data: Path, system: str) -> str:
    """An access token of a system, by a signed assertion."""
    url = f"{client.base_url}/oauth/token".replace("//oauth", "/oauth")
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.cruds",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(data, system, url, uuid4().hex, int(time())),
    }
    answer = client.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
