"""What the CapabilityStatement claims, done one by one: a claim that is not in the tables below fails the test."""

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx2
import pytest

from profiles import parameters_of
from profiles.search import Parameter
from tests.api.emergencies import declare
from tests.hub_in_test import Body, City, note, observation, patient, sign_in

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
NUMBER = "http://hosp.test/number"
NOBODY = "0" * 32
PATCH = b'[{"op":"add","path":"/language","value":"ja"}]'
VALUES = {
    "date": "2026-11-20",
    "number": "1",
    "quantity": "1",
    "reference": "Organization/x",
    "string": "x",
    "token": "x",
    "uri": "http://x.test",
}


@pytest.fixture(scope="module")
def person(one_hub: City) -> str:
    """A resident whom the hospital looks after, and who agrees."""
    resident = one_hub.resident()
    one_hub.team(resident, "Organization/hosp")
    one_hub.consent(resident)
    return resident


@pytest.fixture(scope="module")
def rest(one_hub: City) -> Body:
    """The statement's ``rest``."""
    found: Body = one_hub.client.get("/fhir/metadata").json()["rest"][0]
    return found


class Thing:
    """A type of resources, and as many of it as a claim needs, each with a number of its own."""

    def __init__(self, city: City, type_: str, make: Callable[[], Body]) -> None:
        self.city, self.type, self._make = city, type_, make

    def new(self) -> Body:
        number = [{"system": NUMBER, "value": f"N-{next(NUMBERS)}"}]
        resource = self._make()
        return {**resource, "identifier": [*resource.get("identifier", []), *number]}

    def stored(self) -> Body:
        return self.city.created("hosp-ehr", self.new())

    def path(self, resource: Body) -> str:
        return f"/fhir/{self.type}/{resource['id']}"

    def where(self, resource: Body) -> str:
        return f"identifier={NUMBER}|{resource['identifier'][-1]['value']}"

    def patch(self, path: str) -> httpx2.Response:
        headers = self.city.headers("hosp-ehr", content_type="application/json-patch+json")
        return self.city.client.patch(path, content=PATCH, headers=headers)


def things(city: City, person: str) -> list[Thing]:
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan"}
    subject = {"subject": {"reference": f"Patient/{person}"}}
    return [
        Thing(city, "Organization", lambda: {"resourceType": "Organization", "name": "試験診療所"}),
        Thing(city, "Observation", lambda: observation(person)),
        Thing(city, "Communication", lambda: note(person)),
        Thing(city, "CarePlan", lambda: {**plan, **subject}),
        Thing(city, "Patient", lambda: patient(f"{next(NUMBERS):010d}", birth=f"19{next(NUMBERS) % 90 + 10}-01-01")),
    ]


# -- each interaction of a type


def changed(resource: Body) -> Body:
    return {**resource, "language": "ja"}


INTERACTIONS: dict[str, Callable[[Thing], list[tuple[httpx2.Response, int]]]] = {
    "create": lambda one: [(one.city.post("hosp-ehr", f"/fhir/{one.type}", one.new()), 201)],
    "read": lambda one: [(one.city.get("hosp-ehr", one.path(one.stored())), 200)],
    "vread": lambda one: [
        (one.city.get("hosp-ehr", f"{one.path(made)}/_history/{made['meta']['versionId']}"), 200)
        for made in [one.stored()]
    ],
    "update": lambda one: [(one.city.put("hosp-ehr", one.path(made), changed(made)), 200) for made in [one.stored()]],
    "patch": lambda one: [(one.patch(one.path(one.stored())), 200)],
    "delete": lambda one: [(one.city.delete("hosp-ehr", one.path(one.stored())), 204)],
    "history-instance": lambda one: [(one.city.get("hosp-ehr", f"{one.path(one.stored())}/_history"), 200)],
    "history-type": lambda one: [(one.city.get("aud-kondo", f"/fhir/{one.type}/_history"), 200)],
    "search-type": lambda one: [
        (one.city.get("hosp-ehr", f"/fhir/{one.type}?_count=1"), 200),
        (one.city.client.post(f"/fhir/{one.type}/_search", data={"_count": "1"}, headers=form(one.city)), 200),
    ],
}


def form(city: City) -> dict[str, str]:
    return city.headers("hosp-ehr")


# -- each other claim about a type: element and value


def conditional_read(one: Thing) -> list[tuple[httpx2.Response, int]]:
    made = one.stored()
    etag = f'W/"{made["meta"]["versionId"]}"'
    until = "Fri, 01 Jan 2100 00:00:00 GMT"
    return [
        (one.city.get("hosp-ehr", one.path(made), if_none_match=etag), 304),
        (one.city.get("hosp-ehr", one.path(made), if_modified_since=until), 304),
    ]


