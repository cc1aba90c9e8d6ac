"""kill -9 at random moments under pushing clients (TRUST T-123, P1 and P2), with a real process on a real store."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Semaphore
from time import sleep, time
from uuid import uuid4

import httpx
import pytest

from hub.city import apply, read_city
from hub.context import Context
from hub.demo.keys import assertion, make_keys
from hub.runtime import open_store
from hub.store.sql import query
from tests.hub_in_test import SMALL, Body, care_team, consent, entry, note, patient, transaction
from tests.whole.hub_process import HubProcess, free_port

ROUNDS, CLIENTS = 5, 4
SYSTEMS = ["city-registry", "hosp-ehr", "clinic-emr", "pharm-rx", "care-plan-app", "day-app"]
SENDERS = ("hosp-ehr", "clinic-emr")


@dataclass
class Sent:
    """One push: what was sent, and the answer if there was one."""

    who: str
    key: str
    texts: list[str]
    body: Body
    answer: Body | None = None


@dataclass
class Story:
    """All that was sent, the token of each system, and the person whom it is about."""

    tokens: dict[str, str] = field(default_factory=dict)
    person: str = ""
    sent: list[Sent] = field(default_factory=list)


def found(data: Path) -> None:
    """A store with the small city in force, as an operator founds it."""
    make_keys(data, SYSTEMS)
    store = open_store(data)
    context = Context(datetime.now(UTC), "setup", lambda: uuid4().hex, "http://127.0.0.1")
    file = read_city(SMALL / "city.toml", data)
    store.lane.submit(lambda tx: apply(tx, file, context)).result()
    store.lane.close()


def sign_in(client: httpx.Client, data: Path, system: str) -> str:
    url = f"{client.base_url}/oauth/token".replace("//oauth", "/oauth")
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.cruds",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(data, system, url, uuid4().hex, int(time())),
    }
    answer = client.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def post(client: httpx.Client, token: str, path: str, body: Body, key: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return client.post(path, json=body, headers={**headers, **({"Idempotency-Key": key} if key else {})})


def prepare(client: httpx.Client, data: Path) -> Story:
    story = Story({who: sign_in(client, data, who) for who in ("city-registry", *SENDERS)})
    registry = story.tokens["city-registry"]
    story.person = str(post(client, registry, "/fhir/Patient", patient()).json()["id"])
    team = care_team(story.person, "Organization/hosp", "Organization/clinic")
    for resource in (team, consent(story.person, "medical", "team")):
        assert post(client, registry, f"/fhir/{resource['resourceType']}", resource).status_code == 201
    return story


def push_until_gone(base_url: str, story: Story, number: int, answered: Semaphore) -> list[Sent]:
    """Push until the hub is gone; the last push may have no answer, which is what this is about."""
    who = SENDERS[number % len(SENDERS)]
    pushed: list[Sent] = []
    with httpx.Client(base_url=base_url, timeout=10) as client:
        while True:
            key = uuid4().hex
            texts = [f"申し送り-{key}-{part}" for part in range(1 + len(pushed) % 3)]
            body = transaction(*(entry(note(story.person, text)) for text in texts))
            one = Sent(who, key, texts, body)
            pushed.append(one)
            try:
                answer = post(client, story.tokens[who], "/fhir", body, key)
            except httpx.TransportError:
                return pushed
            assert answer.status_code == 200, answer.text
            one.answer = answer.json()
            answered.release()


def everything(client: httpx.Client, story: Story) -> Counter[str]:
    """The text of every note that the hub has, and how often."""
    texts: Counter[str] = Counter()
    headers = {"Authorization": f"Bearer {story.tokens['hosp-ehr']}"}
    url: str | None = f"/fhir/Communication?patient={story.person}&_count=200"
    while url:
        bundle = client.get(url, headers=headers).json()
        texts.update(one["resource"]["payload"][0]["contentString"] for one in bundle.get("entry", []))
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return texts


def check(client: httpx.Client, story: Story, latest: list[Sent]) -> None:
    """The acknowledged is there once, the unanswered is there whole or not at all, a retry changes nothing."""
    before = everything(client, story)
    assert set(before.values()) <= {1}
    for one in story.sent:
        there = [text in before for text in one.texts]
        assert all(there) if one.answer else all(there) or not any(there)
    for one in latest:
        again = post(client, story.tokens[one.who], "/fhir", one.body, one.key)
        assert again.status_code == 200, again.text
        assert one.answer is None or again.json() == one.answer
        one.answer = again.json()
        located = [item["response"]["location"] for item in again.json()["entry"]]
        headers = {"Authorization": f"Bearer {story.tokens[one.who]}"}
        for location, text in zip(located, one.texts, strict=True):
            assert text in client.get(f"/fhir/{location}", headers=headers).text
    assert everything(client, story) == Counter(text for one in story.sent for text in one.texts)


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_and_no_retry_doubles_it(tmp_path: Path) -> None:
    random, port = Random(20261122), free_port()
    found(tmp_path)
    story: Story | None = None
    latest: list[Sent] = []
    for _ in range(ROUNDS):
        hub = HubProcess(tmp_path, "serve", port=port)
        try:
            with httpx.Client(base_url=hub.base_url, timeout=30) as client:
                story = story or prepare(client, tmp_path)
                check(client, story, latest)
            answered = Semaphore(0)
            with ThreadPoolExecutor(CLIENTS) as pool:
                clients = [pool.submit(push_until_gone, hub.base_url, story, one, answered) for one in range(CLIENTS)]
                try:
                    for _ in range(random.randint(4, 40)):
                        assert answered.acquire(timeout=30)
                    sleep(random.uniform(0, 0.03))  # somewhere between two answers
                finally:
                    hub.kill()
                latest = [one for client_ in clients for one in client_.result()]
        finally:
            hub.kill()
        story.sent += latest
    hub = HubProcess(tmp_path, "serve", port=port)
    try:
        with httpx.Client(base_url=hub.base_url, timeout=30) as client:
            assert story is not None
            check(client, story, latest)
    finally:
        hub.stop()
    assert_whole(tmp_path, story)


def assert_whole(data: Path, story: Story) -> None:
    """The store opens, says of itself that it is whole, and its tables agree with one another."""
    store = open_store(data)

    def ask(statement: str) -> list[tuple[object, ...]]:
        return store.lane.submit(lambda tx: [tuple(row) for row in query(tx, statement, {})]).result()

    texts = sum(len(one.texts) for one in story.sent)
    try:
        assert ask("PRAGMA integrity_check") == [("ok",)]
        assert ask("SELECT count(*) FROM resource WHERE type = 'Communication'") == [(texts,)]
        assert ask("SELECT count(*), min(position), max(position) FROM timeline") == [(texts + 1, 1, texts + 1)]
        assert ask("SELECT count(*) FROM audit WHERE interaction = 'create' AND category = 'progress-note'") == [
            (texts,)
        ]
        assert ask("SELECT count(*) FROM outbox WHERE reference LIKE 'Communication/%'") == [(texts,)]
        assert ask("SELECT count(*) FROM retry") == [(len(story.sent),)]
        orphans = """SELECT count(*) FROM search_text s WHERE NOT EXISTS
                       (SELECT 1 FROM resource r WHERE r.type = s.type AND r.id = s.id AND r.source = s.source)"""
        assert ask(orphans) == [(0,)]
    finally:
        store.lane.close()
