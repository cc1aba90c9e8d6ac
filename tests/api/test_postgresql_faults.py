"""PostgreSQL in trouble (TRUST T-136, T-141): each request ends soon, with an answer or with 503 and Retry-After;
nothing that was acknowledged is lost, nothing is doubled, and the hub goes on without being started again."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event, Semaphore, Thread
from time import monotonic, sleep
from uuid import uuid4

import httpx2
import psycopg
import pytest
from starlette.testclient import TestClient

from hub.app import create_app
from hub.runtime import Place, Store, open_store
from hub.settings import Settings
from hub.store.database import Tx
from hub.store.lanes import LANES, QUEUED, RUNNING
from hub.store.line import lock_numbers
from hub.store.sql import query
from tests.hub_in_test import BASE_URL, City, entry, note, store_place, transaction
from tests.postgresql_in_test import cluster

pytestmark = pytest.mark.postgresql
SOON = 5.0
MACHINE = 5.0  # more, for a machine that is busy with other things


@pytest.fixture
def person(city: City) -> str:
    found = city.resident()
    city.team(found, "Organization/hosp")
    for who in ("hosp-ehr", "clinic-emr"):
        city.token(who)
    return found


def timed(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
    begun = monotonic()
    answer = ask()
    assert monotonic() - begun < SOON + MACHINE
    return answer


def push(city: City, person: str, text: str, key: str) -> httpx2.Response:
    return city.post(
        "hosp-ehr", "/fhir", transaction(entry(note(person, text)), entry(note(person, text))), idempotency_key=key
    )


def notes(city: City, person: str) -> Counter[str]:
    """Every note of the person, and how often it is there."""
    found: Counter[str] = Counter()
    path: str | None = f"/fhir/Communication?patient={person}&_count=100"
    while path:
        page = city.get("hosp-ehr", path).json()
        found.update(one["resource"]["payload"][0]["contentString"] for one in page.get("entry", []))
        path = next((one["url"].removeprefix(BASE_URL) for one in page["link"] if one["relation"] == "next"), None)
    return found


def probe(person: str) -> str:
    """Something that the hospital may ask."""
    return f"/fhir/Communication?patient={person}"


def busy(answer: httpx2.Response) -> bool:
    """A 503 that says when to come again; anything else must be a success."""
    assert answer.status_code in (200, 201, 503), answer.text
    if answer.status_code == 503:
        assert answer.headers["Retry-After"].isdigit()
        assert answer.json()["issue"][0]["code"] == "transient"
    return answer.status_code == 503


def until_it_answers(city: City, path: str) -> None:
    begun = monotonic()
    while city.get("hosp-ehr", path).status_code != 200:
        assert monotonic() - begun < 30
        sleep(0.1)


# -- the server goes, and comes again


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_restart_under_load_loses_nothing_and_doubles_nothing(city: City, person: str, how: str) -> None:
    answered, stop = Semaphore(0), Event()

    def client(_: int) -> list[tuple[str, str, httpx2.Response]]:
        sent = []
        while not stop.is_set():
            text, key = f"申し送り {uuid4().hex}", uuid4().hex
            sent.append((text, key, timed(lambda text=text, key=key: push(city, person, text, key))))  # type: ignore[misc]
            busy(sent[-1][2])
            answered.release()
        return sent

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, number) for number in range(4)]
        try:
            for _ in range(12):
                assert answered.acquire(timeout=30)
            cluster().control("restart", "-m", how)
            for _ in range(12):
                assert answered.acquire(timeout=30)
        finally:
            stop.set()
        sent = [one for client_ in clients for one in client_.result()]
    until_it_answers(city, probe(person))
    there = notes(city, person)
    for text, _, answer in sent:
        assert there[text] in ((0, 2) if busy(answer) else (2,))  # whole, or not at all
    for text, key, answer in sent:
        if busy(answer):
            assert push(city, person, text, key).status_code == 200
    assert notes(city, person) == Counter({text: 2 for text, _, _ in sent})


def test_connections_that_broke_while_nobody_asked_are_nobodys_trouble(city: City, person: str) -> None:
    city.get("hosp-ehr", probe(person))
    with closing(psycopg.connect(store_place(city.keys).database_url, autocommit=True)) as operator:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'renkei-hub'"
        assert operator.execute(f"{others} AND datname = current_database()".encode()).fetchall()
    sleep(0.2)
    assert city.get("hosp-ehr", probe(person)).status_code == 200
    assert push(city, person, "後", uuid4().hex).status_code == 200


def test_while_the_server_is_away_every_door_says_so_and_afterwards_all_is_well(city: City, person: str) -> None:
    cluster().control("stop", "-m", "fast")
    try:
        assert busy(timed(lambda: push(city, person, "間", "k-1")))
        assert busy(timed(lambda: city.get("hosp-ehr", probe(person))))
        assert city.get(None, "/healthz").status_code == 200
        assert city.get(None, "/readyz").status_code == 503
    finally:
        cluster().control("start")
    assert push(city, person, "間", "k-1").status_code == 200
    assert city.get(None, "/readyz").status_code == 200
    assert notes(city, person) == {"間": 2}


# -- the server is slow, or somebody holds what is needed


@contextmanager
def all_lanes_asleep(city: City, seconds: float) -> Iterator[None]:
    """Every connection of the hub waits for an answer."""
    begun = Semaphore(0)

    def sleeping(tx: Tx) -> None:
        begun.release()
        query(tx, "SELECT pg_sleep(:milliseconds / 1000.0)", {"milliseconds": round(1000 * seconds)})

    with ThreadPoolExecutor(LANES) as pool:
        under_way = []
        for _ in range(LANES):
            under_way.append(pool.submit(city.store.lane.do, sleeping))
            assert begun.acquire(timeout=SOON)
        yield
        for one in under_way:
            one.exception(30)


def test_when_no_connection_is_free_a_request_is_told_so_at_once(city: City, person: str) -> None:
    """T-136."""
    with all_lanes_asleep(city, 3.9):
        begun = monotonic()
        assert busy(city.get("hosp-ehr", probe(person)))
        assert monotonic() - begun < 2 + MACHINE / 5
        assert city.get(None, "/healthz").status_code == 200
        assert city.get(None, "/readyz").status_code == 503
    assert city.get("hosp-ehr", probe(person)).status_code == 200
    assert city.get(None, "/readyz").status_code == 200


def test_a_statement_that_takes_too_long_is_ended_and_harms_nobody(city: City, person: str) -> None:
    with all_lanes_asleep(city, 30):
        pass  # statement_timeout ends them
    assert push(city, person, "後", uuid4().hex).status_code == 200


@pytest.mark.parametrize("table", ["timeline", "resource", "audit"])
def test_a_table_that_somebody_holds_makes_requests_busy_and_no_longer_than_it_is_held(
    city: City, person: str, table: str
) -> None:
    with psycopg.connect(store_place(city.keys).database_url) as operator:
        operator.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        assert busy(timed(lambda: push(city, person, "間", "k-1")))
    assert push(city, person, "間", "k-1").status_code == 200
    assert notes(city, person) == {"間": 2}


def test_what_another_process_claims_is_waited_for_a_while_and_then_is_busy(city: City, person: str) -> None:
    with psycopg.connect(store_place(city.keys).database_url, autocommit=True) as operator:
        [number] = lock_numbers(["key k-1"])
        operator.execute("SELECT pg_advisory_lock(%s)", [number])
        held = timed(lambda: push(city, person, "同じ鍵", "k-1"))
        other = push(city, person, "別の鍵", "k-2")
    assert busy(held)
    assert other.status_code == 200
    assert push(city, person, "同じ鍵", "k-1").status_code == 200
    assert notes(city, person) == {"同じ鍵": 2, "別の鍵": 2}


# -- the network between


class Wire:
    """A socket between hub and server that can lose the answer to a commit, or swallow everything."""

    def __init__(self, directory: Path) -> None:
        self._server = cluster().directory / ".s.PGSQL.5432"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / ".s.PGSQL.5432"))
        self._listener.listen()
        self._open = [self._listener]
        self._threads = [Thread(target=self._accept)]
        self.lose_commit = self.swallow = False
        self._unheard: socket.socket | None = None
        self.lost = 0
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                hub, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._open += [hub, server]
                server.connect(str(self._server))
                for way in ((hub, server), (server, hub)):
                    self._threads.append(Thread(target=self._carry, args=(*way, hub)))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, target: socket.socket, hub: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.swallow:
                    continue
                if source is hub and self.lose_commit and b"COMMIT; SELECT" in data:
                    self.lose_commit, self._unheard = False, hub
                elif target is hub is self._unheard:  # the server did it; nobody hears of it
                    self._unheard, self.lost = None, self.lost + 1
                    break
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()


@contextmanager
def through(wire: Wire, directory: Path, city: City) -> Iterator[City]:
    """A second hub on the city's database, on the other end of the wire."""
    place = store_place(city.keys)
    url = place.database_url.replace(str(cluster().directory), str(directory))
    store: Store = open_store(Place(city.keys, url))
    app = create_app(store.lane, store.secret, Settings(), BASE_URL, clock=city.clock)
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield City(client, store, city.clock, city.keys)


