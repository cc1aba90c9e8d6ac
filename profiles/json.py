"""Reading and writing FHIR JSON exactly (FHIR R4 §2.6.2, RFC 8259, I-JSON).

The common parsers take what FHIR forbids (duplicate keys, ``NaN``, a byte order mark) and lose
what it keeps (``1.10``).  This one refuses and keeps.
"""

import json
import re
from typing import NoReturn

import orjson

from profiles.resource import FhirDecimal, Json

MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 256
MAX_EXPONENT = 308  # what a double can hold: a larger number becomes infinity in almost every reader
_SURROGATE_OR_NUL = re.compile(r"[\ud800-\udfff\x00]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|-?[0-9][0-9.eE+-]*|NaN|-?Infinity', re.DOTALL)
_COLON = re.compile(r"\s*:")
_ALIKE = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class MalformedJson(ValueError):
    """The body is not exactly FHIR JSON; ``place`` says where ("line 3, column 14" or a key)."""

    def __init__(self, problem: str, place: str) -> None:
        super().__init__(f"{problem} ({place})")
        self.problem = problem
        self.place = place


def read_json(body: bytes) -> Json:
    """The JSON value of ``body`` (UTF-8).

    Raises ``MalformedJson`` for a byte order mark, invalid UTF-8, duplicate keys, ``NaN`` or
    ``Infinity``, numbers beyond ``MAX_NUMBER_LENGTH`` or ``MAX_EXPONENT``, lone surrogates, U+0000,
    nesting deeper than ``MAX_DEPTH`` and any syntax error.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("a byte order mark is not allowed", "line 1, column 1")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson("the body is not UTF-8", f"byte {error.start}") from error
    _refuse_depth(body)
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJson(error.msg, f"line {error.lineno}, column {error.colno}") from error
    except _RefusedError as error:
        raise MalformedJson(str(error), error.place_in(text)) from error
    if "\\u" in text or "\x00" in text:
        _refuse_characters(value)
    return value


def write_json(value: Json) -> bytes:
    """``value`` as compact UTF-8 JSON, decimals digit for digit."""
    return orjson.dumps(value, default=exactly)


def exactly(value: object) -> orjson.Fragment:
    """For ``orjson.dumps(default=…)``: a decimal with the characters that it was written in."""
    if isinstance(value, FhirDecimal):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON")


class _RefusedError(Exception):
    """Raised within the decoder, which does not tell where it is."""

    def __init__(self, problem: str, number: str | None = None) -> None:
        super().__init__(problem)
        self.number = number  # the literal at fault; ``None`` for a repeated key

    def place_in(self, text: str) -> str:
        offset = _offset_of_repeated_key(text) if self.number is None else _offset_of_literal(text, self.number)
        line = text.count("\n", 0, offset) + 1
        return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def _offset_of_repeated_key(text: str) -> int:
    keys: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            keys.append(set())
        elif mark in "}]":
            keys.pop()
        elif mark[0] == '"' and _COLON.match(text, token.end()):
            key: str = json.loads(mark, strict=False)
            if key in keys[-1]:
                return token.start()
            keys[-1].add(key)
    return 0


def _offset_of_literal(text: str, literal: str) -> int:
    return next((token.start() for token in _TOKEN.finditer(text) if token.group() == literal), 0)


def _integer(text: str) -> int | FhirDecimal:
    # Longer integers, and a negative zero, would not come back as they were written.
    return int(text) if len(text) <= 18 and text != "-0" else _decimal(text)


def _decimal(text: str) -> FhirDecimal:
    if len(text) > MAX_NUMBER_LENGTH:
        raise _RefusedError(f"a number has more than {MAX_NUMBER_LENGTH} characters", text)
    number = FhirDecimal(text)
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise _RefusedError("a number is too large or too small", text)
    return number


def _constant(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is not a JSON number", name)


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [key for key, _ in pairs]
        repeated = next(key for key in names if names.count(key) > 1)
        raise _RefusedError(f"the key {repeated!r} appears more than once")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
)


def _refuse_depth(body: bytes) -> None:
    # Every second piece between quotes is outside the strings, once the escapes are gone.  Each pass takes away the
    # innermost brackets, so that a nesting within the limit is gone after as many passes.
    outside = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    brackets = outside.translate(_ALIKE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"{}", b"")
    if brackets:
        _refuse_deepest(body)


def _refuse_deepest(body: bytes) -> None:
    """Bracket by bracket, which takes a hundred times as long: for what is too deep, or is no JSON."""
    depth = 0
    for match in _BRACKETS.finditer(body):
        mark = match.group()[:1]
        if mark in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedJson("nested too deeply", f"byte {match.start()}, more than {MAX_DEPTH} levels")
        elif mark in b"]}":
            depth -= 1


def _refuse_characters(value: Json, place: str = "$") -> None:
    if isinstance(value, str):
        found = _SURROGATE_OR_NUL.search(value)
        if found:
            raise MalformedJson("a lone surrogate or U+0000 is not allowed", place)
    elif isinstance(value, dict):
        for key, child in value.items():
            _refuse_characters(key, place)
            _refuse_characters(child, f"{place}.{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _refuse_characters(child, f"{place}[{index}]")
