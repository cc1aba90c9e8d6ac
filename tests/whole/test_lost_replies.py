"""Replies that get lost, retries, and several writers of one thing, over real connections (TRUST T-127 to T-130)."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import sleep
from uuid import uuid4

import httpx

from tests.hub_in_test import Body, entry, note, transaction
from tests.whole.founded import Town
from tests.whole.hub_process import HubProcess

WRITERS, VALUES = 6, 5


def send_and_hang_up(town: Town, port: int, body: Body, key: str, wait: float) -> None:
    """A push whose sender's line breaks ``wait`` seconds after the last byte, whatever has come back by then."""
    content = httpx.Request("POST", "http://x", json=body).content  # the very bytes of the retry
    head = "".join(f"{name}: {value}\r\n" for name, value in town.headers("hosp-ehr", idempotency_key=key).items())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.sendall(
            f"POST /fhir HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
        )
        sleep(wait)


def texts(town: Town) -> list[str]:
    bundle = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_count=200").json()
    return [one["resource"]["payload"][0]["contentString"] for one in bundle.get("entry", [])]


def test_a_push_whose_reply_was_lost_has_one_effect_when_it_is_sent_again(hub: HubProcess, town: Town) -> None:
    """T-127: whether or not the hub had come to it, the retry is answered and each note is there once."""
    random, expected = Random(20261122), []
    for _ in range(15):
        key = uuid4().hex
        two = [f"申し送り {key} {number}" for number in range(2)]
        expected += two
        push = transaction(*(entry(note(town.person, text)) for text in two))
        send_and_hang_up(town, hub.port, push, key, random.choice((0, 0, 0.002, 0.01, 0.05)))
        answers = [town.post("hosp-ehr", "/fhir", push, key) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 200], answers[0].text
        assert answers[0].content == answers[1].content
    kept = texts(town)
    assert sorted(text for text in kept if text in set(expected)) == sorted(expected)


def test_what_was_answered_is_seen_at_once_by_everybody(hub: HubProcess, town: Town) -> None:
    """T-129: read, search and feed over another connection have what a 201 named, and lose it no more."""
    with httpx.Client(base_url=hub.base_url, timeout=30) as client:
        reader, cursor = Town(town.data, client, town.person, town.tokens), ""
        for number in range(10):
            text = f"すぐに見える {number}"
            made = town.post("hosp-ehr", "/fhir/Communication", note(town.person, text))
            assert reader.get("hosp-ehr", f"/fhir/Communication/{made.json()['id']}").status_code == 200
            assert text in texts(reader)
            titles, more = [], True
            while more:
                page = reader.get("hosp-ehr", f"/feed?count=100&since={cursor}").json()
                titles += [item["title"] for item in page["items"]]
                cursor, more = page["next"], page["more"]
            assert f"申し送り：{text}" in titles


def test_nobody_overwrites_what_another_added(hub: HubProcess, town: Town) -> None:
    """T-130: writers add their own values to one list with If-Match; none is lost, and every version that anybody
    read is a beginning of the last one."""
    place = f"/fhir/Communication/{town.post('hosp-ehr', '/fhir/Communication', note(town.person)).json()['id']}"

    def read(town: Town) -> tuple[list[str], Body, str]:
        answer = town.get("hosp-ehr", place)
        body: Body = answer.json()
        return [one["contentString"] for one in body["payload"]], body, answer.headers["ETag"]

    def add(writer: int) -> tuple[list[str], list[list[str]]]:
        added: list[str] = []
        seen: list[list[str]] = []
        with httpx.Client(base_url=hub.base_url, timeout=30) as client:
            mine = Town(town.data, client, town.person, town.tokens)
            while len(added) < VALUES:
                values, body, tag = read(mine)
                seen.append(values)
                value = f"値 {writer}-{len(added)}"
                changed = {**body, "payload": [*body["payload"], {"contentString": value}]}
                headers = mine.headers("hosp-ehr", if_match=tag, idempotency_key=uuid4().hex)
                answer = client.put(place, json=changed, headers=headers)
                assert answer.status_code in (200, 412), answer.text
                added += [value] if answer.status_code == 200 else []
        return added, seen

    town.headers("hosp-ehr")
    with ThreadPoolExecutor(WRITERS) as pool:
        done = list(pool.map(add, range(WRITERS)))
    last, _, _ = read(town)
    assert sorted(last[1:]) == sorted(value for added, _ in done for value in added)
    assert len(last) == 1 + WRITERS * VALUES
    for added, seen in done:
        assert [value for value in last if value in set(added)] == added
        assert all(values == last[: len(values)] for values in seen)
        assert [len(values) for values in seen] == sorted(len(values) for values in seen)
