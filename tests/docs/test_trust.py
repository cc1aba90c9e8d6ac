"""docs/trust.md: every promise has its row, and every test that a row names is there."""

import ast
import re

from tests.docs.page import ROOT

PAGE = ROOT / "docs" / "trust.md"
NOT_HELD = "守っていない："
_ROW = re.compile(r"^\| `(T-\d{3})` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, tuple[str, str]]:
    """Each promise: what it is, and the tests that hold it, or why it is not held."""
    return {name: (promise, tests) for name, promise, tests in _ROW.findall(PAGE.read_text("utf-8"))}


def test_every_promise_has_a_row() -> None:
    found = _ROW.findall(PAGE.read_text("utf-8"))
    assert [name for name, _, _ in found] == [f"T-{number:03}" for number in (*range(53, 88), *range(101, 146))]


def test_every_row_names_tests_that_exist_or_says_why_there_is_none() -> None:
    functions: dict[str, set[str]] = {}
    for name, (_, tests) in rows().items():
        named = _TEST.findall(tests)
        assert named or tests.startswith(NOT_HELD), name
        for path, function in named:
            if path not in functions:
                tree = ast.parse((ROOT / path).read_text("utf-8"))
                functions[path] = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
            assert function in functions[path], f"{name}: {path}::{function}"


def test_the_proxy_in_front_cuts_those_who_are_slow() -> None:
    """T-134: what the hub itself leaves to the proxy stands in the proxy's settings."""
    settings = (ROOT / "deploy" / "server" / "nginx.conf").read_text("utf-8")
    said = {name: int(seconds) for name, seconds in re.findall(r"(\w+_timeout)\s+(\d+)s;", settings)}
    assert said["client_header_timeout"] <= 10
    assert max(said["client_body_timeout"], said["send_timeout"]) <= 30
    assert "proxy_request_buffering on;" in settings
