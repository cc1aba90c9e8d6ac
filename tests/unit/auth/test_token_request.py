"""The form of POST /oauth/token: T-018, T-019, T-028."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth import TokenRequest, TokenRequestRefused, read_token_request

FORM = "application/x-www-form-urlencoded"
FIELDS = {
    "grant_type": "client_credentials",
    "scope": "system/Observation.rs system/Patient.r",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": "a.b.c",
}


def body(**changes: str | None) -> bytes:
    return urlencode({name: value for name, value in {**FIELDS, **changes}.items() if value is not None}).encode()


def read(form: bytes) -> TokenRequest:
    return read_token_request(form, content_type=FORM)


def test_a_good_request_is_read() -> None:
    assert read(body()) == TokenRequest("a.b.c", "system/Observation.rs system/Patient.r", None)
    assert read(body(client_id="hosp-ehr", note="left aside")).client_id == "hosp-ehr"
    assert read(body(client_id="")).client_id is None


@pytest.mark.parametrize("content_type", [FORM, FORM.upper(), FORM + "; charset=UTF-8"])
def test_the_media_type_is_the_form_however_written(content_type: str) -> None:
    assert read_token_request(body(), content_type=content_type).client_assertion == "a.b.c"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": "Client_Credentials"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials "}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_assertion_type": "not_an_assertion_type"}, "invalid_client"),
        ({"client_assertion_type": None}, "invalid_client"),
        ({"client_assertion": None}, "invalid_client"),
        ({"client_assertion": ""}, "invalid_client"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_t018_what_is_missing_or_wrong_has_its_error(changes: dict[str, str | None], error: str) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        read(body(**changes))
    assert refused.value.error == error


@pytest.mark.parametrize("name", [*FIELDS, "client_id", "unknown"])
def test_t019_a_parameter_given_twice_is_refused_even_when_equal(name: str) -> None:
    value = {**FIELDS, "client_id": "hosp-ehr", "unknown": ""}[name]
    with pytest.raises(TokenRequestRefused, match=r"invalid_request.*more than once"):
        read(body(**{name: value}) + b"&" + urlencode({name: value}).encode())


def test_t019_a_parameter_hidden_by_its_spelling_counts_as_the_same() -> None:
    with pytest.raises(TokenRequestRefused, match="more than once"):
        read(body() + b"&%73cope=system%2F*.cruds")


def test_t019_parameters_in_the_url_are_refused() -> None:
    with pytest.raises(TokenRequestRefused, match=r"invalid_request.*URL"):
        read_token_request(body(), content_type=FORM, query="scope=system%2F*.cruds")


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=a", FORM + "2"])
def test_t019_another_media_type_is_refused(content_type: str) -> None:
    with pytest.raises(TokenRequestRefused, match="invalid_request"):
        read_token_request(body(), content_type=content_type)


@pytest.mark.parametrize(
    "form",
    [
        b'{"grant_type": "client_credentials"}',
        b"scope",
        b"&" + body(),
        body() + b"&",
        body() + b"&a=%zz",
        body() + b"&a=%2",
        body() + b"&a=%ff",
        body() + b"&a=%c0%af",
        body() + "&a=雪".encode(),
        body() + b"\n",
        body() + b"&a=\x00",
        b"\xef\xbb\xbf" + body(),
    ],
)
def test_t019_a_body_that_is_not_exactly_a_form_is_refused(form: bytes) -> None:
    with pytest.raises(TokenRequestRefused, match="invalid_request"):
        read(form)


def test_an_empty_body_names_the_first_missing_parameter() -> None:
    with pytest.raises(TokenRequestRefused, match="grant_type is missing"):
        read(b"")


def test_t028_a_body_over_64_kib_is_refused() -> None:
    filled = body(note="")
    fits = filled.replace(b"note=", b"note=" + b"a" * (65_536 - len(filled)))
    assert read(fits).client_assertion == "a.b.c"
    with pytest.raises(TokenRequestRefused, match="longer than 65536 bytes"):
        read(fits + b"a")


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
@settings(max_examples=100, deadline=None)
def test_what_any_browser_would_encode_is_read_back(others: dict[str, str]) -> None:
    others = {name: value for name, value in others.items() if name not in {*FIELDS, "client_id"}}
    form = body() + (b"&" + urlencode(others).encode() if others else b"")
    assert read(form).scope == FIELDS["scope"]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_in_the_words_of_oauth(form: bytes) -> None:
    with pytest.raises(TokenRequestRefused):
        read(form)
