"""Steps 3 and 4 of the way in: bytes → a valid resource.  Pure; runs before the lane."""

from hub.draft import Change, Draft, Method
from hub.errors import Invalid, Malformed, Problem
from profiles import MalformedJson, normalise, read_json, validate
from profiles.issues import Issue
from profiles.json import write_json
from profiles.resource import Json, Resource, as_text

# What the hub keeps itself; nobody may write it.
KEPT_BY_THE_HUB = frozenset({"AuditEvent", "CapabilityStatement", "OperationOutcome", "Parameters"})


def read_value(body: bytes) -> Json:
    """The JSON value in ``body``.  Raises ``Malformed`` with the place (TRUST T-101)."""
    try:
        return read_json(body)
    except MalformedJson as error:
        raise Malformed(f"The body is not FHIR JSON: {error.problem}, at {error.place}.") from error


def parse(body: bytes) -> Resource:
    """The resource in ``body``.  Raises ``Malformed``."""
    value = read_value(body)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise Malformed("The body is not a FHIR resource: it has no resourceType.")
    return value


def valid(value: Json, *, strict: bool, where: str = "") -> tuple[Resource, tuple[Issue, ...]]:
    """A resource in its normal form, with what is worth a warning.

    Raises ``Invalid`` that lists every error with its FHIRPath (DESIGN §8); ``where`` is put before it.
    """
    if not isinstance(value, dict):
        raise Invalid(f"{where or 'The entry'} is not a resource.")
    issues = validate(value, write_json(value), strict=strict)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise Invalid(
            f"{as_text(value.get('resourceType'))} is not valid FHIR R4 or not its profile.",
            problems=[problem(issue, where) for issue in sorted(issues, key=lambda one: one.severity != "error")],
        )
    return normalise(value), tuple(issues)


def single(
    method: Method,
    type_: str,
    body: bytes,
    *,
    strict: bool,
    id_: str = "",
    if_match: str = "",
    condition: tuple[tuple[str, str], ...] | None = None,
) -> Change:
    """The change of a create or update of one resource.

    Raises ``Malformed`` when the body is of another type or names another id than the URL.
    """
    resource = parse(body)
    if resource["resourceType"] != type_:
        raise Malformed(f"The body is a {resource['resourceType']}, but the URL says {type_}.")
    if id_ and resource.get("id") != id_:
        raise Malformed(f"The body must have the id of the URL, {id_}.")
    refuse_kept(type_)
    normal, issues = valid(resource, strict=strict)
    return Change(method, type_, id_, normal, issues, "", if_match, condition)


def refuse_kept(type_: str) -> None:
    """Raises ``Malformed`` for a type that only the hub itself writes."""
    if type_ in KEPT_BY_THE_HUB:
        raise Malformed(f"{type_} cannot be written here.")


def draft(change: Change, interaction: str, key: str = "", request_hash: str = "") -> Draft:
    """One change as a whole push."""
    return Draft((change,), interaction, key, request_hash)


def problem(issue: Issue, where: str = "") -> Problem:
    """A finding of validation, to be told; ``where`` stands for the resource's name in its place."""
    path = f"{where}{issue.path.partition('.')[1]}{issue.path.partition('.')[2]}" if where else issue.path
    code = {"r4-structure": "structure", "binding": "code-invalid"}.get(issue.rule, "invariant")
    return Problem(issue.severity, code, path, f"{issue.text} [{issue.rule}]")
