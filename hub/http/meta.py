"""``Type/id/$meta``."""

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.http import answers
from hub.http.asked import type_of
from hub.http.parameters import asked
from hub.interactions.meta import Meta
from profiles import write_json


async def meta(request: Request) -> Response:
    """No parameters."""
    (await asked(request)).only(())
    question = Meta(type_of(request), request.path_params["id"])
    found = await doors_of(request).read(bearer(request), question, context_of(request))
    return answers.fhir(write_json(found))
