"""Access tokens (T-029) and the SMART configuration."""

import hashlib
import json

import pytest

from hub.auth import fingerprint, new_token, smart_configuration


def test_t029_a_token_is_256_random_bits_in_url_safe_characters() -> None:
    asked: list[int] = []

    def random(length: int) -> bytes:
        asked.append(length)
        return b"\xff" * length

    token = new_token(random)
    assert asked == [32]
    assert token == "_" * 42 + "8"


def test_t029_every_random_bit_is_in_the_token() -> None:
    bits = (1 << place for place in range(256))
    assert len({new_token(bit.to_bytes) for bit in bits}) == 256


def test_t029_a_short_source_of_randomness_is_not_accepted() -> None:
    with pytest.raises(ValueError, match="gave 16 bytes"):
        new_token(lambda length: bytes(16))


def test_t029_only_the_hash_is_stored_and_one_bit_changes_it() -> None:
    token = new_token(bytes)
    assert fingerprint(token) == hashlib.sha256(token.encode()).hexdigest()
    assert token not in fingerprint(token)
    assert fingerprint(token[:-1]) != fingerprint(token)
    assert len(fingerprint("\ud800 no token at all 連携")) == 64


@pytest.mark.parametrize("base_url", ["https://hub.yukimi.example", "https://hub.yukimi.example/"])
def test_the_smart_configuration_lists_what_exists(base_url: str) -> None:
    configuration = smart_configuration(base_url)
    assert configuration["token_endpoint"] == "https://hub.yukimi.example/oauth/token"
    assert configuration["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert configuration["code_challenge_methods_supported"] == ["S256"]
    assert "client-confidential-asymmetric" in configuration["capabilities"]
    absent = {"issuer", "jwks_uri", "authorization_endpoint", "introspection_endpoint", "response_types_supported"}
    assert not absent & configuration.keys()
    assert json.loads(json.dumps(configuration)) == configuration
