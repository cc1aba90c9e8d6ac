"""``renkei serve --workers 2``: several processes on one PostgreSQL, as an operator runs them."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Semaphore
from time import monotonic, sleep

import httpx
import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.runtime import Place
from tests.hub_in_test import note, store_place
from tests.whole.founded import Town, found
from tests.whole.hub_process import HubProcess, free_port

pytestmark = pytest.mark.postgresql


@pytest.fixture
def place(tmp_path: Path, store_kind: str) -> Place:
    """A database with the small city in force."""
    place = store_place(tmp_path)
    found(place)
    return place


@pytest.fixture
def hub(place: Place) -> Iterator[HubProcess]:
    hub = HubProcess(place.data, "serve", "--database-url", place.database_url, "--workers", "2", port=free_port())
    yield hub
    with suppress(ValueError):  # it has ended already
        hub.kill()


def workers(hub: HubProcess) -> set[int]:
    """The processes below the one that was started."""
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(hub.pid)], capture_output=True, text=True, check=False)
    return {int(pid) for pid in said.stdout.split()}


def test_a_worker_that_dies_is_replaced_and_what_was_pushed_is_there(hub: HubProcess) -> None:
    before = workers(hub)
    assert len(before) == 2
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        town = Town(hub.data, client).settle()
        assert town.post("hosp-ehr", "/fhir/Communication", note(town.person, "前")).status_code == 201
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        until(lambda: len(workers(hub) - before) == 2)
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        again = Town(hub.data, client, town.person, town.tokens)
        assert again.post("hosp-ehr", "/fhir/Communication", note(town.person, "後")).status_code == 201
        assert again.get("hosp-ehr", f"/fhir/Communication?patient={town.person}").json()["total"] == 2


def test_when_it_is_asked_to_end_what_was_begun_is_finished(hub: HubProcess) -> None:
    """T-145: whatever was begun gets its answer, all processes end, and the status says that all is well."""
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        town = Town(hub.data, client).settle()
        headers = town.headers("hosp-ehr")
    before, answered = workers(hub), Semaphore(0)

    def push() -> list[int]:
        statuses: list[int] = []
        with httpx.Client(base_url=hub.base_url, timeout=30) as client, suppress(httpx.TransportError):
            while True:
                body = note(town.person)
                statuses.append(client.post("/fhir/Communication", json=body, headers=headers).status_code)
                answered.release()
        return statuses

    with ThreadPoolExecutor(4) as pool:
        pushing = [pool.submit(push) for _ in range(4)]
        for _ in range(20):
            assert answered.acquire(timeout=30)
        hub.tell(signal.SIGTERM)
        assert hub.ended() == 0
        statuses = [status for one in pushing for status in one.result()]
    assert set(statuses) == {201}
    assert not any(Path(f"/proc/{worker}").exists() for worker in before)


def test_when_the_first_process_is_killed_the_workers_end_too(hub: HubProcess) -> None:
    before = workers(hub)
    hub.kill()
    until(lambda: all(not Path(f"/proc/{worker}").exists() for worker in before))


def test_the_embedded_store_has_one_process(tmp_path: Path, store_kind: str) -> None:
    refused = CliRunner().invoke(app, ["serve", "--data", str(tmp_path), "--workers", "2"])
    assert "--database-url" in str(refused.exception)


def until(done: Callable[[], bool]) -> None:
    begun = monotonic()
    while not done():
        assert monotonic() - begun < 40
        sleep(0.1)
