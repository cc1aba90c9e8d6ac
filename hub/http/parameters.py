"""What an operation is asked with: the URL's query, or a Parameters resource that is posted (FHIR R4 §3.2.0)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from starlette.requests import Request

from hub.edge import bearer, body_of, context_of, doors_of, query_pairs
from hub.errors import Malformed, Problem
from hub.http import answers
from hub.interactions.receive import parse
from profiles.resource import Json, Resource, as_object, as_text, objects

_ABOUT_THE_ANSWER = frozenset({"_format", "_pretty"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Plain parameters in their order; complex ones (a Coding, a resource) by name; the body when it is a resource.

    ``strict`` is how the caller who sent a body is registered.
    """

    plain: tuple[tuple[str, str], ...]
    complex: dict[str, Resource]
    body: Resource | None = None
    strict: bool = False

    def text(self, name: str, otherwise: str = "") -> str:
        """The value of a parameter that may stand once.  Raises ``Malformed`` when it stands twice."""
        values = self.all(name)
        if len(values) > 1:
            raise bad(name, "may stand only once")
        return values[0] if values else otherwise

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may repeat."""
        return [value for one, value in self.plain if one == name]

    def number(self, name: str, otherwise: int) -> int:
        """A whole number from 0 on.  Raises ``Malformed``."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise bad(name, f"takes a whole number, not {text[:40]!r}")
        return int(text) if text else otherwise

    def flag(self, name: str, otherwise: bool = False) -> bool:
        """A boolean.  Raises ``Malformed``."""
        text = self.text(name)
        if text not in ("", "true", "false"):
            raise bad(name, f"takes true or false, not {text[:40]!r}")
        return text == "true" if text else otherwise

    def only(self, names: Collection[str]) -> "Asked":
        """Itself, when it has none but these parameters.  Raises ``Malformed``: none is passed over unknown."""
        known = ", ".join(sorted(names)) or "none"
        for name in (*(name for name, _ in self.plain), *self.complex):
            if name not in names:
                raise bad(name, f"is not a parameter here; there are {known}", "not-supported")
        return self


async def asked(request: Request, *, urgent: bool = False) -> Asked:
    """The parameters of a request, which may be ``urgent``.  The caller is known before its body is read.

    Raises ``Malformed`` for a body that is no FHIR resource, and what ``bearer`` and ``body_of`` raise.
    """
    answers.accept_json(request)
    in_url = [(name, value) for name, value in query_pairs(request) if name not in _ABOUT_THE_ANSWER]
    if request.method != "POST":
        return Asked(tuple(in_url), {})
    doors = doors_of(request)
    caller = await doors.caller(bearer(request), context_of(request), urgent=urgent)
    body = await body_of(request, doors.max_body)
    if not body.strip():
        return Asked(tuple(in_url), {})
    answers.sent_json(request)
    resource = parse(body)
    if resource["resourceType"] != "Parameters":
        return Asked(tuple(in_url), {}, resource, caller.strict)
    plain, complex_ = list(in_url), dict[str, Resource]()
    for name, value in _parts(resource):
        if isinstance(value, dict):
            if name in complex_:
                raise bad(name, "may stand only once")
            complex_[name] = value
        else:
            plain.append((name, value))
    return Asked(tuple(plain), complex_, strict=caller.strict)


def _parts(parameters: Resource) -> Iterator[tuple[str, str | Resource]]:
    for one in objects(parameters.get("parameter")):
        name = as_text(one.get("name"))
        values = [value for key, value in one.items() if key.startswith("value")]
        if "resource" in one:
            yield name, as_object(one["resource"])
        elif len(values) == 1:
            yield name, values[0] if isinstance(values[0], dict) else _plain(values[0])
        elif name:
            raise bad(name, "needs one value")


def _plain(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def bad(name: str, problem: str, code: str = "value") -> Malformed:
    """The refusal that names a parameter and says what is wrong with it."""
    text = f"{name} {problem}."
    return Malformed(text, problems=[Problem("error", code, name, text)])
