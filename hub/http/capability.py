"""``GET /fhir/metadata``: the CapabilityStatement, computed from the route table (FHIR R4 §5.4)."""

from functools import cache, lru_cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub import __version__
from hub.context import instant
from hub.edge import context_of, doors_of
from hub.http import answers
from hub.http.audit import PARAMETERS
from hub.interactions.patch import JSON_PATCH, MERGE_PATCH
from hub.interactions.receive import KEPT_BY_THE_HUB
from hub.notify import TOPICS
from hub.projections.operations import operation_of
from profiles import RESOURCE_TYPES, Parameter, parameters_of
from profiles.search import modifiers_of

_BULK_DATA = "http://hl7.org/fhir/uv/bulkdata"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport"
# Where an operation is defined that is not the hub's own to define.
_DEFINED = {
    "$export": f"{_BULK_DATA}/OperationDefinition/export",
    "Group/$export": f"{_BULK_DATA}/OperationDefinition/group-export",
    "Patient/$export": f"{_BULK_DATA}/OperationDefinition/patient-export",
    "Subscription/$events": f"{_BACKPORT}/OperationDefinition/backport-subscription-events",
    "Subscription/$status": f"{_BACKPORT}/OperationDefinition/backport-subscription-status",
}
_RESOURCE_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
_SYSTEM_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")


async def metadata(request: Request) -> Response:
    """What this hub does; open to everybody, as the standard asks."""
    answers.accept_json(request)
    # The table imports this module: what is mounted is read from the application.
    offered, today = frozenset(request.app.state.interactions), instant(context_of(request).now)[:10]
    statement = _written(doors_of(request).base_url, offered, today)
    return answers.fhir(statement, headers={"Access-Control-Allow-Origin": "*"})


@lru_cache(maxsize=1)
def _written(base_url: str, offered: frozenset[str], today: str) -> bytes:
    """The statement of a day: it says the same all day long, and is long."""
    return orjson.dumps(capability_statement(base_url, set(offered), today))


def capability_statement(base_url: str, offered: set[str], now: str) -> dict[str, object]:
    """The statement for the interactions that are mounted (``transaction``, ``read``, …)."""
    types = sorted(RESOURCE_TYPES - KEPT_BY_THE_HUB)
    system = [{"code": code} for code in _SYSTEM_INTERACTIONS if code in offered]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now,
        "kind": "instance",
        **({"instantiates": [f"{_BULK_DATA}/CapabilityStatement/bulk-data"]} if "$export" in offered else {}),
        "software": {"name": "Renkei Hub", "version": __version__},
        "implementation": {"description": "Renkei Hub", "url": f"{base_url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/json", "json"],
        **({"patchFormat": [JSON_PATCH, "application/fhir+json", MERGE_PATCH]} if "patch" in offered else {}),
        "rest": [
            {
                "mode": "server",
                "security": {
                    "extension": [_oauth_uris(base_url)],
                    "cors": False,
                    "service": [
                        {
                            "coding": [
                                {
                                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                                    "code": "SMART-on-FHIR",
                                }
                            ]
                        }
                    ],
                    "description": f"SMART Backend Services: POST {base_url}/oauth/token",
                },
                "resource": [*(_resource(type_, offered) for type_ in types), _ACCESS_LOG],
                "interaction": system,
                **_operations("", offered),
            }
        ],
    }


def _oauth_uris(base_url: str) -> dict[str, object]:
    """Where clients that do not read ``.well-known/smart-configuration`` look for the token endpoint (SMART 1)."""
    return {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "token", "valueUri": f"{base_url}/oauth/token"}],
    }


def _resource(type_: str, offered: set[str]) -> dict[str, object]:
    described: dict[str, object] = {
        "type": type_,
        "interaction": [{"code": code} for code in _RESOURCE_INTERACTIONS if code in offered],
        "versioning": "versioned",
        "readHistory": "vread" in offered,
        "updateCreate": False,
        "conditionalCreate": "create" in offered,
        "conditionalRead": "full-support" if "read" in offered else "not-supported",
        "conditionalUpdate": "conditional-update" in offered,
        "conditionalDelete": "single" if "conditional-delete" in offered else "not-supported",
        "referencePolicy": ["literal", "logical"],
        **(_searched(type_) if "search-type" in offered else {}),
    }
    return described | _operations(type_, offered) | (_TOPICS if type_ == "Subscription" else {})


def _searched(type_: str) -> dict[str, object]:
    """By what a type is searched, and what its resources can bring along."""
    parameters = parameters_of(type_)
    return {
        "searchInclude": ["*", *(f"{type_}:{one.name}" for one in parameters if _refers(one))],
        "searchRevInclude": ["*", *sorted(_referring().get(type_, []))],
        "searchParam": [{"name": one.name, "definition": one.definition, "type": one.kind} for one in parameters],
    }


def _refers(one: Parameter) -> bool:
    return "identifier" in modifiers_of(one)


@cache
def _referring() -> dict[str, list[str]]:
    """By type: the parameters, as ``Type:name``, that name it among their targets."""
    found: dict[str, list[str]] = {}
    for type_ in RESOURCE_TYPES - KEPT_BY_THE_HUB:
        for one in parameters_of(type_):
            for target in one.targets if _refers(one) else ():
                found.setdefault(target, []).append(f"{type_}:{one.name}")
    return found


def _operations(type_: str, offered: set[str]) -> dict[str, object]:
    """What is done for a type, or for the whole system (""), besides its interactions."""
    places = {type_, "{type}"} if type_ else {""}
    names = sorted(one for one in offered if "$" in one and one.rpartition("$")[0].rstrip("/") in places)
    listed = [{"name": name.rpartition("$")[2], "definition": _definition(type_, name)} for name in names]
    return {"operation": listed} if listed else {}


def _definition(type_: str, name: str) -> str:
    described = operation_of(type_, name.rpartition("$")[2])
    return _DEFINED[name] if described is None else described.url


# Subscriptions R5 Backport: what the Subscriptions of this hub can be on.
_TOPICS: dict[str, object] = {
    "supportedProfile": [f"{_BACKPORT}/StructureDefinition/backport-subscription"],
    "extension": [
        {
            "url": f"{_BACKPORT}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical",
            "valueCanonical": url,
        }
        for url in TOPICS
    ],
}
_ACCESS_LOG: dict[str, object] = {
    "type": "AuditEvent",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
    "searchParam": [{"name": name, "type": kind} for name, kind in PARAMETERS.items()],
}
