"""How each row of a door for programs is asked: the request, with the names of the thing filled in."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from tests.api.emergencies import DECLARE, WHY
from tests.api.exporting import job, manifest
from tests.hub_in_test import Body, entry, note, patient
from tests.matrix.actors import Actor
from tests.matrix.things import BY_ID, SYSTEM, Thing, written
from tests.matrix.world import World, name_of
from tests.receiver_in_test import PATIENT_CHANGED, subscription

FORM = "application/x-www-form-urlencoded"
MERGE = "application/merge-patch+json"
Make = Callable[[World, Actor, Thing], object]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; ``path`` and ``headers`` have the names of ``names``.

    ``looks``: it shows something.  ``fresh``: it changes what it is about, so whoever may do that is asked about one of
    its own; ``creates``: so is everybody, because who must not change that one writes another.
    ``inside``: what is asked for would stand within an answer about the whole resident.  ``entry``: the body is the
    entry of a Bundle of this type.  ``whole``: that there is an answer at all is what is asked.
    """

    path: str = ""
    body: Make | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    looks: bool = True
    fresh: bool = False
    creates: bool = False
    inside: bool = False
    entry: str = ""
    whole: bool = False
    more: Callable[[World, Thing], Mapping[str, str]] | None = None


# -- bodies


def _resource(world: World, actor: Actor, thing: Thing) -> Body:
    body = written(BY_ID[thing.content], thing.patient, thing.number)
    return {**body, "id": thing.id, "language": "ja"}


def _new(world: World, actor: Actor, thing: Thing) -> Body:
    """Something of the asker's own about the resident: a note, which every organisation may publish."""
    return note(thing.patient, identifier=[{"system": SYSTEM, "value": f"new-{next(world.numbers)}"}])


def _condition(thing: Thing) -> str:
    return f"{thing.type}?identifier={quote(SYSTEM, safe='')}|{thing.number}"


def _parameters(*pairs: tuple[str, str]) -> Body:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueUri" if name == "url" else "valueString": value} for name, value in pairs],
    }


def _nothing(world: World, actor: Actor, thing: Thing) -> Body:
    return {"resourceType": "Parameters"}


def _form(**fields: str) -> Make:
    def body(world: World, actor: Actor, thing: Thing) -> bytes:
        return urlencode({name: value.format_map(names(thing)) for name, value in fields.items()}).encode()

    return body


def _get(url: str) -> Make:
    return lambda world, actor, thing: {"request": {"method": "GET", "url": url.format_map(names(thing))}}


def _put(world: World, actor: Actor, thing: Thing) -> Body:
    return entry(_resource(world, actor, thing), "PUT", f"{thing.type}/{thing.id}")


def _put_where(world: World, actor: Actor, thing: Thing) -> Body:
    body = {name: value for name, value in _resource(world, actor, thing).items() if name != "id"}
    return entry(body, "PUT", _condition(thing))


def _post(world: World, actor: Actor, thing: Thing) -> Body:
    return entry(_new(world, actor, thing))


def _patch(world: World, actor: Actor, thing: Thing) -> Body:
    data = b64encode(json.dumps([{"op": "add", "path": "/language", "value": "ja"}]).encode()).decode()
    binary: Body = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    return entry(binary, "PATCH", f"{thing.type}/{thing.id}")


def _delete(world: World, actor: Actor, thing: Thing) -> Body:
    return {"request": {"method": "DELETE", "url": f"{thing.type}/{thing.id}"}}


def _without_id(world: World, actor: Actor, thing: Thing) -> Body:
    return {name: value for name, value in _resource(world, actor, thing).items() if name != "id"}


def _ja(world: World, actor: Actor, thing: Thing) -> Body:
    return {"language": "ja"}


def _known(world: World, actor: Actor, thing: Thing) -> Body:
    return patient("0000000001", name=name_of("team"))


def _person(world: World, actor: Actor, thing: Thing) -> Body:
    said = {"name": "name", "valueString": name_of("street")}
    return {"resourceType": "Parameters", "parameter": [said, *WHY]}


def _ingested(world: World, actor: Actor, thing: Thing) -> Body:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_post(world, actor, thing)]}


# -- what must be there before


