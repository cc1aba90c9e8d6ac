"""The CapabilityStatement (FHIR R4 §5.4): computed from the route table, and what it claims really answers."""

from json import dumps, loads

import pytest

from hub.http.capability import capability_statement
from hub.http.routes import FHIR
from profiles import read_json, validate, write_json
from profiles.resource import as_object
from tests.hub_in_test import BASE_URL, Body, City

pytestmark = pytest.mark.one_hub

OFFERED = {door.interaction for door in FHIR if door.interaction}


@pytest.fixture(scope="module")
def statement(one_hub: City) -> Body:
    answer = one_hub.client.get("/fhir/metadata")
    assert answer.status_code == 200
    found: Body = answer.json()
    return found


def resources(statement: Body) -> dict[str, Body]:
    return {one["type"]: one for one in statement["rest"][0]["resource"]}


def claimed(statement: Body, type_: str) -> set[str]:
    return {one["code"] for one in resources(statement)[type_].get("interaction", [])}


def test_it_is_open_to_everybody_and_valid(city: City, statement: Body) -> None:
    answer = city.client.get("/fhir/metadata")
    resource = as_object(read_json(answer.content))
    assert [one for one in validate(resource, write_json(resource)) if one.severity == "error"] == []
    assert (statement["fhirVersion"], statement["kind"], statement["status"]) == ("4.0.1", "instance", "active")
    assert statement["implementation"]["url"] == f"{BASE_URL}/fhir"
    assert city.client.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"}).status_code == 406
    service = statement["rest"][0]["security"]["service"][0]["coding"][0]["code"]
    assert service == "SMART-on-FHIR"


@pytest.mark.parametrize("interaction", sorted(OFFERED - {"operation"}))
def test_a_door_that_is_not_mounted_is_not_claimed(interaction: str) -> None:
    def said(offered: set[str]) -> set[str]:
        rest: Body = loads(dumps(capability_statement(BASE_URL, offered, "2026-11-22T03:00:00Z")))["rest"][0]
        found = {one["code"] for one in rest.get("interaction", [])}
        return found | {one["code"] for type_ in rest["resource"] for one in type_.get("interaction", [])}

    assert interaction in said(OFFERED)
    assert interaction not in said(OFFERED - {interaction}) - {"read", "search-type"}


def test_every_type_that_is_claimed_has_its_doors(city: City, statement: Body) -> None:
    for type_ in resources(statement):
        claims = claimed(statement, type_)
        assert claims, type_
        auditor = "aud-kondo" if type_ == "AuditEvent" else "hosp-ehr"
        assert city.get(auditor, f"/fhir/{type_}?_count=1").status_code == 200, type_
        posted = city.post("hosp-ehr", f"/fhir/{type_}", {"resourceType": type_, "nonsense": 1})
        assert posted.status_code == (422 if "create" in claims else 400), type_


def test_the_audit_log_is_read_and_searched_by_what_is_claimed(city: City, statement: Body) -> None:
    event = resources(statement)["AuditEvent"]
    assert claimed(statement, "AuditEvent") == {"read", "search-type"}
    assert not event.get("conditionalCreate")
    for one in event["searchParam"]:
        value = "ge2026-01-01" if one["type"] == "date" else "x"
        answer = city.get("aud-kondo", f"/fhir/AuditEvent?{one['name']}={value}")
        assert answer.status_code == 200, (one["name"], answer.text)


def test_what_the_hub_keeps_itself_and_nobody_reads_is_not_listed(statement: Body) -> None:
    assert {"CapabilityStatement", "OperationOutcome", "Parameters"} & resources(statement).keys() == set()


def test_the_topics_of_subscriptions_are_claimed_and_can_be_read(city: City, statement: Body) -> None:
    extensions = resources(statement)["Subscription"]["extension"]
    listed = city.get("hosp-ehr", "/fhir/SubscriptionTopic").json()["entry"]
    for entry in listed:
        resource = as_object(read_json(dumps(entry["resource"]).encode()))
        assert [one for one in validate(resource, write_json(resource)) if one.severity == "error"] == []
        alone = city.get("hosp-ehr", f"/fhir/SubscriptionTopic/{resource['id']}")
        assert alone.json() == entry["resource"]
    urls = [entry["resource"]["extension"][0]["valueUri"] for entry in listed]
    assert urls == [one["valueCanonical"] for one in extensions]
    assert city.get("hosp-ehr", "/fhir/SubscriptionTopic/nothing").status_code == 404
    assert city.get(None, "/fhir/SubscriptionTopic").status_code == 401


def test_the_operation_is_claimed_where_it_is(city: City, statement: Body) -> None:
    operation = next(one for one in resources(statement)["Patient"]["operation"] if one["name"] == "handoff")
    assert city.post("hosp-ehr", f"/fhir/Patient/none/${operation['name']}", b"").status_code == 404
    assert city.post(None, f"/fhir/Patient/none/${operation['name']}", b"").status_code == 401
