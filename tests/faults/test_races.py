"""A revocation that commits while an answer is being made (TRUST T-059, T-061): the log says which of them came first.

What was shown stands before the revocation in the log, or it was not shown.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from shutil import copytree
from threading import Event, Semaphore
from time import monotonic, sleep
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from hub.city import read_city
from hub.cli.identity import change
from hub.cli.operate import put_in_force
from hub.settings import Settings
from profiles.canonical import KAIGO_INSURED_NO
from tests.api.exporting import job, manifest
from tests.api.looking import prescription
from tests.api.pages_city import CARE_MANAGER, SECRETARIAT, Browser, browser_of
from tests.hub_in_test import SMALL, Body, City, patient, store_place
from tests.receiver_in_test import ALLOWED, Post, Receiver, classic, receiver, subscribed
from tests.stream_in_test import QUICK, listening, streams_of

pytestmark = pytest.mark.promise("revocation-is-a-line-in-the-log")
MARK = "ヒミツマル錠"
SOON = 20.0
TEAM = ("Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")
Ask = Callable[[], httpx2.Response]
T = TypeVar("T")


@pytest.fixture
def hub_settings() -> Settings:
    return ALLOWED


@pytest.fixture
def person(city: City) -> str:
    resident = city.resident()
    city.team(resident, *TEAM)
    return resident


@pytest.fixture
def agreed(city: City, person: str) -> Body:
    return city.consent(person)


@pytest.fixture
def secret(city: City, person: str, agreed: Body) -> Body:
    """What the care manager sees for as long as the consent is in force."""
    return city.created("hosp-ehr", prescription(person, MARK))


def revoking(city: City, agreed: Body) -> Ask:
    """The revocation, ready to be sent."""
    headers = city.headers("city-registry")
    over = {**agreed, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    return lambda: city.client.put(f"/fhir/Consent/{agreed['id']}", json=over, headers=headers)


def getting(city: City, path: str, who: str = "cm-ito") -> Ask:
    headers = city.headers(who)
    return lambda: city.client.get(path, headers=headers)


def read(city: City, person: str, secret: Body) -> Ask:
    return getting(city, f"/fhir/MedicationRequest/{secret['id']}")


def history(city: City, person: str, secret: Body) -> Ask:
    return getting(city, f"/fhir/MedicationRequest/{secret['id']}/_history")


def search(city: City, person: str, secret: Body) -> Ask:
    return getting(city, f"/fhir/MedicationRequest?patient={person}&_total=accurate")


def feed(city: City, person: str, secret: Body) -> Ask:
    return getting(city, "/feed")


def stream(city: City, person: str, secret: Body) -> Ask:
    streams_of(city).ending = True  # it says what there is, and ends
    return getting(city, "/feed/stream?since=")


def everything(city: City, person: str, secret: Body) -> Ask:
    return getting(city, f"/fhir/Patient/{person}/$everything")


def handoff(city: City, person: str, secret: Body) -> Ask:
    headers = city.headers("cm-ito")
    return lambda: city.client.post(f"/fhir/Patient/{person}/$handoff", json={}, headers=headers)


def page(city: City, person: str, secret: Body) -> Ask:
    browser = browser_of(city, CARE_MANAGER)
    return lambda: browser.get(f"/people/{person}")


def export_file(city: City, person: str, secret: Body) -> Ask:
    told = manifest(city, "care-plan-app", job(city, "care-plan-app", "Patient/$export?_type=MedicationRequest"))
    return getting(city, urlsplit(told["output"][0]["url"]).path, "care-plan-app")


DOORS = (read, history, search, feed, stream, everything, handoff, page, export_file)


def order(city: City, person: str, agreed: Body) -> list[str]:
    """What the log says of the resident, oldest first: "shown" to the care manager, or "revoked"."""
    said = []
    for row in reversed(city.log(patient=person)):
        if row["organisation"] == "kyotaku" and row["outcome"] == "0" and row["what"] != "[]":
            said.append("shown")
        if row["interaction"] == "update" and agreed["id"] in row["what"]:
            said.append("revoked")
    return said


# -- in the middle of an answer


class Operator:
    """Somebody at the database who holds up the first thing that is to be written into the log."""

    def __init__(self, city: City) -> None:
        url = store_place(city.keys).database_url
        self._holding, self._looking = (psycopg.connect(url, autocommit=True) for _ in range(2))
        self._holding.execute("SELECT pg_advisory_lock(2)")
        self._holding.execute(
            """CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF pg_try_advisory_xact_lock(1) THEN PERFORM pg_advisory_xact_lock(2); END IF; RETURN NULL; END $$"""
        )
        self._holding.execute("CREATE TRIGGER held BEFORE INSERT ON audit EXECUTE FUNCTION held()")

    def until_waiting(self, how_many: int, unless: Callable[[], bool] = lambda: False) -> None:
        """So many of the hub's connections wait for a lock."""
        waiting = """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                     AND datname = current_database() AND application_name = 'renkei-hub'"""
        begun = monotonic()
        while not unless():
            [[count]] = self._looking.execute(waiting).fetchall()
            if count >= how_many:
                return
            assert monotonic() - begun < SOON
            sleep(0.005)

    def let_go(self) -> None:
        self._holding.execute("SELECT pg_advisory_unlock(2)")

    def leave(self) -> None:
        self._holding.execute("SELECT pg_advisory_unlock_all()")
        self._looking.execute("DROP TRIGGER held ON audit")
        self._looking.execute("DROP FUNCTION held")
        self._holding.close()
        self._looking.close()