def conditional_create(one: Thing) -> list[tuple[httpx2.Response, int]]:
    made = one.stored()
    return [(one.city.post("hosp-ehr", f"/fhir/{one.type}", made, if_none_exist=one.where(made)), 200)]


def conditional_update(one: Thing) -> list[tuple[httpx2.Response, int]]:
    made = one.stored()
    return [(one.city.put("hosp-ehr", f"/fhir/{one.type}?{one.where(made)}", changed(made)), 200)]


def conditional_delete(one: Thing) -> list[tuple[httpx2.Response, int]]:
    return [(one.city.delete("hosp-ehr", f"/fhir/{one.type}?{one.where(one.stored())}"), 204)]


def versioning(one: Thing) -> list[tuple[httpx2.Response, int]]:
    made = one.stored()
    seen = one.city.put("hosp-ehr", one.path(made), changed(made), if_match=f'W/"{made["meta"]["versionId"]}"')
    stale = one.city.put("hosp-ehr", one.path(made), made, if_match=f'W/"{made["meta"]["versionId"]}"')
    return [(seen, 200), (stale, 412)]


def read_history(one: Thing) -> list[tuple[httpx2.Response, int]]:
    made = one.stored()
    one.city.put("hosp-ehr", one.path(made), changed(made))
    return [(one.city.get("hosp-ehr", f"{one.path(made)}/_history/{made['meta']['versionId']}"), 200)]


def no_update_create(one: Thing) -> list[tuple[httpx2.Response, int]]:
    return [(one.city.put("hosp-ehr", f"/fhir/{one.type}/{NOBODY}", {**one.new(), "id": NOBODY}), 404)]


def references(one: Thing) -> list[tuple[httpx2.Response, int]]:
    """Literal and logical references are kept as they were written."""
    literal, logical = {"reference": "Practitioner/dr-sato"}, {"identifier": {"system": NUMBER, "value": "1"}}
    kept = [one.city.post("hosp-ehr", "/fhir/Basic", basic(author)) for author in (literal, logical)]
    assert [answer.json()["author"] for answer in kept] == [literal, logical]
    return [(answer, 201) for answer in kept]


def basic(author: Body) -> Body:
    return {"resourceType": "Basic", "code": {"text": "試験"}, "author": author}


CLAIMS: dict[tuple[str, object], Callable[[Thing], list[tuple[httpx2.Response, int]]]] = {
    ("versioning", "versioned"): versioning,
    ("readHistory", True): read_history,
    ("updateCreate", False): no_update_create,
    ("conditionalCreate", True): conditional_create,
    ("conditionalRead", "full-support"): conditional_read,
    ("conditionalUpdate", True): conditional_update,
    ("conditionalDelete", "single"): conditional_delete,
    ("referencePolicy", "literal logical"): references,
}
LISTED = ("type", "interaction", "searchParam", "searchInclude", "searchRevInclude", "operation")


# -- each operation: who asks, how, for what, and what comes


def operation(city: City, person: str, type_: str, name: str) -> tuple[httpx2.Response, int]:
    lookup = "system=https://renkei.example/fhir/CodeSystem/space&code=team"
    match name:
        case "meta":
            made = city.created("hosp-ehr", basic({"display": "試験"}))
            return city.get("hosp-ehr", f"/fhir/Basic/{made['id']}/$meta"), 200
        case "validate":
            return city.post("hosp-ehr", f"/fhir/{type_}/$validate", {"resourceType": type_, "nonsense": 1}), 200
        case "handoff":
            return city.post("hosp-ehr", f"/fhir/Patient/{person}/$handoff", b""), 200
        case "everything":
            return city.get("hosp-ehr", f"/fhir/Patient/{person}/$everything"), 200
        case "match":
            asked = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient()}]}
            return city.post("sec-noda", "/fhir/Patient/$match", asked), 200
        case "declare-emergency":
            return declare(city, birthDate="1900-01-01"), 404
        case "lookup":
            return city.get("hosp-ehr", f"/fhir/CodeSystem/$lookup?{lookup}"), 200
        case "validate-code" if type_ == "CodeSystem":
            return city.get("hosp-ehr", f"/fhir/CodeSystem/$validate-code?{lookup.replace('system', 'url')}"), 200
        case "validate-code" | "expand":
            sets = city.get("hosp-ehr", "/fhir/ValueSet?_count=1").json()
            url, code = sets["entry"][0]["resource"]["url"], "" if name == "expand" else "&system=x&code=x"
            return city.get("hosp-ehr", f"/fhir/ValueSet/${name}?url={url}{code}"), 200
        case "export" if type_ == "Group":
            return city.get("hosp-ehr", f"/fhir/Group/{NOBODY}/$export", prefer="respond-async"), 404
        case "export":
            who, path = ("hosp-ehr", "Patient/$export") if type_ else ("city-registry", "$export")
            return city.get(who, f"/fhir/{path}", prefer="respond-async"), 202
        case "status":
            return city.get("hosp-ehr", "/fhir/Subscription/$status"), 200
        case "events":
            return city.get("hosp-ehr", f"/fhir/Subscription/{NOBODY}/$events"), 404
    raise AssertionError(f"{type_ or 'the system'} claims an operation {name}, which no test does")


