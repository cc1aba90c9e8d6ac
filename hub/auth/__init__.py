"""How a system signs in: keys, assertions, scopes, tokens (SMART App Launch 2.2.0, Backend Services).

Pure: no clock, no store, no network.  The door is ``hub.oauth``; what systems are told is docs/sign-in.md.
The order of one sign-in: ``read_token_request`` → ``read_assertion`` (only to learn who claims to ask) →
``verify`` with the keys that client registered → (issuer, jti) stored once → ``grant`` → ``new_token``.
"""

from hub.auth.assertion import SKEW, AssertionRefused, Client, Unverified, Verified, read_assertion, verify
from hub.auth.form import TokenRequest, TokenRequestRefused, read_token_request
from hub.auth.keys import BadKeys, KeySet, read_jwks
from hub.auth.scopes import Interaction, InvalidScope, Scopes, allows, grant, read_scopes
from hub.auth.token import fingerprint, new_token, smart_configuration

__all__ = [
    "SKEW",
    "AssertionRefused",
    "BadKeys",
    "Client",
    "Interaction",
    "InvalidScope",
    "KeySet",
    "Scopes",
    "TokenRequest",
    "TokenRequestRefused",
    "Unverified",
    "Verified",
    "allows",
    "fingerprint",
    "grant",
    "new_token",
    "read_assertion",
    "read_jwks",
    "read_scopes",
    "read_token_request",
    "smart_configuration",
    "verify",
]
