"""transaction: all entries or none (FHIR R4 §3.1.0.11.2)."""

from dataclasses import replace
from urllib.parse import parse_qsl

from hub.draft import Change, Draft, Method
from hub.errors import HubError, Invalid, Malformed, Problem, TooLarge
from hub.interactions.receive import problem, refuse_kept, valid
from profiles import RESOURCE_TYPES, validate
from profiles.json import write_json
from profiles.resource import Json, Resource, as_list, as_object, as_text

MAX_ENTRIES = 500
_METHODS: dict[str, Method] = {"POST": "POST", "PUT": "PUT", "DELETE": "DELETE"}


def transaction(bundle: Resource, *, strict: bool, key: str = "", request_hash: str = "") -> Draft:
    """The draft of a transaction Bundle, its changes in the order of its entries.

    Raises ``Invalid`` with the findings of all entries at once, ``Malformed``, ``TooLarge``.
    """
    entries, problems = entries_of(bundle), misshapen(bundle)
    if not entries and not problems:
        raise Malformed("The Bundle has no entries.")
    changes: list[Change] = []
    for position, entry in enumerate(entries):
        try:
            changes.append(change_of(entry, position, strict=strict))
        except HubError as error:
            problems += error.outcome()
    if problems:
        raise Invalid("The transaction has entries that are not valid; nothing was stored.", problems=problems)
    return Draft(tuple(changes), "transaction", key, request_hash)


def entries_of(bundle: Resource) -> list[Resource]:
    """The entries of a Bundle in their places; what is no object is an empty one.  Raises ``TooLarge``."""
    entries = as_list(bundle.get("entry"))
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"A Bundle may have {MAX_ENTRIES} entries; this one has {len(entries)}.")
    return [as_object(entry) for entry in entries]


def misshapen(bundle: Resource) -> list[Problem]:
    """What is wrong with a Bundle besides the resources in it: a misspelt condition must not be taken for none."""
    entries: list[Json] = [
        {name: value for name, value in entry.items() if name != "resource"} if isinstance(entry, dict) else entry
        for entry in as_list(bundle.get("entry"))
    ]
    frame = {**bundle, "entry": entries} if isinstance(bundle.get("entry"), list) else bundle
    return [problem(issue) for issue in validate(frame, write_json(frame)) if issue.severity == "error"]


def misshapen_entry(entry: Resource, position: int) -> list[Problem]:
    """The same for one entry of a batch."""
    found = misshapen({"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    return [replace(one, place=one.place.replace("[0]", f"[{position}]", 1)) for one in found]


def change_of(entry: Resource, position: int, *, strict: bool) -> Change:
    """One entry as a change.  Raises ``Malformed`` or ``Invalid`` with the place in the bundle."""
    where = f"Bundle.entry[{position}]"
    request = as_object(entry.get("request"))
    method, url = as_text(request.get("method")), as_text(request.get("url"))
    if method not in _METHODS:
        raise _malformed(f"{where}.request.method", f"{method or 'no method'} is not possible in a transaction here")
    type_, id_, condition = target(url, f"{where}.request.url")
    refuse_kept(type_)
    if_none_exist = as_text(request.get("ifNoneExist")).removeprefix("?")
    if if_none_exist and method == "POST":
        condition = tuple(parse_qsl(if_none_exist, keep_blank_values=True))
    if_match = as_text(request.get("ifMatch")).removeprefix("W/").strip('"')
    full_url = as_text(entry.get("fullUrl"))
    if method == "DELETE":
        return Change("DELETE", type_, id_, full_url=full_url, if_match=if_match, condition=condition)
    resource, issues = valid(entry.get("resource"), strict=strict, where=f"{where}.resource")
    if resource["resourceType"] != type_:
        raise _malformed(f"{where}.request.url", f"the entry is a {resource['resourceType']}, its URL says {type_}")
    if method == "POST" and id_:
        raise _malformed(f"{where}.request.url", "a POST names only the type")
    if method == "PUT" and not id_ and condition is None:
        raise _malformed(f"{where}.request.url", "a PUT names an id or a condition")
    if id_ and resource.get("id", id_) != id_:
        raise _malformed(f"{where}.resource.id", "the id is another one than in request.url")
    return Change(_METHODS[method], type_, id_, resource, issues, full_url, if_match, condition)


def target(url: str, where: str) -> tuple[str, str, tuple[tuple[str, str], ...] | None]:
    """``Type``, ``Type/id`` or ``Type?query`` of a request URL: type, id (or ""), condition (or none)."""
    path, question, query = url.partition("?")
    parts = path.strip("/").split("/")
    if parts[0] not in RESOURCE_TYPES or len(parts) > 2 or (question and len(parts) != 1):
        raise _malformed(where, f"{url!r} is not Type, Type/id or Type?query")
    condition = tuple(parse_qsl(query, keep_blank_values=True)) if question else None
    return parts[0], parts[1] if len(parts) == 2 else "", condition


def _malformed(where: str, text: str) -> Malformed:
    return Malformed(text, problems=[Problem("error", "structure", where, text)])
