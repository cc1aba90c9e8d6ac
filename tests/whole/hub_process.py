"""A hub as its operator runs it: a process of its own, on a port, on a directory; ended as the test wants."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import httpx

ROOT = Path(__file__).parents[2]
_ENTRY = "from hub.cli import main; main()"
PATIENCE = 60.0
NO_LIMITS = {"RENKEI_RATE_CLIENT": "0", "RENKEI_RATE_RESIDENT": "0"}
"""The machine's own speed is the limit."""


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class HubProcess:
    """``renkei <command>`` as a process; ready when it is made, and ``started`` says after how many seconds.

    ``environment``: further variables, with their whole names.
    """

    def __init__(self, data: Path, *command: str, port: int, **environment: str) -> None:
        self.data, self.port = data, port
        self.base_url = f"http://127.0.0.1:{port}"
        self._said = (data / "output.txt").open("ab")
        begun = monotonic()
        arguments = [sys.executable, "-c", _ENTRY, *command, "--data", str(data), "--port", str(port)]
        around = os.environ | NO_LIMITS | {"PYTHONPATH": str(ROOT)} | environment
        self._process = subprocess.Popen(arguments, cwd=ROOT, env=around, stdout=self._said, stderr=subprocess.STDOUT)
        try:
            self._wait_until_ready(begun + PATIENCE)
        except BaseException:
            self.kill()
            raise
        self.started = monotonic() - begun

    def _wait_until_ready(self, deadline: float) -> None:
        while monotonic() < deadline:
            assert self._process.poll() is None, "the hub ended; see output.txt in its data directory"
            try:
                if httpx.get(f"{self.base_url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                sleep(0.05)
        raise AssertionError("the hub was not ready in time")

    def kill(self) -> None:
        """kill -9: no goodbye, nothing is finished."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """As a supervisor asks it to end."""
        self.tell(signal.SIGTERM)
        self.ended()

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(what)

    def ended(self) -> int:
        """Wait for its end; gives its status, negative for the signal that it died of."""
        self._end()
        return self._process.returncode

    @property
    def pid(self) -> int:
        return self._process.pid

    def _end(self) -> None:
        try:
            self._process.wait(30)
        finally:
            self._said.close()
