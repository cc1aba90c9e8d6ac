"""An audit record as a FHIR R4 AuditEvent after IHE ITI BALP (Basic Audit Log Patterns).

Which profile an event claims, and where ours says more than BALP asks: docs/audit.md.
"""

from base64 import b64encode
from urllib.parse import urlsplit

from hub.projections.audit_event.kinds import BALP, DICOM, Kind, coding, kind_of
from hub.projections.audit_event.record import AuditRecord
from hub.projections.wording import plain
from profiles.canonical import BASE, PROFESSION
from profiles.resource import Json, Resource

_CLIENT = f"{BASE}/NamingSystem/client"
_GRANT = f"{BASE}/CodeSystem/audit-entity"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_OBJECT = coding(_ENTITY_TYPES, "2", "System Object")
_HUB: Resource = {"reference": "Device/hub"}

_SOURCE = coding(DICOM, "110153", "Source Role ID")
_DESTINATION = coding(DICOM, "110152", "Destination Role ID")
_APPLICATION = coding(DICOM, "110150", "Application")
_AUTHORISER = coding(
    "http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver", "authorization server"
)
_PARTS = {
    "client-receives": (_DESTINATION, _SOURCE),
    "client-sends": (_SOURCE, _DESTINATION),
    "application": (
        _APPLICATION,
        coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian"),
    ),
    "token": (_APPLICATION, coding(f"{BALP}/CodeSystem/UserAgentTypes", "AuthzOauthService")),
    "security": (_APPLICATION, _AUTHORISER),
}


def audit_event(record: AuditRecord) -> Resource:
    """The AuditEvent of ``record``.  It names who, whose, what and by which rule; never what stood in it."""
    kind = kind_of(record.interaction)
    profile = _profile(record, kind)
    event: Resource = {"resourceType": "AuditEvent", "id": record.id}
    if profile:
        event["meta"] = {"profile": [f"{BALP}/StructureDefinition/IHE.BasicAudit.{profile}"]}
    event |= {
        "type": kind.type,
        "subtype": list(kind.subtype),
        "action": kind.action,
        "recorded": record.recorded,
        "outcome": record.outcome,
    }
    if record.reason:
        event["outcomeDesc"] = plain(record.reason)
    if kind.shape == "grant":
        event["purposeOfEvent"] = [{"coding": [coding(_REASONS, "BTG", "break the glass")]}]
    event["agent"] = _agents(record, kind)
    event["source"] = _source(record, kind)
    entities = _entities(record, kind, profile)
    return event | {"entity": entities} if entities else event


def _profile(record: AuditRecord, kind: Kind) -> str:
    """The BALP profile whose every demand the record meets, ``""`` when there is none.

    BALP describes successes about one resource or one query, and decisions that a consent made for a known user.
    """
    if kind.shape == "decision":
        complete = record.patient and record.person and record.organisation and _consents(record)
        return "AuthZconsent" if complete and record.address else ""
    whole = kind.profile and record.outcome == "0" and record.address
    if not whole or (kind.shape == "data" and len(record.what) != 1):
        return ""
    return f"Patient{kind.profile}" if record.patient else kind.profile


# --- agents -------------------------------------------------------------------------------------


def _agents(record: AuditRecord, kind: Kind) -> list[Json]:
    client_type, server_type = _PARTS[kind.parts]
    server = _agent(server_type, _HUB)
    if kind.parts != "security":
        server["network"] = {"address": record.site, "type": "5"}
    agents: list[Json] = [_client(record, client_type)]
    if kind.parts != "security":
        agents.append(server)
    if record.person:
        agents.append(_user(record, kind))
    if record.organisation:
        agents.append(_organisation(record))
    if kind.parts == "security":
        agents.append(server)
    return agents


def _agent(kind: Resource, who: Resource, *, requestor: bool = False) -> Resource:
    return {"type": {"coding": [kind]}, "who": who, "requestor": requestor}


def _client(record: AuditRecord, kind: Resource) -> Resource:
    """The program that asked; the hub's own pages have no client id.  Without a person, it is the requestor."""
    who: Resource = {"identifier": {"system": _CLIENT, "value": record.system or "pages"}}
    agent = _agent(kind, who, requestor=not record.person)
    if record.address:
        agent["network"] = {"address": record.address, "type": "2"}
    return agent if record.person else agent | _authority(record)


