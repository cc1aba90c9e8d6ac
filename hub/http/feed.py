"""``GET /feed`` (DESIGN §6)."""

import re
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of, query_pairs
from hub.errors import Malformed
from hub.interactions.feed import Feed
from hub.interactions.wanted import FILTERS, Wanted
from profiles.instants import in_japan, instants_of

MAX_COUNT = 200
_NAMES = FILTERS | {"patient", "from", "to", "since", "count"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")


def wanted(pairs: list[tuple[str, str]]) -> Wanted:
    """The feed that a query asks for.  Raises ``Malformed`` for a parameter or a value that is not one of ours."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _NAMES:
            raise Malformed(f"/feed has no parameter {name!r}; it has {', '.join(sorted(_NAMES))}.")
        if name in given:
            raise Malformed(f"{name} is given twice; put alternatives in one, separated by commas.")
        given[name] = value
    count = given.get("count", "20")
    if not (count.isascii() and count.isdigit() and len(count) <= len(str(MAX_COUNT)) and 1 <= int(count) <= MAX_COUNT):
        raise Malformed(f"count is a number from 1 to {MAX_COUNT}.")
    for name in ("from", "to"):
        if name in given and not (_DATE.fullmatch(given[name]) and instants_of(given[name])):
            raise Malformed(f"{name} is a date such as 2026-11-20 or 2026-11-20T09:00:00+09:00.")
    return Wanted(
        patient=given.get("patient", "").removeprefix("Patient/"),
        filters=tuple((name, tuple(given[name].split(","))) for name in sorted(FILTERS & given.keys())),
        from_=in_japan(given.get("from", "")),
        to=in_japan(given.get("to", "")),
        since=given.get("since", ""),
        count=int(count),
    )


def question_of(request: Request) -> Feed:
    """What a request for a feed asks; of its query, the log has all but the cursor.  Raises ``Malformed``."""
    pairs = query_pairs(request)
    asked = urlencode([pair for pair in pairs if pair[0] != "since"])
    path = request.scope["path"][1:]
    return Feed(wanted(pairs), f"{path}?{asked}" if asked else path, doors_of(request).seal)


async def feed(request: Request) -> Response:
    """One page of the timeline."""
    page = await doors_of(request).read(bearer(request), question_of(request), context_of(request))
    body = orjson.dumps({"items": page.items, "next": page.next, "more": page.more})
    return Response(body, media_type="application/json")
