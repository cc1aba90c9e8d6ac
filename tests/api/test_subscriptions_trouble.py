"""Subscriptions when something fails: retries, the dead letter, killed and doubled deliverers (T-132, T-166)."""

from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from hub.notify.waits import Waits
from hub.settings import Settings
from hub.store import outbox
from hub.store.sql import query
from tests.hub_in_test import Body, City, note, small_city
from tests.receiver_in_test import (
    ALLOWED,
    LOOPBACK,
    PATIENT_CHANGED,
    Post,
    Receiver,
    classic,
    subscribed,
    subscription,
)


@pytest.fixture
def hub_settings() -> Settings:
    return ALLOWED


def notes_wanted(city: City, there: Receiver, post: Post, **more: Any) -> tuple[str, Body]:
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/kyotaku")
    city.consent(person)
    wanted = subscription(there.url, PATIENT_CHANGED, "_type=Communication", **more)
    return person, subscribed(city, post, "care-plan-app", wanted)


def stored(city: City, asked: Body) -> Body:
    found: Body = city.get("care-plan-app", f"/fhir/Subscription/{asked['id']}").json()
    return found


def test_a_handshake_that_is_not_answered_well_is_an_error_until_it_is_asked_for_again(
    city: City, there: Receiver, post: Post
) -> None:
    there.answers = [500]
    person, asked = notes_wanted(city, there, post)
    assert (asked["status"], asked["error"]) == ("error", "handshake: the endpoint answered 500")
    city.created("hosp-ehr", note(person))
    post.deliver()
    assert len(there.all) == 1
    said = {**asked, "status": "active"}
    assert city.put("care-plan-app", f"/fhir/Subscription/{asked['id']}", said).json()["status"] == "requested"
    post.deliver()
    assert stored(city, asked)["status"] == "active"


def test_a_redirect_is_not_followed_and_is_no_answer(city: City, there: Receiver, post: Post) -> None:
    there.answers = [307]
    _, asked = notes_wanted(city, there, post)
    assert asked["status"] == "error"
    assert len(there.all) == 1


def test_retries_wait_longer_and_longer_and_send_the_same_numbers(city: City, there: Receiver, post: Post) -> None:
    person, asked = notes_wanted(city, there, post)
    there.usual = 503
    for number in range(2):
        city.created("hosp-ehr", note(person, f"記録 {number}"))
    tried = []
    for second in range(100):
        before = len(there.told)
        post.deliver()
        tried += [second] * (len(there.told) - before)
        city.clock.move(seconds=1)
    assert tried == [0, 5, 15, 35, 75]
    assert {tuple(one.numbers) for one in there.told} == {(1, 2)}
    status = city.get("care-plan-app", f"/fhir/Subscription/{asked['id']}/$status").json()["entry"][0]["resource"]
    named = {one["name"]: one for one in status["parameter"]}
    assert named["events-waiting"]["valueUnsignedInt"] == 2
    assert named["error"]["valueCodeableConcept"]["text"] == "the endpoint answered 503"
    lag = [
        line for line in city.client.get("/metrics").text.splitlines() if line.startswith("renkei_notifications_lag")
    ]
    assert lag == ["renkei_notifications_lag_seconds 100.0"]
    there.usual = 200
    city.clock.move(hours=1)
    post.deliver()
    assert stored(city, asked)["status"] == "active"
    assert "renkei_notifications_lag_seconds 0.0" in city.client.get("/metrics").text


def test_after_days_of_failures_it_is_an_error_with_its_events_kept(city: City, there: Receiver, post: Post) -> None:
    person, asked = notes_wanted(city, there, post)
    there.usual = 503
    city.created("hosp-ehr", note(person))
    for _ in range(20):
        post.deliver()
        city.clock.move(hours=4)
    assert (stored(city, asked)["status"], stored(city, asked)["error"]) == ("error", "the endpoint answered 503")
    tried = len(there.all)
    city.created("hosp-ehr", note(person, "止まっているあいだに"))
    post.deliver()
    assert len(there.all) == tried, "nothing is sent any more"
    there.usual = 200
    again = {**stored(city, asked), "status": "requested"}
    assert city.put("care-plan-app", f"/fhir/Subscription/{asked['id']}", again).status_code == 200
    post.deliver()
    assert there.told[-1].numbers == [1, 2], "and nothing is lost"
    assert stored(city, asked)["status"] == "active"


