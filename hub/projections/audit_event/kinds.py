"""What kind of AuditEvent each interaction is: type, subtype, action, the part the client plays, BALP profile."""

from dataclasses import dataclass
from typing import Literal

from profiles.canonical import BASE
from profiles.resource import Resource

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
REST = "http://hl7.org/fhir/restful-interaction"
BALP = "https://profiles.ihe.net/ITI/BALP"
# What the hub does that is no FHIR interaction: feed, page, ingest, and operations by name.
AUDIT_INTERACTION = f"{BASE}/CodeSystem/audit-interaction"


def coding(system: str, code: str, display: str = "") -> Resource:
    """A Coding; without a display where the code says all."""
    named: Resource = {"display": display} if display else {}
    return {"system": system, "code": code} | named


_RESTFUL = coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation")
_AUTHENTICATION = coding(DICOM, "110114", "User Authentication")
_SECURITY_ALERT = coding(DICOM, "110113", "Security Alert")


@dataclass(frozen=True, slots=True)
class Kind:
    """``parts``: whom the data leaves and reaches (DICOM's roles); ``shape``: what its entities are."""

    type: Resource
    subtype: tuple[Resource, ...]
    action: Literal["C", "R", "U", "D", "E"]
    parts: Literal["client-receives", "client-sends", "application", "token", "security"]
    shape: Literal["data", "query", "token", "decision", "grant"] = "data"
    profile: str = ""

    @property
    def writes(self) -> bool:
        return self.action in ("C", "U", "D") or any(one["code"] in _WRITING for one in self.subtype)


_WRITING = ("transaction", "batch")
_ACTS = tuple(
    f"operation:{name}"
    for name in (
        *("care-team-", "consent-", "desk-", "review-"),
        *("declare-emergency", "end-emergency", "allow-emergency", "ask-about-access"),
        *(f"disaster-{act}" for act in ("declare", "confirm", "withdraw", "end", "go-on", "act")),
    )
)


def _read(code: str, profile: str = "") -> Kind:
    return Kind(_RESTFUL, (coding(REST, code, code),), "R", "client-receives", profile=profile)


def _query(code: str, *own: str) -> Kind:
    also = (coding(AUDIT_INTERACTION, one) for one in own)
    return Kind(_RESTFUL, (coding(REST, code, code), *also), "E", "client-sends", "query", "Query")


def _write(code: str, action: Literal["C", "U"], profile: str) -> Kind:
    return Kind(_RESTFUL, (coding(REST, code, code),), action, "client-sends", profile=profile)


def _executed(code: str, *own: str) -> Kind:
    also = (coding(AUDIT_INTERACTION, one) for one in own)
    return Kind(_RESTFUL, (coding(REST, code, code), *also), "E", "client-sends")


def _sign(code: str, display: str) -> Kind:
    return Kind(_AUTHENTICATION, (coding(DICOM, code, display),), "E", "security")


def _override(code: str, display: str) -> Kind:
    return Kind(_SECURITY_ALERT, (coding(DICOM, code, display),), "E", "security", "grant")


_KINDS = {
    "read": _read("read", "Read"),
    "vread": _read("vread", "Read"),
    "history-instance": _read("history-instance"),
    "history-type": _read("history-type"),
    "history-system": _read("history-system"),
    "search-type": _query("search-type"),
    "search-system": _query("search-system"),
    "feed": _query("search-system", "feed"),
    "create": _write("create", "C", "Create"),
    "update": _write("update", "U", "Update"),
    "patch": _write("patch", "U", "Update"),
    "delete": Kind(_RESTFUL, (coding(REST, "delete", "delete"),), "D", "application", profile="Delete"),
    "transaction": _executed("transaction"),
    "batch": _executed("batch"),
    "notification": Kind(_RESTFUL, (coding(AUDIT_INTERACTION, "notification"),), "R", "client-receives"),
    "notification-status": Kind(
        _RESTFUL,
        (coding(REST, "update", "update"), coding(AUDIT_INTERACTION, "notification-status")),
        "U",
        "application",
    ),
    "ingest": _executed("transaction", "ingest"),
    # Data that leaves for good is DICOM's Export (TRUST, disclosure out).
    "operation:export-file": Kind(
        coding(DICOM, "110106", "Export"),
        (coding(REST, "operation", "operation"), coding(AUDIT_INTERACTION, "export-file")),
        "R",
        "client-receives",
    ),
    "token": Kind(
        _AUTHENTICATION, (coding("urn:ihe:event-type-code", "ITI-71", "Get Access Token"),), "E", "token", "token"
    ),
    "sign-in": _sign("110122", "Login"),
    "sign-out": _sign("110123", "Logout"),
    "refusal": Kind(
        _SECURITY_ALERT, (coding(f"{BALP}/CodeSystem/AuthZsubType", "AuthZ-Consent"),), "E", "security", "decision"
    ),
    "clock-step": Kind(_SECURITY_ALERT, (coding(AUDIT_INTERACTION, "clock-step"),), "E", "security"),
    "operation:declare-emergency": _override("110127", "Emergency Override Started"),
    "operation:end-emergency": _override("110138", "Emergency Override Stopped"),
}


def acts(interaction: str) -> bool:
    """Whether it is meant to change something, and not to look at anything."""
    return kind_of(interaction).writes or interaction.startswith(_ACTS)


def kind_of(interaction: str) -> Kind:
    """The kind of an interaction; a word that is not in the table is an operation of that name."""
    return _KINDS.get(interaction) or _executed("operation", interaction.removeprefix("operation:"))
