"""The lane: what is answered is on disk, and what failed left nothing and harmed nobody else."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from hub.errors import Busy, HubError, Refused
from hub.runtime import open_store
from hub.store.database import Tx, embedded_engine, read_or_create_key
from hub.store.lane import Lane, LoopLane
from hub.store.sql import query, run
from tests.hub_in_test import City, observation

ANSWER = 20  # seconds, for a machine that is busy with other things


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store of its own with one table."""
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    with engine.connect() as tx, tx.begin():
        run(tx, "CREATE TABLE note (text TEXT NOT NULL)", {})
    yield engine
    engine.dispose()


@pytest.fixture
def lane(engine: Engine) -> Iterator[Lane]:
    lane = LoopLane(engine)
    yield lane
    lane.close()


def put(text: str, tx: Tx) -> str:
    run(tx, "INSERT INTO note (text) VALUES (:text)", {"text": text})
    return text


def notes(lane: Lane) -> list[str]:
    return [row.text for row in lane.do(lambda tx: query(tx, "SELECT text FROM note ORDER BY rowid", {}))]


def together(lane: Lane, *pieces: Callable[[Tx], str]) -> list[str | BaseException]:
    """What became of pieces of work that were asked for at once, and so ran in one transaction."""

    async def ask() -> list[str | BaseException]:
        return await asyncio.gather(*(lane.ask(piece) for piece in pieces), return_exceptions=True)

    return asyncio.run(ask())


