"""The pages of the access log, for the municipality's auditors and officers (U4)."""

import json
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from hub.context import instant
from hub.edge import doors_of
from hub.errors import Malformed
from hub.interactions.access_log import AccessLog
from hub.interactions.audit_review import AuditRead
from hub.projections.audit_event import audit_event
from hub.store.registry import JST
from hub.store.sql import Value
from hub.web.audit_words import KINDS, fields, sentence
from hub.web.rendering import html
from hub.web.session import read

_FILTERS = ("from", "to", "organisation", "person", "patient", "outcome", "kind")


async def log(request: Request) -> Response:
    """``GET /audit``: who saw whose what, when, and by which rule."""
    asked = {name: request.query_params[name] for name in _FILTERS if request.query_params.get(name)}
    question = AccessLog(_where(request.query_params), request.query_params.get("before", ""), doors_of(request).seal)
    frame, page = await read(request, question)
    following = f"/audit?{urlencode({**asked, 'before': page.next})}" if page.next else ""
    told = [(record, sentence(record)) for record in page.log.records]
    kinds = {code: words for code, (words, _) in KINDS.items()}
    return html(
        "audit.html", frame, "アクセスの記録", page=page, told=told, asked=asked, kinds=kinds, following=following
    )


async def event(request: Request) -> Response:
    """``GET /audit/{id}``: one record in full, in words and as FHIR."""
    frame, record = await read(request, AuditRead(request.path_params["id"]))
    text = json.dumps(audit_event(record), ensure_ascii=False, indent=2)
    return html(
        "event.html", frame, "記録の一件", record=record, said=sentence(record), fields=fields(record), fhir=text
    )


def _where(asked: QueryParams) -> tuple[tuple[str, Value], ...]:
    """The filters of the form as those of the log; days are days in Japan, both included."""
    where: list[tuple[str, Value]] = []
    if asked.get("from"):
        where.append(("from", _midnight(asked["from"], 0)))
    if asked.get("to"):
        where.append(("to", _midnight(asked["to"], 1)))
    where += [(name, asked[name].strip()) for name in ("organisation", "person") if asked.get(name)]
    if asked.get("patient"):
        where.append(("patient", asked["patient"].strip().removeprefix("Patient/")))
    if asked.get("outcome") in ("refused", "allowed"):
        where.append(("refused", int(asked["outcome"] == "refused")))
    if asked.get("kind") in KINDS:
        where.append(("interactions", " ".join(KINDS[asked["kind"]][1])))
    return tuple(where)


def _midnight(day: str, later: int) -> str:
    try:
        return instant(datetime.combine(date.fromisoformat(day), time(), JST) + timedelta(days=later))
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{day!r} is not a day.") from error
