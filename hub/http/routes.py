"""The route table: method, path, interaction, function.  From it come the router and the CapabilityStatement,
so that ``/fhir/metadata`` cannot promise what is not mounted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from hub.http import audit, capability, feed, fhir, handoff, health, ingest
from hub.oauth import token

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """One route.  ``interaction`` is FHIR's code for what a resource type offers there, "" for what is no
    type's interaction; ``summary`` is for people who read the API's description."""

    method: str
    path: str
    interaction: str
    endpoint: Endpoint
    summary: str = ""


FHIR: tuple[Door, ...] = (
    Door("GET", "/fhir/metadata", "", capability.metadata, "CapabilityStatement"),
    Door("GET", "/fhir/.well-known/smart-configuration", "", token.configuration, "SMART configuration"),
    Door("POST", "/fhir", "transaction", fhir.bundle, "transaction or batch"),
    Door("POST", "/fhir/", "batch", fhir.bundle, "transaction or batch"),
    Door("GET", "/fhir/AuditEvent", "", audit.search, "the access log, for auditors"),
    Door("GET", "/fhir/AuditEvent/{id}", "", audit.read, "one event of the access log, for auditors"),
    Door("POST", "/fhir/Patient/{id}/$handoff", "operation", handoff.handoff, "入院時情報提供書 as a document Bundle"),
    Door("GET", "/fhir/{type}/{id}/_history/{version}", "vread", fhir.read),
    Door("GET", "/fhir/{type}/{id}/_history", "history-instance", fhir.history),
    Door("POST", "/fhir/{type}/_search", "search-type", fhir.search),
    Door("GET", "/fhir/{type}/{id}", "read", fhir.read),
    Door("GET", "/fhir/{type}", "search-type", fhir.search),
    Door("POST", "/fhir/{type}", "create", fhir.create),
    Door("PUT", "/fhir/{type}/{id}", "update", fhir.update),
    Door("PUT", "/fhir/{type}", "update", fhir.update),
    Door("DELETE", "/fhir/{type}/{id}", "delete", fhir.delete),
)

OTHER: tuple[Door, ...] = (
    Door("GET", "/healthz", "", health.alive, "the process is alive"),
    Door("GET", "/readyz", "", health.ready, "the store takes work"),
    Door("GET", "/metrics", "", health.metrics, "Prometheus"),
    Door("POST", "/oauth/token", "", token.token, "SMART Backend Services: a signed assertion for an access token"),
    Door("POST", "/ingest/{format}", "", ingest.ingest, "a native file, converted and stored whole"),
    Door("GET", "/feed", "", feed.feed, "the timeline of one patient or of all of mine"),
)
