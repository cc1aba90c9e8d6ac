"""Floors: what the parts cost that every answer needs, measured alone on the same machine in the same run.

``hello`` is the least that a web server of this kind can answer.  ``Storage`` is the least that a durable write of
the same bytes, or the reading of the same rows, can cost: the same engine, the same settings, and nothing else.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import orjson
from sqlalchemy import Engine

from hub.store.database import embedded_engine

Message = dict[str, object]
INDEX_ROWS = 8  # what one resource leaves besides it: search index, timeline, access log, outbox
TABLES = (
    "CREATE TABLE resource (patient TEXT, type TEXT, id TEXT, body BLOB, PRIMARY KEY (patient, type, id))",
    "CREATE TABLE entry (patient TEXT, name TEXT, value TEXT, id TEXT, PRIMARY KEY (patient, name, value, id))"
    " WITHOUT ROWID",
    "CREATE INDEX entry_by_value ON entry (name, value)",
)
PER_PERSON = 100  # rows of each person who is read back


async def hello(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """A bare ASGI application."""
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})


class Storage:
    """The embedded encrypted engine with two plain tables."""

    def __init__(self, directory: Path, pushes: Sequence[bytes]) -> None:
        """``pushes``: transactions, whose resources are what is written."""
        directory.mkdir()
        engine: Engine = embedded_engine(directory, "0" * 64)
        self._held = engine.raw_connection()  # given back, it would be closed
        connection = self._held.driver_connection
        assert connection is not None
        self._connection = connection
        for statement in TABLES:
            connection.execute(statement)
        self._bodies = [orjson.dumps(entry["resource"]) for push in pushes for entry in orjson.loads(push)["entry"]]
        self._written = 0

    def write(self, resources: int, seconds: float, *, together: int) -> float:
        """Writes a second of so many resources with their index rows, ``together`` writes in one durable commit."""
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            self._connection.execute("BEGIN IMMEDIATE")
            for _ in range(together):
                self._put(resources)
                count += 1
            self._connection.execute("COMMIT")
        return count / (time.perf_counter() - started)

    def _put(self, resources: int) -> None:
        rows, entries = [], []
        for _ in range(resources):
            self._written += 1
            number, patient = self._written, f"p{self._written // PER_PERSON}"
            rows.append((patient, "Observation", f"r{number}", self._bodies[number % len(self._bodies)]))
            entries += [
                (patient, f"name-{place}", f"value-{number}-{place}", f"r{number}") for place in range(INDEX_ROWS)
            ]
        self._connection.executemany("INSERT INTO resource VALUES (?, ?, ?, ?)", rows)
        self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", entries)

    def read(self, resources: int, seconds: float) -> float:
        """How often a second so many rows of one person are read back."""
        started, count, people = time.perf_counter(), 0, self._written // PER_PERSON
        while time.perf_counter() - started < seconds:
            found = self._connection.execute(
                "SELECT * FROM resource WHERE patient = ? LIMIT ?", (f"p{1 + count % (people - 1)}", resources)
            ).fetchall()
            assert len(found) == resources
            count += 1
        return count / (time.perf_counter() - started)

    def close(self) -> None:
        self._held.close()


def storage_floors(directory: Path, pushes: Sequence[bytes], seconds: float, connections: int) -> dict[str, float]:
    """What a second can hold of each kind; with 8 connections 8 writes share a commit, as in the lane."""
    storage = Storage(directory, pushes)
    for _ in range(10):
        storage.write(10, 0.02, together=8)
    found = {f"write {size}": storage.write(size, seconds, together=connections) for size in (1, 10)}
    found |= {f"read {size}": storage.read(size, seconds) for size in (1, 20, PER_PERSON)}
    storage.close()
    return found


def together(hello: float, storage: float) -> float:
    """The floor of an answer that needs both, one after the other, in answers a second."""
    return 1 / (1 / hello + 1 / storage)
