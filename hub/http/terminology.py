"""The doors of codes: ``ValueSet/$expand`` and ``$validate-code``, ``CodeSystem/$lookup`` and ``$validate-code``."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import bearer, context_of, doors_of
from hub.errors import Malformed, not_found
from hub.http import answers
from hub.http.parameters import Asked, asked, bad
from hub.interactions.terminology import MOST, Expand, Lookup, ValidateCode
from hub.projections.definitions import shipped
from profiles import write_json
from profiles.resource import Resource, as_text, objects

_SHAPING = ("filter", "offset", "count", "displayLanguage", "includeDesignations")
# Taken, and true of every expansion here: active codes alone, in one flat list.
_ALWAYS = {"activeOnly": "true", "excludeNested": "true", "includeDefinition": "false"}
_CODED = frozenset({"code", "system", "display", "coding", "codeableConcept"})


async def expand(request: Request) -> Response:
    """``ValueSet/$expand`` and ``ValueSet/id/$expand``."""
    given = (await asked(request)).only({"url", "valueSetVersion", *_SHAPING, *_ALWAYS})
    for name, value in _ALWAYS.items():
        if given.text(name, value) != value:
            raise bad(name, f"is always {value} here")
    question = Expand(
        _query(request, given),
        url=_url(request, given, "ValueSet"),
        version=given.text("valueSetVersion"),
        text=given.text("filter"),
        offset=given.number("offset", 0),
        count=given.number("count", MOST),
        language=given.text("displayLanguage"),
        designations=given.flag("includeDesignations"),
        shaped=tuple((name, value) for name, value in given.plain if name in _SHAPING),
    )
    return await _answer(request, question)


async def lookup(request: Request) -> Response:
    """``CodeSystem/$lookup``."""
    given = (await asked(request)).only({"code", "system", "version", "coding", "displayLanguage"})
    coding = given.complex.get("coding", {})
    system = as_text(coding.get("system")) or given.text("system")
    code = as_text(coding.get("code")) or given.text("code")
    if not system or not code:
        raise Malformed("A lookup names a system and a code, or a coding that has both.")
    version = as_text(coding.get("version")) or given.text("version")
    question = Lookup(
        _query(request, given), system=system, version=version, code=code, language=given.text("displayLanguage")
    )
    return await _answer(request, question)


async def in_value_set(request: Request) -> Response:
    """``ValueSet/$validate-code`` and ``ValueSet/id/$validate-code``."""
    given = (await asked(request)).only({"url", "valueSetVersion", *_CODED})
    url = _url(request, given, "ValueSet")
    question = ValidateCode(
        _query(request, given), url=url, version=given.text("valueSetVersion"), is_set=True, codings=_codings(given)
    )
    return await _answer(request, question)


async def in_code_system(request: Request) -> Response:
    """``CodeSystem/$validate-code`` and ``CodeSystem/id/$validate-code``."""
    given = (await asked(request)).only({"url", "version", *_CODED - {"system"}})
    url = _url(request, given, "CodeSystem")
    question = ValidateCode(
        _query(request, given), url=url, version=given.text("version"), is_set=False, codings=_codings(given)
    )
    return await _answer(request, question)


async def _answer(request: Request, question: Expand | Lookup | ValidateCode) -> Response:
    answer: Resource = await doors_of(request).read(bearer(request), question, context_of(request))
    return answers.fhir(write_json(answer))


def _query(request: Request, given: Asked) -> str:
    path = request.url.path.partition("/fhir/")[2]
    return f"{path}?{urlencode(given.plain, safe='/:,')}" if given.plain else path


def _url(request: Request, given: Asked, type_: str) -> str:
    """The canonical URL of the definition that the path or the parameter ``url`` names."""
    id_ = request.path_params.get("id")
    if id_ is None:
        if not given.text("url"):
            raise Malformed(f"Name the {type_}: url=…, or {type_}/id/$….")
        return given.text("url")
    if given.text("url"):
        raise bad("url", "is not taken where the path names the definition")
    found = shipped()[type_].get(id_)
    if found is None:
        raise not_found()
    return as_text(found["url"])


def _codings(given: Asked) -> tuple[tuple[str, str, str], ...]:
    """(system, code, display) of all that is to be checked.  Raises ``Malformed`` when there is none."""
    concept = given.complex.get("codeableConcept", {})
    named = [given.complex["coding"]] if "coding" in given.complex else objects(concept.get("coding"))
    found = [(as_text(one.get("system")), as_text(one.get("code")), as_text(one.get("display"))) for one in named]
    if given.text("code"):
        found.append((given.text("system"), given.text("code"), given.text("display")))
    if not found or not all(code for _, code, _ in found):
        raise Malformed("Name what to check: code (with system), coding or codeableConcept.")
    return tuple(found)
