"""A whole hub for a test: real store on disk, real doors, a clock that the test moves.

``City`` talks HTTP to it as the systems and people of tests/cities/small do.
"""

import atexit
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import httpx2
from starlette.testclient import TestClient

from hub.app import create_app
from hub.auth import fingerprint
from hub.city import apply, read_city
from hub.context import Context, instant
from hub.demo.keys import assertion, make_keys
from hub.runtime import Place, Store, open_store
from hub.settings import Settings
from hub.store import registry
from hub.store.database import KEY
from profiles.canonical import INFORMATION_CATEGORY, KAIGO_INSURED_NO, SPACE
from tests.postgresql_in_test import give_back, new_place

BASE_URL = "http://hub.test"
SMALL = Path(__file__).parent / "cities" / "small"
NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # noon in Japan
MR = "urn:oid:1.2.392.100495.20.3.51.10112345670"

QUIET = Settings(notify_every=0, sweep_every=0, watch_every=0, rate_client=0, rate_resident=0)
"""A hub that does nothing by itself, and answers however much is asked while its clock stands still."""

Body = dict[str, Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Forward by ``timedelta(**by)``."""
        self.now += timedelta(**by)


class City:
    """One hub with the small city, and everybody's way to talk to it."""

    def __init__(self, client: TestClient, store: Store, clock: Clock, keys: Path) -> None:
        self.client = client
        self.store = store
        self.clock = clock
        self.keys = keys
        self._tokens: dict[str, str] = {}

    @property
    def options(self) -> tuple[str, ...]:
        """What tells a command where this hub's store is."""
        place = store_place(self.keys)
        url = ("--database-url", place.database_url) if place.database_url else ()
        return ("--data", str(place.data), *url)

    # -- who asks

    def token(self, who: str, *, organisation: str = "", scopes: str = "", purpose: str = "") -> str:
        """A living token of a system ("hosp-ehr") or a person ("cm-ito"), put into the registry directly."""
        name = f"{who} {organisation} {scopes} {purpose} {self.clock.now}"
        if name not in self._tokens:
            secret = uuid4().hex
            self.store.lane.do(lambda tx: registry.put_token(tx, self._row(who, organisation, scopes, purpose, secret)))
            self._tokens[name] = secret
        return self._tokens[name]

    def _row(self, who: str, organisation: str, scopes: str, purpose: str, secret: str) -> dict[str, str | None]:
        city = read_city(SMALL / "city.toml", self.keys)
        system = next((one for one in city.systems if one.id == who), None)
        role = next(
            (
                role
                for one in city.people
                if one.id == who
                for role in one.roles
                if organisation in ("", role.organisation)
            ),
            None,
        )
        assert system or role, who
        return {
            "fingerprint": fingerprint(secret),
            "kind": "access",
            "system": system.id if system else None,
            "person": None if system else who,
            "organisation": system.organisation if system else (role.organisation if role else ""),
            "profession": None if system else (role.profession if role else None),
            "scopes": scopes or (system.scopes if system else "user/*.rs"),
            "purpose": purpose
            or (system.purpose if system else ("AUDIT" if role and role.profession == "auditor" else "CAREMGT")),
            "issued": instant(self.clock.now),
            "expires": instant(self.clock.now + timedelta(minutes=5)),
            "proved": "" if system else instant(self.clock.now),
        }

    def headers(self, who: str | None, **more: str) -> dict[str, str]:
        """Request headers of ``who``; ``more`` has _ for - ("idempotency_key")."""
        known = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        return {**known, **{name.replace("_", "-"): value for name, value in more.items()}}

    # -- asking

    def get(self, who: str | None, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=self.headers(who, **headers))

    def post(self, who: str | None, path: str, body: object, **headers: str) -> httpx2.Response:
        """``body`` is JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = self.headers(who, **{"content_type": "application/fhir+json", **headers})
        return self.client.post(path, content=content, headers=sent)

    def put(self, who: str | None, path: str, body: object, **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = self.headers(who, **{"content_type": "application/fhir+json", **headers})
        return self.client.put(path, content=content, headers=sent)

    def delete(self, who: str | None, path: str, **headers: str) -> httpx2.Response:
        return self.client.delete(path, headers=self.headers(who, **headers))

    def created(self, who: str, resource: Body) -> Body:
        """Create a resource, which must succeed; gives it as stored."""
        response = self.post(who, f"/fhir/{resource['resourceType']}", resource)
        assert response.status_code == 201, response.text
        stored: Body = response.json()
        return stored

    def log(self, **where: str) -> list[Body]:
        """The access log's rows, newest first (columns of ``AuditRow``)."""
        from hub.store import audit

        rows = self.store.lane.do(lambda tx: audit.find(tx, dict(where), count=500))
        return [dict(row._mapping) for row in rows]

    # -- people and their rules

    def resident(
        self, number: str = "0000000001", *, name: str = "山田 花子", birth: str = "1940-05-01", **more: object
    ) -> str:
        """A resident whom the municipality registers; gives the hub's id."""
        return str(self.created("city-registry", patient(number, name=name, birth=birth, **more))["id"])

    def team(self, patient: str, *members: str, period: Mapping[str, str] | None = None) -> Body:
        """The municipality's care team of a resident: "Organization/hosp", "Practitioner/cm-ito" …"""
        return self.created("city-registry", care_team(patient, *members, period=period))

    def taken(self, who: str, consent: Body, *, id_: str = "") -> Body:
        """A Consent that ``who`` took on paper and registers with it (in the place of ``id_``); gives it as stored."""
        response = self.post(who, "/fhir", on_paper(consent, id_=id_))
        assert response.status_code == 200, response.text
        where = str(response.json()["entry"][-2]["response"]["location"])
        stored: Body = self.get(who, f"/fhir/{where.partition('/_history')[0]}").json()
        return stored

    def consent(self, patient: str, *spaces: str, **more: Any) -> Body:
        """A privacy consent that the municipality writes; opens both spaces unless named."""
        return self.created(
            "city-registry", consent(patient, *(spaces or ("medical", "team")), when=self.clock.now, **more)
        )


@cache
def _empty_store() -> Path:
    """A store of the newest shape, and the systems' keys: made once, because migrating takes longer than most tests."""
    directory = Path(mkdtemp(prefix="renkei-"))
    atexit.register(rmtree, directory, ignore_errors=True)
    copytree(_keys(), directory, dirs_exist_ok=True)
    open_store(directory).lane.close()
    return directory


@cache
def _keys() -> Path:
    """The systems' keys."""
    directory = Path(mkdtemp(prefix="renkei-"))
    atexit.register(rmtree, directory, ignore_errors=True)
    make_keys(directory, ["city-registry", "hosp-ehr", "clinic-emr", "pharm-rx", "care-plan-app", "day-app"])
    return directory


_kind = "sqlite"
_places: dict[Path, Place] = {}


def use_store(kind: str) -> None:
    """From now on ``small_city`` makes its stores of this kind: "sqlite" or "postgresql"."""
    global _kind
    _kind = kind


def store_place(directory: Path) -> Place:
    """The store of a small city in ``directory``: made from an empty one, or what was made there before."""
    if not (directory / KEY).exists():
        if _kind == "postgresql":
            copytree(_keys(), directory, dirs_exist_ok=True)
            _places[directory] = new_place(directory)
        else:
            copytree(_empty_store(), directory, dirs_exist_ok=True)
    return _places.get(directory, Place(directory))


def forget_stores(directory: Path) -> None:
    """What was made in ``directory`` and below is not needed any more."""
    for place in [one for one in _places if one.is_relative_to(directory)]:
        give_back(_places.pop(place))


def random_id() -> str:
    """As the hub makes them."""
    return uuid4().hex


@contextmanager
def small_city(directory: Path, settings: Settings = QUIET, ids: Callable[[], str] = random_id) -> Iterator[City]:
    """A hub with the small city in ``directory``; one that was there before is opened again."""
    clock = Clock(NOON)
    store = open_store(store_place(directory))
    context = Context(clock.now, "setup", ids, BASE_URL)
    file = read_city(SMALL / "city.toml", directory)
    store.lane.do(lambda tx: apply(tx, file, context))
    app = create_app(store.lane, store.secret, settings, BASE_URL, clock=clock, ids=ids)
    with TestClient(app, base_url=BASE_URL, client=("127.0.0.1", 50000), raise_server_exceptions=False) as client:
        yield City(client, store, clock, directory)


def sign_in(city: City, system: str, *, scope: str = "system/*.cruds", now: datetime | None = None) -> httpx2.Response:
    """A real sign-in of a system at the token endpoint."""
    moment = int((now or city.clock.now).timestamp())
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(city.keys, system, f"{BASE_URL}/oauth/token", uuid4().hex, moment),
    }
    return city.client.post("/oauth/token", data=form)


