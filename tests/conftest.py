"""Fixtures for all tests: Hypothesis' profile, and a small city with a whole hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from hub.logs import configure_logs
from tests.hub_in_test import City, small_city

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("repeatable")
configure_logs("text")


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A hub with the small city and nobody in it."""
    with small_city(tmp_path) as city:
        yield city
