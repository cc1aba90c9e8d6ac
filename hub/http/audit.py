"""``GET /fhir/AuditEvent``: the access log as FHIR, for the municipality's auditors (IHE BALP)."""

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of, query_pairs
from hub.errors import Malformed
from hub.http import answers
from hub.interactions.audit_review import AuditRead, AuditReview
from hub.projections.audit_event import audit_event
from hub.store.sql import Value
from profiles import write_json

# Search parameters of AuditEvent that are answered, and the column of the log that each reads.
_COLUMNS = {"patient": "patient", "outcome": "outcome", "agent": "person", "subtype": "interaction"}
PARAMETERS = {"patient": "reference", "agent": "reference", "outcome": "token", "subtype": "token", "date": "date"}
_PREFIXES = {"ge": "from", "lt": "to"}


async def search(request: Request) -> Response:
    """Newest first; ``patient``, ``agent`` (a person), ``outcome``, ``subtype``, ``date`` (ge, lt), ``_count``."""
    answers.accept_json(request)
    doors, asked = doors_of(request), query_pairs(request)
    where, count, before = _read(asked)
    page = await doors.read(bearer(request), AuditReview(where, before, count), context_of(request))
    here = f"{doors.base_url}/fhir/AuditEvent"
    entries = [(record.id, write_json(audit_event(record))) for record in page.records]
    rest = "&".join(f"{name}={value}" for name, value in asked if name != "_before")
    following = f"{here}?{rest}{'&' if rest else ''}_before={page.next}" if page.next else None
    return answers.fhir(answers.searchset(doors.base_url, "AuditEvent", entries, None, f"{here}?{rest}", following))


async def read(request: Request) -> Response:
    """One event."""
    answers.accept_json(request)
    record = await doors_of(request).read(bearer(request), AuditRead(request.path_params["id"]), context_of(request))
    return answers.fhir(write_json(audit_event(record)))


def _read(pairs: list[tuple[str, str]]) -> tuple[tuple[tuple[str, Value], ...], int, int | None]:
    where: list[tuple[str, Value]] = []
    count, before = 50, None
    for name, value in pairs:
        if name in _COLUMNS:
            where.append((_COLUMNS[name], value.rpartition("/")[2]))
        elif name == "date" and value[:2] in _PREFIXES:
            where.append((_PREFIXES[value[:2]], value[2:]))
        elif name in ("_count", "_before") and value.isascii() and value.isdigit():
            count, before = (min(int(value), 200), before) if name == "_count" else (count, int(value))
        elif name not in ("_format", "_pretty"):
            names = ", ".join([*sorted(_COLUMNS), "date=ge…", "date=lt…", "_count"])
            raise Malformed(f"AuditEvent has no search parameter {name}={value}; it has {names}.")
    return tuple(where), count, before
