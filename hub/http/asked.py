"""What the URL and the headers of a FHIR request say, as the interactions want it."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias, get_args

from starlette.requests import Request

from hub.edge import query_pairs
from hub.errors import Malformed, NotSupported
from profiles import RESOURCE_TYPES, read_json, write_json
from profiles.resource import as_object
from profiles.subset import Summary, elements_only, summary_of

# How the answer is to look: no part of what is asked for.
OF_THE_ANSWER = frozenset({"_format", "_pretty"})
Shape: TypeAlias = Callable[[bytes], bytes]


def type_of(request: Request) -> str:
    """The resource type in the path.  Raises ``NotSupported`` (404)."""
    type_ = str(request.path_params["type"])
    if type_ not in RESOURCE_TYPES:
        raise NotSupported(f"{type_!r} is not a resource type of FHIR R4.", status=404)
    return type_


def condition_of(request: Request) -> tuple[tuple[str, str], ...]:
    """The search in the URL of a conditional interaction."""
    return tuple(pair for pair in query_pairs(request) if pair[0] not in OF_THE_ANSWER)


def if_match_of(request: Request) -> str:
    """The version that ``If-Match`` names, ``*`` for any, "" for none."""
    return request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')


def shape_of(pairs: list[tuple[str, str]]) -> Shape | None:
    """What ``_summary`` or ``_elements`` makes of a resource's bytes; ``None`` when it is sent as stored.

    Raises ``Malformed`` for both at once and for a value that there is not.
    """
    said = {name: value for name, value in pairs if name in ("_summary", "_elements")}
    summary, elements = said.get("_summary"), said.get("_elements")
    if summary is not None and elements is not None:
        raise Malformed("_summary and _elements cannot be asked for together.")
    if elements:
        names = [name.strip().rpartition(".")[2] for name in elements.split(",")]
        return lambda body: write_json(elements_only(as_object(read_json(body)), names))
    if summary is None or summary == "false":
        return None
    for known in get_args(Summary):
        if summary == known:
            return lambda body: write_json(summary_of(as_object(read_json(body)), known))
    raise Malformed(f"_summary of one resource takes {', '.join(get_args(Summary))}.")


def retry_of(request: Request, body: bytes) -> tuple[str, str]:
    """The Idempotency-Key, and a hash of all that makes the request what it is; both empty without a key."""
    key = request.headers.get("idempotency-key", "")
    if not key:
        return "", ""
    if len(key) > 255:
        raise Malformed("An Idempotency-Key has at most 255 characters.")
    digest = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body).hexdigest()
    return key, digest
