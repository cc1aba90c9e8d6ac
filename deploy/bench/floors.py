"""Floors: what the parts cost that every answer needs, measured alone on the same machine in the same run.

``hello`` is the least that a web server of this kind can answer.  ``Storage`` is the least that a durable write of
a push, or the reading of a page, can cost: the same bytes, the same engine, the same settings, and nothing else.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import orjson
from sqlalchemy import Engine

from hub.store.database import embedded_engine

Message = dict[str, object]
INDEX_ROWS = 70  # what a push of ten resources leaves besides them: search index, timeline, access log, outbox
TABLES = (
    "CREATE TABLE resource (patient TEXT, type TEXT, id TEXT, body BLOB, PRIMARY KEY (patient, type, id))",
    "CREATE TABLE entry (patient TEXT, name TEXT, value TEXT, id TEXT, PRIMARY KEY (patient, name, value, id))"
    " WITHOUT ROWID",
    "CREATE INDEX entry_by_value ON entry (name, value)",
)


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

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        engine: Engine = embedded_engine(directory, "0" * 64)
        connection = engine.raw_connection().driver_connection
        assert connection is not None
        self._connection = connection
        for statement in TABLES:
            connection.execute(statement)
        self._patients = 0

    def write(self, pushes: Sequence[bytes], seconds: float, *, together: int) -> float:
        """Pushes a second: for each ten resources and their index rows, ``together`` pushes in one durable commit."""
        rows = [
            [orjson.dumps(entry["resource"]) for entry in orjson.loads(push)["entry"]] for push in pushes
        ]  # the bytes of each resource
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            self._connection.execute("BEGIN IMMEDIATE")
            for _ in range(together):
                self._put(rows[count % len(rows)])
                count += 1
            self._connection.execute("COMMIT")
        return count / (time.perf_counter() - started)

    def _put(self, bodies: Sequence[bytes]) -> None:
        self._patients += 1
        patient = f"p{self._patients}"
        self._connection.executemany(
            "INSERT INTO resource VALUES (?, ?, ?, ?)",
            [(patient, "Observation", f"{patient}-{place}", body) for place, body in enumerate(bodies)],
        )
        self._connection.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?)",
            [
                (patient, f"parameter-{place % 7}", f"value-{self._patients}-{place}", f"{patient}-{place % 10}")
                for place in range(INDEX_ROWS)
            ],
        )

    def read(self, seconds: float) -> float:
        """Pages of 20 rows a second, read back by patient."""
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            patient = 1 + count % max(1, self._patients - 1)
            found = self._connection.execute(
                "SELECT * FROM resource WHERE patient IN (?, ?)", (f"p{patient}", f"p{patient + 1}")
            ).fetchall()
            assert len(found) in (10, 20)
            count += 1
        return count / (time.perf_counter() - started)

    def close(self) -> None:
        self._connection.close()
