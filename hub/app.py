"""The composition root: the one place where clock, ids and randomness come from, and where all is wired."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.auth.seal import Seal
from hub.context import Context
from hub.doors import Doors
from hub.errors import Busy, HubError
from hub.http import answers
from hub.http.routes import FHIR, OTHER
from hub.settings import Settings
from hub.store.lane import Lane
from hub.web.routes import PAGES, page_of_error

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
}
log = structlog.get_logger("renkei")


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random id: 122 bits, so that it tells neither order nor number."""
    return uuid4().hex


def create_app(
    lane: Lane,
    secret: bytes,
    settings: Settings,
    base_url: str,
    *,
    clock: Callable[[], datetime] = now,
    ids: Callable[[], str] = new_id,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> FastAPI:
    """The hub as an ASGI application on a lane; ``secret`` is the store's key, ``base_url`` has no slash at its end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        lane.close()

    app = FastAPI(
        title="Renkei Hub", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.doors = Doors(lane, Seal(secret), clock, ids, random, base_url, settings.max_body)
    app.state.interactions = frozenset(door.interaction for door in FHIR if door.interaction)
    app.state.answers = Counter[int]()
    app.state.settings = settings
    for door in FHIR:
        app.router.add_route(door.path, door.endpoint, methods=[door.method])
    for door in OTHER:
        app.add_api_route(door.path, door.endpoint, methods=[door.method], summary=door.summary, response_model=None)
    for page in PAGES:
        app.router.add_route(page.path, page.endpoint, methods=[page.method])
    app.middleware("http")(_around)
    return app


async def _around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    doors = request.app.state.doors
    context: Context = doors.context(request.client.host if request.client else "")
    request.state.context = context
    try:
        response = await call_next(request)
    except HubError as error:
        response = _refusal(request, error)
    except Exception:
        log.exception("failed", request=context.request_id, path=request.url.path)
        response = _refusal(request, Busy("Something went wrong inside the hub. It is in its log.", reason="exception"))
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Request-Id"] = context.request_id
    request.app.state.answers[response.status_code] += 1
    return response


def _refusal(request: Request, error: HubError) -> Response:
    """One table for all: OperationOutcome under /fhir and /ingest, a page for people, problem JSON elsewhere."""
    path = request.url.path
    if path.startswith(("/fhir", "/ingest")):
        return answers.refusal(error)
    if path.startswith(("/feed", "/oauth", "/metrics")):
        problem = {"type": "about:blank", "title": error.text, "status": error.status}
        return JSONResponse(problem, error.status, media_type="application/problem+json")
    return page_of_error(request, error)
