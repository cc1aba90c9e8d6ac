"""A Subscription resource, read; what the hub does not do is refused at its place, all of it at once.  Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from hub.errors import Invalid, Problem
from hub.notify.subscribed import BACKPORT, CONTENTS, LONGEST_TIMEOUT, Headers, Search, Subscribed
from hub.notify.targets import BadTarget, Networks, target_of
from hub.notify.topics import TOPICS, Topic
from profiles import RESOURCE_TYPES, parse_query
from profiles.json import read_json
from profiles.resource import Json, Resource, as_list, as_object, as_text, objects

FILTER, CONTENT = f"{BACKPORT}/backport-filter-criteria", f"{BACKPORT}/backport-payload-content"
HEARTBEAT, TIMEOUT, MOST = (f"{BACKPORT}/backport-{name}" for name in ("heartbeat-period", "timeout", "max-count"))
MIME = "application/fhir+json"

# Seconds, events in one notification, seconds, headers.
DEFAULT_TIMEOUT, DEFAULT_MOST, MOST_OF_ALL, SHORTEST_HEARTBEAT, MOST_HEADERS = 20, 20, 50, 10, 10

_CONTROLS = frozenset({"_sort", "_count", "_total", "_cursor", "_summary", "_elements", "_include", "_revinclude"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,4096}")
# What the message itself says, or what would be read by somebody on the way.
_OWN_HEADERS = frozenset({"host", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "cookie", "date"})
_OWN_PREFIXES = (
    *("content-", "transfer-", "accept", "proxy-", "sec-", "x-forwarded-", "forwarded", "via", "user-agent"),
    *("renkei-", "if-"),
)
_NOTHING = frozenset({""})


@lru_cache(maxsize=1024)
def stored(body: bytes, base_url: str, nearby: Networks) -> Subscribed:
    """The same of a stored Subscription: read once for each of its versions.  Raises ``Invalid``."""
    return read_subscription(as_object(read_json(body)), base_url, nearby)


def read_subscription(resource: Resource, base_url: str, nearby: Networks = ()) -> Subscribed:
    """What ``resource``, which is valid R4, asks for.  Raises ``Invalid`` with everything the hub does not do."""
    reading = _Reading(resource, f"{base_url}/fhir/")
    read = reading.read(nearby)
    if reading.problems:
        raise Invalid("This Subscription cannot be served.", problems=reading.problems)
    return read


def headers_of(resource: Resource) -> Headers:
    """The (name, value) pairs of ``channel.header``."""
    lines = [as_text(line) for line in as_list(as_object(resource.get("channel")).get("header"))]
    pairs = [line.partition(":") for line in lines]
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


class _Reading:
    """One resource being read; what is wrong with it collects in ``problems``."""

    def __init__(self, resource: Resource, base: str) -> None:
        self.problems: list[Problem] = []
        self._resource, self._base = resource, base
        self._channel = as_object(resource.get("channel"))
        self._limits: dict[str, frozenset[str]] = {}

    def read(self, nearby: Networks) -> Subscribed:
        self._known_extensions()
        self._headers()
        endpoint = as_text(self._channel.get("endpoint"))
        if self._channel.get("type") != "rest-hook":
            self._wrong("channel.type", "not-supported", "Only the channel rest-hook is served here.")
        try:
            target_of(endpoint, nearby)
        except BadTarget as error:
            self._wrong("channel.endpoint", "value", str(error))
        criteria = as_text(self._resource.get("criteria"))
        topic = TOPICS.get(criteria)
        if topic is None and criteria.startswith(("http://", "https://")):
            self._wrong("criteria", "not-supported", f"There is no such topic; there are {', '.join(TOPICS)}.")
        searches = tuple(self._narrowed(topic)) if topic is not None else tuple(self._searched("criteria", criteria))
        return Subscribed(
            topic=topic,
            searches=searches,
            patients=self._limits.get("patient", frozenset()),
            categories=self._limits.get("category", frozenset()),
            types=self._limits.get("_type", frozenset()),
            endpoint=endpoint,
            content=self._content(topic),
            heartbeat=self._number(HEARTBEAT, "valueUnsignedInt", 0, SHORTEST_HEARTBEAT, 7 * 86400),
            timeout=self._number(TIMEOUT, "valueUnsignedInt", DEFAULT_TIMEOUT, 1, LONGEST_TIMEOUT),
            most=min(self._number(MOST, "valuePositiveInt", DEFAULT_MOST, 1, 2**31), MOST_OF_ALL) if topic else 1,
            ends=self._ends(),
        )

    def _wrong(self, place: str, code: str, text: str) -> None:
        self.problems.append(Problem("error", code, f"Subscription.{place}", text))

    def _ends(self) -> datetime | None:
        text = as_text(self._resource.get("end"))
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            self._wrong("end", "value", "This is not an instant.")
            return None

    # -- what it is about

    def _narrowed(self, topic: Topic) -> Iterator[Search]:
        """The filters of a topic: ``Type?search``, or its own (``patient=…&category=…``)."""
        for one in self._filters():
            type_, question, asked = one.partition("?")
            if question and type_:
                if topic.types and type_ not in topic.types:
                    self._wrong("criteria", "not-supported", f"This topic is not about {type_}.")
                yield from self._searched("criteria", one)
            else:
                for name, value in parse_qsl(asked if question else one, keep_blank_values=True):
                    self._filter(topic, name, value)

    def _filters(self) -> list[str]:
        extensions = objects(as_object(self._resource.get("_criteria")).get("extension"))
        return [as_text(one.get("valueString")) for one in extensions if one.get("url") == FILTER]

    def _filter(self, topic: Topic, name: str, value: str) -> None:
        values = {one.removeprefix(self._base).removeprefix("Patient/") for one in value.split(",") if one}
        if name not in topic.filters or not values:
            text = f"This topic is narrowed by {', '.join(topic.filters)} or by Type?search, not by {name!r}."
            self._wrong("criteria", "not-supported", text)
        elif name == "_type" and not values <= RESOURCE_TYPES:
            self._wrong("criteria", "value", f"{value!r} are not all resource types of FHIR R4.")
        # Several filters must all hold; two that share nothing let nothing through.
        self._limits[name] = self._limits.get(name, frozenset(values)) & values or _NOTHING

    def _searched(self, place: str, criteria: str) -> Iterator[Search]:
        type_, _, asked = criteria.partition("?")
        if type_ not in RESOURCE_TYPES:
            self._wrong(place, "value", f"{type_!r} is not a resource type of FHIR R4.")
            return
        pairs = [
            (name, value.removeprefix(self._base))
            for name, value in parse_qsl(asked, keep_blank_values=True, max_num_fields=50)
        ]
        controls = sorted(name for name, _ in pairs if name.partition(":")[0] in _CONTROLS)
        if controls:
            self._wrong(place, "not-supported", f"{', '.join(controls)} has no meaning in a Subscription.")
            return
        try:
            parse_query(type_, pairs)
        except ValueError as error:
            self._wrong(place, "value", str(error))
        yield type_, tuple(pairs)

    # -- how it is told

    def _content(self, topic: Topic | None) -> str:
        mime = as_text(self._channel.get("payload"))
        if mime not in ("", MIME):
            self._wrong("channel.payload", "not-supported", f"The only payload is {MIME}.")
        extensions = objects(as_object(self._channel.get("_payload")).get("extension"))
        contents = [as_text(one.get("valueCode")) for one in extensions if one.get("url") == CONTENT]
        if topic is None:
            if contents:
                self._wrong("channel.payload", "not-supported", "A search has the whole resource, or no payload.")
            return "full-resource" if mime else "empty"
        if not mime or len(contents) != 1 or contents[0] not in CONTENTS:
            text = f"A topic needs the payload {MIME} with the extension {CONTENT}: one of {', '.join(CONTENTS)}."
            self._wrong("channel.payload", "required", text)
            return "empty"
        return contents[0]

    def _number(self, url: str, element: str, default: int, least: int, most: int) -> int:
        found = [one for one in objects(self._channel.get("extension")) if one.get("url") == url]
        if not found:
            return default
        number: Json = found[0].get(element)
        if len(found) > 1 or not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            self._wrong("channel", "value", f"{url} must be one {element} from {least} to {most}.")
            return default
        return number

    def _headers(self) -> None:
        headers = headers_of(self._resource)
        if len(headers) > MOST_HEADERS:
            self._wrong("channel.header", "too-long", f"At most {MOST_HEADERS} headers are sent.")
        for name, value in headers:
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                self._wrong("channel.header", "value", "A header is 'Name: value' in printable ASCII, on one line.")
            elif name.lower() in _OWN_HEADERS or name.lower().startswith(_OWN_PREFIXES):
                self._wrong("channel.header", "not-supported", f"The header {name} is not yours to set.")

    def _known_extensions(self) -> None:
        """What is not understood must not be passed over: it could be what makes the subscription narrower."""
        for place, holder, known in (
            ("channel", self._channel, {HEARTBEAT, TIMEOUT, MOST}),
            ("channel.payload", as_object(self._channel.get("_payload")), {CONTENT}),
            ("channel.type", as_object(self._channel.get("_type")), set[str]()),
            ("channel.endpoint", as_object(self._channel.get("_endpoint")), set[str]()),
            ("criteria", as_object(self._resource.get("_criteria")), {FILTER}),
        ):
            for one in objects(holder.get("extension")):
                if one.get("url") not in known:
                    self._wrong(place, "not-supported", f"The extension {as_text(one.get('url'))[:200]} is not known.")
