"""``/openapi.json``: the doors outside ``/fhir``, with what they take and every answer that they give (OpenAPI 3.1).

FHIR describes itself at ``/fhir/metadata``.  A door that is mounted and not described here is a ``KeyError`` at start.
"""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from connectors.registry import FORMATS
from hub import __version__
from hub.edge import FORM, PURPOSE_HEADER, PURPOSES

Described: TypeAlias = dict[str, object]


class Mounted(Protocol):
    """What is described of a door."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def summary(self) -> str: ...


def description(doors: Iterable[Mounted]) -> Described:
    """The OpenAPI document of ``doors``.  Raises ``KeyError`` for one that is not known here."""
    paths: dict[str, Described] = {}
    for door in doors:
        said = {"summary": door.summary, **_OPERATIONS[door.method, door.path]}
        paths.setdefault(door.path, {})[door.method.lower()] = said
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Renkei Hub",
            "version": __version__,
            "description": "What is not FHIR. The FHIR R4 API of the same hub describes itself at /fhir/metadata.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "securitySchemes": {"bearer": _BEARER}},
    }


def _schema(name: str) -> Described:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(values: Iterable[str]) -> Described:
    return {"type": "string", "enum": sorted(values)}


def _object(required: Described, **others: Described) -> Described:
    return {"type": "object", "required": list(required), "properties": {**required, **others}}


def _text(description: str) -> Described:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string", "minLength": 1}}}}


def _answer(description: str, schema: Described, media_type: str = "application/json", *headers: str) -> Described:
    said: Described = {"description": description, "content": {media_type: {"schema": schema}}}
    named = {name: {"schema": {"type": "string"}, "required": True} for name in (*headers, "X-Request-Id")}
    return {**said, "headers": named}


_REFUSALS = {
    "400": "not readable, or not what this door takes",
    "401": "no token, or not a living one",
    "403": "the caller may not do this",
    "404": "no such thing, or none that the caller may know of",
    "409": "two answers are possible",
    "412": "a condition matches more than one",
    "413": "the body is too large",
    "415": "the body is in an encoding that is not taken",
    "422": "readable, but not valid",
    "429": "too many requests or attempts",
    "503": "not now; try again",
}
_HEADERS_OF = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}


def _refusals(codes: str, schema: str, media_type: str) -> Described:
    return {
        code: _answer(_REFUSALS[code], _schema(schema), media_type, *_HEADERS_OF.get(code, ()))
        for code in codes.split()
    }


def _parameter(place: str, name: str, schema: Described, description: str, *, required: bool = False) -> Described:
    return {"in": place, "name": name, "required": required, "schema": schema, "description": description}


_FHIR = "application/fhir+json"
_STRING: Described = {"type": "string"}
_TEXT: Described = {"type": "string", "pattern": r"^[^\u0000]*$"}
_STRING_OR_NULL: Described = {"type": ["string", "null"]}
_DATE: Described = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
_PURPOSE = _parameter("header", "X-Purpose-Of-Use", _one_of(PURPOSES), "why, when it is not the caller's usual purpose")
assert PURPOSE_HEADER == "x-purpose-of-use"
_BEARER: Described = {"type": "http", "scheme": "bearer", "description": "The access_token of POST /oauth/token."}
_SIGNED_IN: Described = {"security": [{"bearer": []}]}

_SCHEMAS: Described = {
    "Problem": _object(  # RFC 9457
        {"type": _STRING, "title": _STRING, "status": {"type": "integer", "minimum": 400, "maximum": 599}}
    ),
    "OAuthError": _object({"error": _STRING}, error_description=_STRING),  # RFC 6749 §5.2
    "Token": _object(
        {
            "access_token": _STRING,
            "token_type": {"const": "bearer"},
            "expires_in": {"type": "integer", "minimum": 1},
            "scope": _STRING,
        }
    ),
    "OperationOutcome": _object(
        {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {
                "type": "array",
                "minItems": 1,
                "items": _object(
                    {"severity": _one_of(("error", "warning", "information")), "code": _STRING},
                    diagnostics=_STRING,
                    expression={"type": "array", "items": _STRING},
                ),
            },
        }
    ),
    "Bundle": _object(
        {
            "resourceType": {"const": "Bundle"},
            "type": {"const": "transaction-response"},
            "entry": {"type": "array", "items": _object({"response": _object({"status": _STRING})})},
        }
    ),
    "Feed": _object(
        {"items": {"type": "array", "items": _schema("Item")}, "next": _STRING, "more": {"type": "boolean"}}
    ),
    "Item": _object(
        {
            "id": _STRING,
            "patient": _object({"id": _STRING, "name": _STRING_OR_NULL}),
            **dict.fromkeys(("category", "scene", "change", "occurred", "recorded", "title", "text"), _STRING),
            "organisation": _object(dict.fromkeys(("id", "name", "kind"), _STRING)),
            "author": _object({"profession": _STRING_OR_NULL, "name": _STRING_OR_NULL}),
            "resource": {"type": "string", "description": "Type/id/_history/version, below /fhir/"},
            "link": _STRING_OR_NULL,
        }
    ),
}

_TOKEN_FORM = _object(
    {
        "grant_type": {"const": "client_credentials"},
        "scope": {"type": "string", "minLength": 1, "examples": ["system/*.rs"]},
        "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
        "client_assertion": {"type": "string", "minLength": 1, "description": "a signed JWT, RS384 or ES384"},
    },
    client_id=_STRING,
)

_OF_A_FEED = (
    _parameter("query", "patient", _TEXT, "the id of a Patient; without it, of everybody in my care"),
    _parameter("query", "category", _TEXT, "alternatives, separated by commas"),
    _parameter("query", "scene", _TEXT, "alternatives, separated by commas"),
    _parameter("query", "organisation", _TEXT, "alternatives, separated by commas"),
    _parameter("query", "change", _TEXT, "new, amended, retracted"),
    _parameter("query", "from", _DATE, "when it happened, from"),
    _parameter("query", "to", _DATE, "when it happened, to, with all of that day or minute"),
    _parameter("query", "since", _TEXT, "the next of an earlier answer: only what became known after it"),
    _parameter("query", "count", {"type": "integer", "minimum": 1, "maximum": 200}, "20 when not given"),
    _PURPOSE,
)

_OPERATIONS: dict[tuple[str, str], Described] = {
    ("GET", "/healthz"): {"operationId": "healthz", "responses": {"200": _text("alive")}},
    ("GET", "/readyz"): {
        "operationId": "readyz",
        "responses": {"200": _text("ready"), "503": _text("the store does not answer")},
    },
    ("GET", "/metrics"): {"operationId": "metrics", "responses": {"200": _text("counts, with no name of a person")}},
    ("POST", "/oauth/token"): {
        "operationId": "token",
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": {**_TOKEN_FORM, "additionalProperties": _STRING}}},
        },
        "responses": {
            "200": _answer("a token of five minutes", _schema("Token")),
            **_refusals("400 413 415", "OAuthError", "application/json"),
            "401": _answer("the client is not who it says", _schema("OAuthError")),
            "429": _answer(_REFUSALS["429"], _schema("OAuthError"), "application/json", "Retry-After"),
            "503": _answer(_REFUSALS["503"], _schema("OAuthError")),
        },
    },
    ("POST", "/ingest/{format}"): {
        "operationId": "ingest",
        **_SIGNED_IN,
        "parameters": [
            _parameter("path", "format", _one_of(FORMATS), "the format of the file", required=True),
            _parameter("query", "patient", _TEXT, "whose file it is: Patient/id or system|value"),
            _parameter("query", "file-name", _TEXT, "the sender's name of the file"),
            _parameter(
                "header",
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 255},
                "the same for every retry of the same push",
                required=True,
            ),
            _PURPOSE,
        ],
        "requestBody": {
            "required": True,
            "content": {one: {} for format_ in FORMATS.values() for one in format_.media_types},
        },
        "responses": {
            "200": _answer("stored whole; the last entry says what was not mapped", _schema("Bundle"), _FHIR),
            **_refusals("400 401 403 404 409 412 413 415 422 429 503", "OperationOutcome", _FHIR),
        },
    },
    ("GET", "/feed"): {
        "operationId": "feed",
        **_SIGNED_IN,
        "parameters": list(_OF_A_FEED),
        "responses": {
            "200": _answer("oldest known first", _schema("Feed")),
            **_refusals("400 401 403 404 429 503", "Problem", "application/problem+json"),
        },
    },
    ("GET", "/feed/stream"): {
        "operationId": "stream",
        **_SIGNED_IN,
        "parameters": [
            *_OF_A_FEED,
            _parameter("header", "Last-Event-ID", _TEXT, "the id of the last event: goes before since"),
        ],
        "responses": {
            "200": _answer(
                "events `item`, the data of each an Item: without since and Last-Event-ID those from now on,"
                " with an empty since all; an event `end` says why it ends",
                _STRING,
                "text/event-stream",
            ),
            **_refusals("400 401 403 404 429 503", "Problem", "application/problem+json"),
        },
    },
}
