"""Subscriptions (R5 Backport topics, and R4's own): from a write to the message that tells of it."""

import pytest

from hub.settings import Settings
from profiles.canonical import LABEL
from tests.hub_in_test import BASE_URL, Body, City, note, observation
from tests.receiver_in_test import (
    ADMISSIONS,
    ALLOWED,
    CONSENTS,
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


def cared_for(city: City, number: str = "0000000001") -> str:
    person = city.resident(number)
    city.team(person, "Organization/hosp", "Organization/kyotaku")
    city.consent(person)
    return person


def status_of(city: City, id_: str, who: str = "care-plan-app") -> Body:
    answer = city.get(who, f"/fhir/Subscription/{id_}/$status")
    assert answer.status_code == 200, answer.text
    [entry] = answer.json()["entry"]
    return {one["name"]: one for one in entry["resource"]["parameter"]}


def test_what_is_written_about_my_people_is_told_once_in_order_and_without_holes(
    city: City, there: Receiver, post: Post
) -> None:
    person, stranger = cared_for(city), city.resident("0000000002", name="鈴木 一郎")
    city.team(stranger, "Organization/hosp")
    city.created("hosp-ehr", note(person, "その前のこと"))
    asked = city.created("care-plan-app", subscription(f"{there.url}/hook", PATIENT_CHANGED))
    assert asked["status"] == "requested"
    post.deliver()
    [shake] = there.of_kind("handshake")
    assert (shake.path, shake.status["type"]["valueCode"]) == ("/hook", "handshake")
    stored = city.get("care-plan-app", f"/fhir/Subscription/{asked['id']}").json()
    assert stored["status"] == "active"
    assert there.told == [], "what was written before is not news"

    city.clock.move(seconds=1)
    first = city.created("hosp-ehr", observation(person))
    second = city.put("hosp-ehr", f"/fhir/Observation/{first['id']}", {**first, "status": "amended"})
    city.created("hosp-ehr", observation(stranger, number="x"))
    third = city.created("hosp-ehr", note(person))
    post.deliver()
    told = [(int(event["event-number"]), event["focus"]) for one in there.told for event in one.events]
    focus = f"{BASE_URL}/fhir/Observation/{first['id']}"
    assert second.status_code == 200
    assert [one[1] for one in told] == [focus, focus, f"{BASE_URL}/fhir/Communication/{third['id']}"]
    assert there.numbers == [1, 2, 3]
    assert there.told[-1].bundle["entry"][1]["request"] == {"method": "POST", "url": "Observation"}
    assert there.told[-1].status["events-since-subscription-start"]["valueString"] == "3"
    post.deliver()
    assert len(there.told) == 1, "nothing is told twice"


@pytest.mark.parametrize(
    ("content", "focus", "whole"), [("empty", False, False), ("id-only", True, False), ("full-resource", True, True)]
)
def test_a_notification_has_just_what_was_asked_for(
    city: City, there: Receiver, post: Post, content: str, focus: bool, whole: bool
) -> None:
    person = cared_for(city)
    wanted = subscription(there.url, PATIENT_CHANGED, f"Observation?patient={person}", content=content)
    subscribed(city, post, "care-plan-app", wanted)
    made = city.created("hosp-ehr", observation(person, 7.20))
    post.deliver()
    [one] = there.told
    assert [set(event) for event in one.events] == [{"event-number", "timestamp"} | ({"focus"} if focus else set())]
    assert ("topic" in one.status) is focus
    entries = one.bundle["entry"][1:]
    assert [entry.get("resource") for entry in entries] == ([made] if whole else [None] if focus else [])
    assert (made["id"].encode() in one.body) is focus
    assert one.bundle["type"] == "history"
    assert all("request" in entry and "response" in entry for entry in one.bundle["entry"])


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (("patient=Patient/{person}",), {"Observation", "Communication"}),
        (("patient={person}&category=laboratory",), {"Observation"}),
        (("?_type=Communication",), {"Communication"}),
        (("patient=Patient/{person}", "patient=Patient/nobody"), set()),
        (("Observation?patient=Patient/{person}&code=4548-4",), {"Observation"}),
        (("Observation?code=4548-4", "Observation?status=preliminary"), set()),
        (("Observation?code=4548-4", "Communication?status=completed"), {"Observation", "Communication"}),
    ],
)
def test_filters_narrow_a_topic(
    city: City, there: Receiver, post: Post, filters: tuple[str, ...], told: set[str]
) -> None:
    person, other = cared_for(city), cared_for(city, "0000000002")
    wanted = tuple(one.format(person=person) for one in filters)
    topic = subscription(there.url, PATIENT_CHANGED, *wanted, content="full-resource")
    subscribed(city, post, "care-plan-app", topic)
    city.created("hosp-ehr", observation(person))
    city.created("hosp-ehr", note(person))
    if "patient" in filters[0]:
        city.created("hosp-ehr", observation(other, number="o"))
    post.deliver()
    assert {entry["resource"]["resourceType"] for one in there.told for entry in one.bundle["entry"][1:]} == told


