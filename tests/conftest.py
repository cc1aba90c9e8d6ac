"""Fixtures for all tests: Hypothesis' profile, and a small city with a whole hub."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from hub.logs import configure_logs
from hub.settings import Settings
from tests.hub_in_test import NOON, QUIET, City, forget_stores, small_city, use_store
from tests.postgresql_in_test import programs

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("repeatable")
configure_logs("text")


KINDS = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}
NO_POSTGRESQL = "****  SKIPPED: the tests on PostgreSQL. Install it (Debian: postgresql) to run them.  ****"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=sorted(KINDS), default="sqlite", help="what the tests with a hub run on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What has a hub runs on each kind of store, unless it is about one of them."""
    if "store_kind" in metafunc.fixturenames:
        wanted = KINDS[metafunc.config.getoption("store")]
        about = {kind for kind in KINDS["both"] if metafunc.definition.get_closest_marker(kind)}
        missing = pytest.mark.skip(reason="PostgreSQL is not installed")
        marks = {"postgresql": () if programs() else (missing,), "sqlite": ()}
        kinds = [kind for kind in wanted if kind in about or not about]
        values = [pytest.param(kind, marks=marks[kind]) for kind in kinds] or [
            pytest.param("", marks=pytest.mark.skip(reason=f"only for {', '.join(about)}: --store both"))
        ]
        metafunc.parametrize("store_kind", values, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """``--store postgresql`` is the other half of a run with ``--store sqlite``: what has no hub runs there alone."""
    if config.getoption("store") == "postgresql":
        chosen = [item for item in items if "store_kind" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("store") != "sqlite" and programs() is None:
        terminalreporter.write_line(NO_POSTGRESQL, yellow=True)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    directory = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(directory, Path):
        forget_stores(directory)


@pytest.fixture(scope="session")
def store_kind(request: pytest.FixtureRequest) -> str:
    """The kind of store under the hubs of this test."""
    kind = str(request.param)
    use_store(kind)
    return kind


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[City]:
    """The hub of a file that is marked ``one_hub``: each of its tests brings people of its own."""
    with small_city(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def hub_settings() -> Settings:
    """How the hub of a test is set; a file may have its own."""
    return QUIET


@pytest.fixture
def city(request: pytest.FixtureRequest, tmp_path: Path, store_kind: str, hub_settings: Settings) -> Iterator[City]:
    """A hub with the small city and nobody in it; or the one that the tests of the file share."""
    if request.node.get_closest_marker("one_hub"):
        shared: City = request.getfixturevalue("one_hub")
        yield shared
    else:
        with small_city(tmp_path, hub_settings) as hub:
            yield hub


PEOPLE = count(9_000_000_001)


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital looks after, and nobody else; it is noon."""
    city.clock.now = NOON
    resident = city.resident(f"{next(PEOPLE):010d}")
    city.team(resident, "Organization/hosp")
    return resident
