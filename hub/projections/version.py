"""A bound change → the version that is stored and the answer that is given.  Pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from hub.context import Context, instant
from hub.draft import Bound, Facts, Version, Written
from profiles.json import read_json, write_json
from profiles.resource import Resource, as_object


class Outcome(NamedTuple):
    """What one change comes to.  ``version`` is the current version afterwards; it is to be written when
    ``is_new``.  ``before`` is the one that it replaces."""

    bound: Bound
    version: Version
    written: Written
    is_new: bool
    before: Version | None

    @property
    def resource(self) -> Resource | None:
        return self.bound.resource


def outcome(bound: Bound, facts: Facts, context: Context) -> Outcome:
    """The version of ``bound`` at ``context.now``.

    Content that is the same as before makes no new version: sending a file again has no effect.
    """
    before, change = bound.previous, bound.change
    recorded = _recorded(before, context.now)
    if bound.resource is None:
        assert before is not None
        if before.deleted:
            return Outcome(bound, before, _written(before, bound, 204), False, before)
        version = Version(facts, change.type, bound.id, context.new_id(), recorded, 1, b"", before.others)
        return Outcome(bound, version, _written(version, bound, 204), True, before)
    if before is not None and (bound.found or (not before.deleted and _same(bound.resource, before))):
        status = 201 if change.method == "POST" and change.type == "Patient" and not bound.found else 200
        return Outcome(bound, before, _written(before, bound, status), False, before)
    name = context.new_id()
    body = write_json(_stamped(bound.resource, name, recorded, f"{context.base_url}/fhir/Organization/{facts.source}"))
    version = Version(facts, change.type, bound.id, name, recorded, 0, body, bound.patients[1:])
    is_update = before is not None and not before.deleted and not (change.method == "POST" and change.type == "Patient")
    return Outcome(bound, version, _written(version, bound, 200 if is_update else 201), True, before)


def _recorded(before: Version | None, now: datetime) -> str:
    """``now``, but always later than the version before: history has one order, also when the clock steps back."""
    if before is None or before.recorded < instant(now):
        return instant(now)
    return instant(datetime.fromisoformat(before.recorded) + timedelta(milliseconds=1))


_KEPT: tuple[str, ...] = ("profile", "security", "tag", "extension")


def _stamped(resource: Resource, version: str, recorded: str, source: str) -> Resource:
    """The resource with the hub's ``meta``; what a client says of version, time and source is not kept."""
    meta = as_object(resource.get("meta"))
    kept: Resource = {name: meta[name] for name in _KEPT if name in meta}
    stamp: Resource = {"versionId": version, "lastUpdated": recorded, "source": source, **kept}
    rest = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
    return {"resourceType": resource["resourceType"], "id": resource["id"], "meta": stamp, **rest}


def _same(resource: Resource, before: Version) -> bool:
    stored = as_object(read_json(before.body))
    # Compared as bytes: 1.1 and 1.10 are equal numbers, but not the same statement.
    return write_json(_stamped(resource, "", "", "")) == write_json(_stamped(stored, "", "", ""))


def _written(version: Version, bound: Bound, status: int) -> Written:
    return Written(
        status, version.type, version.id, version.version, version.recorded, version.body, bound.change.findings
    )
