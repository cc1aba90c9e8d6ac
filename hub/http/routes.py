"""The route table: method, path, interaction, function.  From it come the router and the CapabilityStatement,
so that ``/fhir/metadata`` cannot promise what is not mounted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp

from hub.http import (
    audit,
    bundles,
    capability,
    definitions,
    emergency,
    everything,
    export,
    feed,
    feed_stream,
    handoff,
    health,
    history,
    ingest,
    instance,
    match,
    meta,
    search,
    subscriptions,
    terminology,
    validate,
)
from hub.oauth import token

Endpoint: TypeAlias = Callable[[Request], Awaitable[ASGIApp]]
"""A function that answers: a ``Response``, or what says its answer little by little."""


@dataclass(frozen=True, slots=True)
class Door:
    """One route.  ``interaction`` is FHIR's code for what a resource type offers there, "" for what is no
    type's interaction; ``summary`` is for people who read the API's description."""

    method: str
    path: str
    interaction: str
    endpoint: Endpoint
    summary: str = ""


def _operation(methods: str, paths: str, endpoint: Endpoint, summary: str) -> tuple[Door, ...]:
    """The doors of one operation: every method on every path below ``/fhir/``."""
    doors = ((method, f"/fhir/{path}") for path in paths.split() for method in methods.split())
    return tuple(Door(method, path, "operation", endpoint, summary) for method, path in doors)


# Behind the doors of types and instances, with whose paths theirs cannot be mistaken.
_OPERATIONS: tuple[Door, ...] = (
    *_operation("POST", "Patient/{id}/$everything", everything.of_one, "all of one person"),
    *_operation("POST", "Patient/$everything", everything.of_all, "all of everybody whom one looks after"),
    *_operation("POST", "Patient/$export", export.of_patients, "Bulk Data: all whom one looks after"),
    *_operation("POST GET", "Group/{id}/$export", export.of_group, "Bulk Data: the members of a group"),
    Door("GET", "/fhir/$export/{id}/{file}", "", export.file, "one file of an export"),
    *_operation("POST", "Patient/$match", match.match, "who a record may be about, for the secretariat"),
    *_operation("POST", "Patient/$declare-emergency", emergency.declare_emergency, "emergency access to one person"),
    *_operation("POST", "{type}/$validate", validate.validate, "would this be taken?"),
    *_operation("POST GET", "{type}/{id}/$validate", validate.validate, "the same of a change, or of what is stored"),
    *_operation("GET", "{type}/{id}/$meta", meta.meta, "profiles, tags and labels"),
    *_operation("POST", "ValueSet/$expand", terminology.expand, "the codes of a value set"),
    *_operation("POST GET", "ValueSet/{id}/$expand", terminology.expand, "the codes of a value set"),
    *_operation("POST", "ValueSet/$validate-code", terminology.in_value_set, "is this code in it?"),
    *_operation("POST GET", "ValueSet/{id}/$validate-code", terminology.in_value_set, "is this code in it?"),
    *_operation("POST", "CodeSystem/$lookup", terminology.lookup, "what a code is called"),
    *_operation("POST", "CodeSystem/$validate-code", terminology.in_code_system, "is it one of its codes?"),
    *_operation("POST GET", "CodeSystem/{id}/$validate-code", terminology.in_code_system, "is it one of its codes?"),
)

FHIR: tuple[Door, ...] = (
    Door("GET", "/fhir/metadata", "", capability.metadata, "CapabilityStatement"),
    Door("GET", "/fhir/.well-known/smart-configuration", "", token.configuration, "SMART configuration"),
    Door("POST", "/fhir", "transaction", bundles.bundle, "transaction or batch"),
    Door("POST", "/fhir/", "batch", bundles.bundle, "transaction or batch"),
    Door("GET", "/fhir/AuditEvent", "", audit.search, "the access log, for auditors"),
    Door("GET", "/fhir/AuditEvent/{id}", "", audit.read, "one event of the access log, for auditors"),
    Door("POST", "/fhir/Patient/{id}/$handoff", "operation", handoff.handoff, "入院時情報提供書 as a document Bundle"),
    Door("GET", "/fhir/Patient/{id}/$everything", "operation", everything.of_one, "all of one person"),
    Door("GET", "/fhir/Patient/$everything", "operation", everything.of_all, "all of everybody whom one looks after"),
    Door("GET", "/fhir/ValueSet/$expand", "operation", terminology.expand, "the codes of a value set"),
    Door("GET", "/fhir/ValueSet/$validate-code", "operation", terminology.in_value_set, "is this code in it?"),
    Door("GET", "/fhir/CodeSystem/$lookup", "operation", terminology.lookup, "what a code is called"),
    Door("GET", "/fhir/CodeSystem/$validate-code", "operation", terminology.in_code_system, "is it one of its codes?"),
    Door("GET", "/fhir/$export", "operation", export.of_system, "Bulk Data: everything, for the municipality"),
    Door("POST", "/fhir/$export", "operation", export.of_system, "Bulk Data: everything, for the municipality"),
    Door("GET", "/fhir/Patient/$export", "operation", export.of_patients, "Bulk Data: all whom one looks after"),
    Door("GET", "/fhir/$export/{id}", "", export.status, "how far an export is, or its manifest"),
    Door("DELETE", "/fhir/$export/{id}", "", export.cancel, "an export ends here"),
    Door("GET", "/fhir/Subscription/$status", "operation", subscriptions.status, "how my subscriptions stand"),
    Door("POST", "/fhir/Subscription/$status", "operation", subscriptions.status, "how my subscriptions stand"),
    Door("GET", "/fhir/Subscription/{id}/$status", "operation", subscriptions.status, "how a subscription stands"),
    Door("POST", "/fhir/Subscription/{id}/$status", "operation", subscriptions.status, "how a subscription stands"),
    Door("GET", "/fhir/Subscription/{id}/$events", "operation", subscriptions.events, "events once more"),
    Door("POST", "/fhir/Subscription/{id}/$events", "operation", subscriptions.events, "events once more"),
    Door("GET", "/fhir/SubscriptionTopic", "", subscriptions.topics, "the topics of subscriptions"),
    Door("GET", "/fhir/SubscriptionTopic/{id}", "", subscriptions.topic, "a topic of subscriptions"),
    Door("GET", "/fhir/{type}/{id}/_history/{version}", "vread", instance.read),
    Door("GET", "/fhir/{type}/{id}/_history", "history-instance", history.instance),
    Door("GET", "/fhir/{type}/_history", "history-type", history.everything, "what was written when, for auditors"),
    Door("GET", "/fhir/_history", "history-system", history.everything, "what was written when, for auditors"),
    Door("POST", "/fhir/{type}/_search", "search-type", definitions.search),
    Door("GET", "/fhir/{type}/{id}", "read", definitions.read),
    Door("GET", "/fhir", "search-system", search.of_system, "search of several types, or of all"),
    Door("GET", "/fhir/", "search-system", search.of_system, "the same"),
    Door("POST", "/fhir/_search", "search-system", search.of_system, "the same, its conditions in the body"),
    Door("GET", "/fhir/{type}", "search-type", definitions.search),
    Door("POST", "/fhir/{type}", "create", instance.create),
    Door("PUT", "/fhir/{type}/{id}", "update", instance.update),
    Door("PUT", "/fhir/{type}", "update", instance.update),
    Door("PATCH", "/fhir/{type}/{id}", "patch", instance.patch),
    Door("PATCH", "/fhir/{type}", "patch", instance.patch),
    Door("DELETE", "/fhir/{type}/{id}", "delete", instance.delete),
    Door("DELETE", "/fhir/{type}", "delete", instance.delete),
    *_OPERATIONS,
    Door("GET", "/fhir/Patient/{id}/{type}", "search-type", search.of_compartment, "search in what is about a person"),
    Door("POST", "/fhir/Patient/{id}/{type}/_search", "search-type", search.of_compartment, "the same"),
)

OTHER: tuple[Door, ...] = (
    Door("GET", "/healthz", "", health.alive, "the process is alive"),
    Door("GET", "/readyz", "", health.ready, "the store takes work"),
    Door("GET", "/metrics", "", health.metrics, "Prometheus"),
    Door("POST", "/oauth/token", "", token.token, "SMART Backend Services: a signed assertion for an access token"),
    Door("POST", "/ingest/{format}", "", ingest.ingest, "a native file, converted and stored whole"),
    Door("GET", "/feed", "", feed.feed, "the timeline of one patient or of all of mine"),
    Door("GET", "/feed/stream", "", feed_stream.stream, "the same as it happens: server-sent events"),
)


def offered() -> frozenset[str]:
    """What is mounted: FHIR's codes of interactions, and each operation with where it is (``{type}/$meta``).

    A change without an id in its path is a conditional one: ``conditional-delete``.
    """
    operations = (
        door.path.removeprefix("/fhir/").replace("{id}/", "") for door in FHIR if door.interaction == "operation"
    )
    conditional = (
        f"conditional-{door.interaction}"
        for door in FHIR
        if door.path == "/fhir/{type}" and door.method in ("PUT", "PATCH", "DELETE")
    )
    return frozenset([*(door.interaction for door in FHIR if door.interaction), *operations, *conditional])