def test_a_receiver_that_says_gone_is_let_go(city: City, there: Receiver, post: Post) -> None:
    person, asked = notes_wanted(city, there, post)
    there.answers = [410]
    city.created("hosp-ehr", note(person))
    post.deliver()
    assert stored(city, asked)["status"] == "off"
    city.created("hosp-ehr", note(person, "もう一つ"))
    city.clock.move(hours=2)
    post.deliver()
    assert there.numbers == [1]


def test_one_who_does_not_answer_does_not_hold_up_the_others(city: City, there: Receiver, post: Post) -> None:
    person, _ = notes_wanted(city, there, post)
    subscribed(city, post, "hosp-ehr", subscription(f"{there.url}/other", PATIENT_CHANGED, "_type=Communication"))
    there.answers = [503]
    for number in range(3):
        city.created("hosp-ehr", note(person, f"記録 {number}"))
        post.deliver()
    by_path = {
        path: [number for one in there.told if one.path == path for number in one.numbers] for path in ("/", "/other")
    }
    assert sorted(by_path.values(), key=len) == [[1], [1, 2, 3]]


def test_a_deliverer_that_dies_while_it_sends_loses_nothing_and_keeps_the_numbers(
    city: City, there: Receiver, post: Post
) -> None:
    person, _ = notes_wanted(city, there, post)
    made = city.created("hosp-ehr", note(person))
    dying = Post(city)
    there.before_answer = dying.kill  # the receiver has it, and the sender never hears of that
    dying.deliver()
    there.before_answer = None
    assert there.numbers == [1]
    city.created("hosp-ehr", note(person, "つぎ"))
    post.deliver()
    assert there.numbers == [1], "it may still be on its way"
    city.clock.move(minutes=5)
    post.deliver()
    assert there.numbers == [1, 1, 2]
    assert there.told[0].events == there.told[1].events[:1]
    assert made["id"] in there.told[1].events[0]["focus"]


def test_two_deliverers_on_one_store_tell_everything_once(city: City, there: Receiver, post: Post) -> None:
    person, _ = notes_wanted(city, there, post, extension=[("max-count", "valuePositiveInt", 3)])
    both = (post, Post(city))
    for number in range(20):
        city.created("hosp-ehr", note(person, f"記録 {number}"))
    both[0].together(both[1])
    both[1].close()
    assert there.numbers == list(range(1, 21))


def test_the_outbox_is_empty_when_everybody_was_served(city: City, there: Receiver, post: Post) -> None:
    person, asked = notes_wanted(city, there, post)
    for number in range(150):
        city.created("hosp-ehr", note(person, f"記録 {number}"))
    post.deliver()
    assert city.store.lane.do(lambda tx: outbox.waiting(tx, 1)) == []
    assert there.numbers == list(range(1, 151))
    city.delete("care-plan-app", f"/fhir/Subscription/{asked['id']}")
    left = city.store.lane.do(lambda tx: query(tx, "SELECT * FROM notification", {}))
    assert left == []


def test_the_server_delivers_by_itself(tmp_path: Path, store_kind: str, there: Receiver) -> None:
    with small_city(tmp_path, Settings(notify_every=0.01, notify_networks=LOOPBACK)) as city:
        person = city.resident()
        city.team(person, "Organization/hosp", "Organization/kyotaku")
        city.consent(person)
        asked = city.created("care-plan-app", classic(there.url, "Communication"))
        until(lambda: stored(city, asked)["status"] == "active")
        city.clock.move(seconds=1)
        city.created("hosp-ehr", note(person))
        until(lambda: len(there.told) == 1)


def until(happened: Any) -> None:
    for _ in range(1000):
        if happened():
            return
        sleep(0.01)
    raise AssertionError("it does not happen")


def test_waits_grow_and_are_bounded() -> None:
    waits = Waits()
    grown = [waits.after(failures) for failures in range(1, 60)]
    assert grown == sorted(grown)
    assert (grown[0], grown[-1]) == (timedelta(seconds=5), timedelta(hours=1))
