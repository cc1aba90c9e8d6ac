"""Access tokens, and what the hub says of its own sign-in (RFC 6750, SMART App Launch 2.2.0, Conformance)."""

import base64
import hashlib
from collections.abc import Callable

from hub.auth.assertion import ALGORITHMS

TOKEN_BYTES = 32


def new_token(random: Callable[[int], bytes]) -> str:
    """A bearer token of 256 bits from ``random`` (bytes of the asked length), in URL-safe characters."""
    secret = random(TOKEN_BYTES)
    if len(secret) != TOKEN_BYTES:
        raise ValueError(f"the source of randomness gave {len(secret)} bytes, not {TOKEN_BYTES}")
    return base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")


def fingerprint(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex.  256 random bits need neither salt nor slow hashing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def smart_configuration(base_url: str) -> dict[str, str | list[str]]:
    """The body of ``/fhir/.well-known/smart-configuration``: what really exists, and nothing else."""
    return {
        "token_endpoint": f"{base_url.rstrip('/')}/oauth/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": ["system/*.cruds", "system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
        # Always required by the standard, though only a flow with an authorization code would use it.
        "code_challenge_methods_supported": ["S256"],
    }
