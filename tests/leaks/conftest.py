"""The worlds that the suite asks, made once for each kind of store."""

from collections.abc import Iterator

import pytest

from tests.leaks.facts import CONTENT, FACTS, PLAIN
from tests.leaks.worlds import Pair, pair


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that show nothing do not wait for the beat: here it is what they say that counts."""
    monkeypatch.setattr("hub.beat.BEAT", 0.0001)


@pytest.fixture(scope="session")
def hidden(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[Pair]:
    """Without the hidden facts, and with all of them."""
    with pair(tmp_path_factory.mktemp("hidden"), *FACTS) as worlds:
        yield worlds


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[Pair]:
    """Two worlds in which the same is hidden in other words."""
    with pair(tmp_path_factory.mktemp("content"), CONTENT) as worlds:
        yield worlds


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[Pair]:
    """Without, and with things in plain view that are hidden elsewhere."""
    with pair(tmp_path_factory.mktemp("plain"), *PLAIN) as worlds:
        yield worlds
