"""Subscriptions and rights: every message is judged by what its owner's system may see when it is sent (T-061)."""

import json
from pathlib import Path

import pytest

from hub.context import instant
from hub.settings import Settings
from hub.store import registry, subscriptions
from hub.store.sql import run
from tests.hub_in_test import Body, City, consent, note, observation, small_city
from tests.receiver_in_test import (
    ALLOWED,
    PATIENT_CHANGED,
    Post,
    Receiver,
    classic,
    subscribed,
    subscription,
)

SECRET = "Authorization: Bearer s3cret-of-the-receiver"
KEPT: Body = {"header": [SECRET]}


@pytest.fixture
def hub_settings() -> Settings:
    return ALLOWED


def cared_for(city: City) -> tuple[str, Body]:
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/kyotaku", "Organization/day")
    return person, city.consent(person)


def revoked(city: City, given: Body) -> None:
    city.clock.move(seconds=1)
    ended = {**given, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{given['id']}", ended).status_code == 200


@pytest.mark.promise("revocation-works-on-the-next-request")
@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
def test_an_event_that_waits_when_consent_is_revoked_is_never_told(
    city: City, there: Receiver, post: Post, content: str
) -> None:
    person, given = cared_for(city)
    wanted = subscription(there.url, PATIENT_CHANGED, f"patient={person}", content=content)
    subscribed(city, post, "care-plan-app", wanted)
    there.usual = 503
    city.created("hosp-ehr", note(person))
    post.deliver()
    assert there.numbers == [1], "tried before the revocation, in vain"

    revoked(city, given)
    city.created("hosp-ehr", note(person, "あとから"))
    there.usual, seen = 200, len(there.all)
    city.clock.move(minutes=1)
    post.deliver()
    [last] = there.all[seen:]
    assert last.events == [{"event-number": "1"}] if content != "empty" else last.numbers == [1]
    assert len(last.bundle["entry"]) == 1
    assert b"Communication" not in last.body

    city.clock.move(seconds=1)
    city.created("city-registry", consent(person, "medical", "team", when=city.clock.now))
    city.created("hosp-ehr", note(person, "また"))
    post.deliver()
    assert there.numbers == [1, 1, 2], "what was never told has no number"


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_an_event_that_was_never_tried_leaves_no_trace_when_consent_is_revoked(
    city: City, there: Receiver, post: Post
) -> None:
    person, given = cared_for(city)
    subscribed(city, post, "care-plan-app", subscription(there.url, PATIENT_CHANGED, f"patient={person}"))
    city.created("hosp-ehr", note(person))
    revoked(city, given)
    post.deliver()
    assert there.told == []


@pytest.mark.promise("no-record-no-answer")
def test_every_message_is_in_the_access_log_before_it_leaves(city: City, there: Receiver, post: Post) -> None:
    person, _ = cared_for(city)
    asked = subscribed(city, post, "care-plan-app", subscription(there.url, PATIENT_CHANGED, f"patient={person}"))
    made = city.created("hosp-ehr", note(person))
    logged: list[list[Body]] = []
    there.before_answer = lambda: logged.append(city.log(interaction="notification", patient=person))
    post.deliver()
    [[record]] = logged
    assert record["what"] == f'["Communication/{made["id"]}/_history/{made["meta"]["versionId"]}"]'
    assert (record["system"], record["organisation"], record["outcome"]) == ("care-plan-app", "kyotaku", "0")
    assert record["query"] == f"Subscription/{asked['id']}"
    kinds = [row["reason"] for row in city.log(interaction="notification") if not row["patient"]]
    assert kinds == ["handshake"]


@pytest.mark.promise("a-token-is-good-for-its-scopes")
def test_a_type_outside_of_the_scopes_is_not_told(city: City, there: Receiver, post: Post) -> None:
    person, _ = cared_for(city)
    refused = city.post("day-app", "/fhir/Subscription", subscription(there.url, PATIENT_CHANGED))
    assert refused.status_code == 403
    subscribed(city, post, "care-plan-app", subscription(there.url, PATIENT_CHANGED, f"patient={person}"))
    narrow = {"id": "care-plan-app", "scopes": "system/Communication.rs"}
    _replace(
        city, "system", [{**one, **narrow} if one["id"] == narrow["id"] else one for one in _registry(city, "system")]
    )
    city.created("hosp-ehr", observation(person))
    told = city.created("hosp-ehr", note(person))
    post.deliver()
    assert [event["focus"].rpartition("/")[2] for one in there.told for event in one.events] == [told["id"]]


@pytest.mark.promise("roles-are-read-now")
@pytest.mark.parametrize("change", ["disabled", "expired", "unregistered"])
def test_a_subscription_stops_with_its_system_and_goes_on_when_it_is_asked_for_again(
    city: City, there: Receiver, post: Post, change: str
) -> None:
    person, _ = cared_for(city)
    asked = subscribed(city, post, "care-plan-app", subscription(there.url, PATIENT_CHANGED, f"patient={person}"))
    city.created("hosp-ehr", note(person))
    systems, organisations = _registry(city, "system"), _registry(city, "organisation")
    if change == "expired":
        _replace(city, "organisation", [{**one, "ends": "2026-11-01"} for one in organisations])
    else:
        left = [{**one, "enabled": 0} for one in systems] if change == "disabled" else []
        _replace(city, "system", left)
    post.deliver()
    assert there.told == []
    _replace(city, "organisation", organisations)
    _replace(city, "system", systems)
    stored = city.get("care-plan-app", f"/fhir/Subscription/{asked['id']}").json()
    assert (stored["status"], stored["error"]) == ("error", "the system or its organisation is no longer a member")
    city.clock.move(seconds=1)
    again = city.put("care-plan-app", f"/fhir/Subscription/{asked['id']}", {**stored, "status": "requested"})
    assert again.json()["status"] == "requested"
    assert "error" not in again.json()
    post.deliver()
    assert len(there.of_kind("handshake")) == 2


def _registry(city: City, table: str) -> list[Body]:
    rows = city.store.lane.do(lambda tx: registry.file_rows(tx, table))
    return [dict(row._mapping) for row in rows]


def _replace(city: City, table: str, rows: list[Body]) -> None:
    city.store.lane.do(lambda tx: registry.replace_file_rows(tx, table, rows))


def test_only_a_system_subscribes_and_only_for_itself(city: City, there: Receiver) -> None:
    assert city.post("cm-ito", "/fhir/Subscription", classic(there.url, "Observation")).status_code == 403
    asked = city.created("care-plan-app", classic(there.url, "Observation?status=final"))
    where = f"/fhir/Subscription/{asked['id']}"
    assert city.put("hosp-ehr", where, asked).status_code == 404
    assert city.get("hosp-ehr", where).status_code == 404
    assert city.delete("hosp-ehr", where).status_code == 404
    assert city.delete("care-plan-app", where).status_code == 204
    assert city.get("care-plan-app", f"{where}/$status").status_code == 404


def test_a_header_s_value_is_sent_and_never_shown(city: City, there: Receiver, post: Post, tmp_path: Path) -> None:
    wanted = classic(there.url, "Observation", channel={"header": [SECRET, "X-Place: 1F"]})
    asked = subscribed(city, post, "care-plan-app", wanted)
    assert there.all[0].headers["authorization"] == SECRET.partition(": ")[2]
    assert asked["channel"]["header"] == ["Authorization: ***", "X-Place: ***"]

    where = f"/fhir/Subscription/{asked['id']}"
    moved = {**asked, "status": "requested", "reason": "場所が変わった"}
    assert city.put("care-plan-app", where, moved).status_code == 200
    post.deliver()
    assert there.all[-1].headers["authorization"] == SECRET.partition(": ")[2], "*** is the value that is kept"
    new = {**moved, "channel": {**moved["channel"], "header": ["Authorization: Bearer other"]}}
    assert city.put("care-plan-app", where, new).status_code == 200
    post.deliver()
    assert there.all[-1].headers["authorization"] == "Bearer other"
    unknown = {**moved, "channel": {**moved["channel"], "header": ["X-Key: ***"]}}
    assert city.put("care-plan-app", where, unknown).status_code == 422

    for path in (where, f"{where}/_history", "/fhir/Subscription", f"{where}/$status"):
        assert b"s3cret" not in city.get("care-plan-app", path).content
    assert "s3cret" not in str(city.log())


def kept_headers(city: City, id_: str) -> str:
    """The headers of a subscription as a dump of the database shows them."""
    row = city.store.lane.do(lambda tx: subscriptions.get(tx, id_))
    assert row is not None
    return str(row.headers)


def test_a_header_s_value_is_in_no_row(city: City, there: Receiver, post: Post) -> None:
    made = [subscribed(city, post, "care-plan-app", classic(there.url, "Observation", channel=KEPT)) for _ in range(2)]
    first, second = (kept_headers(city, one["id"]) for one in made)
    assert SECRET.partition(": ")[2] not in first
    assert first != second, "what is sealed for one opens for no other"


def test_a_header_that_was_kept_plain_is_sent_and_sealed(tmp_path: Path, store_kind: str, there: Receiver) -> None:
    with small_city(tmp_path, ALLOWED) as city:
        post = Post(city)
        asked = subscribed(city, post, "care-plan-app", classic(there.url, "Observation", channel=KEPT))
        plain = {"id": asked["id"], "headers": json.dumps([SECRET.split(": ")])}

        def keep_plain() -> None:
            city.store.lane.do(lambda tx: run(tx, "UPDATE subscription SET headers = :headers WHERE id = :id", plain))

        keep_plain()
        asked_again(city, asked)  # *** is the value that is kept
        assert "s3cret" not in kept_headers(city, asked["id"])
        keep_plain()
        post.deliver()
        post.close()
    with small_city(tmp_path, ALLOWED) as city:
        assert "s3cret" not in kept_headers(city, asked["id"])
        asked_again(city, asked)
        post = Post(city)
        post.deliver()
        post.close()
    assert [one.headers["authorization"] for one in there.all] == [SECRET.partition(": ")[2]] * 3


def asked_again(city: City, asked: Body) -> None:
    again = {**asked, "status": "requested"}
    assert city.put("care-plan-app", f"/fhir/Subscription/{asked['id']}", again).status_code == 200


def test_a_store_s_log_names_no_one_of_a_handshake(city: City, there: Receiver, post: Post) -> None:
    subscribed(city, post, "care-plan-app", subscription(there.url, PATIENT_CHANGED))
    [change] = city.log(interaction="notification-status")
    assert (change["patient"], change["reason"], change["outcome"]) == (None, "active", "0")
    assert change["recorded"] < instant(city.clock.now)


@pytest.mark.parametrize(("scopes", "told"), [("system/*.rs", 1), ("system/Observation.rs", 0)])
def test_a_search_through_what_the_scopes_do_not_cover_finds_nothing(
    city: City, there: Receiver, post: Post, scopes: str, told: int
) -> None:
    person, _ = cared_for(city)
    subscribed(city, post, "care-plan-app", classic(there.url, "Observation?patient.birthdate=1940-05-01"))
    systems = _registry(city, "system")
    _replace(city, "system", [{**one, "scopes": scopes} if one["id"] == "care-plan-app" else one for one in systems])
    city.created("hosp-ehr", observation(person))
    post.deliver()
    assert len(there.told) == told
