"""The keys of a fictional system, made once a run because RSA keys are slow to make."""

import base64
from typing import TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

Jwk: TypeAlias = dict[str, object]


def _base64url(number: int, length: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(length)).decode("ascii").rstrip("=")


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="session")
def rsa_jwk(rsa_key: rsa.RSAPrivateKey) -> Jwk:
    """The public half of ``rsa_key``, as the system would register it."""
    numbers = rsa_key.public_key().public_numbers()
    return {"kty": "RSA", "kid": "rsa-2026", "n": _base64url(numbers.n, 256), "e": "AQAB"}


@pytest.fixture(scope="session")
def ec_jwk(ec_key: ec.EllipticCurvePrivateKey) -> Jwk:
    """The public half of ``ec_key``, as the system would register it."""
    numbers = ec_key.public_key().public_numbers()
    x, y = _base64url(numbers.x, 48), _base64url(numbers.y, 48)
    return {"kty": "EC", "crv": "P-384", "kid": "ec-2026", "x": x, "y": y}
