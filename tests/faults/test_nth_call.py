"""All or nothing, whichever call of the database fails (TRUST T-124, T-126, T-127, T-133).

One push is sent again and again while call 1, 2, 3 … of the driver fails, until it passes.  After each failure the
store is row for row what it was, or what the push makes of it; never anything between.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx2
import pytest

from tests.faults.faulty_store import Fault, Picture, faulty_city, picture
from tests.hub_in_test import Body, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.sqlite
MOST = 400
"""Calls: many more than a push takes."""
OVERCOME = 4
"""Calls whose failure harms nobody: BEGIN, which is tried again because another process may have the store, and the
three of the look at who sends a push, which is then asked in its turn."""
NUMBERS = count(100)


@pytest.fixture
def fault() -> Fault:
    return Fault()


@pytest.fixture
def city(tmp_path: Path, store_kind: str, fault: Fault) -> Iterator[City]:
    with faulty_city(tmp_path, fault) as city:
        yield city


@pytest.fixture
def person(city: City) -> str:
    resident = city.resident()
    city.team(resident, "Organization/hosp", "Organization/clinic", "Practitioner/cm-ito")
    city.consent(resident)
    return resident


class Push:
    """A transaction that makes a person, several resources, a new version: rows in nearly every table."""

    def __init__(self, city: City, person: str) -> None:
        number = next(NUMBERS)
        self._city, self._key = city, f"key-{number}"
        kept = city.created("hosp-ehr", observation(person))
        someone = "urn:uuid:00000000-0000-4000-8000-000000000001"
        self._body = transaction(
            entry(patient(f"{number:010d}", name=f"新 {number}"), full_url=someone),
            entry(observation(person, number)),
            entry({**note(person), "subject": {"reference": someone}}),
            entry({**kept, "status": "amended"}, "PUT", f"Observation/{kept['id']}"),
        )

    def send(self) -> httpx2.Response:
        return self._city.post("hosp-ehr", "/fhir", self._body, idempotency_key=self._key)


def refused(answer: httpx2.Response) -> bool:
    """Whether the hub said that it could not do it now, and when to come back."""
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.text
    return True


def added(before: Picture, after: Picture) -> dict[str, int]:
    """How many rows each table has more, without the log, in which a retry stands too."""
    return {name: after[name].total() - rows.total() for name, rows in before.items() if name != "audit"}


def test_whichever_call_of_a_push_fails_nothing_of_it_is_kept(city: City, person: str, fault: Fault) -> None:
    """T-124, T-133: before its effect the n-th call fails; no row is there, and the retry makes all of them once."""
    wanted, overcome = None, 0
    for at in range(1, MOST):
        push, before = Push(city, person), picture(city)
        fault.arm(at)
        answer = push.send()
        if not fault.happened:
            break
        fault.arm()
        if refused(answer):
            assert picture(city) == before, f"call {at}"
        else:
            overcome += 1
        assert not refused(push.send())
        more = added(before, picture(city))
        assert more == (wanted or more)
        wanted = more
    assert at > 30
    assert overcome <= OVERCOME
    assert wanted is not None
    assert min(wanted[name] for name in ("resource", "history", "timeline", "outbox", "retry", "search_token")) > 0


def test_a_reply_that_is_lost_after_the_commit_is_given_to_the_retry(city: City, person: str, fault: Fault) -> None:
    """T-127: the n-th call has its effect and then fails; with the commit that is a push of which nobody was told."""
    kept = overcome = 0
    for at in range(1, MOST):
        push, before = Push(city, person), picture(city)
        fault.arm(at, afterwards=True)
        answer = push.send()
        if not fault.happened:
            break
        fault.arm()
        between = picture(city)
        overcome += not refused(answer)
        kept += refused(answer) and between != before
        again, once_more = push.send(), push.send()
        assert not refused(again)
        assert again.content == once_more.content
        after = picture(city)
        assert added(before, after)["resource"] == 3  # the person, the result, the note; the fourth has a new version
        assert between == before or not any(added(between, after).values())
    assert kept == 1
    assert overcome <= OVERCOME


def test_an_interruption_at_any_instruction_leaves_nothing_behind(city: City, person: str, fault: Fault) -> None:
    """T-124: the database gives up in the middle of a statement, and with it the whole transaction."""
    push = Push(city, person)
    fault.arm()
    assert not refused(push.send())
    instructions = fault.instructions
    assert instructions > 1000
    for place in range(12):
        push, before = Push(city, person), picture(city)
        fault.arm(instruction=1 + place * instructions // 12)
        answer = push.send()
        assert fault.happened
        fault.arm()
        if refused(answer):
            assert picture(city) == before, f"instruction {place}"
        assert not refused(push.send())
        assert added(before, picture(city))["resource"] == 3


@pytest.mark.promise("no-record-no-answer")
@pytest.mark.parametrize("path", ["/feed?patient={0}", "/fhir/Observation?patient={0}", "/fhir/Patient/{0}"])
def test_whatever_fails_nothing_is_shown_that_is_not_in_the_log(
    city: City, person: str, fault: Fault, path: str
) -> None:
    """T-124 for reading: no audit, no answer."""
    city.created("hosp-ehr", observation(person))
    where, headers, overcome = path.format(person), city.headers("hosp-ehr"), 0
    for at in range(1, MOST):
        before = picture(city)
        fault.arm(at)
        answer = city.client.get(where, headers=headers)
        if not fault.happened:
            break
        fault.arm()
        if refused(answer):
            assert person not in answer.text
            assert picture(city) == before
        else:
            overcome += 1
            assert picture(city)["audit"].total() == before["audit"].total() + 1
    assert at > 4
    assert overcome <= OVERCOME
    assert answer.status_code == 200


def test_one_failing_push_does_not_take_its_neighbours_with_it(city: City, person: str, fault: Fault) -> None:
    """T-124: the hub goes on after each failure; what was acknowledged before is there."""
    acknowledged = []
    for at in range(1, 40, 3):
        stored = city.created("hosp-ehr", note(person, f"申し送り {at}"))
        acknowledged.append(stored["id"])
        fault.arm(at)
        city.post("hosp-ehr", "/fhir/Communication", note(person, "失われてよい"))
        fault.arm()
        found: Body = city.get("hosp-ehr", f"/fhir/Communication?patient={person}&_count=100").json()
        assert set(acknowledged) <= {one["resource"]["id"] for one in found["entry"]}
