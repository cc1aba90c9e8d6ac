"""``GET /fhir/metadata``: the CapabilityStatement, computed from the route table (FHIR R4 §5.4)."""

from starlette.requests import Request
from starlette.responses import Response

from hub import __version__
from hub.context import instant
from hub.edge import context_of, doors_of
from hub.http import answers
from hub.http.audit import PARAMETERS
from hub.interactions.receive import KEPT_BY_THE_HUB
from profiles import RESOURCE_TYPES, parameters_of
from profiles.canonical import BASE

_RESOURCE_INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")


async def metadata(request: Request) -> Response:
    """What this hub does; open to everybody, as the standard asks."""
    answers.accept_json(request)
    # The table imports this module: what is mounted is read from the application.
    offered = set(request.app.state.interactions)
    statement = capability_statement(doors_of(request).base_url, offered, instant(context_of(request).now))
    return answers.fhir(statement, headers={"Access-Control-Allow-Origin": "*"})


def capability_statement(base_url: str, offered: set[str], now: str) -> dict[str, object]:
    """The statement for the interactions that are mounted (``transaction``, ``read``, …)."""
    types = sorted(RESOURCE_TYPES - KEPT_BY_THE_HUB)
    system = [{"code": code} for code in ("transaction", "batch") if code in offered]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now,
        "kind": "instance",
        "software": {"name": "Renkei Hub", "version": __version__},
        "implementation": {"description": "Renkei Hub", "url": f"{base_url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {
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
            }
        ],
    }


def _resource(type_: str, offered: set[str]) -> dict[str, object]:
    described: dict[str, object] = {
        "type": type_,
        "interaction": [{"code": code} for code in _RESOURCE_INTERACTIONS if code in offered],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "local"],
        "searchParam": [{"name": one.name, "type": one.kind} for one in parameters_of(type_)],
    }
    if type_ == "Patient" and "operation" in offered:
        described["operation"] = [{"name": "handoff", "definition": f"{BASE}/OperationDefinition/handoff"}]
    return described


_ACCESS_LOG: dict[str, object] = {
    "type": "AuditEvent",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
    "searchParam": [{"name": name, "type": kind} for name, kind in PARAMETERS.items()],
}