# -- resources, as small as they may be


def patient(number: str = "0000000001", *, name: str = "山田 花子", birth: str = "1940-05-01", **more: object) -> Body:
    """A resident by long-term-care number."""
    family, _, given = name.partition(" ")
    return {
        "resourceType": "Patient",
        "identifier": [{"system": KAIGO_INSURED_NO, "value": f"011234-{number}"}],
        "name": [{"use": "official", "text": name, "family": family, "given": [given]}],
        "gender": "female",
        "birthDate": birth,
        **more,
    }


def care_team(patient: str, *members: str, period: Mapping[str, str] | None = None) -> Body:
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": {"reference": f"Patient/{patient}"},
        "participant": [
            {"member": {"reference": one}, **({"period": dict(period)} if period else {})} for one in members
        ],
    }


def consent(patient: str, *spaces: str, when: datetime = NOON, root: str = "permit", **more: Any) -> Body:
    """A privacy consent (CONSENT.md §3); ``more`` replaces members, ``exceptions`` are nested provisions."""
    exceptions = more.pop("exceptions", None)
    provision: Body = {"type": root, **({"provision": exceptions} if exceptions else {})}
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": SPACE, "code": space}]} for space in spaces],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": when.isoformat(),
        "performer": [{"reference": f"Patient/{patient}"}],
        "policyRule": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "OPTIN" if root == "permit" else "OPTOUT",
                }
            ]
        },
        "provision": provision,
        **more,
    }


