"""AuditEvents against the BALP samples, and what must never be in one."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from hub.projections.audit_event import AuditRecord, audit_event
from profiles import validate, write_json
from profiles.resource import Json, Resource, as_object, as_text, objects, walk

FORMATS = Path(__file__).parents[4] / "shared" / "formats"

READ = AuditRecord(
    id="a1",
    recorded="2026-11-22T00:00:00.123Z",
    request_id="76d148b6-586d-11ec-bf63-0242ac130002",
    interaction="read",
    outcome="0",
    reason="",
    rules=(),
    purpose="TREAT",
    organisation="",
    organisation_name="",
    system="ems-tablet-07",
    person="nurse-sato",
    person_name="佐藤 花子",
    profession="nurse",
    token="6f0c2b1e",
    patient="p1",
    what=("Observation/o1/_history/3",),
    query="",
    address="192.0.2.10",
    site="https://hub.example.jp",
)
WRITE = READ._replace(interaction="create", person=None, person_name="", profession=None)
RECORDS = {
    "read": READ,
    "query": READ._replace(interaction="search-type", what=(), query="Observation?patient=Patient/p1&code=4548-4"),
    "create": WRITE,
    "update": WRITE._replace(interaction="update"),
    "delete": WRITE._replace(interaction="delete"),
    "authz-deny": READ._replace(
        interaction="refusal",
        outcome="8",
        reason="no-consent",
        rules=("Consent/c1/_history/4", "policy:read:3"),
        what=(),
        organisation="visiting-nurse-1",
        organisation_name="訪問看護ステーションこなゆき",
    ),
    "break-glass": READ._replace(
        interaction="operation:declare-emergency", what=("btg-1",), purpose="ETREAT", organisation="fire", request_id=""
    ),
}
OTHERS = {
    "vread": READ._replace(interaction="vread"),
    "history": READ._replace(interaction="history-instance"),
    "feed": READ._replace(interaction="feed", what=(), query="feed?since=x"),
    "page": READ._replace(interaction="page", system=None, query="/people/p1", organisation="nursing"),
    "handoff": READ._replace(interaction="operation:handoff", what=("Condition/x/_history/1", "CarePlan/c/_history/2")),
    "transaction": WRITE._replace(interaction="transaction"),
    "ingest": WRITE._replace(interaction="ingest"),
    "token": WRITE._replace(interaction="token", patient=None, what=(), query="grant_type=client_credentials"),
    "sign-in": READ._replace(interaction="sign-in", patient=None, what=()),
    "sign-out": READ._replace(interaction="sign-out", patient=None, what=()),
    "failed": READ._replace(outcome="8", reason="no-relation", patient=None, what=(), query="Observation/o1"),
    "refused-stranger": READ._replace(interaction="refusal", outcome="8", person=None, system=None, patient=None),
    "bare": READ._replace(
        request_id="", purpose="", system=None, person=None, token="", patient=None, what=(), address=""
    ),
}


def shape(event: Resource) -> Json:
    """What BALP's profiles look at: the kinds of the event, of its agents and of its entities."""
    return {
        "profile": as_object(event.get("meta")).get("profile"),
        "type": event["type"],
        "subtype": event["subtype"],
        "action": event["action"],
        "outcome": event["outcome"],
        "purposeOfEvent": event.get("purposeOfEvent"),
        "source": as_object(event["source"])["type"],
        "agents": [
            [as_object(agent["type"])["coding"], "network" in agent, "name" in agent]
            for agent in objects(event["agent"])
        ],
        "entities": [
            [as_text(as_object(entity["type"])["code"]), entity.get("role"), "what" in entity, "query" in entity]
            for entity in objects(event["entity"])
        ],
    }


@pytest.mark.parametrize("name", RECORDS)
def test_an_event_has_the_shape_of_the_balp_sample(name: str) -> None:
    sample = FORMATS / f"auditevent-{name}.json"
    if not sample.exists():
        pytest.skip("the samples lie beside the repository and are not here")
    assert shape(audit_event(RECORDS[name])) == shape(json.loads(sample.read_bytes()))


@pytest.mark.parametrize("name", [*RECORDS, *OTHERS])
def test_every_event_is_valid_r4(name: str) -> None:
    event = audit_event((RECORDS | OTHERS)[name])
    assert [issue for issue in validate(event, write_json(event)) if issue.severity == "error"] == []


