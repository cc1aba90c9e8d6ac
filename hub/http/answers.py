"""Answers in FHIR's form: headers, OperationOutcome, Bundles made of stored bytes (FHIR R4 §3.1.0)."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.draft import Written
from hub.errors import HubError, Malformed, NotSupported, Problem, TooMany
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


_STORED = Problem("information", "informational", "", "Stored; nothing was found worth a warning.")


def findings(issues: Iterable[Issue]) -> dict[str, object]:
    """What validation found worth a warning, as an OperationOutcome; one line that says so when it found nothing."""
    found = [Problem(one.severity, "invariant", one.path, f"{one.text} [{one.rule}]") for one in issues]
    return outcome(found or [_STORED])


# 401 says how to sign in; 503 says when to come back.
REFUSAL_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="renkei"'}, 503: {"Retry-After": "1"}}


def refusal(error: HubError) -> Response:
    """The answer to an error, as an OperationOutcome."""
    return fhir(outcome(error.outcome()), error.status, _headers(error))


def problem(error: HubError) -> Response:
    """The answer to an error where nothing is FHIR (RFC 9457)."""
    content = {"type": "about:blank", "title": error.text, "status": error.status}
    return Response(orjson.dumps(content), error.status, _headers(error), media_type="application/problem+json")


def _headers(error: HubError) -> dict[str, str] | None:
    if isinstance(error, TooMany):
        return error.headers
    return REFUSAL_HEADERS.get(error.status)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names this version: a list of tags, weakly compared, or ``*`` (RFC 9110 §13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in named or etag.removeprefix("W/") in named


def is_unchanged(request: Request, headers: dict[str, str]) -> bool:
    """Whether the client has this version already (RFC 9110 §13.2.2: a named tag goes before a time)."""
    tags = request.headers.get("if-none-match", "")
    if tags:
        return is_known(tags, headers["ETag"])
    moment = request.headers.get("if-modified-since")
    if moment is None:
        return False
    try:
        since = parsedate_to_datetime(moment)
    except ValueError:  # RFC 9110 §13.1.3: what is no date is not heeded
        return False
    return parsedate_to_datetime(headers["Last-Modified"]) <= since.replace(tzinfo=since.tzinfo or UTC)


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


def sent_json(request: Request, also: Collection[str] = ()) -> str:
    """The media type of the body: UTF-8 JSON, or one of ``also``.  Raises ``NotSupported`` (415) for any other."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    sent = media_type.strip().lower()
    if sent not in _SENT and sent not in also:
        raise NotSupported(f"Send Content-Type: {', '.join(['application/fhir+json', *also])}.", status=415)
    charset = parameters.partition("charset=")[2].strip().strip('"').lower()
    if charset not in ("", "utf-8", "utf8"):
        raise NotSupported("Send the body in UTF-8.", status=415)
    return sent


_PREFERENCES = {
    "return": ("minimal", "representation", "OperationOutcome"),
    "handling": ("strict", "lenient"),
}


def preferred(request: Request, name: str, otherwise: str) -> str:
    """What ``Prefer: return=`` or ``Prefer: handling=`` says (FHIR R4 §3.1.0.1.6, §3.1.1.2).  Raises ``Malformed``."""
    for preference in re.split("[,;]", request.headers.get("prefer", "")):
        word, _, value = preference.strip().partition("=")
        if word.strip().lower() == name:
            value = value.strip().strip('"')
            if value not in _PREFERENCES[name]:
                raise Malformed(f"Prefer: {name}= takes {', '.join(_PREFERENCES[name])}.")
            return value
    return otherwise


def written_entry(written: Written, *, base: str, returning: str = "minimal") -> dict[str, object]:
    """One entry of a transaction-response or batch-response; ``returning`` is what ``Prefer: return=`` says."""
    words = {200: "200 OK", 201: "201 Created", 204: "204 No Content"}
    if not written.id:
        return {"response": {"status": words[written.status]}}
    response: dict[str, object] = {
        "status": words[written.status],
        "location": written.location,
        "etag": f'W/"{written.version}"',
        "lastModified": written.recorded,
    }
    if written.findings or returning == "OperationOutcome":
        response["outcome"] = findings(written.findings)
    if written.status == 204:
        return {"response": response}
    entry: dict[str, object] = {"fullUrl": f"{base}/fhir/{written.type}/{written.id}"}
    if returning == "representation":
        entry["resource"] = orjson.Fragment(written.body)
    return {**entry, "response": response}


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
