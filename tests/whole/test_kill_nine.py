"""kill -9 at random moments under pushing clients, with a real process on a real store (TRUST T-123, T-117, T-133)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Semaphore
from time import sleep
from uuid import uuid4

import httpx
import pytest

from hub.runtime import open_store
from hub.store.sql import query
from tests.hub_in_test import Body, entry, note, transaction
from tests.whole.founded import Town, found
from tests.whole.hub_process import HubProcess, free_port

KILLS, CLIENTS = 200, 4
OF_ONE = 5
"""Kills after which another resident is pushed about: what is looked at after each stays of one size."""
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
    """Whom it is about now, all that was sent of them and of those before, and a reader of the feed, who goes on."""

    person: str = ""
    sent: list[Sent] = field(default_factory=list)
    before: list[Sent] = field(default_factory=list)
    people: int = 0
    cursor: str = ""
    read: list[str] = field(default_factory=list)


def push_until_gone(town: Town, base_url: str, number: int, answered: Semaphore) -> list[Sent]:
    """Push until the hub is gone; the last push may have no answer, which is what this is about."""
    who = SENDERS[number % len(SENDERS)]
    pushed: list[Sent] = []
    with httpx.Client(base_url=base_url, timeout=10) as client:
        mine = Town(town.data, client, town.person, town.tokens)
        while True:
            key = uuid4().hex
            texts = [f"申し送り-{key}-{part}" for part in range(1 + len(pushed) % 3)]
            body = transaction(*(entry(note(town.person, text)) for text in texts))
            one = Sent(who, key, texts, body)
            pushed.append(one)
            try:
                answer = mine.post(who, "/fhir", body, key)
            except httpx.TransportError:
                return pushed
            assert answer.status_code == 200, answer.text
            one.answer = answer.json()
            answered.release()


def everything(town: Town) -> Counter[str]:
    """The text of every note that the hub has, and how often."""
    texts: Counter[str] = Counter()
    url: str | None = f"/fhir/Communication?patient={town.person}&_count=200"
    while url:
        bundle = town.get("hosp-ehr", url).json()
        texts.update(one["resource"]["payload"][0]["contentString"] for one in bundle.get("entry", []))
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return texts


def read_on(town: Town, story: Story) -> None:
    """Follow the feed from where this reader was before the hub was killed."""
    more = True
    while more:
        page = town.get("hosp-ehr", f"/feed?count=50&since={story.cursor}").json()
        story.read += [item["title"] for item in page["items"] if item["title"].startswith("申し送り：")]
        story.cursor, more = page["next"], page["more"]


def check(town: Town, story: Story, latest: list[Sent]) -> None:
    """The acknowledged is there once, the unanswered is there whole or not at all, a retry changes nothing."""
    before = everything(town)
    assert set(before.values()) <= {1}
    for one in story.sent:
        there = [text in before for text in one.texts]
        assert all(there) if one.answer else all(there) or not any(there)
    for one in latest:
        again = town.post(one.who, "/fhir", one.body, one.key)
        assert again.status_code == 200, again.text
        assert one.answer is None or again.json() == one.answer
        one.answer = again.json()
        located = [item["response"]["location"] for item in again.json()["entry"]]
        for location, text in zip(located, one.texts, strict=True):
            assert text in town.get(one.who, f"/fhir/{location}").text
    texts = [text for one in story.sent for text in one.texts]
    assert everything(town) == Counter(texts)
    read_on(town, story)
    texts += [text for one in story.before for text in one.texts]
    assert Counter(story.read) == Counter(f"申し送り：{text}" for text in texts)


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_and_no_retry_doubles_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-123: what was answered is there after kill -9, whole and once; T-117: a cursor skips nothing over it."""
    monkeypatch.setenv("RENKEI_NOTIFY_EVERY", "0")  # nobody empties the outbox, so that it can be counted
    random, port, story = Random(20261122), free_port(), Story()
    found(tmp_path)
    latest: list[Sent] = []
    for kill in range(KILLS):
        hub = HubProcess(tmp_path, "serve", port=port)
        try:
            with httpx.Client(base_url=hub.base_url, timeout=30) as client:
                town = Town(tmp_path, client, story.person)
                if kill:
                    check(town, story, latest)
                if kill % OF_ONE == 0:
                    story.before, story.sent = story.before + story.sent, []
                    story.person, story.people = town.settle().person, story.people + 1
                for who in SENDERS:
                    town.headers(who)
            answered = Semaphore(0)
            with ThreadPoolExecutor(CLIENTS) as pool:
                clients = [pool.submit(push_until_gone, town, hub.base_url, one, answered) for one in range(CLIENTS)]
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
            check(Town(tmp_path, client, story.person), story, latest)
    finally:
        hub.stop()
    assert_whole(tmp_path, story)


def assert_whole(data: Path, story: Story) -> None:
    """The store opens, says of itself that it is whole, and its tables agree with one another (T-133)."""
    store = open_store(data)

    def ask(statement: str) -> list[tuple[object, ...]]:
        return store.lane.do(lambda tx: [tuple(row) for row in query(tx, statement, {})])

    sent = story.before + story.sent
    texts = sum(len(one.texts) for one in sent)
    items = texts + story.people
    try:
        assert ask("PRAGMA integrity_check") == [("ok",)]
        assert ask("SELECT count(*) FROM resource WHERE type = 'Communication'") == [(texts,)]
        assert ask("SELECT count(*), min(position), max(position) FROM timeline") == [(items, 1, items)]
        assert ask("SELECT count(*) FROM audit WHERE interaction = 'create' AND category = 'progress-note'") == [
            (texts,)
        ]
        assert ask("SELECT count(*) FROM outbox WHERE reference LIKE 'Communication/%'") == [(texts,)]
        assert ask("SELECT count(*) FROM retry") == [(len(sent),)]
        orphans = """SELECT count(*) FROM search_token s
                      WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.patient = s.patient AND r.key = s.resource)"""
        assert ask(orphans) == [(0,)]
    finally:
        store.lane.close()