# -- search parameters


def value_of(parameter: Body, known: dict[str, Parameter]) -> str:
    if parameter["type"] != "composite":
        return VALUES[parameter["type"]]
    components: Any = getattr(known[parameter["name"]], "components", ())
    return "$".join(VALUES[one.kind] for one in components)


def test_every_claim_is_kept(city: City, person: str, rest: Body) -> None:
    described = {one["type"]: one for one in rest["resource"]}
    for thing in things(city, person):
        claims = described[thing.type]
        for interaction in claims["interaction"]:
            for answer, status in INTERACTIONS[interaction["code"]](thing):
                assert answer.status_code == status, (thing.type, interaction, answer.text)
        for name, value in claims.items():
            if name not in LISTED:
                said = " ".join(value) if isinstance(value, list) else value
                for answer, status in CLAIMS[name, said](thing):
                    assert answer.status_code == status, (thing.type, name, value, answer.text)
        known = {one.name: one for one in parameters_of(thing.type)}
        asked = [f"{one['name']}={value_of(one, known)}" for one in claims["searchParam"]]
        asked += [f"_include={one}" for one in claims.get("searchInclude", [])]
        asked += [f"_revinclude={one}" for one in claims.get("searchRevInclude", [])]
        for query in asked:
            answer = city.get("hosp-ehr", f"/fhir/{thing.type}?{query}")
            assert answer.status_code == 200, (thing.type, query, answer.text)


def test_every_operation_that_is_claimed_is_there(city: City, person: str, rest: Body) -> None:
    named = {("", one["name"]) for one in rest.get("operation", [])}
    for one in rest["resource"]:
        named |= {(one["type"], claimed["name"]) for claimed in one.get("operation", [])}
    everywhere = {name for type_, name in named if type_ == "Basic"}
    for type_, name in sorted(named):
        if name not in everywhere or type_ in ("Basic", "Observation", "Patient"):
            answer, status = operation(city, person, type_, name)
            assert answer.status_code == status, (type_, name, answer.text)


def test_every_interaction_of_the_system_that_is_claimed_answers(city: City, person: str, rest: Body) -> None:
    read = {"request": {"method": "GET", "url": f"Patient/{person}"}}
    answers: dict[str, Callable[[], httpx2.Response]] = {
        "transaction": lambda: city.post("hosp-ehr", "/fhir", bundle("transaction", read)),
        "batch": lambda: city.post("hosp-ehr", "/fhir", bundle("batch", read)),
        "history-system": lambda: city.get("aud-kondo", "/fhir/_history"),
        "search-system": lambda: city.get("hosp-ehr", f"/fhir?_type=Observation,Communication&patient={person}"),
    }
    for one in rest["interaction"]:
        answer = answers[one["code"]]()
        assert answer.status_code == 200, (one, answer.text)


def bundle(type_: str, *entries: Body) -> Body:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def test_formats_sign_in_and_patches_are_as_claimed(city: City, person: str, rest: Body) -> None:
    statement = city.client.get("/fhir/metadata").json()
    for one in statement["format"]:
        answer = city.get("hosp-ehr", "/fhir/Organization", accept=one)
        by_url = city.get("hosp-ehr", f"/fhir/Organization?_format={one}")
        assert (answer.status_code, by_url.status_code) == (200, 200), one
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Organization"},
        {"name": "name", "valueString": "language"},
        {"name": "value", "valueCode": "ja"},
    ]
    parameters: Body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    bodies: dict[str, Any] = {"application/json-patch+json": [{"op": "add", "path": "/language", "value": "ja"}]}
    bodies["application/fhir+json"] = parameters
    bodies["application/merge-patch+json"] = {"language": "ja"}
    for kind in statement["patchFormat"]:
        made = city.created("hosp-ehr", {"resourceType": "Organization", "name": "x"})
        headers = city.headers("hosp-ehr", content_type=kind)
        answer = city.client.patch(f"/fhir/Organization/{made['id']}", json=bodies[kind], headers=headers)
        assert (answer.status_code, answer.json().get("language")) == (200, "ja"), kind
    assert rest["security"]["description"].endswith("/oauth/token")
    assert sign_in(city, "hosp-ehr").status_code == 200
