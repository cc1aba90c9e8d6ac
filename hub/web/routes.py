"""The pages and their functions."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from hub.errors import NotFound, NotSupported
from hub.web import (
    access_record,
    audit,
    care_teams,
    consents,
    desk,
    disaster,
    disaster_people,
    emergency,
    people,
    reviews,
    sign_in,
    why,
)
from hub.web.errors import page_of_error, with_errors
from hub.web.page import Endpoint, Page
from hub.web.rendering import countdown, stylesheet

__all__ = ["PAGES", "page_of_error"]

_FOR_PROGRAMS = ("/fhir", "/ingest", "/feed", "/oauth", "/metrics", "/healthz", "/readyz")


async def style(request: Request) -> Response:
    """``GET /static/style.css``: its address changes with its content."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


async def script(request: Request) -> Response:
    """``GET /static/countdown.js``: the same."""
    return Response(countdown(), media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})


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
    Page("GET", "/static/countdown.js", script),
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
    _page("GET", "/care-teams", care_teams.teams),
    _page("POST", "/care-teams", care_teams.find),
    _page("GET", "/care-teams/{id}", care_teams.team),
    _page("POST", "/care-teams/{id}/members", care_teams.members),
    _page("POST", "/care-teams/{id}/ends", care_teams.ends),
    _page("GET", "/care-teams/{id}/hand-over", care_teams.handing_over),
    _page("POST", "/care-teams/{id}/hand-over", care_teams.handed_over),
    _page("POST", "/care-teams/{id}/contacts", care_teams.contacts),
    _page("POST", "/care-teams/{id}/undo", care_teams.undone),
    _page("GET", "/emergency", emergency.show),
    _page("POST", "/emergency", emergency.declare),
    _page("GET", "/emergency/{id}", emergency.sheet),
    _page("POST", "/emergency/{id}", emergency.end),
    _page("GET", "/disaster", disaster.board),
    _page("POST", "/disaster", disaster.declared),
    _page("GET", "/disaster/new", disaster.draft),
    _page("GET", "/disaster/people", disaster_people.show),
    _page("POST", "/disaster/people", disaster_people.find),
    _page("GET", "/disaster/people/{id}", disaster_people.sheet),
    _page("POST", "/disaster/{id}", disaster.decided),
    _page("GET", "/consents", consents.start),
    _page("POST", "/consents", consents.find),
    _page("GET", "/consents/{patient}", consents.resident),
    _page("GET", "/consents/{patient}/new", consents.new),
    _page("POST", "/consents/{patient}/new", consents.typed),
    _page("GET", "/consents/{patient}/revoke/{consent}", consents.revoke),
    _page("POST", "/consents/{patient}/revoke/{consent}", consents.typed),
    _page("GET", "/consents/{patient}/drafts/{draft}", consents.review),
    _page("POST", "/consents/{patient}/drafts/{draft}", consents.save),
    _page("GET", "/consents/{patient}/copy", consents.copy),
    _page("GET", "/consents/{patient}/forms/{form}", consents.scan),
    _page("GET", "/reviews", reviews.reviews),
    _page("POST", "/reviews/{id}", reviews.decided),
    _page("GET", "/audit", audit.log),
    _page("GET", "/audit/{id}", audit.event),
    _page("GET", "/access-record", access_record.find),
    _page("POST", "/access-record", access_record.found),
    _page("GET", "/access-record/{patient}", access_record.record),
    _page("GET", "/access-record/{patient}/print", access_record.printed),
    _page("GET", "/access-record/{patient}/entries/{id}", access_record.entry),
    _page("POST", "/access-record/{patient}/entries/{id}", access_record.questions),
    _page("GET", "/why", why.now),
    _page("POST", "/why", why.find),
    _page("GET", "/why/{id}", why.then),
    # The last of all routes.
    _page("GET", "/{path:path}", nothing_here),
)
