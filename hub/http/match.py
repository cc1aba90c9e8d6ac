"""``POST Patient/$match``."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.errors import Malformed
from hub.http import answers
from hub.http.parameters import asked, bad
from hub.identity.grades import SCORES
from hub.interactions.match import MatchPatient

DEFAULT, MOST = 10, 50
_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


async def match(request: Request) -> Response:
    """A Patient, or Parameters with ``resource``, ``onlyCertainMatches`` and ``count``; the likeliest first."""
    given = (await asked(request)).only({"resource", "onlyCertainMatches", "count"})
    resource = given.body if given.body is not None else given.complex.get("resource")
    if resource is None or resource.get("resourceType") != "Patient":
        raise Malformed("Send the Patient to look for, as the body or as the parameter resource.")
    count = given.number("count", DEFAULT)
    if count < 1:
        raise bad("count", "takes a number from 1 on")
    doors = doors_of(request)
    question = MatchPatient(resource, given.flag("onlyCertainMatches"), min(count, MOST))
    found = await doors.read(bearer(request), question, context_of(request))
    entries = [
        {
            "fullUrl": f"{doors.base_url}/fhir/Patient/{one.id}",
            "resource": orjson.Fragment(one.body),
            "search": {
                "extension": [{"url": _GRADE, "valueCode": one.grade}],
                "mode": "match",
                "score": SCORES[one.grade],
            },
        }
        for one in found
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return answers.fhir(bundle | ({"entry": entries} if entries else {}))
