"""A real hub with the demo city, in a directory that looks like the repository to whoever pastes a command."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.docs.page import ROOT

READY_WITHIN = 180.0
# The command itself.  The same token asked for again within two minutes is the one from before: it still lives, and
# to start Python for it once more would take most of the test's time.
_RENKEI = """#!/bin/sh
run() {{ "{python}" -c "from hub.cli import main; main()" "$@"; }}
[ "$1" = token ] || {{ run "$@"; exit; }}
kept="tokens/$(echo "$*" | tr -c 'a-z0-9\\n' -)"
mkdir -p tokens
[ -n "$(find "$kept" -mmin -2 2>/dev/null)" ] || run "$@" >"$kept" || {{ rm "$kept"; exit 1; }}
cat "$kept"
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a reader sits: the directory to paste commands in, and the address of the hub that was started there."""

    directory: Path
    address: str

    def environment(self) -> dict[str, str]:
        """The reader's environment; no setting of the hub, or of Python, leaks in from outside."""
        foreign = ("RENKEI_", "PORT", "PYTHON")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {**clean, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo city in it."""
    directory = tmp_path_factory.mktemp("seed")
    with running(_furnished(directory)):
        pass
    return directory / "var"


@pytest.fixture
def desk(seeded: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk of one's own: what one test does, no other sees."""
    shutil.copytree(seeded, tmp_path / "var")
    with running(_furnished(tmp_path)) as desk:
        yield desk


def _furnished(directory: Path) -> Path:
    """The repository's folders, and ``.venv/bin`` with the Python that runs the tests."""
    for name in ("connectors", "deploy", "docs"):
        (directory / name).symlink_to(ROOT / name)
    binaries = directory / ".venv" / "bin"
    binaries.mkdir(parents=True)
    python = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'
    for name, script in (("python", python), ("renkei", _RENKEI.format(python=sys.executable))):
        (binaries / name).write_text(script, encoding="utf-8")
        (binaries / name).chmod(0o755)
    return directory


@contextmanager
def running(directory: Path) -> Iterator[Desk]:
    """What ``make run`` starts, on a free port; stopped as Ctrl-C stops it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    desk = Desk(directory, f"http://127.0.0.1:{port}")
    command = [sys.executable, "-c", "from hub.cli import main; main()", "demo", "--port", str(port)]
    with (directory / "hub.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=directory, env=desk.environment(), stdout=out, stderr=out)
    try:
        _wait_until_ready(desk, process)
        yield desk
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _wait_until_ready(desk: Desk, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{desk.address}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError((desk.directory / "hub.out").read_text("utf-8"))
