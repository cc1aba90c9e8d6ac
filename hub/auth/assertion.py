"""The client assertion: a short-lived JWT that a system signs to prove who it is.

SMART App Launch 2.2.0 (asymmetric client authentication), RFC 7523 §3, RFC 7515.  Only what is listed here is taken,
because every looser reading has been a hole somewhere: another algorithm, a key that the assertion brings along,
a critical extension, a second audience, a lifetime of a year.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from hub.auth.keys import KeySet, PublicKey, decoy
from profiles.json import read_json
from profiles.resource import Resource

ALGORITHMS = ("RS384", "ES384")
MAX_ASSERTION = 16 * 1024
MAX_TEXT = 256
SKEW = timedelta(seconds=10)
LIFETIME = timedelta(seconds=300)

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER = {"alg", "kid", "typ"}
_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS)
_REGISTRY.max_header_length = MAX_ASSERTION


class AssertionRefused(Exception):
    """The assertion proves nothing.

    ``detail`` is for the access log alone: outside, every refusal is the same ``invalid_client``, so that nobody learns
    whether a client exists or how far a forgery got.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Client:
    """A registered system: its id, and the keys that it may sign with."""

    id: str
    keys: KeySet


@dataclass(frozen=True, slots=True)
class Unverified:
    """Who the assertion says it is from.  Good for looking up that client's keys, and for nothing else."""

    issuer: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed.  (issuer, jti) is to be taken once only, and remembered until ``expires`` + ``SKEW``."""

    issuer: str
    jti: str
    expires: datetime


def read_assertion(assertion: str, *, client_id: str | None = None) -> Unverified:
    """The issuer that ``assertion`` names; a ``client_id`` of the request must be the same.

    Raises ``AssertionRefused``; nothing is verified yet.
    """
    _, claims = _parts(assertion)
    issuer = _issuer(claims)
    if client_id is not None and client_id != issuer:
        raise AssertionRefused("client_id is not the issuer")
    return Unverified(issuer)


def verify(assertion: str, *, client: Client | None, audiences: tuple[str, ...], now: datetime) -> Verified:
    """What ``assertion`` proves at ``now`` (with time zone), signed by ``client`` for one of ``audiences``.

    Where the issuer is not registered, or disabled, pass None: the refusal then takes as long as any other.
    Raises ``AssertionRefused``, and nothing else, whatever the bytes are.
    """
    header, claims = _parts(assertion)
    algorithm, kid = _algorithm_and_kid(header)
    issuer = _issuer(claims)
    _check_signature(assertion, client, issuer, algorithm, kid)
    _check_audience(claims, audiences)
    expires = _expiry(claims, now)
    return Verified(issuer, _text(claims, "jti"), expires)


def _parts(assertion: str) -> tuple[Resource, Resource]:
    if len(assertion) > MAX_ASSERTION:
        raise AssertionRefused(f"longer than {MAX_ASSERTION} characters")
    segments = _COMPACT.fullmatch(assertion)
    if not segments:
        raise AssertionRefused("not a JWS in compact form")
    return _json(segments[1], "header"), _json(segments[2], "claims")


def _json(segment: str, name: str) -> Resource:
    try:
        value = read_json(urlsafe_b64decode(segment.encode("ascii")))
    except ValueError as error:  # MalformedJson is one; the other is bad base64url
        raise AssertionRefused(f"{name}: {error}") from error
    if not isinstance(value, dict):
        raise AssertionRefused(f"{name}: not a JSON object")
    return value


def _algorithm_and_kid(header: Resource) -> tuple[str, str]:
    unknown = sorted(header.keys() - _HEADER)
    if unknown:
        # jwk, jku, x5c, x5u offer a key of the sender's choice; crit and b64 change what is signed.
        raise AssertionRefused(f"header: {unknown[0][:MAX_TEXT]!r} is not taken")
    algorithm = _text(header, "alg")
    if algorithm not in ALGORITHMS:
        raise AssertionRefused(f"header: alg {algorithm!r} is not one of {', '.join(ALGORITHMS)}")
    if header.get("typ") != "JWT":
        raise AssertionRefused("header: typ is not JWT")
    return algorithm, _text(header, "kid")


def _issuer(claims: Resource) -> str:
    issuer = _text(claims, "iss")
    if claims.get("sub") != issuer:
        raise AssertionRefused("iss and sub differ")
    return issuer


def _check_signature(assertion: str, client: Client | None, issuer: str, algorithm: str, kid: str) -> None:
    known = client is not None and client.id == issuer
    key = client.keys.find(kid, algorithm) if client is not None and known else None
    signed = _is_signed(assertion, key or decoy(algorithm))
    if not known:
        raise AssertionRefused(f"unknown client {issuer!r}")
    if key is None:
        raise AssertionRefused(f"not exactly one {algorithm} key with kid {kid!r}")
    if not signed:
        raise AssertionRefused(f"not signed with key {kid!r}")


def _is_signed(assertion: str, key: PublicKey) -> bool:
    try:
        jws.deserialize_compact(assertion, key, registry=_REGISTRY)
    except JoseError:
        return False
    return True


def _check_audience(claims: Resource, audiences: tuple[str, ...]) -> None:
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]  # RFC 7519 §4.1.3: the same claim; some libraries always write a list
    if not isinstance(audience, str) or audience not in audiences:
        raise AssertionRefused(f"aud is {str(audience)[:MAX_TEXT]!r}")


def _expiry(claims: Resource, now: datetime) -> datetime:
    seconds = now.timestamp()
    skew = SKEW.total_seconds()
    for name in ("nbf", "iat"):
        if name in claims and _seconds(claims, name) > seconds + skew:
            raise AssertionRefused(f"{name} is in the future")
    expires = _seconds(claims, "exp")
    if expires < seconds - skew:
        raise AssertionRefused("exp is past")
    if expires > seconds + LIFETIME.total_seconds() + skew:
        raise AssertionRefused("exp is more than five minutes ahead")
    return datetime.fromtimestamp(expires, UTC)


def _seconds(claims: Resource, name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise AssertionRefused(f"{name} is missing or not an integer")
    return value


def _text(members: Resource, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT:
        raise AssertionRefused(f"{name} is missing or not a string of 1 to {MAX_TEXT} characters")
    return value
