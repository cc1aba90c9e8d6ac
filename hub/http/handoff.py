"""``POST /fhir/Patient/{id}/$handoff``: the handoff as a FHIR document Bundle."""

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.http import answers
from hub.interactions.handoff import Handoff
from profiles import write_json


async def handoff(request: Request) -> Response:
    """No parameters: the document is drafted from all that the caller may see."""
    answers.accept_json(request)
    document = await doors_of(request).read(bearer(request), Handoff(request.path_params["id"]), context_of(request))
    return answers.fhir(write_json(document))
