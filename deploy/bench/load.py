"""A closed loop of HTTP requests: one under way on each keep-alive connection, the next when its answer is read.

Nothing but sockets, so that the load takes little of the other core.  Every answer is checked.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from footprint import cpu_seconds

Check = Callable[[int, bytes, int], None]


class WrongAnswer(RuntimeError):
    """An answer that is not the right one: the run says nothing."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured: seconds it took, latencies in ms, CPU seconds that the server used."""

    seconds: float
    latencies: list[float]
    server_cpu: float


class Connection(asyncio.Protocol):
    """One keep-alive connection; takes answers with a Content-Length, as all of the hub's are."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its class

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WrongAnswer(f"the server closed the connection: {error}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0 or self._answer is None:
            return
        head = bytes(self._buffer[:head_end])
        start = head.lower().find(b"content-length:")
        length = int(head[start + 15 :].partition(b"\r\n")[0]) if start >= 0 else 0
        if len(self._buffer) >= head_end + 4 + length:
            body = bytes(self._buffer[head_end + 4 : head_end + 4 + length])
            del self._buffer[: head_end + 4 + length]
            answer, self._answer = self._answer, None
            answer.set_result((int(head[9:12]), body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


async def connect(port: int) -> Connection:
    """A connection to the loopback address."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if body:
        head += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "\r\n"]).encode() + body


async def measure(
    port: int, server: int, ask: Callable[[int], bytes], check: Check, *, connections: int, seconds: float, first: int
) -> Round:
    """Load for ``seconds``: ``ask`` makes the n-th request (n from ``first``), ``check`` raises ``WrongAnswer``."""
    latencies: list[float] = []
    place = first
    end = time.perf_counter() + seconds

    async def work(connection: Connection) -> None:
        nonlocal place
        while time.perf_counter() < end:
            mine, place = place, place + 1
            wire = ask(mine)
            sent = time.perf_counter()
            status, body = await connection.ask(wire)
            latencies.append(1000 * (time.perf_counter() - sent))
            check(status, body, mine)

    open_ = [await connect(port) for _ in range(connections)]
    cpu, started = cpu_seconds(server), time.perf_counter()
    try:
        await asyncio.gather(*(work(one) for one in open_))
        return Round(time.perf_counter() - started, latencies, cpu_seconds(server) - cpu)
    finally:
        for one in open_:
            one.transport.close()


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
