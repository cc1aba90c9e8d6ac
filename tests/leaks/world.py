"""A world for the leak suite: one hub whose ids are known beforehand, and which remembers what it gave out by chance.

Two worlds that differ only in a hidden fact must give the same answers.  What differs by chance between two runs of
one world is taken out by ``canonical``, and nothing else: ids that the hub drew while it answered, and texts that its
own seal closed (page links and cursors, whose length stays).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from urllib.parse import unquote

import httpx2
from starlette.types import Message

from hub.auth.seal import Seal
from hub.doors import Doors
from hub.store import registry
from tests.api.pages_city import Browser
from tests.hub_in_test import City, small_city
from tests.receiver_in_test import ALLOWED, Post, Receiver


class Ids:
    """A source of ids in stretches: how many were drawn in one does not move those of the next."""

    def __init__(self) -> None:
        self._stretches, self._settled = 0, 0
        self.begin()

    def begin(self) -> None:
        """A new stretch."""
        self._stretches += 1
        self._drawn = 0

    def settle(self) -> None:
        """From now on ids are drawn in answers to those who ask."""
        self._settled = self._stretches

    def drawn_in_answers(self, id_: str) -> bool:
        """Whether the hub drew this id after all was settled."""
        return self._settled < int(id_[2:6], 16) <= self._stretches

    def __call__(self) -> str:
        """What tells ids apart stands in the first 20 digits, of which the id of a resource is made."""
        self._drawn += 1
        return f"1d{self._stretches:04x}{self._drawn:014x}{'0' * 12}"


class Remembering(Seal):
    """The hub's seal; it keeps what it closed, so that exactly that can be recognised."""

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        self.closed: dict[str, None] = {}

    def close(self, text: str, *bound_to: str) -> str:
        sealed = super().close(text, *bound_to)
        self.closed[sealed] = None
        return sealed


# As drawn, its first 20 digits in the id of a resource, and as a UUID.
_ID = re.compile(r"1d[0-9a-f]{18}(?:0{12})?|1d[0-9a-f]{6}(?:-[0-9a-f]{4}){3}-0{12}")


@dataclass(slots=True)
class World:
    """A hub, its people of the ground (by name), and whatever else a fact leaves for the questions about it."""

    city: City
    ids: Ids
    seal: Remembering
    receiver: Receiver
    post: Post
    people: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    by_chance: dict[str, None] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    def request(self, method: str, path: str, headers: dict[str, str], content: bytes | None) -> httpx2.Response:
        """One request and its whole answer: ASGI itself, because the suite asks ten thousand times."""
        client = self.city.client
        asked = client.build_request(method, path, content=content, headers=headers)
        where, _, query = asked.url.raw_path.partition(b"?")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
            "path": unquote(where.decode()), "raw_path": where, "query_string": query, "root_path": "",
            "scheme": "http", "server": ("hub.test", 80), "client": ("127.0.0.1", 50000), "app": client.app,
            "headers": [(name.lower(), value) for name, value in asked.headers.raw],
        }  # fmt: skip
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content or b"", "more_body": False}

        async def send(message: Message) -> None:
            said.append(message)

        assert client.portal is not None
        client.portal.call(client.app, scope, receive, send)
        body = b"".join(one.get("body", b"") for one in said[1:])
        return httpx2.Response(said[0]["status"], headers=said[0]["headers"], content=body)

    def canonical(self, text: str) -> str:
        """``text`` with the ids drawn in answers, and what was sealed, named in the order of appearance."""
        names: dict[str, str] = {}

        def named(kind: str, what: str, size: int) -> str:
            return names.setdefault(what, f"<{kind} {len(names) + 1} of {size}>")

        def id_(match: re.Match[str]) -> str:
            whole = match[0].replace("-", "")
            return named("id", whole[:20], len(match[0])) if self.ids.drawn_in_answers(whole) else match[0]

        for sealed in self.seal.closed:
            if sealed in text:
                text = text.replace(sealed, f"<sealed {len(sealed)}>")
        for one in self.by_chance:
            text = text.replace(one, named("chance", one, len(one)))
        return _ID.sub(id_, text)

    def browser(self, role: str) -> Browser:
        """A browser in which ``role`` is signed in; the same one each time."""
        if role not in self.browsers:
            self.browsers[role] = Browser(self.city)
            assert self.browsers[role].post("/sign-in", {"role": role}).status_code == 303, role
        return self.browsers[role]


class Known(City):
    """The small city with tokens that are the same in every world."""

    def token(self, who: str, *, organisation: str = "", scopes: str = "", purpose: str = "") -> str:
        name = f"{who} {organisation} {scopes} {purpose} {self.clock.now}"
        if name not in self._tokens:
            secret = sha256(name.encode()).hexdigest()
            self.store.lane.do(lambda tx: registry.put_token(tx, self._row(who, organisation, scopes, purpose, secret)))
            self._tokens[name] = secret
        return self._tokens[name]


UNCOUNTED = ALLOWED.model_copy(update={"rate_client": 0, "rate_resident": 0})
"""Its clock stands still: all that the suite asks would be of one minute, and refused alike in both worlds."""


@contextmanager
def world(directory: Path, there: Receiver) -> Iterator[World]:
    """A world with the small city, and nobody in it yet; its notifications go to ``there``."""
    ids = Ids()
    with small_city(directory, UNCOUNTED, ids) as plain:
        city = Known(plain.client, plain.store, plain.clock, plain.keys)
        app = city.client.app
        doors: Doors = app.state.doors  # type: ignore[attr-defined]
        seal = Remembering(city.store.secret)
        drawn = count(1)
        known = replace(doors, seal=seal, random=lambda size: next(drawn).to_bytes(size, "big"))
        app.state.doors = known  # type: ignore[attr-defined]
        post = Post(city)
        yield World(city, ids, seal, there, post)
        post.close()


def answered(response: httpx2.Response) -> str:
    """All of an answer: status, headers, body."""
    headers = "\n".join(sorted(f"{name}: {value}" for name, value in response.headers.multi_items()))
    return f"{response.status_code}\n{headers}\n\n{response.text}\n"
