"""Reading a client's keys: T-027 and the registration half of T-008."""

import base64

import pytest

from hub.auth import BadKeys, read_jwks

Jwk = dict[str, object]


def number(value: int) -> str:
    octets = value.to_bytes((value.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def test_keys_of_both_kinds_are_found_by_kid_and_algorithm(rsa_jwk: Jwk, ec_jwk: Jwk) -> None:
    keys = read_jwks({"keys": [rsa_jwk, ec_jwk]})
    assert keys.find("rsa-2026", "RS384") is not None
    assert keys.find("ec-2026", "ES384") is not None
    assert keys.find("rsa-2026", "ES384") is None
    assert keys.find("another", "RS384") is None


def test_what_describes_the_key_may_stand_beside_it(rsa_jwk: Jwk, ec_jwk: Jwk) -> None:
    described = [
        {**rsa_jwk, "use": "sig", "alg": "RS384", "key_ops": ["verify"], "x-note": "made 2026"},
        {**ec_jwk, "use": "sig", "alg": "ES384"},
    ]
    assert len(read_jwks({"keys": described}).keys) == 2


RSA_FAULTS: dict[str, tuple[Jwk, str]] = {
    "1024 bits": ({"n": number(2**1024 - 1)}, "1024 bits"),
    "2047 bits": ({"n": number(2**2047 - 1)}, "2047 bits"),
    "8192 bits": ({"n": number(2**8192 - 1)[:1024]}, "6144 bits"),
    "an endless modulus": ({"n": "A" * 1025}, "base64url"),
    "an even modulus": ({"n": number(2**2048 - 2)}, "even"),
    "e=1": ({"e": number(1)}, "exponent e is 1"),
    "e=3": ({"e": number(3)}, "exponent e is 3"),
    "e even": ({"e": number(65538)}, "exponent e is 65538"),
    "e endless": ({"e": number(2**64 + 1)}, "exponent e is"),
    "no n": ({"n": None}, "member n is missing"),
    "n a number": ({"n": 5}, "member n is missing"),
    "n padded": ({"n": number(2**2048 - 1) + "=="}, "base64url"),
    "n with a stray letter": ({"n": number(2**2048 - 1)[:-1] + "_"}, "base64url"),
    "private exponent": ({"d": "AQAB"}, "private key (member 'd')"),
    "private prime": ({"p": "AQAB"}, "private key (member 'p')"),
    "use:enc": ({"use": "enc"}, "its use is 'enc'"),
    "key_ops encrypt": ({"key_ops": ["encrypt"]}, "its key_ops is ['encrypt']"),
    "alg RS256": ({"alg": "RS256"}, "its alg is 'RS256'"),
    "a secret": ({"kty": "oct"}, "its kty is 'oct'"),
    "EdDSA": ({"kty": "OKP"}, "its kty is 'OKP'"),
    "kty in lower case": ({"kty": "rsa"}, "its kty is 'rsa'"),
    "no kty": ({"kty": None}, "its kty is None"),
}


@pytest.mark.parametrize("fault", RSA_FAULTS)
def test_t027_a_weak_private_or_foreign_key_is_refused_by_name(rsa_jwk: Jwk, ec_jwk: Jwk, fault: str) -> None:
    change, problem = RSA_FAULTS[fault]
    with pytest.raises(BadKeys) as refused:
        read_jwks({"keys": [ec_jwk, {**rsa_jwk, **change}]})
    assert refused.value.key == "key 'rsa-2026'"
    assert problem in refused.value.problem
    assert refused.value.remedy


EC_FAULTS: dict[str, tuple[Jwk, str]] = {
    "P-256": ({"crv": "P-256"}, "'P-256'"),
    "P-521": ({"crv": "P-521"}, "'P-521'"),
    "no curve": ({"crv": None}, "crv is None"),
    "private": ({"d": "AQAB"}, "private key"),
    "not on the curve": ({"x": "A" * 64}, "not a point"),
    "x short": ({"x": "A" * 60}, "48 bytes"),
    "no y": ({"y": None}, "member y is missing"),
    "alg ES256": ({"alg": "ES256"}, "'ES256'"),
    "alg of the other kind": ({"alg": "RS384"}, "'RS384'"),
}


@pytest.mark.parametrize("fault", EC_FAULTS)
def test_t027_an_elliptic_key_must_be_a_public_point_of_p384(ec_jwk: Jwk, fault: str) -> None:
    change, problem = EC_FAULTS[fault]
    with pytest.raises(BadKeys) as refused:
        read_jwks({"keys": [{**ec_jwk, **change}]})
    assert problem in refused.value.problem


def test_a_private_key_is_not_repeated_in_the_message(rsa_jwk: Jwk) -> None:
    with pytest.raises(BadKeys) as refused:
        read_jwks({"keys": [{**rsa_jwk, "d": "very-secret-number"}]})
    assert "very-secret-number" not in str(refused.value)


def test_t008_two_keys_with_one_kid_are_refused(rsa_jwk: Jwk, ec_jwk: Jwk) -> None:
    with pytest.raises(BadKeys, match="two keys have this kid"):
        read_jwks({"keys": [rsa_jwk, {**ec_jwk, "kid": "rsa-2026"}]})


@pytest.mark.parametrize("kid", [None, "", 7, "k" * 257])
def test_t008_a_key_without_a_kid_is_refused_by_its_place(rsa_jwk: Jwk, ec_jwk: Jwk, kid: object) -> None:
    with pytest.raises(BadKeys, match="kid is missing") as refused:
        read_jwks({"keys": [ec_jwk, {**rsa_jwk, "kid": kid}]})
    assert refused.value.key == "key 2"


def test_t024_more_than_fifty_keys_are_refused(ec_jwk: Jwk) -> None:
    keys = [{**ec_jwk, "kid": f"k{number}"} for number in range(51)]
    assert len(read_jwks({"keys": keys[:50]}).keys) == 50
    with pytest.raises(BadKeys, match="holds 51 keys"):
        read_jwks({"keys": keys})


@pytest.mark.parametrize("data", [None, "keys", [], {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": ["k"]}])
def test_what_is_no_key_set_is_refused(data: object) -> None:
    with pytest.raises(BadKeys):
        read_jwks(data)
