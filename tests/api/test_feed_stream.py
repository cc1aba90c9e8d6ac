"""``GET /feed/stream``: what becomes known, as it does, to whoever may see it in that moment (CONSENT.md §8)."""

import json
from collections.abc import Callable

import pytest

from hub.http.feed_stream import AT_ONCE, OF_ONE
from hub.store.sql import run
from tests.api.test_feed import TEAM, since
from tests.hub_in_test import Body, City, note, observation
from tests.stream_in_test import Listening, listening, streams_of, told

END = "The hub is about to end. Come again, with the id of the last event."


@pytest.fixture
def agreed(city: City) -> Body:
    """The consent of a resident with a care team."""
    person = city.resident()
    city.team(person, *TEAM)
    return city.consent(person)


@pytest.fixture
def person(agreed: Body) -> str:
    return str(agreed["patient"]["reference"].removeprefix("Patient/"))


def said(city: City, person: str, text: str) -> Body:
    return city.created("hosp-ehr", note(person, text))


def titles(stream: Listening) -> list[str]:
    return [str(item["title"])[-1] for item in stream.items]


def looks_in_log(city: City) -> list[Body]:
    """What the log says of streams, oldest first."""
    return [row for row in reversed(city.log(interaction="feed")) if row["query"].startswith("feed/stream")]


def test_what_becomes_known_comes_as_the_feed_tells_it_and_what_was_before_does_not(city: City, person: str) -> None:
    said(city, person, "前")
    before = since(city)
    with listening(city, "cm-ito") as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
        assert stream.text == f"retry: 3000\nid: {before}\n\n"
        said(city, person, "1")
        said(city, person, "2")
        stream.until(items=2)
        page = city.get("cm-ito", f"/feed?since={before}").json()
        assert stream.items == page["items"]
        assert stream.last_id == page["next"]
        assert [one["event"] for one in stream.blocks[1:]] == ["item", "item"]


def test_it_goes_on_without_loss_or_repeat_from_the_id_of_any_event(city: City, person: str) -> None:
    with listening(city, "cm-ito") as stream:
        beginning = stream.last_id
        for text in "123":
            said(city, person, text)
        stream.until(items=3)
        ids = [beginning, *(one["id"] for one in stream.blocks[1:])]
    whole = "123"
    for place, id_ in enumerate(ids):
        with listening(city, "cm-ito", "since=", last_event_id=id_) as again:  # which goes before since
            again.until(items=len(whole) - place)
            whole += str(place + 4)
            said(city, person, whole[-1])
            again.until(items=len(whole) - place)
            assert titles(again) == list(whole[place:])
        assert titles(told(city, "cm-ito", f"since={id_}&count=2")) == list(whole[place : place + 2])


def test_from_the_beginning_it_tells_everything_page_by_page(city: City, person: str) -> None:
    for text in "1234567":
        said(city, person, text)
    whole = city.get("cm-ito", "/feed?count=200").json()["items"]
    with listening(city, "cm-ito", "since=&count=2") as stream:
        stream.until(items=len(whole))
        assert stream.items == whole


def test_of_one_person_and_narrowed_as_the_feed(city: City, person: str) -> None:
    other = city.resident("0000000002", name="鈴木 次郎")
    city.team(other, *TEAM)
    city.consent(other)
    with listening(city, "cm-ito", f"patient={other}") as one, listening(city, "cm-ito", "category=laboratory") as kind:
        said(city, person, "1")
        city.created("hosp-ehr", observation(person))
        said(city, other, "2")
        city.created("hosp-ehr", observation(person))
        one.until(items=1)
        kind.until(items=2)
        assert titles(one) == ["2"]
        assert {item["category"] for item in kind.items} == {"laboratory"}


