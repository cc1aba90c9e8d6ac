"""What is sent to a subscriber: a notification Bundle (Subscriptions R5 Backport, R4), or the classic R4 rest-hook.

An event whose number was told already, but of which nothing may be shown any more, is sent as its number alone:
so the numbers have no holes, and nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.notify.subscribed import BACKPORT, Headers, Subscribed
from profiles.json import read_json, write_json
from profiles.resource import Json, Resource

NOTIFICATION, STATUS = (f"{BACKPORT}/backport-subscription-{name}-r4" for name in ("notification", "status"))
EVENT_NUMBER, NOTIFICATION_TYPE = "Renkei-Event-Number", "Renkei-Notification-Type"
_CONTENT_TYPE = "application/fhir+json; charset=utf-8"
_METHODS = {"created": ("POST", "201"), "updated": ("PUT", "200"), "deleted": ("DELETE", "204")}


@dataclass(frozen=True, slots=True)
class Message:
    """One HTTP request to a subscriber.  ``kind`` is the type of notification; ``upto`` the place in its queue that
    is served when it is answered with 2xx; ``timeout`` is in seconds."""

    kind: str
    upto: int
    method: str
    url: str
    headers: Headers
    body: bytes
    timeout: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it may be told.  ``kind`` is created, updated or deleted, "" when nothing may be told of it;
    ``body`` is the version's bytes, none for what was deleted or withdrawn."""

    number: int
    recorded: str
    kind: str = ""
    type: str = ""
    id: str = ""
    body: bytes = b""

    def focus(self, base_url: str) -> str:
        return f"{base_url}/fhir/{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a subscription as a notification says it; ``numbered`` is how many events there were so far.

    ``waiting`` and ``oldest`` (an instant, or "") are what is not delivered yet: only a status says so.
    """

    id: str
    status: str
    topic: str
    numbered: int
    error: str = ""
    waiting: int = 0
    oldest: str = ""


def handshake(subscribed: Subscribed, headers: Headers, standing: Standing, sent: str, base_url: str) -> Message:
    """The first message: only who answers it with 2xx is told anything."""
    return _without_events("handshake", subscribed, headers, standing, sent, base_url)


def heartbeat(subscribed: Subscribed, headers: Headers, standing: Standing, sent: str, base_url: str) -> Message:
    """That all is well, and nothing new."""
    return _without_events("heartbeat", subscribed, headers, standing, sent, base_url)


def _without_events(
    kind: str, subscribed: Subscribed, headers: Headers, standing: Standing, sent: str, base_url: str
) -> Message:
    if subscribed.topic is None:
        return _message(kind, 0, subscribed, headers, "POST", subscribed.endpoint, b"")
    body = write_json(notification(kind, "empty", standing, (), sent, base_url))
    return _message(kind, 0, subscribed, headers, "POST", subscribed.endpoint, body)


def told(
    subscribed: Subscribed,
    headers: Headers,
    standing: Standing,
    events: Sequence[Event],
    upto: int,
    sent: str,
    base_url: str,
) -> Message:
    """Of these events; a classic subscription is told of one at a time."""
    if subscribed.topic is not None:
        bundle = notification("event-notification", subscribed.content, standing, events, sent, base_url)
        return _message(
            "event-notification", upto, subscribed, headers, "POST", subscribed.endpoint, write_json(bundle)
        )
    [event] = events
    numbered = (*headers, (EVENT_NUMBER, str(event.number)))
    method, url, body = "POST", subscribed.endpoint, b""
    if subscribed.content == "full-resource" and event.body:
        endpoint, question, query = subscribed.endpoint.partition("?")
        method, url, body = "PUT", f"{endpoint.rstrip('/')}/{event.type}/{event.id}{question}{query}", event.body
    return _message("event-notification", upto, subscribed, numbered, method, url, body)


def _message(
    kind: str, upto: int, subscribed: Subscribed, headers: Headers, method: str, url: str, body: bytes
) -> Message:
    typed = (("Content-Type", _CONTENT_TYPE),) if body else ()
    return Message(kind, upto, method, url, (*headers, (NOTIFICATION_TYPE, kind), *typed), body, subscribed.timeout)


def notification(
    kind: str, content: str, standing: Standing, events: Sequence[Event], sent: str, base_url: str
) -> Resource:
    """A history Bundle: the status first, then what the events are about, as far as ``content`` goes."""
    shown = list(events)
    if content == "empty":
        shown = [replace(event, kind="", body=b"") for event in events]
        standing = replace(standing, topic="")
    url = f"Subscription/{standing.id}/$status"
    entries: list[Json] = [
        {
            "fullUrl": f"{base_url}/fhir/{url}",
            "resource": status(kind, standing, shown, base_url, dated=content == "empty"),
            "request": {"method": "GET", "url": url},
            "response": {"status": "200"},
        }
    ]
    entries += [_entry(event, content, base_url) for event in shown if event.kind]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [NOTIFICATION]},
        "type": "history",
        "timestamp": sent,
        "entry": entries,
    }


def _entry(event: Event, content: str, base_url: str) -> Resource:
    method, answered = _METHODS[event.kind]
    url = event.type if method == "POST" else f"{event.type}/{event.id}"
    whole = content == "full-resource" and event.body
    return {
        "fullUrl": event.focus(base_url),
        **({"resource": read_json(event.body)} if whole else {}),
        "request": {"method": method, "url": url},
        "response": {"status": answered},
    }


def status(kind: str, standing: Standing, events: Sequence[Event], base_url: str, *, dated: bool = True) -> Resource:
    """The Parameters that stand for R5's SubscriptionStatus.  ``dated``: also what tells nothing has its time."""
    parameters: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": f"{base_url}/fhir/Subscription/{standing.id}"}},
        {"name": "status", "valueCode": standing.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(standing.numbered)},
        *(_event(event, base_url, dated=dated) for event in events),
    ]
    if standing.topic:
        parameters.insert(1, {"name": "topic", "valueCanonical": standing.topic})
    if standing.error:
        parameters.append({"name": "error", "valueCodeableConcept": {"text": standing.error}})
    if kind == "query-status":
        parameters.append({"name": "events-waiting", "valueUnsignedInt": standing.waiting})
        if standing.oldest:
            parameters.append({"name": "oldest-waiting", "valueInstant": standing.oldest})
    return {"resourceType": "Parameters", "meta": {"profile": [STATUS]}, "parameter": parameters}


def _event(event: Event, base_url: str, *, dated: bool) -> Resource:
    parts: list[Json] = [{"name": "event-number", "valueString": str(event.number)}]
    if event.recorded and (event.kind or dated):
        parts.append({"name": "timestamp", "valueInstant": event.recorded})
    if event.kind:
        parts.append({"name": "focus", "valueReference": {"reference": event.focus(base_url)}})
    return {"name": "notification-event", "part": parts}
