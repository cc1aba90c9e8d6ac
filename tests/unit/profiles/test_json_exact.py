"""What JSON readers usually take or lose, and this one refuses or keeps (TRUST T-101, T-102)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles import Json, MalformedJson, read_json, write_json
from profiles.json import MAX_DEPTH, MAX_EXPONENT

NUMBERS = st.one_of(
    st.integers(min_value=-(10**40), max_value=10**40).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,30})\.[0-9]{1,60}", fullmatch=True),
    st.from_regex(r"-?[1-9](\.[0-9]{1,20})?[eE][+-]?[0-9]{1,2}", fullmatch=True),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), KEYS, st.integers(-(10**17), 10**17)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


@given(NUMBERS)
@settings(max_examples=200)
def test_a_number_comes_back_digit_for_digit(number: str) -> None:
    body = f'{{"value":{number}}}'.encode()

    assert write_json(read_json(body)) == body


@given(VALUES)
@settings(max_examples=100)
def test_what_is_written_is_read_again(value: Json) -> None:
    assert read_json(write_json(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"[1,]",
        b'{"a":1,"a":2}',
        b'{"b":[{"id":1,"\\u0069d":2}]}',
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[1e-999]",
        b"[01]",
        b"[.5]",
        b"[" + b"9" * 5000 + b"]",
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b'["\\ud800"]',
        b'["\\u0000"]',
        b'["\x00"]',
        b'{"\\udfff":1}',
        b'["\x09"]',
        b"\xef\xbb\xbf{}",
        b'["\xff"]',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_anything_but_exact_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson) as refused:
        read_json(body)
    assert refused.value.place


def test_the_place_of_a_fault_is_told() -> None:
    with pytest.raises(MalformedJson, match="line 2, column 12"):
        read_json(b'{"text": "1e999 is no number here",\n  "value": 1e999}')
    with pytest.raises(MalformedJson, match="line 3, column 3"):
        read_json(b'{"id": {"id": "id"},\n  "a": [{"id": 1}],\n  "id": 2}')


def test_limits_are_reached_but_not_passed() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    assert write_json(read_json(f"[1e{MAX_EXPONENT}]".encode())) == f"[1e{MAX_EXPONENT}]".encode()