def _user(record: AuditRecord, kind: Kind) -> Resource:
    part = coding(_PARTICIPATION, "AUT", "author") if kind.writes else coding(
        _PARTICIPATION, "IRCP", "information recipient"
    )  # fmt: skip
    agent = _agent(part, {"reference": f"Practitioner/{record.person}"}, requestor=True)
    if record.person_name:
        agent["name"] = plain(record.person_name)
    if record.profession:
        agent["role"] = [{"coding": [coding(PROFESSION, record.profession)]}]
    return agent | _authority(record)


def _authority(record: AuditRecord) -> Resource:
    """By what right the requestor acted: the token, the rules that decided, the purpose of use."""
    token = [f"urn:ietf:params:oauth:jti:{record.token[-32:]}"] if record.token else []
    authority: Resource = {}
    if token or record.rules:
        authority["policy"] = [*token, *record.rules]
    if record.purpose:
        authority["purposeOfUse"] = [{"coding": [coding(_REASONS, record.purpose)]}]
    return authority


def _organisation(record: AuditRecord) -> Resource:
    who: Resource = {"reference": f"Organization/{record.organisation}"}
    if record.organisation_name:
        who["display"] = plain(record.organisation_name)
    return _agent(coding("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", "healthcare provider"), who)


def _source(record: AuditRecord, kind: Kind) -> Resource:
    decides = kind.shape in ("decision", "token")
    code, display = ("6", "Security Server") if decides else ("4", "Application Server")
    return {
        "site": urlsplit(record.site).netloc or record.site,
        "observer": _HUB,
        "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", code, display)],
    }


# --- entities -----------------------------------------------------------------------------------


def _entities(record: AuditRecord, kind: Kind, profile: str) -> list[Json]:
    """Whose, what, asked how, and the request id.

    AuthZconsent takes only the patient and the consents: there the patient carries the request id.  Under another
    profile the data is the one System Object, so that the question stands only in a query and where none is claimed.
    """
    closed = profile == "AuthZconsent"
    entities: list[Json] = []
    if record.patient:
        patient = _patient(record.patient)
        if closed and record.request_id:
            patient["detail"] = [{"type": "X-Request-Id", "valueString": record.request_id}]
        entities.append(patient)
    if kind.shape == "data":
        entities += [_data(reference) for reference in record.what]
    elif kind.shape == "decision":
        entities += [_consent(rule) for rule in _consents(record)]
    elif kind.shape == "grant":
        entities += [_grant(one) for one in record.what]
    if kind.shape == "query" or (record.query and not profile):
        entities.append(_query(record.query))
    if kind.shape == "token" and record.token:
        entities.append(_issued(record.token[-32:]))
    if record.request_id and not closed:
        entities.append(_request(record.request_id))
    return entities


def _patient(patient: str) -> Resource:
    return {
        "what": {"reference": f"Patient/{patient}"},
        "type": coding(_ENTITY_TYPES, "1", "Person"),
        "role": coding(_OBJECT_ROLES, "1", "Patient"),
    }


def _data(shown: str) -> Resource:
    role = coding(_OBJECT_ROLES, "4", "Domain Resource")
    type_, many, versions = shown.partition("?versions=")
    if not many:
        return {"what": {"reference": shown}, "type": _OBJECT, "role": role}
    named: list[Json] = [{"type": "version", "valueString": one} for one in versions.split(",")]
    return {"type": _OBJECT, "role": role, "description": f"{type_} ({len(named)})", "detail": named}


def _query(query: str) -> Resource:
    """The request in base64, so that what a stranger typed is kept and never read as anything else."""
    encoded = b64encode(query.encode()).decode()
    entity: Resource = {"type": _OBJECT, "role": coding(_OBJECT_ROLES, "24", "Query"), "query": encoded}
    path = plain(query.partition("?")[0])
    return entity | {"description": path} if path else entity


def _consents(record: AuditRecord) -> list[str]:
    return [rule for rule in record.rules if rule.startswith("Consent/")]


def _consent(rule: str) -> Resource:
    return {"what": {"reference": rule}, "type": coding("http://hl7.org/fhir/resource-types", "Consent", "Consent")}


def _grant(grant: str) -> Resource:
    return {"what": {"identifier": {"value": grant}}, "type": coding(_GRANT, "btg-grant")}


def _issued(jti: str) -> Resource:
    who: Resource = {"identifier": {"value": f"urn:ietf:params:oauth:jti:{jti}"}}
    return {"what": who, "type": _OBJECT, "role": coding(_OBJECT_ROLES, "13", "Security Resource")}


def _request(request_id: str) -> Resource:
    kind = coding(f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId")
    return {"what": {"identifier": {"value": request_id}}, "type": kind}
