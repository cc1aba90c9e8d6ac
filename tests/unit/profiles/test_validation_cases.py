"""Every file of ``tests/cases/validation``: a resource (or its text) and what the hub must find wrong with it."""

import json
from pathlib import Path

import pytest

from profiles import MalformedJson, read_json, validate
from profiles.resource import Resource, as_object, as_text, objects

CASES = sorted((Path(__file__).parents[2] / "cases" / "validation").glob("*.json"))


def findings(case: Resource) -> list[tuple[str, str]]:
    text = case.get("text")
    body = text.encode() if isinstance(text, str) else json.dumps(case["resource"]).encode()
    try:
        resource = as_object(read_json(body))
    except MalformedJson as malformed:
        return [(malformed.place, "json")]
    return [(issue.path, issue.rule) for issue in validate(resource, body, strict=case.get("strict") is True)]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_finds_exactly_what_is_wrong(path: Path) -> None:
    case = as_object(json.loads(path.read_text(encoding="utf-8")))
    expected = [(as_text(one["path"]), as_text(one["rule"])) for one in objects(case["expected"])]

    assert sorted(findings(case)) == sorted(expected)


def test_there_are_cases() -> None:
    assert len(CASES) > 80