def test_r4_s_own_kind_sends_the_resource_or_an_empty_request(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    criteria = f"Observation?patient=Patient/{person}&code=http://loinc.org|4548-4"
    header = {"header": ["Authorization: Bearer s3cret-of-the-receiver"]}
    whole_one = classic(f"{there.url}/a", criteria, "application/fhir+json", channel=header)
    subscribed(city, post, "care-plan-app", whole_one)
    subscribed(city, post, "care-plan-app", classic(f"{there.url}/b", criteria))
    assert [one.kind for one in there.all] == ["handshake", "handshake"]
    made = city.created("hosp-ehr", observation(person))
    city.created("hosp-ehr", note(person))
    post.deliver()
    city.delete("hosp-ehr", f"/fhir/Observation/{made['id']}")
    post.deliver()
    whole, empty = sorted(there.told, key=lambda one: one.path)
    assert (whole.method, whole.path) == ("PUT", f"/a/Observation/{made['id']}")
    assert whole.bundle == made
    assert whole.headers["authorization"] == "Bearer s3cret-of-the-receiver"
    assert (empty.method, empty.path, empty.body) == ("POST", "/b", b"")
    assert (whole.headers["renkei-event-number"], empty.headers["renkei-event-number"]) == ("1", "1")


def test_an_inpatient_s_encounter_is_told_and_no_other(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    wanted = subscription(there.url, ADMISSIONS, f"patient={person}", content="full-resource")
    subscribed(city, post, "hosp-ehr", wanted)
    stay = city.created("hosp-ehr", encounter(person, "IMP"))
    city.created("hosp-ehr", encounter(person, "AMB"))
    left = city.put("hosp-ehr", f"/fhir/Encounter/{stay['id']}", {**stay, "status": "finished"}).json()
    post.deliver()
    assert [entry["resource"] for one in there.told for entry in one.bundle["entry"][1:]] == [stay, left]
    assert [entry["request"]["method"] for entry in there.told[0].bundle["entry"][1:]] == ["POST", "PUT"]


@pytest.mark.parametrize("how", ["entered-in-error", "deleted", "source-only"])
def test_what_is_taken_away_is_told_to_those_who_could_see_it_and_without_its_content(
    city: City, there: Receiver, post: Post, how: str
) -> None:
    person = cared_for(city)
    wanted = subscription(there.url, PATIENT_CHANGED, "category=laboratory", content="full-resource")
    subscribed(city, post, "care-plan-app", wanted)
    subscribed(city, post, "care-plan-app", classic(f"{there.url}/r4", "Observation", "application/fhir+json"))
    made = city.created("hosp-ehr", observation(person))
    post.deliver()
    there.all.clear()
    where = f"/fhir/Observation/{made['id']}"
    if how == "deleted":
        assert city.delete("hosp-ehr", where).status_code == 204
    else:
        hidden = {"meta": {"security": [{"system": LABEL, "code": "SOURCE-ONLY"}]}}
        changed = {**made, **(hidden if how == "source-only" else {"status": how})}
        assert city.put("hosp-ehr", where, changed).status_code == 200
    post.deliver()
    [gone] = there.told
    [entry] = gone.bundle["entry"][1:]
    assert entry["request"] == {"method": "DELETE", "url": f"Observation/{made['id']}"}
    assert "resource" not in entry
    assert gone.numbers == [2]


def encounter(person: str, class_: str) -> Body:
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class_},
        "subject": {"reference": f"Patient/{person}"},
        "period": {"start": "2026-11-21T10:00:00+09:00"},
    }