def observation(patient: str, value: float | str = 7.2, *, number: str = "", **more: object) -> Body:
    """A laboratory result of the hospital."""
    return {
        "resourceType": "Observation",
        **({"identifier": [{"system": "http://hosp.test/obs", "value": number}]} if number else {}),
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-20T09:00:00+09:00",
        "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        **more,
    }


def note(patient: str, text: str = "お変わりありません。", **more: object) -> Body:
    """A progress note (申し送り), which every organisation may publish into both spaces."""
    return {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "sent": "2026-11-21T17:00:00+09:00",
        "payload": [{"contentString": text}],
        **more,
    }


FORM_URL, CONSENT_URL = "urn:uuid:00000000-0000-4000-8000-00000000000a", "urn:uuid:00000000-0000-4000-8000-00000000000b"


def form(patient: str, **more: object) -> Body:
    """The scanned paper of a consent (CONSENT.md §3.5)."""
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "category": [{"coding": [{"system": INFORMATION_CATEGORY, "code": "consent"}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERi0xLjcK"}}],
        **more,
    }


def provenance_of(consent: str, form: str = "", **more: object) -> Body:
    """Says that a consent was written by its form."""
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [{"system": INFORMATION_CATEGORY, "code": "consent"}]},
        "target": [{"reference": consent}],
        "recorded": NOON.isoformat(),
        "agent": [{"who": {"display": "受付"}}],
        **({"entity": [{"role": "source", "what": {"reference": form}}]} if form else {}),
        **more,
    }


def on_paper(consent: Body, *, id_: str = "") -> Body:
    """A Consent as an organisation registers it: with the signed form, and the Provenance that names both."""
    patient = str(consent["patient"]["reference"]).removeprefix("Patient/")
    written = {**consent, "sourceReference": {"reference": FORM_URL}}
    place = entry({**written, "id": id_}, "PUT", f"Consent/{id_}") if id_ else entry(written, full_url=CONSENT_URL)
    target = f"Consent/{id_}" if id_ else CONSENT_URL
    return transaction(entry(form(patient), full_url=FORM_URL), place, entry(provenance_of(target, FORM_URL)))


def transaction(*entries: Body) -> Body:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(resource: Body, method: str = "POST", url: str = "", full_url: str = "", **request: str) -> Body:
    named = {"fullUrl": full_url} if full_url else {}
    target = {"method": method, "url": url or resource["resourceType"], **request}
    return {**named, "resource": resource, "request": target}
