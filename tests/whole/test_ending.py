"""How a hub ends, and that two never serve one embedded store (TRUST T-145, T-122)."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from json import dumps
from pathlib import Path
from threading import Semaphore
from time import monotonic, sleep
from uuid import uuid4

import httpx
import pytest

from hub.runtime import open_store
from hub.store import registry
from hub.store.database import only_server
from tests.hub_in_test import note
from tests.whole.founded import Town, found
from tests.whole.hub_process import ROOT, HubProcess, free_port

CLIENTS = 6
ENDS = "The hub is about to end. Come again, with the id of the last event."
TERM = -signal.SIGTERM
"""It ends by the signal itself once all is done, as service managers expect."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("hub")
    found(data)
    return data


@pytest.fixture
def hub(data: Path) -> Iterator[HubProcess]:
    hub = HubProcess(data, "serve", port=free_port())
    yield hub
    with suppress(ValueError):  # it has ended already
        hub.kill()


@pytest.fixture
def town(hub: HubProcess, data: Path, person: list[str]) -> Iterator[Town]:
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        town = Town(data, client, person[0] if person else "")
        if not person:
            person.append(town.settle().person)
        yield town


@pytest.fixture(scope="module")
def person() -> list[str]:
    """The resident of the store, once there is one."""
    return []


def has(town: Town, location: str) -> bool:
    return town.get("hosp-ehr", f"/fhir/{location}").status_code == 200


def half_sent(town: Town, port: int) -> tuple[socket.socket, bytes]:
    """A push of which the hub has the first half; the rest of it is given."""
    body = dumps(note(town.person, f"半分 {uuid4().hex}")).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in town.headers("hosp-ehr").items())
    wire = socket.create_connection(("127.0.0.1", port), timeout=20)
    start = f"POST /fhir/Communication HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    wire.sendall(start.encode() + body[:20])
    sleep(0.2)
    return wire, body[20:]


def command(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_told_to_end_under_load_it_loses_nothing_that_it_answered(hub: HubProcess, town: Town, data: Path) -> None:
    """T-145: every push has its answer or none; the answered are there when it starts again."""
    answered = Semaphore(0)
    for who in ("hosp-ehr", "clinic-emr"):
        town.headers(who)

    def push(number: int) -> list[str]:
        locations: list[str] = []
        with httpx.Client(base_url=hub.base_url, timeout=30) as client:
            mine = Town(data, client, town.person, town.tokens)
            while True:
                try:
                    answer = mine.post(("hosp-ehr", "clinic-emr")[number % 2], "/fhir/Communication", note(mine.person))
                except httpx.TransportError:
                    return locations
                assert answer.status_code == 201, answer.text
                locations.append(f"Communication/{answer.json()['id']}")
                answered.release()

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(push, number) for number in range(CLIENTS)]
        for _ in range(40):
            assert answered.acquire(timeout=30)
        began = monotonic()
        hub.tell(signal.SIGTERM)
        assert hub.ended() == TERM
        assert monotonic() - began < 25
        acknowledged = [location for one in clients for location in one.result()]
    again = HubProcess(data, "serve", port=free_port())
    try:
        with httpx.Client(base_url=again.base_url, timeout=30) as client:
            town = Town(data, client, town.person)
            found_ids = {
                f"Communication/{one['resource']['id']}"
                for who in ("hosp-ehr", "clinic-emr")
                for one in town.get(who, f"/fhir/Communication?patient={town.person}&_count=200").json()["entry"]
            }
            assert all(location in found_ids or has(town, location) for location in acknowledged)
    finally:
        again.stop()


def test_what_was_begun_is_finished(hub: HubProcess, town: Town) -> None:
    """T-145: a push whose second half comes after the signal is answered; nobody new is let in."""
    wire, rest = half_sent(town, hub.port)
    hub.tell(signal.SIGTERM)
    sleep(0.5)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{hub.base_url}/healthz", timeout=5)
    with wire:
        wire.sendall(rest)
        assert wire.recv(65536).startswith(b"HTTP/1.1 201")
    assert hub.ended() == TERM


def test_streams_do_not_hold_up_the_end(hub: HubProcess, town: Town) -> None:
    """T-145: who listens is told that the hub ends, and goes on elsewhere."""
    with town.client.stream("GET", "/feed/stream", headers=town.headers("clinic-emr")) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        began = monotonic()
        hub.tell(signal.SIGTERM)
        assert [line for line in lines if line][-2:] == ["event: end", f"data: {ENDS}"]
    assert hub.ended() == TERM
    assert monotonic() - began < 5


def test_a_second_signal_ends_it_at_once(hub: HubProcess, town: Town) -> None:
    """T-145: who does not want to wait for what was begun says so twice; that push was not acknowledged."""
    wire, _ = half_sent(town, hub.port)
    with wire:
        hub.tell(signal.SIGTERM)
        sleep(0.5)
        began = monotonic()
        hub.tell(signal.SIGTERM)
        assert hub.ended() == TERM
        assert monotonic() - began < 10


def test_one_server_at_a_time_and_commands_beside_it(hub: HubProcess, town: Town, data: Path) -> None:
    """T-122: a second server on the same store is refused; commands work beside the first; its lock ends with it."""
    refused = command("serve", "--data", str(data), "--port", str(free_port()))
    assert refused.returncode != 0
    assert "Another server runs on the store" in refused.stderr
    beside = open_store(data)
    assert beside.lane.do(registry.city) is not None
    beside.lane.close()
    assert town.get("hosp-ehr", "/feed").status_code == 200
    hub.kill()
    with only_server(data):
        pass
