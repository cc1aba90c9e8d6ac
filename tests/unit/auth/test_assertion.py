"""Client assertions: T-003 to T-014 and T-028.  The forgeries are data: tests/cases/assertions, one file a rule.

They are signed here with ``cryptography`` alone, so that the library under test does not judge its own work.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth import AssertionRefused, Client, KeySet, Verified, read_assertion, read_jwks, verify

Members = dict[str, object]
Signer = Callable[[bytes], bytes]

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
TOKEN_URL = "https://hub.yukimi.example/oauth/token"
CASES = Path(__file__).parents[2] / "cases" / "assertions"
FORGERIES = {
    f"{file.stem}: {name}": case
    for file in sorted(CASES.glob("*.json"))
    for name, case in json.loads(file.read_text(encoding="utf-8"))["cases"].items()
}
HEADER: Members = {"alg": "RS384", "kid": "rsa-2026", "typ": "JWT"}
CLAIMS: Members = {"iss": "hosp-ehr", "sub": "hosp-ehr", "aud": TOKEN_URL, "exp": "now+300", "jti": "3f9b0a"}


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def with_rsa(key: rsa.RSAPrivateKey, hash_: hashes.HashAlgorithm) -> Signer:
    return lambda message: key.sign(message, PKCS1v15(), hash_)


def with_ec(key: ec.EllipticCurvePrivateKey, hash_: hashes.HashAlgorithm) -> Signer:
    size = (key.curve.key_size + 7) // 8

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hash_)))
        return r.to_bytes(size) + s.to_bytes(size)

    return sign


def with_secret(secret: bytes) -> Signer:
    return lambda message: hmac.new(secret, message, hashlib.sha384).digest()


@pytest.fixture(scope="session")
def signers(rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey, rsa_jwk: Members) -> Mapping[str, Signer]:
    """Who signs: "rsa" and "ec" are the client's own keys, the rest is what an attacker has."""
    public = rsa_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    modulus = public.public_numbers().n.to_bytes(256)
    return {
        "rsa": with_rsa(rsa_key, hashes.SHA384()),
        "ec": with_ec(ec_key, hashes.SHA384()),
        "rsa with SHA-256": with_rsa(rsa_key, hashes.SHA256()),
        "another's rsa": with_rsa(rsa.generate_private_key(65537, 2048), hashes.SHA384()),
        "another's ec": with_ec(ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
        "an ec key on P-256": with_ec(ec.generate_private_key(ec.SECP256R1()), hashes.SHA384()),
        "the decoy": with_ec(ec.derive_private_key(1, ec.SECP384R1()), hashes.SHA384()),
        "the public PEM as a secret": with_secret(pem),
        "the public JWK as a secret": with_secret(json.dumps(rsa_jwk).encode()),
        "the modulus as a secret": with_secret(modulus),
        "nobody": lambda message: b"",
    }


@pytest.fixture(scope="session")
def client(rsa_jwk: Members, ec_jwk: Members) -> Client:
    return Client("hosp-ehr", read_jwks({"keys": [rsa_jwk, ec_jwk]}))


@pytest.fixture(scope="session")
def good(signers: Mapping[str, Signer]) -> str:
    return signed(HEADER, CLAIMS, signers["rsa"])


def changed(members: Members, change: object) -> Members:
    """``members`` with those of ``change``; null takes one away, "now+300" is that many seconds from now."""
    assert isinstance(change, dict)
    return {name: moment(value) for name, value in {**members, **change}.items() if value is not None}


def moment(value: object) -> object:
    offset = re.fullmatch(r"now([+-]\d+)", value) if isinstance(value, str) else None
    return int(NOW.timestamp()) + int(offset[1]) if offset else value


def signed(header: Members, claims: Members, sign: Signer) -> str:
    return signed_text(json.dumps(changed(header, {})), json.dumps(changed(claims, {})), sign)


def signed_text(header: str, claims: str, sign: Signer) -> str:
    message = f"{encoded(header.encode())}.{encoded(claims.encode())}"
    return f"{message}.{encoded(sign(message.encode()))}"


def verified(assertion: str, client: Client | None) -> Verified:
    return verify(assertion, client=client, audiences=(TOKEN_URL,), now=NOW)


@pytest.mark.parametrize("name", FORGERIES)
def test_an_assertion_is_taken_or_refused_as_the_case_says(
    signers: Mapping[str, Signer], client: Client, name: str
) -> None:
    case = FORGERIES[name]
    header, claims = changed(HEADER, case.get("header", {})), changed(CLAIMS, case.get("claims", {}))
    assertion = signed(header, claims, signers[case.get("signed by", "rsa")])
    if "refused" not in case:
        assert verified(assertion, client).issuer == "hosp-ehr"
        return
    with pytest.raises(AssertionRefused) as refused:
        verified(assertion, client)
    assert case["refused"] in refused.value.detail


def test_every_rule_has_its_cases() -> None:
    assert {file.name[:5] for file in CASES.glob("*.json")} == {f"T-{number:03}" for number in range(2, 15)}


def test_t001_what_is_proved_is_the_issuer_the_jti_and_the_end(good: str, client: Client) -> None:
    assert verified(good, client) == Verified("hosp-ehr", "3f9b0a", NOW + timedelta(seconds=300))


def test_t008_a_key_set_with_one_kid_twice_finds_neither(good: str, client: Client) -> None:
    key = client.keys.keys[0]
    with pytest.raises(AssertionRefused, match="not exactly one"):
        verified(good, Client("hosp-ehr", KeySet((key, key))))


def test_t010_an_unknown_client_is_refused_whoever_signed(signers: Mapping[str, Signer], good: str) -> None:
    by_decoy = signed({**HEADER, "alg": "ES384"}, CLAIMS, signers["the decoy"])
    for assertion in (good, by_decoy):
        with pytest.raises(AssertionRefused, match="unknown client 'hosp-ehr'"):
            verified(assertion, None)


def test_t010_the_keys_of_one_client_do_not_speak_for_another(good: str, client: Client) -> None:
    with pytest.raises(AssertionRefused, match="unknown client"):
        verified(good, Client("pharm-rx", client.keys))


def test_t010_client_id_must_be_the_issuer(good: str) -> None:
    assert read_assertion(good).issuer == "hosp-ehr"
    assert read_assertion(good, client_id="hosp-ehr").issuer == "hosp-ehr"
    with pytest.raises(AssertionRefused, match="client_id"):
        read_assertion(good, client_id="pharm-rx")


def test_t011_each_accepted_audience_is_a_whole_string(good: str, client: Client) -> None:
    issuer = "https://hub.yukimi.example"
    assert verify(good, client=client, audiences=(issuer, TOKEN_URL), now=NOW).issuer == "hosp-ehr"
    for audiences in ((), (issuer,), (TOKEN_URL + "/",)):
        with pytest.raises(AssertionRefused, match="aud is"):
            verify(good, client=client, audiences=audiences, now=NOW)


@pytest.mark.parametrize("clock", [-10, 0, 310])
def test_t012_the_clock_is_the_one_given(good: str, client: Client, clock: int) -> None:
    now = NOW + timedelta(seconds=clock)
    assert verify(good, client=client, audiences=(TOKEN_URL,), now=now).issuer == "hosp-ehr"


@pytest.mark.parametrize("clock", [-11, 311])
def test_t012_by_that_clock_it_is_too_early_or_too_late(good: str, client: Client, clock: int) -> None:
    with pytest.raises(AssertionRefused, match="exp is"):
        verify(good, client=client, audiences=(TOKEN_URL,), now=NOW + timedelta(seconds=clock))


CLAIMS_TEXTS = {
    "exp NaN": '{"iss": "hosp-ehr", "sub": "hosp-ehr", "exp": NaN}',
    "exp infinite": '{"iss": "hosp-ehr", "sub": "hosp-ehr", "exp": Infinity}',
    "iss twice": '{"iss": "pharm-rx", "iss": "hosp-ehr", "sub": "hosp-ehr"}',
    "a list": '["hosp-ehr"]',
    "a string": '"hosp-ehr"',
    "no JSON": "hosp-ehr",
    "nothing": "",
    "nested beyond measure": "[" * 5000,
    "half a surrogate": '{"iss": "\\ud800", "sub": "\\ud800"}',
}


@pytest.mark.parametrize("name", CLAIMS_TEXTS)
def test_claims_that_could_be_read_in_two_ways_are_refused(
    signers: Mapping[str, Signer], client: Client, name: str
) -> None:
    assertion = signed_text(json.dumps(HEADER), CLAIMS_TEXTS[name], signers["rsa"])
    with pytest.raises(AssertionRefused):
        read_assertion(assertion)
    with pytest.raises(AssertionRefused):
        verified(assertion, client)


def test_t007_the_json_serialisation_is_refused(good: str, client: Client) -> None:
    protected, payload, signature = good.split(".")
    unprotected = {"payload": payload, "protected": protected, "header": {"kid": "rsa-2026"}, "signature": signature}
    with pytest.raises(AssertionRefused, match="compact form"):
        verified(json.dumps(unprotected), client)


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "{}.", ".{}", "{}=", "{}.AAAA", "e30.{}", "Bearer {}"])
def test_only_the_bare_compact_form_is_read(good: str, client: Client, around: str) -> None:
    with pytest.raises(AssertionRefused, match="compact form"):
        verified(around.format(good), client)


