"""The doors of subscriptions besides those of every resource: ``$status``, ``$events``, and the topics."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from hub.access.caller import authenticate
from hub.context import instant
from hub.doors import Doors
from hub.edge import bearer, context_of, doors_of
from hub.errors import HubError, Refused, not_found
from hub.http import answers
from hub.http.parameters import Asked, asked, bad
from hub.interactions.subscriptions import Status, events_again
from hub.notify import TOPICS, messages
from hub.notify.topics import as_basic
from hub.read_path import refused
from hub.store.database import Tx
from profiles import write_json
from profiles.resource import Json

BY_ID = {topic.id: topic for topic in TOPICS.values()}
_MOST = 10**15


async def status(request: Request) -> Response:
    """``Subscription/id/$status``, and ``Subscription/$status`` with ``id`` and ``status``: as a searchset."""
    parameters, doors = await asked(request), doors_of(request)
    id_ = request.path_params.get("id", "")
    question = Status((id_,), alone=True)
    if not id_:
        parameters.only({"id", "status"})
        question = Status(tuple(parameters.all("id")), tuple(parameters.all("status")))
    found = await doors.read(bearer(request), question, context_of(request))
    entries: list[Json] = [
        {
            "fullUrl": f"{doors.base_url}/fhir/Subscription/{one.id}/$status",
            "resource": messages.status("query-status", one, (), doors.base_url),
            "search": {"mode": "match"},
        }
        for one in found
    ]
    bundle: dict[str, Json] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return answers.fhir(write_json(bundle | ({"entry": entries} if entries else {})))


async def events(request: Request) -> Response:
    """``Subscription/id/$events``: events that were told, once more, as far as they may be told now."""
    parameters, doors, context = await asked(request), doors_of(request), context_of(request)
    parameters.only({"eventsSinceNumber", "eventsUntilNumber", "content"})
    credential, id_ = bearer(request), request.path_params["id"]
    since, until = _number(parameters, "eventsSinceNumber", 0), _number(parameters, "eventsUntilNumber", _MOST)
    content = parameters.text("content")

    def note(tx: Tx, error: HubError) -> None:
        refused(tx, credential, "operation:subscription-status", f"Subscription/{id_}/$events", error, context)

    work = partial(
        events_again, credential=credential, id_=id_, since=since, until=until, content=content, context=context
    )
    again = await doors.run(work, note)
    bundle = messages.notification(
        "query-event", again.content, again.standing, again.events, instant(context.now), doors.base_url
    )
    return answers.fhir(write_json(bundle))


def _number(parameters: Asked, name: str, otherwise: int) -> int:
    """An event number, which FHIR has as text: it may be larger than an integer of FHIR."""
    text = parameters.text(name)
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise bad(name, f"takes an event number, not {text[:40]!r}")
    return int(text) if text else otherwise


async def topics(request: Request) -> Response:
    """``SubscriptionTopic``: all there are, as Basic; for every member."""
    doors = await _for_members(request)
    entries: list[Json] = [
        {
            "fullUrl": f"{doors.base_url}/fhir/SubscriptionTopic/{topic.id}",
            "resource": as_basic(topic, doors.base_url),
            "search": {"mode": "match"},
        }
        for topic in BY_ID.values()
    ]
    bundle: dict[str, Json] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    return answers.fhir(write_json(bundle))


async def topic(request: Request) -> Response:
    """One topic.  Raises ``NotFound``."""
    doors, id_ = await _for_members(request), request.path_params["id"]
    if id_ not in BY_ID:
        raise not_found()
    return answers.fhir(write_json(as_basic(BY_ID[id_], doors.base_url)))


async def _for_members(request: Request) -> Doors:
    answers.accept_json(request)
    doors, credential, context = doors_of(request), bearer(request), context_of(request)

    def member(tx: Tx) -> None:
        if not authenticate(tx, credential, context).in_force:
            raise Refused("Your role, or your organisation's membership, is not in force.", reason="not-in-force")

    def note(tx: Tx, error: HubError) -> None:
        refused(tx, credential, "operation:subscription-status", "SubscriptionTopic", error, context)

    await doors.run(member, note)
    return doors