@contextmanager
def operator_of(city: City) -> Iterator[Operator]:
    operator = Operator(city)
    try:
        yield operator
    finally:
        operator.leave()


def in_the_middle(city: City, ask: Ask, act: Callable[[], T]) -> tuple[httpx2.Response, T]:
    """The answer is decided and fetched, and stops before it is written down; then ``act`` is done."""
    with operator_of(city) as operator, ThreadPoolExecutor(2) as pool:
        answer = pool.submit(ask)
        operator.until_waiting(1)
        done = pool.submit(act)
        operator.until_waiting(2, unless=done.done)
        operator.let_go()
    return answer.result(), done.result()


@pytest.mark.postgresql
@pytest.mark.parametrize("door", DOORS)
def test_an_answer_that_is_decided_before_the_revocation_is_logged_before_it(
    city: City, person: str, secret: Body, agreed: Body, door: Callable[[City, str, Body], Ask]
) -> None:
    ask = door(city, person, secret)
    answer, revoked = in_the_middle(city, ask, revoking(city, agreed))
    assert revoked.status_code == 200
    text = answer.text
    assert answer.status_code == 200, text
    assert MARK in text or door is export_file  # whose status is looked at first: that look is what was held up
    said = order(city, person, agreed)
    assert said in (["shown", "revoked"] if MARK in text else ["revoked"],)
    assert MARK not in ask().text


def city_file(city: City, person: str) -> tuple[Ask, Callable[[], object]]:
    """The care manager's role ends."""
    here = city.keys / "changed"
    copytree(SMALL, here)
    text = (here / "city.toml").read_text("utf-8")
    role = 'organisation = "kyotaku", profession = "care-manager", from = 2020-04-01'
    assert role in text
    (here / "city.toml").write_text(text.replace(role, f"{role}, to = 2025-03-31"), "utf-8")
    changed = read_city(here / "city.toml", city.keys)
    return getting(city, f"/fhir/MedicationRequest?patient={person}"), lambda: put_in_force(city.store, changed)


def first_contact(city: City, person: str) -> tuple[Ask, Callable[[], object]]:
    """The secretariat takes back what it confirmed."""
    desk = browser_of(city, SECRETARIAT)
    city.created("clinic-emr", patient())
    contact = {"patient": person, "organisation": "clinic"}
    assert desk.post("/desk/contacts", {**contact, "decision": "confirm"}).status_code == 303
    ask = getting(city, f"/fhir/MedicationRequest?patient={person}", "clinic-emr")
    return ask, lambda: desk.post("/desk/contacts", {**contact, "decision": "undo"})


def wrong_link(city: City, person: str) -> tuple[Ask, Callable[[], object]]:
    """An operator takes away the number by which the clinic publishes."""
    city.created("clinic-emr", patient())
    headers, place = city.headers("clinic-emr"), store_place(city.keys)
    pushed = {**prescription(person, MARK), "id": "any"}

    def unlink() -> None:
        change(place, person, "clinic", KAIGO_INSURED_NO, "011234-0000000001", linked=False)

    return lambda: city.client.post("/fhir/MedicationRequest", json=pushed, headers=headers), unlink


def signing_out(city: City, person: str) -> tuple[Ask, Callable[[], object]]:
    """The care manager signs out while a page is on its way to another window."""
    window, other = browser_of(city, CARE_MANAGER), Browser(city)
    other.client.cookies.update(window.client.cookies)
    return lambda: window.get(f"/people/{person}"), lambda: other.post("/sign-out", {})


