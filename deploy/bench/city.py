"""A city to measure: the demo city's institutions and rules, with residents, care teams and consents of its own.

The server is a process of its own, started by the commands that operators use; everything enters through its doors.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
from bodies import Bodies

from hub.demo.keys import make_keys

ROOT = Path(__file__).resolve().parents[2]
CITY_FILE = ROOT / "deploy" / "demo-city" / "city.toml"
SYSTEMS = ("city-registry", "hosp-ehr", "clinic-emr", "dental-app", "pharm-rx", "nursing-app", "care-plan-app",
           "day-service-app", "facility-app", "houkatsu-app")  # fmt: skip
MANAGERS = ("cm-ito", "cm-kato")
PEOPLE_OF_ONE_MANAGER = 40  # about what a care manager may look after
RENEW_AFTER = 180  # seconds; tokens live for five minutes
NO_LIMITS = {"RENKEI_RATE_CLIENT": "0", "RENKEI_RATE_RESIDENT": "0"}
RENKEI = [sys.executable, "-c", "from hub.cli import main; main()"]


@dataclass(slots=True)
class Server:
    """A running process on a loopback port."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it and wait."""
        self.process.terminate()
        self.process.wait(30)


def start(command: Sequence[str], log: Path, path: str) -> Server:
    """Start a server (``{port}`` in its command is replaced) and wait until ``path`` answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with log.open("wb") as file:
        full = [word.format(port=port) if "{port}" in word else word for word in command]
        settings = os.environ | NO_LIMITS
        process = subprocess.Popen(full, cwd=ROOT, env=settings, stdout=file, stderr=file)  # noqa: S603 - our own
    server = Server(process, port)
    for _ in range(150):
        try:
            if httpx.get(server.base + path, timeout=5).is_success:
                return server
        except httpx.TransportError:
            if process.poll() is not None:
                break
        time.sleep(0.2)
    server.stop()
    raise SystemExit(f"The server did not start:\n{log.read_text()[-2000:]}")


def start_hub(data: Path, database: str = "", workers: int = 1) -> Server:
    """Apply the city file and serve it, on the embedded store or on a PostgreSQL ``database`` (its URL)."""
    make_keys(data, list(SYSTEMS))
    where = where_of(data, database)
    renkei("city", "apply", str(CITY_FILE), "--keys", str(data), *where)
    several = ["--workers", str(workers)] if workers > 1 else []
    return start([*RENKEI, "serve", *where, *several, "--port", "{port}"], data / "server.log", "/readyz")


def where_of(data: Path, database: str) -> list[str]:
    """The options that name the store."""
    return ["--data", str(data), *(["--database-url", database] if database else [])]


def start_hello(directory: Path) -> Server:
    """The floor: uvicorn with an application that does nothing."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(__file__).parent), "floors:hello"]
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return start([*command, *options, "--port", "{port}"], directory / "hello.log", "/")


def renkei(*arguments: str) -> str:
    """Run a command of the hub; gives what it prints."""
    done = subprocess.run(  # noqa: S603 - our own commands
        [*RENKEI, *arguments], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    if done.returncode:
        raise SystemExit(f"renkei {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


@dataclass(slots=True)
class Residents:
    """The measured city's people, as the doors named them; ``mine`` are those of the first care manager."""

    hub: Server
    data: Path
    bodies: Bodies
    database: str = ""
    ids: list[str] = field(default_factory=list)
    resources: int = 0
    sent: int = 0  # bytes of the resources' JSON, as they were sent
    _newest: int = 500_000
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def mine(self) -> list[str]:
        return self.ids[:PEOPLE_OF_ONE_MANAGER]

    def token(self, who: str) -> str:
        """A living token of a system or of a care manager."""
        token, made = self._tokens.get(who, ("", 0.0))
        if not token or time.monotonic() - made > RENEW_AFTER:
            named = ["--person", who, "--organisation", "kyotaku"] if who in MANAGERS else [who]
            token, made = renkei("token", *named, *where_of(self.data, self.database)), time.monotonic()
            self._tokens[who] = token, made
        return token

    def another(self) -> int:
        """The number of a person whom nobody has heard of yet."""
        self._newest += 1
        return self._newest

    def move_in(self, count: int, pushes: int) -> None:
        """Register residents until there are ``count``, and push each one's history; the first manager's have more."""
        with httpx.Client(base_url=self.hub.base, timeout=60) as client:
            for number in range(len(self.ids), count):
                is_mine = number < PEOPLE_OF_ONE_MANAGER
                registration = self.bodies.registration(number, MANAGERS[0] if is_mine else MANAGERS[1])
                answer = self._send(client, "city-registry", registration)
                self.ids.append(_location(answer, 0).removeprefix("Patient/"))
                for _ in range(12 if is_mine else pushes):
                    self._send(client, "hosp-ehr", self.bodies.push(number))

    def _send(self, client: httpx.Client, system: str, body: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {self.token(system)}", "Content-Type": "application/fhir+json"}
        response = client.post("/fhir", content=body, headers=headers)
        if response.status_code != 200:
            raise SystemExit(f"A push was refused: {response.status_code} {response.text[:1000]}")
        bodies = [orjson.dumps(entry["resource"]) for entry in orjson.loads(body)["entry"]]
        self.resources += len(bodies)
        self.sent += sum(map(len, bodies))
        return response.content


def _location(answer: bytes, place: int) -> str:
    return str(orjson.loads(answer)["entry"][place]["response"]["location"]).partition("/_history")[0]
