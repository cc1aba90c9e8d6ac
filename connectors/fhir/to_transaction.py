"""Any FHIR R4 JSON that systems export → one transaction Bundle.

| given | made of it |
|---|---|
| Bundle transaction | itself |
| Bundle batch | the same entries, all or none |
| Bundle collection, document, searchset | an entry for each resource |
| one resource; NDJSON lines | an entry for each resource |
"""

import re
from collections.abc import Iterable

from connectors.conversion import ConversionError, Converted, SourceContext, Unmapped, position
from connectors.fhir.identity import OwnIdentifiers
from connectors.transaction import by_identifier, create, transaction, update, uuid_url
from profiles import Json, MalformedJson, Resource, is_directory, read_json, write_json
from profiles.canonical import EHRSHRS_INDICATION
from profiles.resource import as_object, as_text, objects

_ENCODING = "utf-8"
_KEPT = frozenset({"resourceType", "id", "type", "entry"})
_CONTAINERS = frozenset({"collection", "document", "searchset"})


def convert(data: bytes, source: SourceContext) -> Converted:
    """The transaction Bundle of ``data`` (UTF-8 JSON or NDJSON).

    A resource that an identifier names is a conditional update, any other is created; a Patient is
    always posted, since the hub itself finds out who it is, and a directory resource only when the hub does
    not have it.  References between entries are kept through ``fullUrl``: what has none gets
    ``{source_base}/{type}/{id}``.
    Raises ``ConversionError`` for what is not FHIR JSON, with its line and column.
    """
    lines = _ndjson(data)
    if lines is not None:
        return _converted([("", _resource(line, number)) for number, line in lines], [], source)
    resource = _resource(data, 1)
    if resource["resourceType"] != "Bundle":
        return _converted([("", resource)], [], source)
    kind = as_text(resource.get("type"))
    if kind in {"transaction", "batch"}:
        return Converted({**resource, "type": "transaction"}, (), _ENCODING)
    if kind not in _CONTAINERS:
        raise ConversionError(f"a Bundle of the type {kind!r} holds nothing to be stored", 1, 1)
    return _unpacked(resource, source)


def source_base(organisation_id: str) -> str:
    """The base URL below which the resources of a source stand when it names none itself."""
    return f"https://{organisation_id}.source.renkei.example/fhir"


def own_url(resource: Resource, base: str) -> str:
    """``base/Type/id``; of a resource without an id, a ``urn:uuid:`` made from its content."""
    kind, identity = as_text(resource.get("resourceType")), as_text(resource.get("id"))
    return f"{base}/{kind}/{identity}" if identity else uuid_url(base, write_json(resource).decode())


def _unpacked(bundle: Resource, source: SourceContext) -> Converted:
    """The entries of a collection, document or searchset; what the envelope says itself is reported."""
    resources: list[tuple[str, Resource]] = []
    unmapped = [
        Unmapped(f"Bundle.{name}", name, _written(value), "a transaction has no place for it")
        for name, value in bundle.items()
        if name not in _KEPT
    ]
    for index, entry in enumerate(_entries(bundle)):
        resource = as_object(entry.get("resource"))
        if not resource.get("resourceType"):
            unmapped.append(Unmapped(f"Bundle.entry[{index}]", "entry", _written(entry), "it holds no resource"))
        elif as_object(entry.get("search")).get("mode") == "outcome":
            place = f"Bundle.entry[{index}].resource"
            unmapped.append(Unmapped(place, "search outcome", _written(resource), "it is about the search"))
        else:
            resources.append((as_text(entry.get("fullUrl")), _labelled(resource, as_object(bundle.get("meta")))))
    return _converted(resources, unmapped, source)


def _entries(bundle: Resource) -> list[Resource]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or len(objects(entries)) < len(entries):
        raise ConversionError("Bundle.entry is not an array of objects", 1, 1)
    return objects(entries)


def _labelled(resource: Resource, envelope: Resource) -> Resource:
    """The resource with the labels of its envelope: what restricts the whole restricts every part."""
    tags = [tag for tag in objects(envelope.get("tag")) if tag.get("system") == EHRSHRS_INDICATION]
    added = {"security": objects(envelope.get("security")), "tag": tags}
    if not any(added.values()):
        return resource
    meta = as_object(resource.get("meta"))
    labels: Resource = {
        name: [*objects(meta.get(name)), *(label for label in labels if label not in objects(meta.get(name)))]
        for name, labels in added.items()
        if labels
    }
    return {**resource, "meta": {**meta, **labels}}


def _converted(resources: list[tuple[str, Resource]], unmapped: Iterable[Unmapped], source: SourceContext) -> Converted:
    own = OwnIdentifiers(resource for _, resource in resources)
    base = source_base(source.organisation_id)
    entries = [_entry(resource, full_url or own_url(resource, base), own) for full_url, resource in resources]
    return Converted(transaction(entries), tuple(unmapped), _ENCODING)


def _entry(resource: Resource, full_url: str, own: OwnIdentifiers) -> Resource:
    name = own.of(resource)
    if resource["resourceType"] == "Patient" or name is None:
        return create(resource, full_url)
    if is_directory(resource):
        return create(resource, full_url, if_none_exist=by_identifier(*name))
    # The id is the sender's; a conditional update whose id is not the stored one would be refused (R4 §3.1.0.4.3).
    return update({key: value for key, value in resource.items() if key != "id"}, full_url, *name)


def _ndjson(data: bytes) -> list[tuple[int, bytes]] | None:
    """The numbered lines of NDJSON: several lines of which the first is JSON by itself; else ``None``."""
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    if len(lines) < 2:
        return None
    try:
        read_json(lines[0][1])
    except MalformedJson:
        return None
    return lines


def _resource(data: bytes, line: int) -> Resource:
    """The resource in ``data``, which begins at ``line``."""
    try:
        value = read_json(data)
    except MalformedJson as error:
        raise ConversionError(f"not FHIR JSON: {error}", *_place(error, data, line)) from error
    if not isinstance(value, dict) or not as_text(value.get("resourceType")):
        raise ConversionError("this is no FHIR resource: it has no resourceType", line, 1)
    return value


def _place(error: MalformedJson, data: bytes, line: int) -> tuple[int, int]:
    at = re.fullmatch(r"line ([0-9]+), column ([0-9]+)", error.place)
    if at:
        return line + int(at[1]) - 1, int(at[2])
    byte = re.match(r"byte ([0-9]+)", error.place)
    below, column = position(data, int(byte[1])) if byte else (1, 1)
    return line + below - 1, column


def _written(value: Json) -> str:
    return value if isinstance(value, str) else write_json(value).decode()
