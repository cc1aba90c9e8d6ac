"""``GET /feed/stream``: the feed as it happens (DESIGN §6), as server-sent events (WHATWG HTML §9.2).

Each batch of events is a page of the feed: fetched by the way out, under the rules of that moment, and in the log
before it is sent.  In between the hub only looks whether it would show anything.  Nothing is kept from one look to the
next but the cursor, and all is done on the beat of a clock: what is hidden changes neither what is sent nor when.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.context import Context, Credential
from hub.doors import Doors
from hub.edge import bearer, context_of, doors_of
from hub.errors import Busy, HubError, TooMany
from hub.http.feed import question_of
from hub.interactions.feed import Feed, FeedPage
from hub.store import timeline

EVERY = 1.0
"""Seconds from one look to the next."""
ALIVE = 15
"""Looks from one sign of life to the next; then it is looked also where nothing seems to be new."""
AT_ONCE, OF_ONE = 32, 4
"""So many streams a process has, and one caller of them."""
RETRY = 3
"""Seconds after which a client comes again that lost the connection."""
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True)
class Streams:
    """The streams of this process, by whose they are.  Once it is ``ending``, each says what there is and ends."""

    every: float = EVERY
    ending: bool = False
    under_way: list[str] = field(default_factory=list)

    @contextmanager
    def place(self, whose: str) -> Iterator[None]:
        """A place for one more stream of a caller.  Raises ``Busy`` or ``TooMany`` when there is none."""
        if len(self.under_way) >= AT_ONCE:
            raise Busy("Too many streams are open. Try again, or ask GET /feed.", reason="streams")
        if self.under_way.count(whose) >= OF_ONE:
            text = f"You have {OF_ONE} streams open. End one of them; one tells of everybody in your care."
            raise TooMany(text, retry_after=ALIVE)
        self.under_way.append(whose)
        try:
            yield
        finally:
            self.under_way.remove(whose)

    async def turns(self) -> AsyncIterator[bool]:
        """Every turn until the end, on the beat however long the one before took; true when a sign of life is due."""
        now = asyncio.get_running_loop().time
        began, turn, signs = now(), 0, 0
        while not self.ending:
            turn = max(turn, int((now() - began) / self.every)) + 1
            await asyncio.sleep(began + turn * self.every - now())
            before, signs = signs, turn // ALIVE
            yield signs > before


@dataclass(slots=True)
class _Stream:
    """One stream: ``whose`` it is (``Caller.key``), and what is asked next."""

    doors: Doors
    credential: Credential
    context: Context
    whose: str
    question: Feed

    async def page(self) -> FeedPage:
        """What is new, as the way out shows it now."""
        page = await self.doors.read(self.credential, self.question, self._now())
        self.question = replace(self.question, wanted=replace(self.question.wanted, since=page.next))
        return page

    async def events(self, opened: FeedPage, streams: Streams) -> AsyncIterator[bytes]:
        """What is sent, piece by piece, from the page with which it was opened."""
        here = "" if opened.items else f"id: {opened.next}\n"
        yield f"retry: {RETRY * 1000}\n{here}\n".encode() + self._told(opened)
        seen = None
        try:
            async for is_sign_due in streams.turns():
                if is_sign_due:
                    yield b":\n\n"
                with suppress(Busy):  # then at the next turn
                    newest = await self.doors.lane.ask(timeline.last, looks=True)
                    while (is_sign_due or newest != seen) and not streams.ending and await self._is_more():
                        yield self._told(await self.page())
                    seen = newest
        except HubError as error:
            yield _end(error.text)
        else:
            yield _end("The hub is about to end. Come again, with the id of the last event.")

    async def _is_more(self) -> bool:
        return await self.doors.would_show(self.credential, self.question, self._now())

    def _now(self) -> Context:
        return self.doors.context(self.context.address, self.context.request_id)

    def _told(self, page: FeedPage) -> bytes:
        ids = (self.question.cursor(place, self.whose).encode() for place in page.places)
        return b"".join(
            b"id: %b\nevent: item\ndata: %b\n\n" % (id_, orjson.dumps(item))
            for id_, item in zip(ids, page.items, strict=True)
        )


def _end(why: str) -> bytes:
    return f"event: end\ndata: {why}\n\n".encode()


async def stream(request: Request) -> ASGIApp:
    """What becomes known from now on, or after a cursor, for as long as the client listens and may see it."""
    asked = question_of(request)
    since = request.headers.get("last-event-id") or (asked.wanted.since if "since" in request.query_params else None)
    question = replace(asked, wanted=replace(asked.wanted, since=since))
    doors, credential, context = doors_of(request), bearer(request), context_of(request)
    caller = await doors.caller(credential, context, question.interaction)
    streams: Streams = request.app.state.streams

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with streams.place(caller.key):
            one = _Stream(doors, credential, context, caller.key, question)
            opened = await one.page()
            said = StreamingResponse(one.events(opened, streams)) if request.method == "GET" else Response()
            said.headers.update(_HEADERS)
            await said(scope, receive, send)

    return answer
