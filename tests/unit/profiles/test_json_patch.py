"""JSON Patch (RFC 6902): each operation, exact decimals, and patches that may not be."""

import json
from typing import Any

import pytest

from profiles import read_json, write_json
from profiles.patch import PatchFailed, apply, read_json_patch
from profiles.resource import as_object

PATIENT = b"""{"resourceType":"Patient","id":"p","name":[{"family":"A","given":["x","y"]},{"family":"B"}],
 "a/b":1.10,"c~d":true,"extension":[{"url":"u","valueDecimal":0.50}]}"""


def patched(*operations: dict[str, Any]) -> bytes:
    document = read_json(json.dumps(operations).encode())
    return write_json(apply(read_json_patch(document), as_object(read_json(PATIENT))))


def result(*operations: dict[str, Any]) -> Any:
    return json.loads(patched(*operations))


def test_each_operation_does_what_the_standard_says() -> None:
    assert result({"op": "add", "path": "/name/1", "value": {"text": "new"}})["name"][1:] == [
        {"text": "new"},
        {"family": "B"},
    ]
    assert result({"op": "add", "path": "/name/-", "value": {"text": "last"}})["name"][2] == {"text": "last"}
    assert result({"op": "add", "path": "/gender", "value": "female"})["gender"] == "female"
    assert result({"op": "remove", "path": "/name/0/given/0"})["name"][0]["given"] == ["y"]
    assert result({"op": "replace", "path": "/name/1/family", "value": "C"})["name"][1] == {"family": "C"}
    assert [one["family"] for one in result({"op": "move", "from": "/name/1", "path": "/name/0"})["name"]] == ["B", "A"]
    copied = result({"op": "copy", "from": "/name/0/given", "path": "/name/1/given"})
    assert copied["name"][1] == {"family": "B", "given": ["x", "y"]}
    assert result({"op": "test", "path": "/name/0/given", "value": ["x", "y"]}) == json.loads(PATIENT)


def test_names_with_slashes_and_tildes_are_escaped() -> None:
    assert "a/b" not in result({"op": "remove", "path": "/a~1b"})
    assert result({"op": "replace", "path": "/c~0d", "value": False})["c~d"] is False


def test_decimals_keep_their_characters_and_are_compared_by_value() -> None:
    kept = patched({"op": "copy", "from": "/a~1b", "path": "/other"}, {"op": "test", "path": "/a~1b", "value": 1.1})
    assert b'"a/b":1.10' in kept
    assert b'"other":1.10' in kept
    assert b'"valueDecimal":0.50' in kept
    with pytest.raises(PatchFailed, match="another value"):
        patched({"op": "test", "path": "/c~0d", "value": 1})


def test_what_is_given_is_not_changed() -> None:
    given = as_object(read_json(PATIENT))
    apply(read_json_patch([{"op": "remove", "path": "/name"}]), given)
    assert given == read_json(PATIENT)


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"op": "remove", "path": "/name/2"}, "nothing at /name/2"),
        ({"op": "remove", "path": "/name/01"}, "nothing at /name/01"),
        ({"op": "remove", "path": "/name/-"}, "nothing at /name/-"),
        ({"op": "replace", "path": "/birthDate", "value": "1940"}, "nothing at /birthDate"),
        ({"op": "add", "path": "/name/3", "value": {}}, "can be put at /name/3"),
        ({"op": "add", "path": "/contact/0/name", "value": {}}, "nothing at /contact"),
        ({"op": "add", "path": "/name/0/family/x", "value": 1}, "can be put"),
        ({"op": "move", "from": "/name", "path": "/name/0"}, "moved into itself"),
        ({"op": "test", "path": "/name/0/family", "value": "Z"}, "the test of /name/0/family failed"),
        ({"op": "remove", "path": ""}, "whole resource"),
        ({"op": "replace", "path": "", "value": 1}, "no resource"),
        ({"op": "remove", "path": "/id"}, "cannot change id"),
        ({"op": "replace", "path": "/resourceType", "value": "Person"}, "cannot change resourceType"),
    ],
)
def test_what_does_not_apply_says_why(operation: dict[str, Any], why: str) -> None:
    with pytest.raises(PatchFailed, match=why):
        patched(operation)


@pytest.mark.parametrize(
    "document",
    [
        {"op": "remove", "path": "/name"},
        [],
        ["remove"],
        [{"op": "erase", "path": "/name"}],
        [{"path": "/name"}],
        [{"op": "remove"}],
        [{"op": "remove", "path": "name"}],
        [{"op": "remove", "path": "/a~2b"}],
        [{"op": "add", "path": "/gender"}],
        [{"op": "move", "path": "/gender"}],
        [{"op": "remove", "path": "/gender"}] * 201,
    ],
)
def test_what_is_no_json_patch_is_told_before_anything_is_read(document: Any) -> None:
    with pytest.raises(PatchFailed):
        read_json_patch(document)


def test_a_short_patch_cannot_fill_the_memory() -> None:
    doubling = [{"op": "copy", "from": "/extension", "path": "/extension/-"}] * 200
    with pytest.raises(PatchFailed, match="at most"):
        patched(*doubling)
    long = {"op": "add", "path": "/gender", "value": "x" * 100_000}
    with pytest.raises(PatchFailed, match="at most"):
        patched(long, {"op": "copy", "from": "/gender", "path": "/again"})


def test_moving_cannot_nest_without_end() -> None:
    step: list[dict[str, Any]] = [
        {"op": "add", "path": "/extension/0", "value": {"url": "v", "extension": []}},
        {"op": "move", "from": "/extension/1", "path": "/extension/0/extension/0"},
    ]
    with pytest.raises(PatchFailed, match="nested too deeply"):
        patched({"op": "add", "path": "/extension", "value": [{"url": "v", "extension": []}]}, *step * 40)
