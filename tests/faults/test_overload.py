"""More than the hub can do: it is refused politely, and nothing of it is half done (TRUST T-134 to T-140)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from json import dumps
from pathlib import Path
from threading import Semaphore
from time import perf_counter

import httpx
import pytest

from hub.settings import Settings
from hub.store.database import Tx
from hub.store.lane import LIMIT, WAITING
from hub.store.lanes import LANES
from tests.api.emergencies import DECLARE, PARAMEDIC, WHY, allergy, declared, somebody
from tests.api.pages_city import HERE
from tests.fhir_answers import issues
from tests.hub_in_test import BASE_URL, Body, City, entry, note, observation, small_city, transaction

MANY = WAITING + LIMIT + 100
"""Requests: more than can wait."""


@contextmanager
def held(city: City) -> Iterator[None]:
    """Another process writes to the embedded store, and is slow about it."""
    with city.store.engine.connect() as other, other.begin():
        yield


def resident(city: City) -> str:
    person = city.resident()
    city.team(person, "Organization/hosp")
    return person


def at_once(city: City, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Run ``work`` with a client whose requests are all under way at the same time."""

    async def run() -> None:
        transport = httpx.ASGITransport(city.client.app, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, timeout=60) as client:
            await work(client)

    asyncio.run(run())


