"""One demo city for all clients: a process of its own, asked by programs that nobody here wrote."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.whole.hub_process import ROOT, HubProcess, free_port

SYSTEM = "hosp-ehr"
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Served:
    """Where the hub is and where its data lie."""

    address: str
    data: Path

    @property
    def fhir(self) -> str:
        return f"{self.address}/fhir"

    @property
    def key(self) -> Path:
        """The private key of the hospital's system."""
        return self.data / "keys" / f"{SYSTEM}.private.json"

    def token(self) -> str:
        """What ``renkei token`` prints for the hospital's system."""
        entry = "from hub.cli import main; main()"
        return say([sys.executable, "-c", entry, "token", SYSTEM, "--data", str(self.data)], ROOT).strip()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo city, just made."""
    data = tmp_path_factory.mktemp("hub")
    hub = HubProcess(data, "demo", "--city", str(ROOT / "deploy" / "demo-city"), port=free_port())
    yield Served(hub.base_url, data)
    hub.stop()


def say(command: list[str], directory: Path) -> str:
    """What a command prints; a test fails with it when the command does."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
