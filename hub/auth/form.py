"""The token request: an HTML form, read strictly (RFC 6749 §4.4.2, RFC 7521 §4.2, SMART Backend Services)."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl

MAX_FORM = 64 * 1024
MEDIA_TYPE = "application/x-www-form-urlencoded"
CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

TokenError: TypeAlias = Literal["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]

_FORM = re.compile(rb"(?:[\x21-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")


class TokenRequestRefused(ValueError):
    """The request is not as it must be: ``error`` of RFC 6749 §5.2 and a description to show.

    ``invalid_client`` is answered with 401, the others with 400.
    """

    def __init__(self, error: TokenError, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error: TokenError = error
        self.description = description


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for client credentials: the assertion (unread), the scopes asked for (unread), client_id if given."""

    client_assertion: str
    scope: str
    client_id: str | None


def read_token_request(body: bytes, *, content_type: str, query: str = "") -> TokenRequest:
    """The fields of ``POST /oauth/token``; ``query`` is the part of its URL after the question mark.

    Names that are not known are left aside, empty values count as absent (RFC 6749 §3.2).
    Raises ``TokenRequestRefused``.
    """
    if query:
        raise TokenRequestRefused("invalid_request", "parameters belong in the body, not in the URL")
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise TokenRequestRefused("invalid_request", f"the body must be {MEDIA_TYPE}")
    fields = _fields(body)
    grant_type = fields.get("grant_type")
    if not grant_type:
        raise TokenRequestRefused("invalid_request", "grant_type is missing")
    if grant_type != CLIENT_CREDENTIALS:
        raise TokenRequestRefused("unsupported_grant_type", f"grant_type must be {CLIENT_CREDENTIALS}")
    if fields.get("client_assertion_type") != JWT_BEARER:
        raise TokenRequestRefused("invalid_client", f"client_assertion_type must be {JWT_BEARER}")
    if not fields.get("client_assertion"):
        raise TokenRequestRefused("invalid_client", "client_assertion is missing")
    if not fields.get("scope"):
        raise TokenRequestRefused("invalid_scope", "scope is missing")
    return TokenRequest(fields["client_assertion"], fields["scope"], fields.get("client_id") or None)


def _fields(body: bytes) -> dict[str, str]:
    if len(body) > MAX_FORM:
        raise TokenRequestRefused("invalid_request", f"the body is longer than {MAX_FORM} bytes")
    if not _FORM.fullmatch(body):
        raise TokenRequestRefused("invalid_request", "the body is not URL-encoded")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise TokenRequestRefused("invalid_request", "the body is not a form of name=value pairs in UTF-8") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise TokenRequestRefused("invalid_request", "a parameter is given more than once")
    return fields