@pytest.mark.parametrize("asked", ["count=0", "since=abc", "from=yesterday", "patients=x", "category=a&category=b"])
def test_what_it_does_not_take_it_refuses_before_it_begins(city: City, person: str, asked: str) -> None:
    answer = city.get("cm-ito", f"/feed/stream?{asked}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_cursor_of_others_no_token_and_no_relation_are_refused_before_it_begins(city: City, person: str) -> None:
    mine = since(city)
    assert city.get("cw-suzuki", "/feed/stream", last_event_id=mine).status_code == 400
    assert city.get("cm-ito", f"/feed/stream?patient={person}", last_event_id=mine).status_code == 400
    assert city.client.get("/feed/stream").status_code == 401
    assert city.get("clinic-emr", f"/feed/stream?patient={person}").status_code == 404
    assert city.get("clinic-emr", f"/feed/stream?patient={'0' * 32}").status_code == 404
    assert streams_of(city).under_way == []


def test_head_is_answered_at_once(city: City, person: str) -> None:
    answer = city.client.head("/feed/stream", headers=city.headers("cm-ito"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.promise("no-record-no-answer")
def test_the_opening_and_every_batch_are_in_the_log_and_a_look_that_shows_nothing_is_not(
    city: City, person: str
) -> None:
    with listening(city, "cm-ito") as stream:
        stream.until(signs=2)
        stored = said(city, person, "1")
        stream.until(items=1)
        stranger = city.resident("0000000002", name="鈴木 次郎")
        city.team(stranger, "Organization/hosp")
        said(city, stranger, "2")
        stream.until(signs=stream.signs + 2)
    rows = looks_in_log(city)
    shown = f"Communication/{stored['id']}/_history/{stored['meta']['versionId']}"
    assert [json.loads(row["what"]) for row in rows] == [[], [shown]]
    assert [row["patient"] for row in rows] == [None, person]
    assert {row["request_id"] for row in rows} == {stream.headers["x-request-id"]}


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_after_the_revocation_nothing_comes_and_after_a_new_consent_it_goes_on(
    city: City, agreed: Body, person: str
) -> None:
    with listening(city, "cm-ito") as stream:
        said(city, person, "1")
        stream.until(items=1)
        city.clock.move(seconds=1)
        over = {**agreed, "status": "inactive", "dateTime": city.clock.now.isoformat()}
        assert city.put("city-registry", f"/fhir/Consent/{agreed['id']}", over).status_code == 200
        logged = len(looks_in_log(city))
        before = stream.text
        said(city, person, "2")
        stream.until(signs=stream.signs + 3)
        assert stream.text.replace("\n\n:", "") == before.replace("\n\n:", "")
        assert len(looks_in_log(city)) == logged
        city.clock.move(seconds=1)
        city.consent(person)
        said(city, person, "3")
        stream.until(items=3)
        assert titles(stream) == list("123")


def ended_relation(city: City, person: str) -> None:
    [team] = city.get("city-registry", f"/fhir/CareTeam?patient={person}").json()["entry"]
    over = {**team["resource"], "status": "inactive"}
    assert city.put("city-registry", f"/fhir/CareTeam/{over['id']}", over).status_code == 200


def ended_token(city: City, person: str) -> None:
    city.store.lane.do(lambda tx: run(tx, "UPDATE token SET expires = '2026-01-01T00:00:00.000Z'", {}))


def over_time(city: City, person: str) -> None:
    city.clock.move(minutes=6)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (ended_relation, "There is no such resource here."),
        (ended_token, "The access token is not valid. Ask for a new one."),
        (over_time, "The access token is not valid. Ask for a new one."),
    ],
)
def test_when_the_right_to_ask_ends_so_does_the_stream_and_says_why(
    city: City, person: str, end: Callable[[City, str], None], why: str
) -> None:
    with listening(city, "cm-ito", f"patient={person}") as stream:
        end(city, person)
        stream.over()
        assert stream.end == why
        assert stream.items == []
    refusals = [row for row in looks_in_log(city) if row["outcome"] != "0"]
    assert len(refusals) == 1
    assert streams_of(city).under_way == []


def test_there_are_so_many_places_for_one_and_so_many_for_all_and_who_leaves_frees_theirs(
    city: City, person: str
) -> None:
    streams = streams_of(city)
    with listening(city, "cm-ito") as stream:
        [mine] = streams.under_way
        streams.under_way += [mine] * (OF_ONE - 1)
        refused = city.get("cm-ito", "/feed/stream")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "15")
        assert "streams open" in refused.json()["title"]
        with listening(city, "hosp-ehr"):
            pass
        streams.under_way += ["another"] * (AT_ONCE - len(streams.under_way))
        full = city.get("hosp-ehr", "/feed/stream")
        assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
        streams.under_way[:] = [mine]
        stream.leave()
        assert streams.under_way == []


def test_it_ends_when_the_hub_does(city: City, person: str) -> None:
    with listening(city, "cm-ito") as stream:
        streams_of(city).ending = True
        stream.over()
    assert stream.end == END
    streams_of(city).ending = False
    assert told(city, "cm-ito").end == END


def test_many_streams_are_told_what_one_is(city: City, person: str) -> None:
    with listening(city, "cm-ito") as one, listening(city, "cm-ito") as other, listening(city, "hosp-ehr") as source:
        for text in "123":
            said(city, person, text)
        for stream in (one, other, source):
            stream.until(items=3)
            assert titles(stream) == list("123")
