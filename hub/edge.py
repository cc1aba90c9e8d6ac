"""Reading requests: what the three edges (http, web, oauth) share."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from hub.auth.token import fingerprint
from hub.context import Context, Credential
from hub.doors import Doors
from hub.errors import Malformed, NotSupported, TooLarge, Unauthenticated

# What a caller may say of itself.  An emergency and a disaster are declared (CONSENT.md §6, §7), never just claimed.
PURPOSES = frozenset({"TREAT", "CAREMGT", "COC", "AUDIT"})
NO_TOKEN = "no-token"  # noqa: S105 - a reason in the log, no secret
PURPOSE_HEADER = "x-purpose-of-use"
FORM = "application/x-www-form-urlencoded"
MAX_FORM = 64 * 1024


def doors_of(request: Request) -> Doors:
    """The hub that this request came to."""
    doors = request.app.state.doors
    assert isinstance(doors, Doors)
    return doors


def context_of(request: Request) -> Context:
    """The request's constants; its id and instant are those that the middleware gave it."""
    context = request.state.context
    assert isinstance(context, Context)
    return context


def bearer(request: Request) -> Credential:
    """The access token of the request (RFC 6750 §2.1).

    Raises ``Unauthenticated`` without one, ``Malformed`` for one in the URL or an unknown purpose of use.
    """
    if "access_token" in request.query_params:
        raise Malformed("A token belongs in the Authorization header, never in the URL.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("A bearer token is needed: Authorization: Bearer <token>.", reason=NO_TOKEN)
    purpose = request.headers.get(PURPOSE_HEADER, "")
    if purpose and purpose not in PURPOSES:
        raise Malformed(f"{PURPOSE_HEADER} must be one of {', '.join(sorted(PURPOSES))}.")
    return Credential(fingerprint(token.strip()), purpose)


async def body_of(request: Request, limit: int) -> bytes:
    """The whole body.  Raises ``TooLarge`` as soon as it is longer than ``limit`` bytes."""
    declared = request.headers.get("content-length", "0")
    parts: list[bytes] = []
    size = int(declared) if declared.isdigit() else 0
    if size > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """The (name, value) pairs of the URL's query, in order.  Raises ``Malformed``."""
    return _pairs(request.url.query)


async def form_pairs(request: Request) -> list[tuple[str, str]]:
    """The pairs of a posted form.  Raises ``Malformed``, ``TooLarge``, ``NotSupported`` (415)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise NotSupported(f"Send Content-Type: {FORM}.", status=415)
    body = await body_of(request, MAX_FORM)
    return _pairs(body.decode("utf-8", "surrogateescape"))


def _pairs(form: str) -> list[tuple[str, str]]:
    try:
        form.encode()
        pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError as error:
        raise Malformed(f"The query cannot be read: {error}") from error
    if any("\0" in text for pair in pairs for text in pair):
        raise Malformed("The query cannot be read: U+0000 is not allowed.")
    return pairs
