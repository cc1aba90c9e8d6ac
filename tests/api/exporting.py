"""A Bulk Data export as a client makes it: kick-off, asking until it is done, fetching the files."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import httpx2
from starlette.types import Message, Receive, Send

from tests.hub_in_test import BASE_URL, Body, City


def kick_off(city: City, who: str, path: str) -> httpx2.Response:
    """The answer to a kick-off."""
    return city.get(who, f"/fhir/{path}", prefer="respond-async")


def job(city: City, who: str, path: str) -> str:
    """The place (URL path) of a new job, which must have been accepted."""
    answer = kick_off(city, who, path)
    assert answer.status_code == 202, answer.text
    place = answer.headers["Content-Location"]
    assert place.startswith(f"{BASE_URL}/fhir/$export/")
    return urlsplit(place).path


def manifest(city: City, who: str, place: str) -> Body:
    """The manifest of a job, asked for until it is there."""
    for _ in range(100):
        answer = city.get(who, place)
        if answer.status_code != 202:
            break
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["X-Progress"]
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    told: Body = answer.json()
    return told


def fetched(city: City, who: str, told: Body, part: str = "output") -> list[Body]:
    """Every line of every file of a manifest; each file has only its own type."""
    found: list[Body] = []
    for one in told[part]:
        answer = city.get(who, urlsplit(one["url"]).path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/fhir+ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert {line["resourceType"] for line in lines} <= {one["type"]}
        found += lines
    return found


def exported(city: City, who: str, path: str) -> list[Body]:
    """The resources that an export gives; there must be as many as it says."""
    told = manifest(city, who, job(city, who, path))
    found = fetched(city, who, told)
    counts = Counter[str]()
    for one in told["output"]:
        counts[one["type"]] += one["count"]
    assert Counter(one["resourceType"] for one in found) == counts
    return found


def ids(resources: list[Body], type_: str = "") -> set[str]:
    """The ids among exported resources, of one type when it is named; none stands twice."""
    found = [one["id"] for one in resources if type_ in ("", one["resourceType"])]
    assert len(found) == len(set(found))
    return set(found)


def read_slowly(city: City, who: str, url: str, lines: int, then: Callable[[], None]) -> list[str]:
    """The lines of a file whose reader, after so many lines, lets something happen before it reads on."""
    parts: list[bytes] = []
    done = False

    async def send(message: Message) -> None:
        nonlocal done
        parts.append(message.get("body", b""))
        if b"".join(parts).count(b"\n") >= lines and not done:
            done = True
            await asyncio.to_thread(then)

    async def receive() -> Message:
        await asyncio.sleep(30)
        return {"type": "http.disconnect"}

    _speak(city, city.headers(who), "GET", urlsplit(url).path, receive, send)
    assert done
    return b"".join(parts).decode().splitlines()


def push_slowly(city: City, who: str, resource: Body, then: Callable[[], None]) -> Body:
    """A resource that is created, and stored, by a push during whose body something happens."""
    parts: list[bytes] = []
    status = 0

    async def receive() -> Message:
        await asyncio.to_thread(then)
        return {"type": "http.request", "body": json.dumps(resource).encode()}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    headers = city.headers(who, content_type="application/fhir+json")
    _speak(city, headers, "POST", f"/fhir/{resource['resourceType']}", receive, send)
    assert status == 201
    stored: Body = json.loads(b"".join(parts))
    return stored


def _speak(city: City, headers: dict[str, str], method: str, path: str, receive: Receive, send: Send) -> None:
    """ASGI itself: a test client sends all at once, and reads all before it shows any of it."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "server": ("hub.test", 80), "client": ("127.0.0.1", 1), "app": city.client.app,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    assert city.client.portal is not None
    city.client.portal.call(partial(city.client.app, scope, receive, send))
