"""The pages and their functions."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from hub.errors import NotFound, NotSupported
from hub.web import audit, desk, people, sign_in
from hub.web.errors import page_of_error, with_errors
from hub.web.page import Endpoint, Page
from hub.web.rendering import stylesheet

__all__ = ["PAGES", "page_of_error"]

_FOR_PROGRAMS = ("/fhir", "/ingest", "/feed", "/oauth", "/metrics", "/healthz", "/readyz")


async def style(request: Request) -> Response:
    """``GET /static/style.css``: its address changes with its content."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


async def nothing_here(request: Request) -> Response:
    """What no other route answers: a kind page for people, the framework's answer for programs."""
    matches = [(route, route.matches(request.scope)[0]) for route in request.app.router.routes]
    methods = {method for route, match in matches if match is Match.PARTIAL for method in _methods(route)}
    if request.url.path.startswith(_FOR_PROGRAMS):
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))}) if methods else HTTPException(404)
    if not methods:
        raise NotFound("There is no such page.")
    response = page_of_error(request, NotSupported("This page is not opened in this way."))
    response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _methods(route: object) -> set[str]:
    return set(route.methods or ()) if isinstance(route, Route) else set()


def _page(method: str, path: str, endpoint: Endpoint) -> Page:
    return Page(method, path, with_errors(endpoint))


PAGES: tuple[Page, ...] = (
    Page("GET", "/static/style.css", style),
    _page("GET", "/", sign_in.start),
    _page("GET", "/sign-in", sign_in.show),
    _page("POST", "/sign-in", sign_in.sign_in),
    _page("POST", "/sign-out", sign_in.sign_out),
    _page("GET", "/people", people.people),
    _page("GET", "/people/{id}", people.person),
    _page("GET", "/people/{id}/handoff", people.handoff),
    _page("GET", "/desk", desk.desk),
    _page("POST", "/desk/candidates", desk.candidates),
    _page("POST", "/desk/contacts", desk.contacts),
    _page("GET", "/audit", audit.log),
    _page("GET", "/audit/{id}", audit.event),
    # The last of all routes.
    _page("GET", "/{path:path}", nothing_here),
)
