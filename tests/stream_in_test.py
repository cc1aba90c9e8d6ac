"""Listening to ``GET /feed/stream`` of a hub in a test: beside what else the test does, on the hub's own loop.

The test client waits for the end of an answer, so a stream is asked for by ASGI itself.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from starlette.types import Message

from hub.http.feed_stream import Streams
from tests.hub_in_test import Body, City

QUICK = 0.02
"""Seconds between two looks, in a test."""
SOON = 20.0
SIGN = b":\n\n"


def streams_of(city: City) -> Streams:
    """Those of the hub."""
    streams: Streams = city.client.app.state.streams  # type: ignore[attr-defined]
    return streams


class Listening:
    """One stream as its client has it: the status, and the pieces that have come so far."""

    def __init__(self, city: City, path: str, headers: dict[str, str]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self._news = Condition()
        self._gone = asyncio.Event()
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": where, "raw_path": where.encode(), "query_string": query.encode(), "root_path": "",
            "scheme": "http", "server": ("hub.test", 80), "client": ("127.0.0.1", 50000), "app": city.client.app,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        assert city.client.portal is not None
        self._portal = city.client.portal
        self._answering = self._portal.start_task_soon(city.client.app, scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        with self._news:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                self.pieces.append(message["body"])
            self._news.notify_all()

    @property
    def text(self) -> str:
        """All that has come."""
        return b"".join(self.pieces).decode()

    @property
    def blocks(self) -> list[dict[str, str]]:
        """Its events, and what stands between them, as the fields of each."""
        said = [block.splitlines() for block in self.text.split("\n\n") if block]
        return [{line.partition(": ")[0]: line.partition(": ")[2] for line in lines} for lines in said]

    @property
    def items(self) -> list[Body]:
        return [json.loads(one["data"]) for one in self.blocks if one.get("event") == "item"]

    @property
    def signs(self) -> int:
        """How many signs of life have come."""
        return self.pieces.count(SIGN)

    @property
    def last_id(self) -> str:
        """What a client sends as ``Last-Event-ID``."""
        return [one["id"] for one in self.blocks if "id" in one][-1]

    @property
    def end(self) -> str:
        """Why it ended; "" as long as it did not."""
        return next((one["data"] for one in self.blocks if one.get("event") == "end"), "")

    def until(self, items: int = 0, signs: int = 0) -> None:
        """Wait for the beginning, and for so many items and signs of life."""
        until = monotonic() + SOON
        with self._news:
            while not self.pieces or len(self.items) < items or self.signs < signs:
                assert self._news.wait(until - monotonic()), self.text

    def over(self) -> None:
        """Wait for its end."""
        self._answering.result(SOON)

    def leave(self) -> None:
        """The client goes away."""
        self._portal.call(self._gone.set)
        self.over()


@contextmanager
def listening(city: City, who: str, asked: str = "", **headers: str) -> Iterator[Listening]:
    """A stream of ``who`` that has begun; it ends with the block."""
    streams_of(city).every = QUICK
    stream = Listening(city, f"/feed/stream?{asked}", city.headers(who, **headers))
    try:
        stream.until()
        yield stream
    finally:
        stream.leave()


def told(city: City, who: str, asked: str = "since=", **headers: str) -> Listening:
    """All that a stream says at once: the hub is about to end."""
    streams = streams_of(city)
    streams.ending = True
    try:
        with listening(city, who, asked, **headers) as stream:
            stream.over()
    finally:
        streams.ending = False
    return stream
