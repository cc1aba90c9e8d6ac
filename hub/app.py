"""The composition root: the one place where clock, ids and randomness come from, and where all is wired."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub import __version__
from hub.auth.seal import Seal
from hub.context import Context, Credential
from hub.deliverer import delivering
from hub.doors import Doors
from hub.edge import NO_TOKEN, Room, bearer, counted
from hub.errors import Busy, HubError, NotSupported
from hub.http import answers, openapi
from hub.http.encoding import Encoded
from hub.http.feed_stream import Streams
from hub.http.routes import FHIR, OTHER, Endpoint, offered
from hub.notify import networks
from hub.rates import Rates
from hub.settings import Settings
from hub.sharing import sharing
from hub.store import log_mark
from hub.store.lane import Lane
from hub.sweeper import sweeping
from hub.watch import Watch, watching
from hub.web.routes import PAGES, page_of_error
from hub.web.session import credential

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none';"
        b" base-uri 'none'",
    ),
    (b"cache-control", b"no-store"),
)
FREE = (
    *("/healthz", "/readyz", "/metrics", "/static/"),
    *("/oauth/token", "/sign-in", "/sign-out", "/emergency", "/fhir/Patient/$declare-emergency"),
)
"""What nobody is refused for having asked too often (the token door counts by itself)."""
LARGE_BODIES = 4
"""So many bodies of the greatest size may be in memory at once."""
log = structlog.get_logger("renkei")


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random id: 128 bits, so that it tells neither order nor number."""
    return secrets.token_hex(16)


def create_app(
    lane: Lane,
    secret: bytes,
    settings: Settings,
    base_url: str,
    *,
    clock: Callable[[], datetime] = now,
    ids: Callable[[], str] = new_id,
    random: Callable[[int], bytes] = secrets.token_bytes,
    mark: Path | None = None,
) -> FastAPI:
    """The hub as an ASGI application on a lane; ``secret`` is the store's key, ``base_url`` has no slash at its end.

    ``mark`` is the file that follows the log (``hub.store.log_mark``), where there is one.
    """

    nearby = networks(settings.notify_networks)
    rates = Rates(ids(), settings.rate_client, settings.rate_resident)
    doors = Doors(lane, Seal(secret), clock, ids, random, base_url, settings.max_body, rates, nearby)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keep_retries = timedelta(days=settings.keep_retries_days)
        async with (
            delivering(doors, settings.notify_every),
            sweeping(doors, settings.sweep_every, keep_retries),
            log_mark.keeping(lane, mark),
            watching(doors, app.state.watch, settings.watch_every),
            sharing(doors),
        ):
            yield
        lane.close()

    app = FastAPI(
        title="Renkei Hub",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.doors = doors
    app.state.interactions = offered()
    app.state.answers = Counter[int]()
    app.state.settings = settings
    app.state.watch = Watch()
    app.state.streams = Streams()
    app.state.room = Room(LARGE_BODIES * settings.max_body)
    for offers, who in (((*OTHER, *FHIR), bearer), (PAGES, credential)):
        for one in offers:
            is_counted = bool(rates.limits) and not one.path.startswith(FREE)
            answering = _Answering(one.endpoint, who if is_counted else None)
            app.router.routes.append(Route(one.path, answering, methods=[one.method]))
    described = openapi.description(OTHER)
    app.openapi = lambda: described  # type: ignore[method-assign]  # FastAPI's own way to say it in one's own words
    # All that stands around a request is ours: FastAPI's own layers cost a fifth of a read (docs/performance.md).
    app.middleware_stack = Encoded(_Around(app.router))
    return app


def directly(app: FastAPI) -> ASGIApp:
    """The application for a server: its requests pass over what FastAPI does before the first layer (telemetry)."""
    around = app.middleware_stack
    assert around is not None

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        scope["app"] = app
        await around(scope, receive, send)

    return serve


class _Answering:
    """An endpoint as an ASGI application, without the layers that Starlette puts around a function.

    ``who`` reads whose request it is, where requests are counted.
    """

    def __init__(self, endpoint: Endpoint, who: Callable[[Request], Credential] | None) -> None:
        self._endpoint = endpoint
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if self._who is not None:
            await counted(request, self._who)
        response = await self._endpoint(request)
        await response(scope, receive, send)


class _Around:
    """What every answer has: its instant and id, one table of refusals, the headers.

    Plain ASGI: Starlette's class for middleware would run each request in a task of its own (docs/performance.md).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        state, client = request.app.state, request.client
        context: Context = state.doors.context(client.host if client else "")
        request.state.context = context
        request.state.headers = []
        begun = False

        async def send_on(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                state.answers[message["status"]] += 1
                given = {name for name, _ in message["headers"]}
                added = [(name, value) for name, value in HEADERS if name not in given]
                added += [*request.state.headers, (b"x-request-id", context.request_id.encode())]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except HubError as error:
            if begun:
                raise
            if error.reason == NO_TOKEN:
                error = await _written_down(request, error, context)
            await _refusal(request, error)(scope, receive, send_on)
        except HTTPException as error:  # a path or a method that the route table does not have
            unknown = NotSupported(f"There is no such door here: {error.detail}.", status=error.status_code)
            response = _refusal(request, unknown)
            response.headers.update(error.headers or {})
            await response(scope, receive, send_on)
        except ClientDisconnect:  # in the middle of its body: nobody is there to be answered
            return
        except Exception:
            log.exception("failed", request=context.request_id, path=request.url.path)
            if begun:
                raise
            failed = Busy("Something went wrong inside the hub. It is in its log.", reason="exception")
            await _refusal(request, failed)(scope, receive, send_on)
        finally:
            state.room.leave(request)


async def _written_down(request: Request, error: HubError, context: Context) -> HubError:
    """The refusal of a stranger once it is in the log; what kept it from being written otherwise."""
    try:
        await request.app.state.doors.refuse_stranger(request.method, request.url.path, error, context)
    except Busy as busy:
        return busy
    return error


def _refusal(request: Request, error: HubError) -> Response:
    """One table for all: OperationOutcome under /fhir and /ingest, a page for people, problem JSON elsewhere."""
    path = request.url.path
    if path.startswith(("/fhir", "/ingest")):
        return answers.refusal(error)
    if path.startswith(("/feed", "/oauth", "/metrics")):
        return answers.problem(error)
    return page_of_error(request, error)