@pytest.mark.sqlite
def test_what_cannot_wait_is_told_when_to_come_back_and_has_one_effect_then(city: City) -> None:
    """T-135, T-136, T-140: the queue is bounded; who is refused and sends again with the same key is served once."""
    person, headers = resident(city), city.headers("hosp-ehr", content_type="application/fhir+json")
    content = dumps(note(person)).encode()

    async def push(client: httpx.AsyncClient, number: int) -> httpx.Response:
        sent = {**headers, "Idempotency-Key": f"storm-{number}"}
        return await client.post("/fhir/Communication", content=content, headers=sent)

    async def storm(client: httpx.AsyncClient) -> None:
        with held(city):
            pushed = [asyncio.ensure_future(push(client, number)) for number in range(MANY)]
            await asyncio.wait(pushed, return_when=asyncio.FIRST_COMPLETED)
            alive, ready = await client.get("/healthz"), await client.get("/readyz")
        answers = await asyncio.gather(*pushed)
        assert (alive.status_code, ready.status_code, ready.headers["Retry-After"]) == (200, 503, "1")
        refused = [one for one in answers if one.status_code != 201]
        assert MANY - WAITING - LIMIT <= len(refused) < MANY
        assert {(one.status_code, one.headers["Retry-After"]) for one in refused} == {(503, "1")}
        again = [await push(client, number) for number in range(0, MANY, 7)]
        assert {one.status_code for one in again} == {201}

    at_once(city, storm)
    total = city.get("hosp-ehr", f"/fhir/Communication?patient={person}&_summary=count").json()["total"]
    keys = city.store.lane.do(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM retry").scalar())
    assert total == keys
    assert city.get("hosp-ehr", "/readyz").status_code == 200


@asynccontextmanager
async def full(city: City, client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Every place of the queue is taken until the end of the block, and more have come."""
    content, headers = dumps(note(resident(city))).encode(), city.headers("hosp-ehr")
    sent = {**headers, "Content-Type": "application/fhir+json"}
    pushed: list[asyncio.Future[httpx.Response]] = []
    with held(city):
        for many in (MANY, 2 * LIMIT):  # those who come later have the places of the first, whose batch has begun
            more = [
                asyncio.ensure_future(client.post("/fhir/Communication", content=content, headers=sent))
                for _ in range(many)
            ]
            await asyncio.wait(more, return_when=asyncio.FIRST_COMPLETED)
            pushed += more
        ordinary = await client.get("/fhir/Communication", headers=headers)
        yield
        await asyncio.sleep(0.2)  # what was asked in the block has found its place, or was refused
    assert ordinary.status_code == 503
    answers = await asyncio.gather(*pushed)
    assert {one.status_code for one in answers} == {201, 503}


@pytest.mark.sqlite
def test_while_all_places_are_taken_an_emergency_has_one(city: City) -> None:
    """T-135: whoever declares one, and whoever reads for it, is not told to come again; everybody else is."""
    person, name = somebody(city)
    city.created("hosp-ehr", allergy(person))
    declared(city, name=name)
    rescuer = city.headers(PARAMEDIC)
    said = {"resourceType": "Parameters", "parameter": [{"name": "name", "valueString": name}, *WHY]}
    wanted, form = f"patient={person}", {**rescuer, "Content-Type": "application/x-www-form-urlencoded"}

    async def storm(client: httpx.AsyncClient) -> None:
        async with full(city, client):
            urgent = [
                asyncio.ensure_future(client.post(DECLARE, json=said, headers=rescuer)),
                asyncio.ensure_future(client.get(f"/fhir/AllergyIntolerance?{wanted}", headers=rescuer)),
                asyncio.ensure_future(client.post("/fhir/AllergyIntolerance/_search", content=wanted, headers=form)),
            ]
        declaration, *seen = await asyncio.gather(*urgent)
        assert declaration.status_code == 200, declaration.text
        for one in seen:
            assert one.status_code == 200, one.text
            assert "ペニシリン" in one.text

    at_once(city, storm)


@pytest.mark.sqlite
def test_while_all_places_are_taken_a_person_can_sign_in(city: City) -> None:
    """T-135: so that somebody in an emergency comes as far as the page on which it is declared."""
    somebody(city)

    async def storm(client: httpx.AsyncClient) -> None:
        client.base_url = httpx.URL(HERE)
        async with full(city, client):
            entrance = asyncio.ensure_future(client.get("/sign-in"))
            chosen = {"role": "pm-hori/fire/paramedic"}
            inside = asyncio.ensure_future(client.post("/sign-in", data=chosen, headers={"Origin": HERE}))
        assert (await entrance).status_code == 200
        assert (await inside).status_code == 303
        page = await client.get((await inside).headers["Location"])
        assert page.url.path == "/emergency"
        assert page.status_code == 200

    at_once(city, storm)


@pytest.mark.postgresql
def test_what_is_for_an_emergency_goes_before_what_waits(city: City) -> None:
    """T-135: of all that waits for a free thread it is done first."""
    begun, go_on = Semaphore(0), Semaphore(0)
    done: list[str] = []

    def hold(tx: Tx) -> None:
        begun.release()
        go_on.acquire(timeout=20)

    async def busy() -> None:
        ask = city.store.lane.ask
        asked = []
        for _ in range(LANES):
            asked.append(asyncio.ensure_future(ask(hold)))
            await asyncio.to_thread(begun.acquire)
        asked += [asyncio.ensure_future(ask(lambda tx: done.append("ordinary"))) for _ in range(LIMIT)]
        urgent = asyncio.ensure_future(ask(lambda tx: done.append("urgent"), urgent=True))
        await asyncio.sleep(0)
        go_on.release()  # one thread is free: with two, who is done first says nothing of who went first
        await urgent
        go_on.release(LANES - 1)
        await asyncio.gather(*asked)

    asyncio.run(busy())
    assert done[0] == "urgent"


@pytest.mark.sqlite
def test_while_another_process_has_the_store_the_hub_says_so_and_goes_on_afterwards(city: City) -> None:
    """T-136, T-141: alive but not ready, each within two seconds; then ready without a new start."""
    began = perf_counter()
    with held(city):
        assert city.client.get("/healthz").status_code == 200
        ready = city.client.get("/readyz")
        assert (ready.status_code, ready.headers["Retry-After"]) == (503, "1")
    assert perf_counter() - began < 4
    assert city.client.get("/readyz").status_code == 200


def test_a_long_batch_leaves_room_for_others(city: City) -> None:
    """T-135: five hundred entries are not five hundred places in the queue."""
    person, headers = resident(city), city.headers("hosp-ehr", content_type="application/fhir+json")
    batch = {**transaction(*(entry(note(person, f"{one}")) for one in range(500))), "type": "batch"}
    content = dumps(batch).encode()

    async def two(client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(client.post("/fhir", content=content, headers=headers) for _ in range(2)))
        for answer in answers:
            statuses = Counter(one["response"]["status"] for one in answer.json()["entry"])
            assert statuses == {"201 Created": 500}

    at_once(city, two)


def test_large_bodies_have_bounded_room_together(tmp_path: Path, store_kind: str) -> None:
    """T-135: many large pushes at once are told to come back; small ones are served meanwhile; the room comes back."""
    with small_city(tmp_path, Settings(notify_every=0, max_body=1024 * 1024)) as city:
        person, headers = resident(city), city.headers("hosp-ehr", content_type="application/fhir+json")
        go_on = asyncio.Event()

        async def large() -> AsyncIterator[bytes]:
            for _ in range(14):
                yield b" " * 65536
            await go_on.wait()
            yield dumps(transaction(entry(note(person)))).encode()

        async def push(client: httpx.AsyncClient) -> httpx.Response:
            return await client.post("/fhir", content=large(), headers=headers)

        async def crowd(client: httpx.AsyncClient) -> None:
            for _ in range(2):
                go_on.clear()
                pushed = [asyncio.ensure_future(push(client)) for _ in range(12)]
                await asyncio.sleep(0.5)
                small = await client.post("/fhir/Communication", content=dumps(note(person)), headers=headers)
                assert small.status_code == 201
                go_on.set()
                answers = await asyncio.gather(*pushed)
                statuses = Counter(one.status_code for one in answers)
                assert set(statuses) == {200, 503}
                assert statuses[503] >= 5
                assert {one.headers["Retry-After"] for one in answers if one.status_code == 503} == {"1"}

        at_once(city, crowd)


DEAR = {
    "a page of a thousand million": ("_count=1000000000", None),
    "alternatives": ("code=" + ",".join(f"c{one}" for one in range(9_000)), 400),
    "many conditions": ("&".join(f"code=c{one}" for one in range(150)), None),
    "more fields than a form has": ("&".join(f"code=c{one}" for one in range(300)), 400),
    "wildcards": ("identifier=" + "%25_" * 500, None),
    "a long word": ("_content=" + "a" * 60_000, 400),
    "chains of twenty": (".".join(["subject:Patient"] + ["general-practitioner"] * 20) + "=x", 400),
    "chains in reverse": ("_has:Observation:subject:" * 20 + "code=x", 400),
    "every include": ("_include=*&_revinclude=*&_include:iterate=*", None),
    "sorted by everything": ("_sort=" + ",".join(["date", "code", "status"] * 50), 400),
}


@pytest.mark.parametrize("case", DEAR)
def test_a_dear_search_is_bounded_or_refused(city: City, case: str) -> None:
    """T-137: nobody's search takes the hub's time from the others."""
    person = resident(city)
    for _ in range(3):
        city.created("hosp-ehr", observation(person))
    query, status = DEAR[case]
    began = perf_counter()
    answer = city.get("hosp-ehr", f"/fhir/Observation?{query}")
    assert perf_counter() - began < 5
    assert answer.status_code in ((status,) if status else (200, 400)), answer.text[:500]
    if answer.status_code != 200:
        issues(answer, answer.status_code)


def test_guessing_is_not_made_easier_by_a_header(city: City) -> None:
    """T-138: the address that failures are counted by is not what a client says of itself."""
    form: Body = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "a.b.c",
    }
    statuses = []
    for number in range(25):
        headers = dict.fromkeys(("X-Forwarded-For", "Forwarded", "X-Real-IP"), f"198.51.100.{number}")
        statuses.append(city.client.post("/oauth/token", data=form, headers=headers).status_code)
    assert city.log(interaction="token")[0]["address"] == "127.0.0.1"
    assert set(statuses) <= {400, 401, 429}