TAKING = {
    "city-apply": city_file,
    "operation:desk-contact-undo": first_contact,
    "identity-unlink": wrong_link,
    "sign-out": signing_out,
}


@pytest.mark.postgresql
@pytest.mark.parametrize("interaction", TAKING)
def test_whatever_takes_a_right_away_waits_for_what_was_decided_before(
    city: City, person: str, secret: Body, interaction: str
) -> None:
    """As a revocation does: in the log, what was done by the old right stands before its end, and nothing after it."""
    ask, act = TAKING[interaction](city, person)
    answer, _ = in_the_middle(city, ask, act)
    assert answer.status_code in (200, 201), answer.text
    assert MARK in answer.text
    assert city.log(outcome="0")[0]["interaction"] == interaction  # the answer, which was shown, stands before it
    assert MARK not in ask().text


READERS, ROUNDS = 4, 5


def test_in_a_burst_nothing_is_shown_after_the_revocation(city: City, person: str, secret: Body, agreed: Body) -> None:
    """Many ask without a pause while the resident revokes: in the log, and by the time at which each began to ask."""
    asks = [door(city, person, secret) for door in (read, search, feed, everything)]
    revoke, over, seen = revoking(city, agreed), Event(), Semaphore(0)

    def reader(number: int) -> list[bool]:
        """Whether each answer whose question came after the revocation's answer had content."""
        late: list[bool] = []
        while len(late) < ROUNDS:
            is_late, answer = over.is_set(), asks[number % len(asks)]()
            assert answer.status_code in (200, 404), answer.text
            late += [MARK in answer.text] if is_late else []
            seen.release()
        return late

    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(reader, number) for number in range(READERS)]
        for _ in range(2 * READERS):
            assert seen.acquire(timeout=SOON)
        revoked = revoke()
        over.set()
        late = [one for reader_ in readers for one in reader_.result()]
    assert revoked.status_code == 200, revoked.text
    assert late == [False] * READERS * ROUNDS
    said = order(city, person, agreed)
    assert said == ["shown"] * (len(said) - 1) + ["revoked"]
    assert len(said) > READERS


def test_an_open_stream_says_nothing_that_is_not_in_the_log_before_the_revocation(
    city: City, person: str, secret: Body, agreed: Body
) -> None:
    """The hospital writes without a pause while the resident revokes: T-060."""
    revoke, over = revoking(city, agreed), Event()
    city.token("hosp-ehr")

    def writer() -> None:
        for number in range(200):
            city.created("hosp-ehr", prescription(person, f"{MARK}{number}"))
            if over.is_set():
                return

    with listening(city, "cm-ito", f"patient={person}") as heard, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(writer)
        heard.until(items=5)
        assert revoke().status_code == 200
        rows = city.log(patient=person, organisation="kyotaku")
        shown = sum(len(json.loads(row["what"])) for row in rows)
        sleep(5 * QUICK)
        over.set()
        writing.result()
        heard.until(items=shown, signs=heard.signs + 2)
        assert len(heard.items) == shown
    assert city.log(patient=person, organisation="kyotaku") == rows
    said = order(city, person, agreed)
    assert said == ["shown"] * (len(said) - 1) + ["revoked"]


# -- while it is told


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


@pytest.mark.parametrize("answer", [200, 503])
def test_what_is_still_to_be_told_when_the_resident_revokes_is_never_told(
    city: City, person: str, agreed: Body, there: Receiver, answer: int
) -> None:
    """The revocation commits while the first of three messages is on its way, whether that one arrives or not."""
    post = Post(city)
    subscribed(city, post, "care-plan-app", classic(there.url, "MedicationRequest", "application/fhir+json"))
    before = len(there.all)
    for number in range(3):
        city.created("hosp-ehr", prescription(person, f"{MARK}{number}"))
    revoke = revoking(city, agreed)
    answered: list[int] = []

    def once() -> None:
        there.before_answer = None
        answered.append(revoke().status_code)

    there.before_answer, there.answers = once, [answer]
    post.deliver()
    for _ in range(3):  # also by those who try again later
        city.clock.move(minutes=5)
        post.deliver()
    post.close()
    assert answered == [200]
    told = [one for one in there.all[before:] if MARK.encode() in one.body]
    assert [f"{MARK}0".encode() in one.body for one in told] == [True]
    log = [
        row["interaction"]
        for row in reversed(city.log(patient=person))
        if row["interaction"] in ("notification", "update")
    ]
    assert log == ["notification", "update"]
