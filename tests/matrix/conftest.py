"""The one world of the matrix."""

from collections.abc import Iterator

import pytest

from tests.matrix.world import World
from tests.matrix.world import world as made


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[World]:
    """All that the matrix asks about."""
    with made(tmp_path_factory.mktemp("matrix")) as one:
        yield one
