"""An endpoint of subscriptions on the loopback, and a deliverer that works when it is told to."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from hub.deliverer import Deliverer, Sender
from hub.doors import Doors
from hub.notify import TOPICS, networks
from hub.notify.waits import Waits
from hub.settings import Settings
from tests.hub_in_test import Body, City

LOOPBACK = "127.0.0.0/8"
ALLOWED = Settings(notify_every=0, watch_every=0, notify_networks=LOOPBACK)
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
PATIENT_CHANGED, ADMISSIONS, CONSENTS = TOPICS


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def bundle(self) -> Body:
        found: Body = json.loads(self.body)
        return found

    @property
    def status(self) -> Body:
        """The parameters of the notification's status, by name."""
        return {one["name"]: one for one in self.bundle["entry"][0]["resource"]["parameter"]}

    @property
    def kind(self) -> str:
        return self.headers["renkei-notification-type"]

    @property
    def events(self) -> list[dict[str, str]]:
        """Every event as event-number, timestamp, focus."""
        parameters = self.bundle["entry"][0]["resource"]["parameter"]
        found = [one["part"] for one in parameters if one["name"] == "notification-event"]
        return [{part["name"]: _value(part) for part in parts} for parts in found]

    @property
    def numbers(self) -> list[int]:
        return [int(one["event-number"]) for one in self.events]


def _value(part: Body) -> str:
    value = next(value for name, value in part.items() if name.startswith("value"))
    return str(value["reference"] if isinstance(value, dict) else value)


@dataclass(slots=True)
class Receiver:
    """Answers 200 unless told otherwise: ``answers`` are the statuses of the next requests, then ``usual``."""

    url: str = ""
    usual: int = 200
    answers: list[int] = field(default_factory=list)
    all: list[Received] = field(default_factory=list)
    before_answer: Callable[[], None] | None = None

    def of_kind(self, kind: str) -> list[Received]:
        return [one for one in self.all if one.kind == kind]

    @property
    def told(self) -> list[Received]:
        """The notifications with events."""
        return self.of_kind("event-notification")

    @property
    def numbers(self) -> list[int]:
        """The event numbers as they came in, those of a message that was not taken included."""
        return [number for one in self.told for number in one.numbers]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A web server that stays on the loopback for as long as the block runs."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            here.all.append(Received(self.command, self.path, headers, body))
            if here.before_answer is not None:
                here.before_answer()
            self.send_response(here.answers.pop(0) if here.answers else here.usual)
            self.send_header("Location", f"{here.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_DELETE = do_GET = do_POST  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Post:
    """One process' deliverer, moved by hand: it has done all that can be done now when ``deliver`` returns."""

    def __init__(self, city: City, waits: Waits | None = None) -> None:
        self._city = city
        doors: Doors = city.client.app.state.doors  # type: ignore[attr-defined]
        self._deliverer = Deliverer(doors, Sender(networks(LOOPBACK)), every=0, waits=waits)

    def deliver(self) -> None:
        """Look and serve until nothing is due any more."""
        self._call(self._until_nothing)

    def together(self, other: "Post") -> None:
        """Both at the same time, as two processes on one store."""

        async def both() -> None:
            await asyncio.gather(self._until_nothing(), other._until_nothing())

        self._call(both)

    def kill(self) -> None:
        """The process ends in the middle of what it does; for another thread to call."""
        self._call(self._deliverer.stop)

    def close(self) -> None:
        self._call(self._deliverer.stop)

    def _call(self, work: Callable[[], Any]) -> None:
        portal = self._city.client.portal
        assert portal is not None
        portal.call(work)

    async def _until_nothing(self) -> None:
        for _ in range(3):
            await self._deliverer.look()
            with suppress(asyncio.CancelledError):  # killed
                await self._deliverer.rest()


def subscribed(city: City, post: Post, who: str, wanted: Body) -> Body:
    """A Subscription that is asked for, with its handshake behind it; what is written after this is news."""
    asked = city.created(who, wanted)
    post.deliver()
    city.clock.move(seconds=1)
    stored: Body = city.get(who, f"/fhir/Subscription/{asked['id']}").json()
    return stored


def subscription(endpoint: str, criteria: str, *filters: str, content: str = "id-only", **more: Any) -> Body:
    """A Subscription on a topic; ``channel`` adds to its channel, ``extension`` are (name, element, value)."""
    extension = [
        {"url": f"{BACKPORT}/backport-{name}", element: value} for name, element, value in more.pop("extension", ())
    ]
    found = [{"url": f"{BACKPORT}/backport-filter-criteria", "valueString": one} for one in filters]
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "新着を知るため",
        "criteria": criteria,
        **({"_criteria": {"extension": found}} if found else {}),
        "channel": {
            **({"extension": extension} if extension else {}),
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {"extension": [{"url": f"{BACKPORT}/backport-payload-content", "valueCode": content}]},
            **more.pop("channel", {}),
        },
        **more,
    }


def classic(endpoint: str, criteria: str, payload: str = "", **more: Any) -> Body:
    """A Subscription as R4 knows it by itself."""
    channel = {"type": "rest-hook", "endpoint": endpoint, **({"payload": payload} if payload else {})}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "新着を知るため",
        "criteria": criteria,
        "channel": {**channel, **more.pop("channel", {})},
        **more,
    }
