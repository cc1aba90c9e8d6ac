"""One hub for all tests that do not end it: a process of its own takes a while to start."""

from collections.abc import Iterator

import httpx
import pytest

from tests.whole.founded import Town, found
from tests.whole.hub_process import HubProcess, free_port


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    data = tmp_path_factory.mktemp("hub")
    found(data)
    hub = HubProcess(data, "serve", port=free_port())
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def town(hub: HubProcess) -> Iterator[Town]:
    """Its store, and a resident of this module's own."""
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        yield Town(hub.data, client).settle()
