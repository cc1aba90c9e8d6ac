"""The token endpoint: a signed assertion for an opaque token of five minutes (SMART Backend Services)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth import (
    SKEW,
    AssertionRefused,
    Client,
    InvalidScope,
    TokenRequestRefused,
    fingerprint,
    grant,
    new_token,
    read_assertion,
    read_jwks,
    read_token_request,
    smart_configuration,
    verify,
)
from hub.auth.form import MAX_FORM, TokenRequest
from hub.context import Caller, Context, instant
from hub.edge import body_of, context_of, doors_of
from hub.errors import HubError, Refused, TooMany, Unauthenticated
from hub.projections.rows import record
from hub.rates import SYSTEM
from hub.store import audit, registry, sign_ins
from hub.store.database import Tx
from profiles import read_json

LIFETIME = timedelta(seconds=300)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def token(request: Request) -> Response:
    """One sign-in of a system; every try is in the access log before it is answered."""
    doors, context = doors_of(request), context_of(request)
    try:
        body = await body_of(request, MAX_FORM)
        content_type = request.headers.get("content-type", "")
        asked = read_token_request(body, content_type=content_type, query=request.url.query)
    except TokenRequestRefused as error:
        kind = error.error
        await doors.run(lambda tx: _log(tx, context, "", "4", kind))
        return _error(kind, error.description, 401 if kind == "invalid_client" else 400)
    except HubError as error:
        return _error("invalid_request", error.text, error.status)
    secret = new_token(doors.random)
    audiences, rates = (f"{doors.base_url}/oauth/token",), doors.rates
    claimed = f"{SYSTEM}{_claimed(asked)}"
    reached = rates.reached(claimed, (), context.now)
    try:
        scope = await doors.run(
            lambda tx: issue(tx, asked, secret, audiences, context, reached),
            lambda tx, error: _note(tx, context, _claimed(asked), error),
            claims=lambda: (f"sign-in {_claimed(asked)}",),  # its failures are counted one by one
        )
        rates.spend(claimed, (), 1, context.now)
    except TooMany as error:
        if error.limit:
            rates.note(claimed, error, context.now)
        return _error("temporarily_unavailable", error.text, 429, error.headers)
    except Unauthenticated:
        return _error("invalid_client", "client authentication failed", 401)
    except Refused as error:
        return _error("invalid_scope", error.text, 400)
    seconds = int(LIFETIME.total_seconds())
    answer = {"access_token": secret, "token_type": "bearer", "expires_in": seconds, "scope": scope}
    return JSONResponse(answer, headers=_NO_STORE)


def issue(
    tx: Tx,
    asked: TokenRequest,
    secret: str,
    audiences: tuple[str, ...],
    context: Context,
    reached: TooMany | None = None,
) -> str:
    """Check the assertion, note its use, keep the token; gives the scope that is granted.

    Raises ``Unauthenticated`` for any fault of the assertion, ``Refused`` for the scope, ``TooMany`` for a client
    that failed too often from this address, ``reached`` for one that has reached its limit of requests.
    """
    seconds = sign_ins.wait(tx, _claimed(asked), context.address, context.now)
    if seconds:
        raise TooMany(f"Too many failed attempts. Try again in {seconds} seconds.", retry_after=seconds)
    try:
        claimed = read_assertion(asked.client_assertion, client_id=asked.client_id)
        row = registry.system(tx, claimed.issuer)
        known = row is not None and row.enabled
        client = Client(claimed.issuer, read_jwks(read_json(row.jwks.encode()))) if row is not None and known else None
        proof = verify(asked.client_assertion, client=client, audiences=audiences, now=context.now)
    except AssertionRefused as error:
        raise Unauthenticated("client authentication failed", reason=f"assertion: {error}") from error
    assert row is not None
    if reached is not None:
        raise reached
    if not registry.use_assertion(tx, proof.issuer, proof.jti, proof.expires + SKEW, context.now):
        raise Unauthenticated("client authentication failed", reason="assertion: the jti was used before")
    try:
        scope = grant(asked.scope, row.scopes)
    except InvalidScope as error:
        raise Refused(str(error), reason="invalid_scope") from error
    put_system_token(tx, row.id, row.organisation, row.purpose, scope, secret, context.now)
    _log(tx, context, row.id, "0", "token", fingerprint(secret)[-32:])
    return scope


def put_system_token(
    tx: Tx, system: str, organisation: str, purpose: str, scope: str, secret: str, now: datetime
) -> None:
    """Keep a token of a system; of the secret only its fingerprint."""
    registry.put_token(
        tx,
        {
            "fingerprint": fingerprint(secret),
            "kind": "access",
            "system": system,
            "person": None,
            "organisation": organisation,
            "profession": None,
            "scopes": scope,
            "purpose": purpose,
            "issued": instant(now),
            "expires": instant(now + LIFETIME),
        },
    )


async def configuration(request: Request) -> Response:
    """``GET /fhir/.well-known/smart-configuration``."""
    return JSONResponse(smart_configuration(doors_of(request).base_url), headers={"Access-Control-Allow-Origin": "*"})


def _claimed(asked: TokenRequest) -> str:
    try:
        return read_assertion(asked.client_assertion).issuer[:64]
    except AssertionRefused:
        return ""


def _note(tx: Tx, context: Context, client: str, error: HubError) -> None:
    """Write a refusal down, and count it when the client could not show who it is.

    Of those at a limit nothing is written: a flood of them would fill the log.
    """
    if isinstance(error, TooMany) and error.limit:
        return
    _log(tx, context, client, "8", error.reason)
    if isinstance(error, Unauthenticated):
        sign_ins.failed(tx, client, context.address, context.now)


def _log(tx: Tx, context: Context, system: str, outcome: str, reason: str, token: str = "") -> None:
    row = registry.system(tx, system) if system else None
    organisation = registry.organisation(tx, row.organisation) if row is not None else None
    caller = Caller(
        organisation=organisation.id if organisation is not None else "",
        organisation_name=organisation.name if organisation is not None else "",
        organisation_kind=organisation.kind if organisation is not None else "",
        system=system or None,
        person=None,
        person_name="",
        profession=None,
        scopes="",
        purpose=row.purpose if row is not None else "",
        in_force=False,
        strict=False,
        token=token,
    )
    audit.put(tx, [record(caller, context, interaction="token", outcome=outcome, reason=reason)])


def _error(error: str, description: str, status: int, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status, headers={**_NO_STORE, **headers})