def test_consents_are_told_to_those_who_may_see_them_alone(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    for who in ("city-registry", "care-plan-app"):
        subscribed(city, post, who, subscription(f"{there.url}/{who}", CONSENTS))
    city.consent(person, "team")
    post.deliver()
    assert {one.path for one in there.told} == {"/city-registry"}


def test_a_heartbeat_comes_when_nothing_else_does(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    beating = subscription(there.url, PATIENT_CHANGED, extension=[("heartbeat-period", "valueUnsignedInt", 60)])
    subscribed(city, post, "care-plan-app", beating)
    there.all.clear()
    city.clock.move(seconds=58)
    post.deliver()
    assert there.all == []
    city.clock.move(seconds=1)
    post.deliver()
    [beat] = there.all
    assert (beat.kind, beat.events) == ("heartbeat", [])
    city.clock.move(seconds=59)
    city.created("hosp-ehr", note(person))
    post.deliver()
    city.clock.move(seconds=2)
    post.deliver()
    assert [one.kind for one in there.all] == ["heartbeat", "event-notification"]


def test_max_count_and_the_end_are_kept(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    most = subscription(
        there.url,
        PATIENT_CHANGED,
        "_type=Communication",
        extension=[("max-count", "valuePositiveInt", 2)],
        end="2026-11-22T13:00:00+09:00",
    )
    asked = subscribed(city, post, "care-plan-app", most)
    for number in range(5):
        city.created("hosp-ehr", note(person, f"記録 {number}"))
    post.deliver()
    assert [one.numbers for one in there.told] == [[1, 2], [3, 4], [5]]
    city.clock.move(hours=1)
    city.created("hosp-ehr", note(person, "あと"))
    post.deliver()
    assert there.numbers == [1, 2, 3, 4, 5]
    assert city.get("care-plan-app", f"/fhir/Subscription/{asked['id']}").json()["status"] == "off"


def test_status_events_and_search_say_how_it_stands(city: City, there: Receiver, post: Post) -> None:
    person = cared_for(city)
    wanted = subscription(there.url, PATIENT_CHANGED, "_type=Communication")
    asked = subscribed(city, post, "care-plan-app", wanted)
    notes = [city.created("hosp-ehr", note(person, f"記録 {number}"))["id"] for number in range(3)]
    post.deliver()
    stands = status_of(city, asked["id"])
    assert stands["type"]["valueCode"] == "query-status"
    assert stands["status"]["valueCode"] == "active"
    assert stands["events-since-subscription-start"]["valueString"] == "3"
    assert stands["events-waiting"]["valueUnsignedInt"] == 0

    where = f"/fhir/Subscription/{asked['id']}/$events"
    again = city.get("care-plan-app", f"{where}?eventsSinceNumber=2&eventsUntilNumber=3").json()
    assert [entry["fullUrl"].rpartition("/")[2] for entry in again["entry"][1:]] == notes[1:]
    less = city.post("care-plan-app", where, _parameters(eventsSinceNumber="3", content="empty")).json()
    assert len(less["entry"]) == 1
    more = city.get("care-plan-app", f"{where}?content=full-resource").json()
    assert all("resource" not in entry for entry in more["entry"][1:]), "never more than was subscribed for"
    assert city.get("care-plan-app", f"{where}?eventsSinceNumber=-1").status_code == 400
    for who in ("hosp-ehr", "day-app"):
        assert city.get(who, where).status_code in (403, 404)
        assert city.get(who, f"/fhir/Subscription/{asked['id']}/$status").status_code in (403, 404)
    everyone = city.get("care-plan-app", "/fhir/Subscription/$status?status=active").json()
    assert everyone["total"] == 1
    assert city.get("care-plan-app", "/fhir/Subscription/$status?status=off").json()["total"] == 0
    for query in ("status=active", f"url={there.url}", f"criteria={PATIENT_CHANGED}"):
        assert city.get("care-plan-app", f"/fhir/Subscription?{query}").json()["total"] == 1, query
        assert city.get("hosp-ehr", f"/fhir/Subscription?{query}").json()["total"] == 0, query


def _parameters(**given: str) -> Body:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueString": value} for name, value in given.items()],
    }
