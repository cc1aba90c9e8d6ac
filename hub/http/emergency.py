"""``POST Patient/$declare-emergency``: an emergency access to one patient (CONSENT.md §6)."""

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.http import answers
from hub.http.parameters import Asked, asked, bad
from hub.interactions.emergency.declare import Declaration
from profiles.resource import as_text

_PARAMETERS = frozenset({"name", "birthDate", "identifier", "reason", "place"})


async def declare_emergency(request: Request) -> Response:
    """``name`` and/or ``birthDate``, and/or ``identifier``; ``reason``; ``place``.  Gives the Patient, until when."""
    given = (await asked(request, urgent=True)).only(_PARAMETERS)
    said = Declaration(
        name=given.text("name"),
        birth_date=given.text("birthDate"),
        identifier=_identifier(given),
        reason=given.text("reason"),
        place=given.text("place"),
    )
    declared = await doors_of(request).declare(bearer(request), said, context_of(request))
    found = [
        {"name": "patient", "valueReference": {"reference": f"Patient/{declared.patient}"}},
        {"name": "until", "valueInstant": declared.until},
    ]
    return answers.fhir({"resourceType": "Parameters", "parameter": found})


def _identifier(given: Asked) -> str:
    """An Identifier, or its text "system|value", or a number alone."""
    for name, value in given.complex.items():
        if name != "identifier":
            raise bad(name, "takes a text")
        return "|".join(filter(None, (as_text(value.get("system")), as_text(value.get("value")))))
    return given.text("identifier")
