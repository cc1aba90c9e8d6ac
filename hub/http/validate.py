"""``Type/$validate`` and ``Type/id/$validate``."""

from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.errors import Malformed
from hub.http import answers
from hub.http.asked import type_of
from hub.http.parameters import Asked, asked, bad
from hub.interactions.validate import Mode, Validate, ValidateStored, content
from profiles.resource import as_text

_MODES: tuple[Mode, ...] = get_args(Mode)


async def validate(request: Request) -> Response:
    """A resource, or Parameters with ``resource``, ``mode`` and ``profile``; these two in the URL as well."""
    type_, id_ = type_of(request), str(request.path_params.get("id", ""))
    question = _question(request, type_, id_, (await asked(request)).only({"resource", "mode", "profile"}))
    problems = await doors_of(request).read(bearer(request), question, context_of(request))
    return answers.fhir(answers.outcome(problems))


def _question(request: Request, type_: str, id_: str, given: Asked) -> Validate | ValidateStored:
    """Raises ``Malformed`` for what does not fit together."""
    mode = next((one for one in _MODES if one == given.text("mode")), None)
    if mode is None:
        raise bad("mode", f"takes {', '.join(filter(None, _MODES))}")
    profile = given.text("profile")
    resource = given.body if given.body is not None else given.complex.get("resource")
    path = f"{type_}/{id_}/$validate" if id_ else f"{type_}/$validate"
    whole = f"{path}?{urlencode(given.plain, safe='/:,')}" if given.plain else path
    if mode == "profile" or (resource is None and id_ and mode != "delete"):
        if not id_ or resource is not None or mode in ("create", "update"):
            raise Malformed(f"mode=profile is about what is stored: {type_}/id/$validate, without a resource.")
        return ValidateStored(type_, id_, profile, whole)
    if mode == "delete":
        if not id_:
            raise bad("mode", f"delete is asked of one resource: {type_}/id/$validate")
        return Validate(None, type_, id_, mode, (), whole)
    if resource is None:
        raise Malformed("Send the resource to validate, as the body or as the parameter resource.")
    if resource.get("resourceType") != type_:
        raise Malformed(f"The resource is a {as_text(resource.get('resourceType'))}, but the URL says {type_}.")
    own_id = as_text(resource.get("id"))
    if id_ and own_id not in ("", id_):
        raise Malformed(f"The resource must have the id of the URL, {id_}.")
    if mode == "update" and not (id_ or own_id):
        raise Malformed(f"mode=update names what is to be changed: {type_}/id/$validate, or the resource has its id.")
    found = content(resource, profile, mode, strict=given.strict)
    return Validate(resource, type_, id_ or (own_id if mode == "update" else ""), mode, found, whole)
