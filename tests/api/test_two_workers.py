"""Two hubs on one PostgreSQL: whatever one knows, the other knows, and at the same moment they do nothing twice."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Barrier, Event, Thread, current_thread
from time import sleep
from uuid import uuid4

import httpx2
import pytest

from hub.demo.keys import assertion
from hub.store import identity, sign_ins
from profiles.canonical import KAIGO_INSURED_NO
from tests.api.exporting import exported, fetched, job, manifest
from tests.hub_in_test import (
    BASE_URL,
    QUIET,
    Body,
    City,
    consent,
    entry,
    note,
    observation,
    patient,
    random_id,
    small_city,
    transaction,
)
from tests.stream_in_test import listening

pytestmark = pytest.mark.postgresql
ROUNDS = 12
OWN = "http://hosp.test/obs"

Hubs = tuple[City, City]
Ask = Callable[[City, int], httpx2.Response]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[Hubs]:
    directory = tmp_path_factory.mktemp("hubs")
    with ExitStack() as stack:
        yield stack.enter_context(small_city(directory)), stack.enter_context(small_city(directory))


@pytest.fixture(scope="module")
def person(hubs: Hubs) -> str:
    found = hubs[0].resident("0000000777", name="二重 なし")
    hubs[0].team(found, "Organization/hosp", "Organization/clinic", "Practitioner/cm-ito")
    hubs[0].consent(found)
    return found


def at_once(hubs: Hubs, ask: Ask) -> list[httpx2.Response]:
    """Four ask, two at each hub, when all are ready."""
    ready, answers = Barrier(4), dict[int, httpx2.Response]()

    def one(number: int) -> None:
        ready.wait()
        answers[number] = ask(hubs[number % 2], number)

    threads = [Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in sorted(answers)]


def posting(path: str, body: Body, **headers: str) -> Ask:
    """The same of the hospital, whoever asks."""
    return lambda city, _: city.post("hosp-ehr", path, body, **headers)


def sign_in(city: City, jti: str, system: str = "hosp-ehr") -> httpx2.Response:
    signed = assertion(city.keys, system, f"{BASE_URL}/oauth/token", jti, int(city.clock.now.timestamp()))
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "scope": "system/*.cruds"}
    return city.client.post("/oauth/token", data={**form, "client_assertion_type": kind, "client_assertion": signed})


# -- what one knows, the other knows


def test_a_token_of_one_opens_the_other(hubs: Hubs, person: str) -> None:
    token = sign_in(hubs[0], uuid4().hex).json()["access_token"]
    answer = hubs[1].client.get(f"/fhir/Patient/{person}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_an_assertion_is_used_once_in_all(hubs: Hubs) -> None:
    for _ in range(5):  # more failures than twenty a minute would be told to wait

        def use(city: City, _: int, jti: str = uuid4().hex) -> httpx2.Response:
            return sign_in(city, jti)

        assert sorted(answer.status_code for answer in at_once(hubs, use)) == [200, 401, 401, 401]


def test_failed_sign_ins_are_counted_in_all(hubs: Hubs) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/*.cruds", "client_assertion": "x.y.z"}
    kind = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    statuses = [
        hubs[turn % 2].client.post("/oauth/token", data={**form, **kind}).status_code
        for turn in range(sign_ins.ALLOWED + 4)
    ]
    assert statuses == [401] * sign_ins.ALLOWED + [429] * 4


def test_cursors_and_page_links_go_on_at_the_other(hubs: Hubs, person: str) -> None:
    for number in range(3):
        hubs[0].created("hosp-ehr", observation(person, 6.0 + number))
    first = feed(hubs[0], "/feed?count=1")
    following = feed(hubs[1], f"/feed?count=1&since={first['next']}")
    assert first["items"][0]["id"] != following["items"][0]["id"]
    page = hubs[0].get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=1").json()
    link = next(one["url"] for one in page["link"] if one["relation"] == "next")
    again = hubs[1].get("hosp-ehr", link.removeprefix(BASE_URL))
    assert again.status_code == 200
    assert again.json()["entry"][0]["resource"]["id"] != page["entry"][0]["resource"]["id"]


def feed(city: City, path: str) -> Body:
    """A page with something on it: what another transaction may still precede comes a moment later."""
    for _ in range(200):
        page: Body = city.get("cm-ito", path).json()
        if page["items"]:
            return page
        sleep(0.01)
    raise AssertionError("nothing came")


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_consent_that_is_ended_at_one_is_ended_at_the_other(hubs: Hubs) -> None:
    one, other = hubs
    someone = one.resident("0000000778", name="同意 終了")
    one.team(someone, "Organization/hosp", "Practitioner/cm-ito")
    given = one.consent(someone)
    seen = one.created("hosp-ehr", note(someone))["id"]
    for turn in range(ROUNDS):
        assert other.get("cm-ito", f"/fhir/Communication/{seen}").status_code == 200, turn
        kept = {"id": given["id"]}
        ended = consent(someone, "medical", "team", when=one.clock.now, root="deny", **kept)
        assert one.put("city-registry", f"/fhir/Consent/{given['id']}", ended).status_code == 200
        assert other.get("cm-ito", f"/fhir/Communication/{seen}").status_code == 404, turn
        back = consent(someone, "medical", "team", when=one.clock.now, **kept)
        assert other.put("city-registry", f"/fhir/Consent/{given['id']}", back).status_code == 200
        one, other = other, one


# -- at the same moment, nothing twice


def test_one_retry_key_has_one_effect(hubs: Hubs, person: str) -> None:
    for _ in range(ROUNDS):
        key, text = uuid4().hex, f"一度だけ {uuid4().hex}"
        body = transaction(entry(note(person, text)), entry(note(person, text)))
        answers = at_once(hubs, posting("/fhir", body, idempotency_key=key))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert count(hubs, f"Communication?patient={person}&_count=200", text) == 2


def test_of_creates_under_one_condition_one_is_made(hubs: Hubs, person: str) -> None:
    for _ in range(ROUNDS):
        number = uuid4().hex
        once = {"if_none_exist": f"identifier={OWN}|{number}"}
        answers = at_once(hubs, posting("/fhir/Observation", observation(person, number=number), **once))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert count(hubs, f"Observation?identifier={OWN}|{number}", number) == 1


def test_of_transactions_with_one_condition_one_makes_the_set(hubs: Hubs, person: str) -> None:
    for _ in range(ROUNDS):
        number, text = uuid4().hex, f"組 {uuid4().hex}"
        once = entry(observation(person, number=number), ifNoneExist=f"identifier={OWN}|{number}")
        answers = at_once(hubs, posting("/fhir", transaction(once, entry(note(person, text)))))
        assert {answer.status_code for answer in answers} == {200}
        assert count(hubs, f"Observation?identifier={OWN}|{number}", number) == 1
        assert count(hubs, f"Communication?patient={person}&_count=200", text) == 4


@pytest.mark.promise("who-was-faster-is-not-overwritten")
def test_of_updates_of_one_version_one_is_taken(hubs: Hubs, person: str) -> None:
    for _ in range(ROUNDS):
        made = hubs[0].created("hosp-ehr", observation(person))
        tag = f'W/"{made["meta"]["versionId"]}"'

        def update(city: City, number: int, made: Body = made, tag: str = tag) -> httpx2.Response:
            changed = observation(person, 8.0 + number, id=made["id"])
            return city.put("hosp-ehr", f"/fhir/Observation/{made['id']}", changed, if_match=tag)

        statuses = sorted(answer.status_code for answer in at_once(hubs, update))
        assert statuses == [200, 412, 412, 412]
        history = hubs[1].get("hosp-ehr", f"/fhir/Observation/{made['id']}/_history").json()
        assert len(history["entry"]) == 2


def test_of_updates_without_a_version_all_are_taken_one_after_the_other(hubs: Hubs, person: str) -> None:
    made = hubs[0].created("hosp-ehr", observation(person))

    for round_ in range(ROUNDS):

        def update(city: City, number: int, round_: int = round_) -> httpx2.Response:
            changed = observation(person, 10 * round_ + number, id=made["id"])
            return city.put("hosp-ehr", f"/fhir/Observation/{made['id']}", changed)

        assert {answer.status_code for answer in at_once(hubs, update)} == {200}
    history = hubs[1].get("hosp-ehr", f"/fhir/Observation/{made['id']}/_history?_count=200").json()
    assert len(history["entry"]) == 4 * ROUNDS + 1


def test_of_first_pushes_of_one_person_one_patient_is_made(hubs: Hubs) -> None:
    people = set()
    for round_ in range(ROUNDS):
        number = {"system": KAIGO_INSURED_NO, "value": f"011234-{round_ + 5000:010}"}

        def push(city: City, asking: int, number: Body = number, name: str = f"同時 {round_}") -> httpx2.Response:
            body = {**patient(name=name), "identifier": [number]}
            return city.post(("hosp-ehr", "clinic-emr")[asking // 2], "/fhir/Patient", body)

        answers = at_once(hubs, push)
        assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
        [one] = {answer.json()["id"] for answer in answers}
        people.add(one)
    assert len(people) == ROUNDS
    queued = hubs[0].store.lane.do(identity.candidates)
    assert [row for row in queued if {row.patient, row.other} & people] == []


def test_of_two_new_namesakes_the_second_is_queued(hubs: Hubs) -> None:
    for round_ in range(ROUNDS):

        def push(city: City, asking: int, round_: int = round_) -> httpx2.Response:
            number = {"system": KAIGO_INSURED_NO, "value": f"011234-{(round_ + 600) * 10 + asking:010}"}
            body = {**patient(name=f"同名 {round_}", birth="1931-02-03"), "identifier": [number]}
            return city.post("hosp-ehr", "/fhir/Patient", body)

        made = {answer.json()["id"] for answer in at_once(hubs, push)}
        assert len(made) == 4
        pairs = [row for row in hubs[0].store.lane.do(identity.candidates) if {row.patient, row.other} <= made]
        assert len(pairs) == 6


# -- what is being written while another reads


def test_a_stream_tells_what_came_in_at_another_worker(hubs: Hubs, person: str) -> None:
    with listening(hubs[0], "cm-ito", f"patient={person}&category=progress-note") as stream:
        for text in ("一つ目", "二つ目"):
            hubs[1].created("hosp-ehr", note(person, text))
        stream.until(items=2)
        assert [item["title"].partition("：")[2] for item in stream.items] == ["一つ目", "二つ目"]


class HeldIds:
    """Ids for a hub whose next write, once it has begun, waits until it is told to go on."""

    def __init__(self) -> None:
        self.hold, self.held, self.go_on = Event(), Event(), Event()

    def __call__(self) -> str:
        if self.hold.is_set() and current_thread().name.startswith("lane-"):
            self.held.set()
            assert self.go_on.wait(5)
        return random_id()


def test_what_an_export_came_too_early_for_is_in_the_next_one(hubs: Hubs, person: str) -> None:
    reader, held = hubs[0], HeldIds()
    asked = "Patient/$export?_type=Observation"
    with small_city(reader.keys, QUIET, held) as writer:
        writing = Thread(target=writer.created, args=("hosp-ehr", observation(person, number="late")))
        writer.token("hosp-ehr")
        held.hold.set()
        writing.start()
        assert held.held.wait(5)
        sleep(0.3)
        reader.clock.move(seconds=0.25)
        told = manifest(reader, "hosp-ehr", job(reader, "hosp-ehr", asked))
        held.go_on.set()
        writing.join()
        early = fetched(reader, "hosp-ehr", told)
    following = exported(reader, "hosp-ehr", f"{asked}&_since={told['transactionTime']}")
    assert [any(late(one) for one in some) for some in (early, following)] == [False, True]


def late(resource: Body) -> bool:
    return {"system": OWN, "value": "late"} in resource.get("identifier", [])


def count(hubs: Hubs, query: str, text: str) -> int:
    """How many of the hospital's resources have this text in them."""
    found = hubs[1].get("hosp-ehr", f"/fhir/{query}")
    assert found.status_code == 200, found.text
    return sum(text in str(one["resource"]) for one in found.json().get("entry", []))
