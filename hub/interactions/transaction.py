"""transaction: all entries or none (FHIR R4 §3.1.0.11.2)."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from hub.draft import Change, Draft, Method
from hub.errors import HubError, Invalid, Malformed, Problem, TooLarge
from hub.interactions.patch import amend_of_entry
from hub.interactions.receive import problem, refuse_kept, valid
from profiles import RESOURCE_TYPES, validate
from profiles.json import write_json
from profiles.resource import Json, Resource, as_list, as_object, as_text

MAX_ENTRIES = 500
_METHODS: dict[str, Method] = {"POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE"}


@dataclass(frozen=True, slots=True)
class Look:
    """A GET or HEAD entry: ``Type/id``, a version of it, or ``Type?query``, and the version that the client has."""

    place: int
    type: str
    id: str
    version: str
    condition: tuple[tuple[str, str], ...]
    if_none_match: str
    wants_body: bool


def looks_of(bundle: Resource) -> tuple[Look, ...]:
    """The entries of a Bundle that read, in their order.  Raises ``Malformed`` with the place."""
    entries = enumerate(entries_of(bundle))
    return tuple(look_of(entry, place) for place, entry in entries if is_look(entry))


def is_look(entry: Resource) -> bool:
    """Whether an entry reads: such entries are answered after all that write."""
    return as_object(entry.get("request")).get("method") in ("GET", "HEAD")


def look_of(entry: Resource, place: int) -> Look:
    """A GET or HEAD entry.  Raises ``Malformed`` for a URL that is not read here."""
    request = as_object(entry.get("request"))
    url, where = as_text(request.get("url")), f"Bundle.entry[{place}].request.url"
    path, _, version = url.partition("/_history/")
    type_, id_, condition = target(path, where)
    if version and (not id_ or "/" in version or "?" in version):
        raise _malformed(where, f"{url!r} is not Type/id/_history/version")
    known = as_text(request.get("ifNoneMatch"))
    return Look(place, type_, id_, version, condition or (), known, request.get("method") == "GET")


def transaction(bundle: Resource, *, strict: bool, key: str = "", request_hash: str = "") -> Draft:
    """The draft of a transaction Bundle, its changes in the order of its entries; those that read are no part of it.

    Raises ``Invalid`` with the findings of all entries at once, ``Malformed``, ``TooLarge``.
    """
    entries, problems = entries_of(bundle), misshapen(bundle)
    if not entries and not problems:
        raise Malformed("The Bundle has no entries.")
    changes: list[Change] = []
    for position, entry in enumerate(entries):
        if is_look(entry):
            continue
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
    if method != "POST" and not id_ and not condition:
        raise _malformed(f"{where}.request.url", f"a {method} names an id or a condition")
    if method == "DELETE":
        return Change("DELETE", type_, id_, full_url=full_url, if_match=if_match, condition=condition, place=position)
    if method == "PATCH":
        amend = amend_of_entry(entry.get("resource"), where, strict=strict)
        return Change("PATCH", type_, id_, None, (), full_url, if_match, condition, amend, position)
    resource, issues = valid(entry.get("resource"), strict=strict, where=f"{where}.resource")
    if resource["resourceType"] != type_:
        raise _malformed(f"{where}.request.url", f"the entry is a {resource['resourceType']}, its URL says {type_}")
    if method == "POST" and id_:
        raise _malformed(f"{where}.request.url", "a POST names only the type")
    if id_ and resource.get("id", id_) != id_:
        raise _malformed(f"{where}.resource.id", "the id is another one than in request.url")
    return Change(_METHODS[method], type_, id_, resource, issues, full_url, if_match, condition, place=position)


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
