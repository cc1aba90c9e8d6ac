"""The public keys of a client: a JWK Set, read strictly (RFC 7517, RFC 7518 §6, SMART App Launch 2.2.0).

A key that could be misread is refused when it is registered, with what to do about it, not when it is used.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP384R1,
    EllipticCurvePublicNumbers,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

MAX_KEYS = 50
MAX_KID = 256
RSA_BITS = range(2048, 4097)
EXPONENTS = range(65537, 2**64)  # FIPS 186-5 §5.1 from below, what OpenSSL computes with from above
P384_BYTES = 48
ALGORITHM = {"RSA": "RS384", "EC": "ES384"}

PublicKey: TypeAlias = RSAKey | ECKey

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,1024}", re.ASCII)


class BadKeys(ValueError):
    """A key set that is not taken: ``key`` names the key, ``problem`` says what is wrong, ``remedy`` what to do."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{key}: {problem}. {remedy}.")
        self.key = key
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that a client may sign with."""

    keys: tuple[PublicKey, ...]

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The one key of that id, if it is of the algorithm's kind; None where no key or more than one matches."""
        found = [key for key in self.keys if key.kid == kid]
        if len(found) != 1 or ALGORITHM[found[0].key_type] != algorithm:
            return None
        return found[0]


def read_jwks(data: object) -> KeySet:
    """The keys of a JWK Set, as parsed JSON (``profiles.read_json``: it refuses doubled members).

    Taken are 1 to 50 public keys with distinct ``kid``: RSA of 2048 to 4096 bits, and EC on P-384.
    Raises ``BadKeys`` for the first thing that is not as it must be; no part of the set is used then.
    """
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise BadKeys("key set", "it is not a JWK Set", 'Write {"keys": [ … ]} around the public keys')
    if not 1 <= len(listed) <= MAX_KEYS:
        raise BadKeys("key set", f"it holds {len(listed)} keys", f"Register 1 to {MAX_KEYS} keys")
    keys: dict[str, PublicKey] = {}
    for number, jwk in enumerate(listed, start=1):
        if not isinstance(jwk, dict):
            raise BadKeys(f"key {number}", "it is not a JSON object", "Write each key as a JWK")
        kid = _kid(jwk, f"key {number}")
        if kid in keys:
            raise BadKeys(f"key {kid!r}", "two keys have this kid", "Give every key a kid of its own")
        keys[kid] = _public_key(jwk, kid)
    return KeySet(tuple(keys.values()))


@cache
def decoy(algorithm: str) -> PublicKey:
    """A key that nobody registered: what is computed with it only takes the time that a real key would take."""
    if algorithm == "RS384":
        return RSAKey.import_key(RSAPublicNumbers(65537, 2**2048 - 1).public_key())
    return ECKey.import_key(derive_private_key(1, SECP384R1()).public_key())


def _kid(jwk: Mapping[str, object], place: str) -> str:
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= MAX_KID:
        raise BadKeys(
            place,
            f"its kid is missing or not a string of 1 to {MAX_KID} characters",
            "Add a kid, and name the same kid in the header of each assertion",
        )
    return kid


def _public_key(jwk: Mapping[str, object], kid: str) -> PublicKey:
    name = f"key {kid!r}"
    private = [member for member in _PRIVATE if member in jwk]
    if private:
        raise BadKeys(
            name,
            f"it holds the private key (member {private[0]!r}), so whoever has read this file can sign in as you",
            "Throw the key pair away, make a new one, and register only its public half",
        )
    kind = jwk.get("kty")
    if kind not in ("RSA", "EC"):
        raise BadKeys(name, f"its kty is {kind!r}", "Use an RSA key (RS384) or an EC key on P-384 (ES384)")
    algorithm = ALGORITHM[kind]
    for member, only in (("use", "sig"), ("alg", algorithm), ("key_ops", ["verify"])):
        if member in jwk and jwk[member] != only:
            raise BadKeys(name, f"its {member} is {jwk[member]!r}", f"Write {only!r}, or leave {member} out")
    return _rsa(jwk, kid, name) if kind == "RSA" else _p384(jwk, kid, name)


def _rsa(jwk: Mapping[str, object], kid: str, name: str) -> RSAKey:
    modulus = int.from_bytes(_octets(jwk, "n", name))
    exponent = int.from_bytes(_octets(jwk, "e", name))
    if modulus.bit_length() not in RSA_BITS or modulus % 2 == 0:
        raise BadKeys(
            name,
            f"its modulus n is {'even' if modulus % 2 == 0 else f'{modulus.bit_length()} bits long'}",
            f"Make an RSA key of {RSA_BITS.start} to {RSA_BITS.stop - 1} bits",
        )
    if exponent not in EXPONENTS or exponent % 2 == 0:
        raise BadKeys(name, f"its exponent e is {exponent}", "Make an RSA key with the usual exponent 65537 (AQAB)")
    return RSAKey.import_key(RSAPublicNumbers(exponent, modulus).public_key(), {"kid": kid})


def _p384(jwk: Mapping[str, object], kid: str, name: str) -> ECKey:
    if jwk.get("crv") != "P-384":
        raise BadKeys(name, f"its curve crv is {jwk.get('crv')!r}", "Make an EC key on P-384, which ES384 needs")
    x, y = _octets(jwk, "x", name), _octets(jwk, "y", name)
    if len(x) != P384_BYTES or len(y) != P384_BYTES:
        raise BadKeys(name, f"x and y are not {P384_BYTES} bytes each", "Keep their leading zero bytes")
    try:
        point = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP384R1()).public_key()
    except ValueError as error:
        raise BadKeys(name, "x and y are not a point of P-384", "Export the public key once more") from error
    return ECKey.import_key(point, {"kid": kid})


def _octets(jwk: Mapping[str, object], member: str, name: str) -> bytes:
    text = jwk.get(member)
    remedy = "Write its bytes in base64url, without padding"
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise BadKeys(name, f"its member {member} is missing or not base64url", remedy)
    try:
        return urlsafe_b64decode(text.encode("ascii"))
    except binascii.Error as error:
        raise BadKeys(name, f"its member {member} is not base64url", remedy) from error