def test_when_the_answer_to_a_commit_is_lost_a_retry_finds_out(
    city: City, person: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("w")
    with closing(Wire(directory)) as wire, through(wire, directory, city) as far:
        far.token("hosp-ehr")
        wire.lose_commit = True
        lost = push(far, person, "一度", "k-1")
        assert wire.lost == 1
        assert busy(lost)
        assert "has one effect" in lost.text  # it does not say that nothing was kept: it was
        assert notes(city, person) == {"一度": 2}
        assert push(far, person, "一度", "k-1").status_code == 200
    assert notes(city, person) == {"一度": 2}


@pytest.mark.slow
def test_a_wire_that_swallows_everything_is_given_up(
    city: City, person: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("w")
    with closing(Wire(directory)) as wire, through(wire, directory, city) as far:
        far.token("hosp-ehr")
        wire.swallow = True
        begun = monotonic()
        assert busy(far.get("hosp-ehr", probe(person)))
        assert monotonic() - begun < 20
        assert far.get(None, "/healthz").status_code == 200
        wire.swallow = False
        until_it_answers(far, probe(person))


@pytest.mark.slow
@pytest.mark.parametrize("goes_on", [True, False], ids=["serving", "closing"])
def test_what_nobody_waits_for_any_more_holds_no_connection_for_ever(
    city: City, tmp_path_factory: pytest.TempPathFactory, goes_on: bool
) -> None:
    directory = tmp_path_factory.mktemp("w")
    place = store_place(city.keys)
    url = place.database_url.replace(str(cluster().directory), str(directory))

    def answers(tx: Tx) -> bool:
        return bool(query(tx, "SELECT 1", {}))

    async def leave(wire: Wire) -> None:
        lane = open_store(Place(city.keys, url)).lane
        try:
            for _ in range(LANES):  # every connection is made, then none answers
                await asyncio.gather(*(lane.ask(answers) for _ in range(LANES)))
            wire.swallow = True
            left = []
            for _ in range(LANES):
                left.append(asyncio.ensure_future(lane.ask(answers)))
                await asyncio.sleep(0.2)
            for one in left:
                one.cancel()
            if goes_on:
                await asyncio.sleep(QUEUED + RUNNING + 1)
                wire.swallow = False
                assert await lane.ask(answers)
        finally:
            lane.close()

    with closing(Wire(directory)) as wire:
        begun = monotonic()
        asyncio.run(leave(wire))
        assert monotonic() - begun < 45
