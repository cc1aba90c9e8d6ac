"""Answers in FHIR's form: headers, OperationOutcome, Bundles made of stored bytes (FHIR R4 §3.1.0)."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.draft import Written
from hub.errors import HubError, Malformed, NotSupported, Problem
from profiles.issues import Issue

FHIR_JSON = "application/fhir+json; charset=utf-8"
_ACCEPTED = frozenset({"*/*", "application/*", "application/json", "application/fhir+json", "text/json", "json"})
_SENT = frozenset({"application/fhir+json", "application/json", "text/json"})
_BOXES = {"error": "error", "warning": "warning"}


def fhir(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A FHIR answer; ``content`` is bytes as stored, or values (``orjson.Fragment`` for stored bytes inside)."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, status, headers, media_type=FHIR_JSON)


def version_headers(version: str, recorded: str) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    moment = datetime.fromisoformat(recorded)
    return {"ETag": f'W/"{version}"', "Last-Modified": format_datetime(moment, usegmt=True)}


def outcome(problems: Iterable[Problem]) -> dict[str, object]:
    """An OperationOutcome (FHIR R4 §2.28)."""
    issues = [
        {
            "severity": _BOXES.get(problem.severity, "information"),
            "code": problem.code,
            "diagnostics": problem.text,
            **({"expression": [problem.place]} if problem.place else {}),
        }
        for problem in problems
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}


def findings(issues: Iterable[Issue]) -> dict[str, object]:
    """What validation found worth a warning, as an OperationOutcome."""
    return outcome(Problem(one.severity, "invariant", one.path, f"{one.text} [{one.rule}]") for one in issues)


# 401 says how to sign in; 503 says when to come back.
REFUSAL_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="renkei"'}, 503: {"Retry-After": "1"}}


def refusal(error: HubError) -> Response:
    """The answer to an error, as an OperationOutcome."""
    return fhir(outcome(error.outcome()), error.status, REFUSAL_HEADERS.get(error.status))


def problem(error: HubError) -> Response:
    """The answer to an error where nothing is FHIR (RFC 9457)."""
    content = {"type": "about:blank", "title": error.text, "status": error.status}
    headers = REFUSAL_HEADERS.get(error.status)
    return Response(orjson.dumps(content), error.status, headers, media_type="application/problem+json")


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names this version: a list of tags, weakly compared, or ``*`` (RFC 9110 §13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or etag.removeprefix("W/") in named


def accept_json(request: Request) -> None:
    """Raises ``NotSupported`` (406) when the client wants something that is not JSON."""
    wanted = request.query_params.get("_format", "")
    if wanted:
        if wanted.split(";")[0].strip().replace(" ", "+") not in _ACCEPTED:
            raise NotSupported("Only JSON is served here: application/fhir+json.", status=406)
        return
    accept = request.headers.get("accept", "*/*")
    if not any(part.split(";")[0].strip().lower() in _ACCEPTED for part in accept.split(",")):
        raise NotSupported("Only JSON is served here: application/fhir+json.", status=406)


def sent_json(request: Request) -> None:
    """Raises ``NotSupported`` (415) when the body is not declared as UTF-8 JSON."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() not in _SENT:
        raise NotSupported("Send Content-Type: application/fhir+json.", status=415)
    charset = parameters.partition("charset=")[2].strip().strip('"').lower()
    if charset not in ("", "utf-8", "utf8"):
        raise NotSupported("Send the body in UTF-8.", status=415)


def returning(request: Request) -> str:
    """What ``Prefer: return=`` asks for: minimal, representation or OperationOutcome (FHIR R4 §3.1.0.1.6)."""
    for preference in re.split("[,;]", request.headers.get("prefer", "")):
        name, _, value = preference.strip().partition("=")
        if name == "return":
            if value not in ("minimal", "representation", "OperationOutcome"):
                raise Malformed("Prefer: return= takes minimal, representation or OperationOutcome.")
            return value
    return "representation"


def written_entry(written: Written, *, base: str) -> dict[str, object]:
    """One entry of a transaction-response or batch-response."""
    words = {200: "200 OK", 201: "201 Created", 204: "204 No Content"}
    if not written.id:
        return {"response": {"status": words[written.status]}}
    response: dict[str, object] = {
        "status": words[written.status],
        "location": written.location,
        "etag": f'W/"{written.version}"',
        "lastModified": written.recorded,
    }
    if written.findings:
        response["outcome"] = findings(written.findings)
    full = {"fullUrl": f"{base}/fhir/{written.type}/{written.id}"} if written.status != 204 else {}
    return {**full, "response": response}


def searchset(
    base: str, type_: str, entries: Sequence[tuple[str, bytes]], total: int | None, self_url: str, next_url: str | None
) -> dict[str, object]:
    """A searchset Bundle around stored bytes."""
    links = [{"relation": "self", "url": self_url}]
    if next_url:
        links.append({"relation": "next", "url": next_url})
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        bundle["total"] = total
    bundle["link"] = links
    if entries:
        bundle["entry"] = [
            {
                "fullUrl": f"{base}/fhir/{type_}/{id_}",
                "resource": orjson.Fragment(body),
                "search": {"mode": "match"},
            }
            for id_, body in entries
        ]
    return bundle


def is_under(base_url: str, path: str) -> bool:
    """Whether a request path belongs to the FHIR door of ``base_url``."""
    root = urlsplit(base_url).path.rstrip("/")
    return path.startswith((f"{root}/fhir", f"{root}/ingest"))