def _a_job(world: World, thing: Thing) -> Mapping[str, str]:
    """An export of the source that is done."""
    place = job(world.city, "hosp-ehr", "Patient/$export?_type=Observation")
    told = manifest(world.city, "hosp-ehr", place)
    return {"job": place.rpartition("/")[2], "file": told["output"][0]["url"].rpartition("/")[2]}


def _a_subscription(world: World, thing: Thing) -> Mapping[str, str]:
    """A subscription of the source."""
    if "subscription" not in world.kept:
        wanted = subscription("http://127.0.0.1:40001/hook", PATIENT_CHANGED)
        world.kept["subscription"] = str(world.city.created("hosp-ehr", wanted)["id"])
    return {"subscription": world.kept["subscription"]}


def _a_group(world: World, thing: Thing) -> Mapping[str, str]:
    """A group that the source keeps: of one whom it looks after."""
    if "group" not in world.kept:
        members = [{"entity": {"reference": f"Patient/{world.people['team']}"}}]
        kept: Body = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
        world.kept["group"] = str(world.city.created("hosp-ehr", kept)["id"])
    return {"group": world.kept["group"]}


def _an_event(world: World, thing: Thing) -> Mapping[str, str]:
    if "event" not in world.kept:
        world.kept["event"] = str(world.city.log(patient=world.people["team"])[0]["id"])
    return {"event": world.kept["event"]}


LOOK = Ask()
_EVERYTHING = Ask("/fhir/Patient/{patient}/$everything?_count=1000", inside=True)
_OF_ALL = Ask("/fhir/Patient/$everything?_count=1000", inside=True)
_IF_NONE_EXIST = {"if_none_exist": "identifier=" + SYSTEM + "|{number}"}
_SEARCH = {"content_type": FORM}
_SET = "?url=http://hl7.org/fhir/ValueSet/administrative-gender"
_CODES = "?system=http://hl7.org/fhir/administrative-gender&code=female"
_EXPORT = Ask(headers={"prefer": "respond-async"}, looks=False, whole=True)
_EXPORT_POST = Ask(headers={"prefer": "respond-async"}, body=_nothing, looks=False, whole=True)
_MEMBERS = Ask("/fhir/Group/{group}/$export", headers={"prefer": "respond-async"}, looks=False, more=_a_group)
_WHOLE = Ask(whole=True, looks=False)
_WHOLE_POST = Ask(body=_nothing, whole=True, looks=False)
_STATUS = Ask("/fhir/Subscription/{subscription}/$status", looks=False, more=_a_subscription)
_EVENTS = Ask("/fhir/Subscription/{subscription}/$events", looks=False, more=_a_subscription)


def _terms(path: str, query: str) -> Ask:
    return Ask(f"/fhir/{path}{query}", whole=True, looks=False)


def _posted_terms(path: str, *pairs: tuple[str, str]) -> Ask:
    return Ask(f"/fhir/{path}", lambda world, actor, thing: _parameters(*pairs), whole=True, looks=False)


_URL = ("url", "http://hl7.org/fhir/ValueSet/administrative-gender")
_CODE = (("system", "http://hl7.org/fhir/administrative-gender"), ("code", "female"))

