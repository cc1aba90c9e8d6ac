"""What the way in does with a Subscription: whose it is, what state it gets, and where its secrets go.

A header's value is a password of the receiver: it is kept beside the resource, which has ``***`` in its place in
every version.  Who writes ``***`` again means the value that is kept.
"""

from collections.abc import Sequence

from hub.context import Caller, Context, Sealing, instant
from hub.draft import Bound, Version
from hub.errors import NOT_FOR_ROLE, Invalid, Problem, Refused
from hub.notify.reading import headers_of, read_subscription
from hub.notify.subscribed import Headers
from hub.projections.version import Outcome
from hub.store import subscriptions
from hub.store.database import Tx
from profiles.json import read_json
from profiles.resource import Json, Resource, as_object

TYPE = "Subscription"
HIDDEN = "***"
_WHAT_IT_ASKS = ("criteria", "_criteria", "channel", "end")
_Secrets = dict[str, Headers]


def taken_up(tx: Tx, caller: Caller, bounds: Sequence[Bound], context: Context) -> tuple[list[Bound], _Secrets]:
    """The changes of a push with its Subscriptions as they are stored, and the headers of each (by id).

    Raises ``Invalid`` for what the hub does not do, ``Refused`` for people, and for what another system asked for.
    """
    if all(bound.change.type != TYPE for bound in bounds):
        return list(bounds), {}
    secrets: _Secrets = {}
    taken = [_taken_up(tx, caller, bound, secrets, context) if bound.change.type == TYPE else bound for bound in bounds]
    return taken, secrets


def _taken_up(tx: Tx, caller: Caller, bound: Bound, secrets: _Secrets, context: Context) -> Bound:
    if caller.system is None:
        raise Refused("Only a system subscribes: it is told by its own rights.", reason=NOT_FOR_ROLE)
    known = subscriptions.get(tx, bound.id)
    if known is not None and known.system != caller.system:
        raise Refused("This Subscription is another system's.", reason="not-own")
    if bound.resource is None or bound.found:
        return bound
    read_subscription(bound.resource, context.base_url, context.nearby)
    kept = dict(subscriptions.headers(known, _seal(context))) if known is not None else {}
    secrets[bound.id] = tuple(
        (name, _meant(name, value, kept) if value == HIDDEN else value) for name, value in headers_of(bound.resource)
    )
    before = _before(bound.previous)
    return bound._replace(resource=_standing(_masked(bound.resource), before))


def _meant(name: str, value: str, kept: dict[str, str]) -> str:
    if name not in kept:
        text = f"No value of the header {name} is kept; {value} stands for one that is."
        where = Problem("error", "value", "Subscription.channel.header", text)
        raise Invalid("This Subscription cannot be served.", problems=[where])
    return kept[name]


def _before(previous: Version | None) -> Resource:
    return as_object(read_json(previous.body)) if previous is not None and not previous.deleted else {}


def _masked(resource: Resource) -> Resource:
    channel = as_object(resource.get("channel"))
    if "header" not in channel:
        return resource
    lines: list[Json] = [f"{name}: {HIDDEN}" for name, _ in headers_of(resource)]
    return {**resource, "channel": {**channel, "header": lines}}


def _standing(resource: Resource, before: Resource) -> Resource:
    """``status`` and ``error`` are the hub's: a subscriber says ``off``, or asks (again); it cannot say ``active``."""
    asked, was = resource.get("status"), before.get("status")
    same = all(resource.get(name) == before.get(name) for name in _WHAT_IT_ASKS)
    rest = {name: value for name, value in resource.items() if name != "error"}
    if asked == was and same and was in ("active", "error"):
        return {**rest, "error": before["error"]} if "error" in before else rest
    return rest if asked == "off" else {**rest, "status": "requested"}


def keep(tx: Tx, caller: Caller, outcomes: Sequence[Outcome], secrets: _Secrets, context: Context) -> None:
    """Write down what the deliverer goes by."""
    for outcome in outcomes:
        if outcome.version.type != TYPE:
            continue
        if outcome.version.deleted:
            subscriptions.remove(tx, outcome.version.id)
        elif outcome.version.id in secrets:
            _keep(tx, caller, outcome.version, secrets[outcome.version.id], context)


def _keep(tx: Tx, caller: Caller, version: Version, headers: Headers, context: Context) -> None:
    resource = as_object(read_json(version.body))
    subscribed = read_subscription(resource, context.base_url, context.nearby)
    subscriptions.put(
        tx,
        {
            "id": version.id,
            "system": caller.system,
            "organisation": caller.organisation,
            "status": str(resource["status"]),
            "headers": subscriptions.sealed(version.id, headers, _seal(context)),
            "heartbeat": subscribed.heartbeat,
            "ends": instant(subscribed.ends) if subscribed.ends else "",
            "due": instant(context.now),
        },
    )


def _seal(context: Context) -> Sealing:
    assert context.seal is not None, "Subscriptions come in by the doors, which have one"
    return context.seal
