"""Whose care teams the secretariat ends: of who looks after a resident no longer, or by one another's word alone."""

import pytest

from hub.interactions.care_team_desk.plan import gone


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({}, set()),
        ({"a": {"city"}}, set()),
        ({"a": {"desk"}}, set()),
        ({"a": set()}, {"a"}),
        ({"city": set()}, set()),
        ({"a": set(), "b": {"a"}}, {"a"}),  # handed on, in a team that was left behind
        ({"a": {"b"}, "b": {"a"}}, {"a", "b"}),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, {"a", "b", "c"}),
        ({"a": {"b"}, "b": {"a", "desk"}}, set()),
        ({"a": {"b"}, "b": {"a"}, "c": {"b", "city"}}, {"a", "b"}),
        ({"a": {"b"}, "b": {"a", "c"}, "c": set()}, {"c"}),
        ({"a": {"somebody unknown"}}, {"a"}),
    ],
)
def test_who_is_gone_is_said_by_others_who_are_not(given: dict[str, set[str]], left: set[str]) -> None:
    assert gone(given, "city") == left
