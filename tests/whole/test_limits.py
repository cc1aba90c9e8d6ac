"""A machine that has not enough: files, memory, a disk that fails (TRUST T-126, T-139, T-143)."""

import os
import resource
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from shutil import which
from time import monotonic, sleep
from uuid import uuid4

import httpx
import pytest

from tests.hub_in_test import entry, note, transaction
from tests.whole.founded import Town, found
from tests.whole.hub_process import HubProcess, free_port

pytestmark = pytest.mark.slow
GROWTH = 400 * 1024
"""Kibibytes that bundles of the greatest size may take for a time."""


def memory(hub: HubProcess, name: str) -> int:
    """A figure of the process in kibibytes: "VmRSS" now, "VmHWM" at most."""
    lines = Path(f"/proc/{hub.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@contextmanager
def failing_disk(hub: HubProcess) -> Iterator[None]:
    """The disk says at every sync that it failed."""
    words = ["-f", "-qq", "-o", os.devnull, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
    with subprocess.Popen(["strace", *words, "-p", str(hub.pid)]) as tracer:
        try:
            for task in Path(f"/proc/{hub.pid}/task").iterdir():
                until = monotonic() + 10
                while "TracerPid:\t0\n" in (task / "status").read_text():
                    assert tracer.poll() is None
                    assert monotonic() < until
                    sleep(0.05)
            yield
        finally:
            tracer.terminate()


@pytest.mark.skipif(which("strace") is None, reason="strace makes the disk fail, and is not installed")
def test_a_disk_that_fails_to_sync_gets_nothing_acknowledged(hub: HubProcess, town: Town) -> None:
    """T-126: 503 to whatever would be written, which is every answer; the retries have one effect afterwards."""
    keys = [uuid4().hex for _ in range(5)]
    town.headers("hosp-ehr")
    with failing_disk(hub):
        refused = [town.post("hosp-ehr", "/fhir/Communication", note(town.person, key), key) for key in keys]
        read = town.get("hosp-ehr", "/feed")
    assert {one.status_code for one in (*refused, read)} == {503}
    for key in keys * 2:
        assert town.post("hosp-ehr", "/fhir/Communication", note(town.person, key), key).status_code == 201
    kept = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_count=100").json()["entry"]
    assert sorted(one["resource"]["payload"][0]["contentString"] for one in kept) == sorted(keys)


def test_without_a_free_file_those_who_are_in_are_served_and_the_others_later(hub: HubProcess, town: Town) -> None:
    """T-143: no more files than there are; the connection that is open goes on, new ones come in when others go."""
    assert town.get("hosp-ehr", "/feed").status_code == 200
    soft, hard = resource.prlimit(hub.pid, resource.RLIMIT_NOFILE)
    used = len(list(Path(f"/proc/{hub.pid}/fd").iterdir()))
    resource.prlimit(hub.pid, resource.RLIMIT_NOFILE, (used + 20, hard))
    try:
        with ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(closing(socket.create_connection(("127.0.0.1", hub.port), timeout=20)))
            sleep(0.5)
            for _ in range(5):
                answer = town.post("hosp-ehr", "/fhir/Communication", note(town.person))
                assert answer.status_code == 201, answer.text
        sleep(0.5)
        with httpx.Client(base_url=hub.base_url, timeout=10) as new:
            assert new.get("/healthz").status_code == 200
    finally:
        resource.prlimit(hub.pid, resource.RLIMIT_NOFILE, (soft, hard))


def test_without_memory_what_is_small_is_served_and_what_is_large_is_taken_later(tmp_path: Path) -> None:
    """T-143: no more memory than there is, nor for a thread; of what does not fit nothing is kept."""
    found(tmp_path)
    hub = HubProcess(tmp_path, "serve", port=free_port())
    try:
        with httpx.Client(base_url=hub.base_url, timeout=30) as client:
            town, key = Town(tmp_path, client).settle(), uuid4().hex
            text = "申し送り。" * 1800
            large = transaction(*(entry(note(town.person, f"{one} {text}")) for one in range(500)))
            assert town.post("hosp-ehr", "/fhir/Communication", note(town.person)).status_code == 201
            soft, hard = resource.prlimit(hub.pid, resource.RLIMIT_AS)
            resource.prlimit(hub.pid, resource.RLIMIT_AS, (memory(hub, "VmSize") * 1024, hard))
            for _ in range(3):
                with suppress(httpx.TransportError):
                    assert town.post("hosp-ehr", "/fhir", large, key).status_code >= 400
                assert town.post("hosp-ehr", "/fhir/Communication", note(town.person)).status_code == 201
            resource.prlimit(hub.pid, resource.RLIMIT_AS, (soft, hard))
            for kept in (504, 504):
                assert town.post("hosp-ehr", "/fhir", large, key).status_code == 200
                counted = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_summary=count")
                assert counted.json()["total"] == kept
    finally:
        hub.stop()


def test_large_bundles_take_bounded_memory(hub: HubProcess, town: Town) -> None:
    """T-139: bundles of fifteen megabytes, one after another: memory grows for the first and no more."""
    text = "申し送り。" * 1800
    most = []
    before = memory(hub, "VmRSS")
    for number in range(6):
        bundle = transaction(*(entry(note(town.person, f"{number} {one} {text}")) for one in range(500)))
        answer = town.post("hosp-ehr", "/fhir", bundle)
        assert answer.status_code == 200, answer.text[:300]
        most.append(memory(hub, "VmHWM"))
    assert most[-1] - before < GROWTH
    assert most[-1] - most[2] < GROWTH / 8