# By method, path and interaction of the row, else by method and path; what is not named is asked as its path says.
ASKS: dict[str, Ask] = {
    "POST /fhir batch-read": Ask(body=_get("{type}/{id}"), entry="batch"),
    "POST /fhir batch-search": Ask(body=_get("{type}?_id={id}"), entry="batch"),
    "POST /fhir batch-update": Ask(body=_put, entry="batch", looks=False, fresh=True),
    "POST /fhir batch-delete": Ask(body=_delete, entry="batch", looks=False, fresh=True),
    "POST /fhir transaction-read": Ask(body=_get("{type}/{id}"), entry="transaction"),
    "POST /fhir transaction-create": Ask(body=_post, entry="transaction", looks=False),
    "POST /fhir transaction-update": Ask(body=_put, entry="transaction", looks=False, fresh=True),
    "POST /fhir transaction-patch": Ask(body=_patch, entry="transaction", looks=False, fresh=True),
    "POST /fhir transaction-delete": Ask(body=_delete, entry="transaction", looks=False, fresh=True),
    "POST /fhir transaction-conditional-update": Ask(
        body=_put_where, entry="transaction", looks=False, fresh=True, creates=True
    ),
    "POST /fhir/": Ask(body=_get("{type}/{id}"), entry="batch"),
    "GET /fhir": Ask("/fhir?_type={type}&_id={id}"),
    "GET /fhir/": Ask("/fhir/?_type={type}&_id={id}"),
    "POST /fhir/_search": Ask(body=_form(_type="{type}", _id="{id}"), headers=_SEARCH),
    "GET /fhir/{type}": Ask("/fhir/{type}?_id={id}"),
    "GET /fhir/{type} search-by-patient": Ask("/fhir/{type}?patient={patient}&_count=1000", inside=True),
    "GET /fhir/{type} search-known": Ask("/fhir/{type}?_id={id}"),
    "GET /fhir/{type} search-count": Ask("/fhir/{type}?_id={id}&_summary=count", looks=False),
    "POST /fhir/{type}/_search": Ask(body=_form(_id="{id}"), headers=_SEARCH),
    "GET /fhir/Patient/{id}/{type}": Ask("/fhir/Patient/{patient}/{type}?_id={id}"),
    "POST /fhir/Patient/{id}/{type}/_search": Ask(
        "/fhir/Patient/{patient}/{type}/_search", _form(_id="{id}"), headers=_SEARCH
    ),
    "POST /fhir/{type}": Ask("/fhir/Communication", _new, looks=False),
    "POST /fhir/{type} conditional-create": Ask(
        "/fhir/{type}", _without_id, _IF_NONE_EXIST, looks=False, fresh=True, creates=True
    ),
    "PUT /fhir/{type}/{id}": Ask(body=_resource, looks=False, fresh=True),
    "PUT /fhir/{type}": Ask("/fhir/{condition}", _without_id, looks=False, fresh=True, creates=True),
    "PATCH /fhir/{type}/{id}": Ask(body=_ja, headers={"content_type": MERGE}, looks=False, fresh=True),
    "PATCH /fhir/{type}": Ask("/fhir/{condition}", _ja, {"content_type": MERGE}, looks=False, fresh=True),
    "DELETE /fhir/{type}/{id}": Ask(looks=False, fresh=True),
    "DELETE /fhir/{type}": Ask("/fhir/{condition}", looks=False, fresh=True),
    "POST /fhir/{type}/$validate": Ask("/fhir/Communication/$validate", _new, looks=False, whole=True),
    "POST /fhir/{type}/{id}/$validate": Ask(body=_resource, looks=False, whole=True),
    "GET /fhir/{type}/{id}/$validate": Ask("/fhir/{type}/{id}/$validate?mode=profile", looks=False),
    "GET /fhir/{type}/{id}/$meta": Ask(looks=False),
    "GET /fhir/{type}/_history": Ask("/fhir/Observation/_history", whole=True, looks=False),
    "GET /fhir/_history": _WHOLE,
    "GET /fhir/Patient/{id}/$everything": _EVERYTHING,
    "POST /fhir/Patient/{id}/$everything": Ask(_EVERYTHING.path, _nothing, inside=True),
    "GET /fhir/Patient/$everything": _OF_ALL,
    "POST /fhir/Patient/$everything": Ask("/fhir/Patient/$everything?_count=1000", _nothing, inside=True),
    "POST /fhir/Patient/{id}/$handoff": Ask("/fhir/Patient/{patient}/$handoff", _nothing, looks=False),
    "POST /fhir/Patient/$match": Ask(body=_known, looks=False, whole=True),
    "POST /fhir/Patient/$declare-emergency": Ask(DECLARE, _person, looks=False, whole=True),
    "GET /fhir/AuditEvent": _WHOLE,
    "GET /fhir/AuditEvent/{id}": Ask("/fhir/AuditEvent/{event}", looks=False, more=_an_event),
    "GET /fhir/$export": _EXPORT,
    "POST /fhir/$export": _EXPORT_POST,
    "GET /fhir/Patient/$export": _EXPORT,
    "POST /fhir/Patient/$export": _EXPORT_POST,
    "GET /fhir/Group/{id}/$export": _MEMBERS,
    "POST /fhir/Group/{id}/$export": Ask(
        _MEMBERS.path, _nothing, _MEMBERS.headers, looks=False, more=_a_group
    ),
    "GET /fhir/$export/{id}": Ask("/fhir/$export/{job}", looks=False, more=_a_job),
    "DELETE /fhir/$export/{id}": Ask("/fhir/$export/{job}", looks=False, more=_a_job),
    "GET /fhir/$export/{id}/{file}": Ask("/fhir/$export/{job}/{file}", looks=False, more=_a_job),
    "GET /fhir/Subscription/$status": _WHOLE,
    "POST /fhir/Subscription/$status": _WHOLE_POST,
    "GET /fhir/Subscription/{id}/$status": _STATUS,
    "POST /fhir/Subscription/{id}/$status": Ask(_STATUS.path, _nothing, looks=False, more=_a_subscription),
    "GET /fhir/Subscription/{id}/$events": _EVENTS,
    "POST /fhir/Subscription/{id}/$events": Ask(_EVENTS.path, _nothing, looks=False, more=_a_subscription),
    "GET /fhir/SubscriptionTopic": _WHOLE,
    "GET /fhir/SubscriptionTopic/{id}": Ask("/fhir/SubscriptionTopic/patient-changed", looks=False, whole=True),
    "GET /fhir/ValueSet/$expand": _terms("ValueSet/$expand", _SET),
    "POST /fhir/ValueSet/$expand": _posted_terms("ValueSet/$expand", _URL),
    "GET /fhir/ValueSet/{id}/$expand": _terms("ValueSet/administrative-gender/$expand", ""),
    "POST /fhir/ValueSet/{id}/$expand": Ask(
        "/fhir/ValueSet/administrative-gender/$expand", _nothing, looks=False, whole=True
    ),
    "GET /fhir/ValueSet/$validate-code": _terms("ValueSet/$validate-code", f"{_SET}&{_CODES[1:]}"),
    "POST /fhir/ValueSet/$validate-code": _posted_terms("ValueSet/$validate-code", _URL, *_CODE),
    "GET /fhir/ValueSet/{id}/$validate-code": _terms("ValueSet/administrative-gender/$validate-code", _CODES),
    "POST /fhir/ValueSet/{id}/$validate-code": _posted_terms("ValueSet/administrative-gender/$validate-code", *_CODE),
    "GET /fhir/CodeSystem/$lookup": _terms("CodeSystem/$lookup", _CODES),
    "POST /fhir/CodeSystem/$lookup": _posted_terms("CodeSystem/$lookup", *_CODE),
    "GET /fhir/CodeSystem/$validate-code": _terms(
        "CodeSystem/$validate-code", "?url=http://hl7.org/fhir/administrative-gender&code=female"
    ),
    "POST /fhir/CodeSystem/$validate-code": _posted_terms(
        "CodeSystem/$validate-code", ("url", "http://hl7.org/fhir/administrative-gender"), ("code", "female")
    ),
    "GET /fhir/CodeSystem/{id}/$validate-code": _terms(
        "CodeSystem/administrative-gender/$validate-code", "?code=female"
    ),
    "POST /fhir/CodeSystem/{id}/$validate-code": _posted_terms(
        "CodeSystem/administrative-gender/$validate-code", ("code", "female")
    ),
    "POST /ingest/{format}": Ask("/ingest/fhir", _ingested, {"idempotency_key": "{key}"}, looks=False),
    "GET /feed": Ask("/feed?patient={patient}&count=200", inside=True),
    "GET /feed of-all": Ask("/feed?count=200", inside=True),
    "GET /feed/stream": Ask("/feed/stream?patient={patient}&since=&count=200", inside=True),
    "GET /feed/stream of-all": Ask("/feed/stream?since=&count=200", inside=True),
}  # fmt: skip
ASKS |= {"POST /oauth/token": _WHOLE} | {
    f"GET {path}": _WHOLE
    for path in (
        "/healthz", "/readyz", "/metrics", "/openapi.json", "/fhir/metadata", "/fhir/.well-known/smart-configuration"
    )
}  # fmt: skip


def names(thing: Thing) -> dict[str, str]:
    return {
        "type": thing.type,
        "id": thing.id,
        "version": thing.version,
        "patient": thing.patient,
        "number": thing.number,
        "condition": _condition(thing),
    }