def test_a_read_whole() -> None:
    person = READ._replace(organisation="nursing", organisation_name="こなゆき")
    person = person._replace(rules=("policy:read:3",), reason="consent")
    client: Resource = {
        "type": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110152",
                             "display": "Destination Role ID"}]},
        "who": {"identifier": {"system": "https://renkei.example/fhir/NamingSystem/client", "value": "ems-tablet-07"}},
        "requestor": False,
        "network": {"address": "192.0.2.10", "type": "2"},
    }  # fmt: skip
    server: Resource = {
        "type": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110153",
                             "display": "Source Role ID"}]},
        "who": {"reference": "Device/hub"},
        "requestor": False,
        "network": {"address": "https://hub.example.jp", "type": "5"},
    }  # fmt: skip
    user: Resource = {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP",
                             "display": "information recipient"}]},
        "who": {"reference": "Practitioner/nurse-sato"},
        "requestor": True,
        "name": "佐藤 花子",
        "role": [{"coding": [{"system": "https://renkei.example/fhir/CodeSystem/profession", "code": "nurse"}]}],
        "policy": ["urn:ietf:params:oauth:jti:6f0c2b1e", "policy:read:3"],
        "purposeOfUse": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]}
        ],
    }  # fmt: skip
    organisation: Resource = {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "PROV",
                             "display": "healthcare provider"}]},
        "who": {"reference": "Organization/nursing", "display": "こなゆき"},
        "requestor": False,
    }  # fmt: skip
    event = audit_event(person)
    assert event["agent"] == [client, server, user, organisation]
    assert event["outcomeDesc"] == "consent"
    assert (event["id"], event["recorded"]) == ("a1", "2026-11-22T00:00:00.123Z")
    assert [as_object(entity["what"]) for entity in objects(event["entity"])] == [
        {"reference": "Patient/p1"},
        {"reference": "Observation/o1/_history/3"},
        {"identifier": {"value": "76d148b6-586d-11ec-bf63-0242ac130002"}},
    ]


@pytest.mark.parametrize("name", [*RECORDS, *OTHERS])
def test_there_is_one_initiator_who_carries_the_authority(name: str) -> None:
    agents = objects(audit_event((RECORDS | OTHERS)[name])["agent"])
    assert [agent["requestor"] for agent in agents].count(True) == 1
    for agent in agents:
        assert agent["requestor"] or not {"policy", "purposeOfUse"} & agent.keys()


def test_a_profile_is_claimed_only_where_its_demands_are_met() -> None:
    def claims(record: AuditRecord) -> str:
        profiles = as_object(audit_event(record).get("meta")).get("profile")
        return as_text(profiles[0]).rpartition(".")[2] if isinstance(profiles, list) else ""

    assert claims(READ) == "PatientRead"
    assert claims(READ._replace(patient=None)) == "Read"
    assert claims(READ._replace(what=())) == ""
    assert claims(READ._replace(outcome="4")) == ""
    assert claims(READ._replace(address="")) == ""
    assert claims(RECORDS["authz-deny"]) == "AuthZconsent"
    assert claims(RECORDS["authz-deny"]._replace(rules=("policy:read:3",))) == ""


def test_the_request_id_is_always_there() -> None:
    for name, record in (RECORDS | OTHERS).items():
        if record.request_id:
            found = [one for _, one in walk(audit_event(record)) if record.request_id in one.values()]
            assert found, name


def test_the_question_is_kept_in_base64_and_nowhere_else() -> None:
    hostile = "Observation?code=7.2\r\nFAKE LOG LINE <script>"
    event = audit_event(RECORDS["query"]._replace(query=hostile))
    query = next(entity for entity in objects(event["entity"]) if "query" in entity)
    assert b64decode(as_text(query["query"])).decode() == hostile
    assert query["description"] == "Observation"
    assert "FAKE" not in write_json(event).decode()


def test_a_write_of_a_transaction_names_one_system_object() -> None:
    entities = objects(audit_event(WRITE._replace(query="transaction"))["entity"])
    assert [as_object(entity["type"])["code"] for entity in entities] == ["1", "2", "XrequestId"]


def test_of_a_token_only_its_end_is_written() -> None:
    event = audit_event(OTHERS["token"]._replace(token="S" * 40 + "t" * 32))
    assert "urn:ietf:params:oauth:jti:" + "t" * 32 in write_json(event).decode()
    assert "St" not in write_json(event).decode()