def test_t028_what_is_too_long_is_refused_unread(good: str) -> None:
    for assertion in (good + "A" * 16_384, "A" * 1_048_576, "." * 1_048_576):
        with pytest.raises(AssertionRefused, match="longer than 16384"):
            read_assertion(assertion)


def test_t028_a_deep_or_vast_header_is_refused(signers: Mapping[str, Signer], client: Client) -> None:
    for header in ('{"alg":' * 1000, json.dumps({**HEADER, "kid": "k" * 10_000})):
        with pytest.raises(AssertionRefused):
            verified(signed_text(header, json.dumps(CLAIMS), signers["rsa"]), client)


def test_any_one_changed_character_is_refused(good: str, client: Client) -> None:
    @given(st.integers(0, len(good) - 1), st.characters(codec="ascii", categories=["L", "N", "P", "S"]))
    @settings(max_examples=200, deadline=None)
    def change_one(place: int, character: str) -> None:
        altered = good[:place] + character + good[place + 1 :]
        if altered != good:
            with pytest.raises(AssertionRefused):
                verified(altered, client)

    change_one()


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_-]{1,60}\.[A-Za-z0-9_-]{1,60}\.[A-Za-z0-9_-]{1,60}")))
@settings(max_examples=200, deadline=None)
def test_whatever_the_text_is_it_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(AssertionRefused):
        verified(text, None)