@contextmanager
def no_room() -> Iterator[None]:
    """The disk is full: no file of this process can grow or be written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# -- one piece of work among others


def test_a_result_is_on_disk_before_it_is_told(lane: Lane, tmp_path: Path) -> None:
    another = embedded_engine(tmp_path, read_or_create_key(tmp_path))

    async def ask() -> list[tuple[str, ...]]:
        await lane.ask(partial(put, "kept"))
        with another.connect() as connection, connection.begin():
            return [tuple(row) for row in query(connection, "SELECT text FROM note", {})]

    assert asyncio.run(ask()) == [("kept",)]


def test_a_refusal_undoes_the_work_and_keeps_its_record(lane: Lane) -> None:
    def refused_work(tx: Tx) -> None:
        put("undone", tx)
        raise Refused("No.")

    def record(tx: Tx, error: HubError) -> None:
        put(f"refused: {error.text}", tx)

    with pytest.raises(Refused, match=r"No\."):
        asyncio.run(lane.ask(refused_work, record))
    with pytest.raises(Refused, match=r"No\."):
        lane.do(refused_work, record)
    assert notes(lane) == ["refused: No."] * 2


def test_a_failure_of_one_leaves_the_others_of_the_batch_alone(lane: Lane) -> None:
    def broken(tx: Tx) -> str:
        put("undone", tx)
        raise KeyError("a bug")

    before, failing, after = together(lane, partial(put, "before"), broken, partial(put, "after"))
    assert (before, after) == ("before", "after")
    assert isinstance(failing, KeyError)
    assert notes(lane) == ["before", "after"]


def test_a_statement_that_the_store_refuses_harms_nobody_else(lane: Lane) -> None:
    too_long = "%" * 60_000

    def heavy(tx: Tx) -> str:
        put("undone", tx)
        query(tx, "SELECT 1 FROM note WHERE text LIKE :pattern", {"pattern": too_long})
        return "never"

    before, failing, after = together(lane, partial(put, "before"), heavy, partial(put, "after"))
    assert (before, after) == ("before", "after")
    assert isinstance(failing, Busy)
    assert notes(lane) == ["before", "after"]


def test_the_lane_outlives_a_refusal_that_cannot_be_recorded(lane: Lane) -> None:
    def refused_work(tx: Tx) -> None:
        raise Refused("No.")

    def record(tx: Tx, error: HubError) -> None:
        raise KeyError("a bug")

    with pytest.raises(Busy):
        asyncio.run(lane.ask(refused_work, record))
    assert together(lane, partial(put, "later")) == ["later"]


def test_a_look_waits_for_no_commit_and_sees_nothing_of_what_waits_for_one(lane: Lane) -> None:
    def how_many(tx: Tx) -> int:
        return len(query(tx, "SELECT text FROM note", {}))

    async def ask() -> tuple[int, bool]:
        written = asyncio.ensure_future(lane.ask(partial(put, "written")))
        seen = await lane.ask(how_many, looks=True)
        early = not written.done()
        await written
        return seen, early

    assert asyncio.run(ask()) == (0, True)


def test_a_refused_look_is_written_down_in_its_turn(lane: Lane) -> None:
    def refused_look(tx: Tx) -> None:
        raise Refused("No.")

    def record(tx: Tx, error: HubError) -> None:
        put(f"refused: {error}", tx)

    with pytest.raises(Refused):
        asyncio.run(lane.ask(refused_look, record, looks=True))
    assert notes(lane) == ["refused: No."]


def test_a_look_is_answered_while_another_writes(lane: Lane, engine: Engine) -> None:
    with engine.connect() as other, other.begin():
        put("not yet", other)
        seen = asyncio.run(lane.ask(lambda tx: len(query(tx, "SELECT text FROM note", {})), looks=True))
    assert seen == 0
    assert notes(lane) == ["not yet"]


def test_work_that_nobody_waits_for_any_more_is_not_done(lane: Lane) -> None:
    async def ask() -> None:
        first = asyncio.ensure_future(lane.ask(partial(put, "first")))
        given_up = asyncio.ensure_future(lane.ask(partial(put, "given up")))
        await asyncio.sleep(0)
        given_up.cancel()
        await first

    asyncio.run(ask())
    assert notes(lane) == ["first"]


def test_work_that_has_run_is_kept_though_nobody_waits_for_it(lane: Lane) -> None:
    async def ask() -> None:
        ran = asyncio.Event()

        def work(tx: Tx) -> str:
            ran.set()
            return put("done", tx)

        asked = asyncio.ensure_future(lane.ask(work))
        await ran.wait()
        asked.cancel()
        await lane.ask(partial(put, "next"))

    asyncio.run(ask())
    assert notes(lane) == ["done", "next"]


def test_what_arrives_during_a_commit_is_all_in_the_next(lane: Lane) -> None:
    async def ask() -> list[str]:
        return await asyncio.gather(*(lane.ask(partial(put, f"{number:03}")) for number in range(200)))

    assert asyncio.run(ask()) == notes(lane) == [f"{number:03}" for number in range(200)]


def test_a_lane_whose_loop_was_broken_off_still_closes(engine: Engine) -> None:
    """TRUST T-145: what the loop had begun is undone, and nobody waits for it for ever."""
    lane = LoopLane(engine)

    async def ask() -> None:
        with engine.connect() as other, other.begin():
            asked = asyncio.ensure_future(lane.ask(partial(put, "never")))
            await asyncio.sleep(0.05)
        asked.cancel()

    asyncio.run(ask())
    lane.close()
    again = LoopLane(engine)
    assert notes(again) == []
    again.close()


# -- beside another writer


def test_a_server_waits_for_a_command_that_writes(lane: Lane, engine: Engine) -> None:
    begun, go = Event(), Event()

    def command() -> None:
        with engine.connect() as tx, tx.begin():
            put("command", tx)
            begun.set()
            assert go.wait(ANSWER)

    async def ask() -> tuple[bool, str]:
        asked = asyncio.ensure_future(lane.ask(partial(put, "server")))
        turns = 0
        while turns < 20 and not asked.done():  # the loop goes on: it is not the one that waits
            await asyncio.sleep(0.001)
            turns += 1
        go.set()
        return turns == 20, await asked

    other = Thread(target=command)
    other.start()
    assert begun.wait(ANSWER)
    assert asyncio.run(ask()) == (True, "server")
    other.join()
    assert notes(lane) == ["command", "server"]
    assert lane.do(lambda tx: query(tx, "PRAGMA busy_timeout", {}))[0][0] == 0  # nothing waits inside the database


# -- a store that cannot take it


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_is_kept(lane: Lane) -> None:
    lane.do(partial(put, "before"))
    with no_room():
        lost = together(lane, *(partial(put, "lost") for _ in range(3)))
    assert [type(one) for one in lost] == [Busy] * 3
    assert together(lane, partial(put, "after")) == ["after"]
    assert notes(lane) == ["before", "after"]


@pytest.mark.promise("no-record-no-answer")
@pytest.mark.sqlite
def test_on_a_full_disk_every_door_says_503_and_a_retry_has_one_effect(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    stored = city.created("hosp-ehr", observation(person))
    headers = city.headers("hosp-ehr")
    logged = len(city.log())
    with no_room():
        pushed = city.post("hosp-ehr", "/fhir/Observation", observation(person, 8.1), idempotency_key="k-1")
        read = city.client.get(f"/fhir/Observation/{stored['id']}", headers=headers)
        feed = city.client.get("/feed", headers=headers)
    assert (pushed.status_code, pushed.json()["issue"][0]["code"]) == (503, "transient")
    assert pushed.headers["Retry-After"] == "1"
    assert (read.status_code, feed.status_code) == (503, 503)  # no audit record, no answer
    assert stored["id"] not in read.text
    assert len(city.log()) == logged
    found = city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()
    assert [one["resource"]["id"] for one in found["entry"]] == [stored["id"]]
    again = [
        city.post("hosp-ehr", "/fhir/Observation", observation(person, 8.1), idempotency_key="k-1") for _ in range(2)
    ]
    assert [one.status_code for one in again] == [201, 201]
    assert len(city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()["entry"]) == 2


def test_a_lane_whose_store_will_not_open_says_so_to_everybody(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    lane = LoopLane(embedded_engine(tmp_path, "0" * 64))
    waiting = together(lane, *(partial(put, "x") for _ in range(3)))
    assert [type(one) for one in waiting] == [Busy] * 3
    lane.close()


def test_one_write_is_one_instant(city: City) -> None:
    city.resident()
    [first, *_] = city.log()
    assert datetime.fromisoformat(str(first["recorded"])) == city.clock.now
