"""The lane and the embedded store under it: what is answered is on disk, and what failed left nothing."""

import os
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlcipher3 import dbapi2
from sqlmodel import SQLModel

from hub.errors import Busy, HubError, Refused
from hub.runtime import open_store
from hub.store.database import KEY, STORE, Tx, UnsafeStore, embedded_engine, read_or_create_key
from hub.store.lane import Lane
from hub.store.migrate import migrate
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
    lane = Lane(engine)
    yield lane
    lane.close()


def put(text: str, tx: Tx) -> str:
    run(tx, "INSERT INTO note (text) VALUES (:text)", {"text": text})
    return text


def notes(lane: Lane) -> list[str]:
    rows = lane.submit(lambda tx: query(tx, "SELECT text FROM note ORDER BY rowid", {})).result(ANSWER)
    return [row.text for row in rows]


@contextmanager
def one_batch(lane: Lane) -> Iterator[None]:
    """All that is submitted in the block is queued while the lane is busy, so that it runs in one transaction."""
    started, go = Event(), Event()

    def hold(_tx: Tx) -> None:
        started.set()
        assert go.wait(ANSWER)

    holding = lane.submit(hold)
    assert started.wait(ANSWER)
    try:
        yield
    finally:
        go.set()
        holding.result(ANSWER)


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
    assert lane.submit(partial(put, "kept")).result(ANSWER) == "kept"
    key = (tmp_path / KEY).read_text()
    with closing(dbapi2.connect(tmp_path / STORE)) as another:
        another.execute(f"PRAGMA key = \"x'{key}'\"")
        assert another.execute("SELECT text FROM note").fetchall() == [("kept",)]


def test_a_refusal_undoes_the_work_and_keeps_its_record(lane: Lane) -> None:
    def refused_work(tx: Tx) -> None:
        put("undone", tx)
        raise Refused("No.")

    def record(tx: Tx, error: HubError) -> None:
        put(f"refused: {error.text}", tx)

    with pytest.raises(Refused, match=r"No\."):
        lane.submit(refused_work, record).result(ANSWER)
    assert notes(lane) == ["refused: No."]


def test_a_failure_of_one_leaves_the_others_of_the_batch_alone(lane: Lane) -> None:
    def broken(tx: Tx) -> None:
        put("undone", tx)
        raise KeyError("a bug")

    with one_batch(lane):
        before = lane.submit(partial(put, "before"))
        failing: Future[None] = lane.submit(broken)
        after = lane.submit(partial(put, "after"))
    with pytest.raises(KeyError, match="a bug"):
        failing.result(ANSWER)
    assert (before.result(ANSWER), after.result(ANSWER)) == ("before", "after")
    assert notes(lane) == ["before", "after"]


def test_a_statement_that_the_store_refuses_harms_nobody_else(lane: Lane) -> None:
    too_long = "%" * 60_000

    def heavy(tx: Tx) -> None:
        put("undone", tx)
        query(tx, "SELECT 1 FROM note WHERE text LIKE :pattern", {"pattern": too_long})

    with one_batch(lane):
        before = lane.submit(partial(put, "before"))
        failing: Future[None] = lane.submit(heavy)
        after = lane.submit(partial(put, "after"))
    with pytest.raises(Busy):
        failing.result(ANSWER)
    assert (before.result(ANSWER), after.result(ANSWER)) == ("before", "after")
    assert notes(lane) == ["before", "after"]


def test_the_lane_outlives_a_refusal_that_cannot_be_recorded(lane: Lane) -> None:
    def refused_work(tx: Tx) -> None:
        raise Refused("No.")

    def record(tx: Tx, error: HubError) -> None:
        raise KeyError("a bug")

    with pytest.raises(Busy):
        lane.submit(refused_work, record).result(ANSWER)
    assert lane.submit(partial(put, "later")).result(ANSWER) == "later"


def test_work_that_nobody_waits_for_any_more_is_not_done(lane: Lane) -> None:
    with one_batch(lane):
        given_up = lane.submit(partial(put, "given up"))
        assert given_up.cancel()
        after = lane.submit(partial(put, "after"))
    assert after.result(ANSWER) == "after"
    assert notes(lane) == ["after"]


def test_work_that_runs_can_no_longer_be_given_up(lane: Lane) -> None:
    started, go = Event(), Event()

    def slow(tx: Tx) -> str:
        started.set()
        assert go.wait(ANSWER)
        return put("done", tx)

    running = lane.submit(slow)
    assert started.wait(ANSWER)
    assert not running.cancel()
    go.set()
    assert running.result(ANSWER) == "done"


def test_closing_finishes_what_is_queued(engine: Engine) -> None:
    lane = Lane(engine)
    waiting = [lane.submit(partial(put, str(number))) for number in range(200)]
    lane.close()
    assert [one.result(0) for one in waiting] == [str(number) for number in range(200)]


# -- a store that cannot take it


def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_is_kept(lane: Lane) -> None:
    lane.submit(partial(put, "before")).result(ANSWER)
    with no_room(), one_batch_that_fails(lane) as batch:
        batch += [lane.submit(partial(put, "lost")) for _ in range(3)]
    for one in batch:
        with pytest.raises(Busy):
            one.result(ANSWER)
    assert lane.submit(partial(put, "after")).result(ANSWER) == "after"
    assert notes(lane) == ["before", "after"]


@contextmanager
def one_batch_that_fails(lane: Lane) -> Iterator[list[Future[str]]]:
    batch: list[Future[str]] = []
    yield batch
    for one in batch:
        one.exception(ANSWER)


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


# -- the key and the settings


def test_the_key_is_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        key = read_or_create_key(tmp_path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert len(bytes.fromhex(key)) == 32
    assert read_or_create_key(tmp_path) == key


def test_a_key_is_never_made_for_a_store_that_is_there(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    (tmp_path / KEY).unlink()
    with pytest.raises(UnsafeStore, match="Put the key file back"):
        open_store(tmp_path)
    assert not (tmp_path / KEY).exists()


def test_a_wrong_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    before = (tmp_path / STORE).read_bytes()
    right = (tmp_path / KEY).read_text()
    (tmp_path / KEY).write_text("0" * 64)
    with pytest.raises(UnsafeStore, match="does not open"):
        open_store(tmp_path)
    assert (tmp_path / STORE).read_bytes() == before
    (tmp_path / KEY).write_text(right)
    open_store(tmp_path).lane.close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    read_or_create_key(tmp_path)
    (tmp_path / KEY).chmod(mode)
    with pytest.raises(UnsafeStore, match="chmod 600"):
        read_or_create_key(tmp_path)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "z" * 64, "0" * 62 + "';"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, text: str) -> None:
    read_or_create_key(tmp_path)
    (tmp_path / KEY).write_text(text)
    with pytest.raises(UnsafeStore, match="64 hexadecimal digits"):
        read_or_create_key(tmp_path)


def test_the_store_runs_with_the_settings_that_keep_what_is_written(engine: Engine) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
    with engine.connect() as tx:
        got = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert tx.exec_driver_sql("PRAGMA cipher_version").scalar()
    assert got == wanted


def test_nothing_can_be_read_in_the_files(city: City) -> None:
    city.resident(name="読取 不可")
    for file in city.keys.glob(f"{STORE}*"):
        content = file.read_bytes()
        assert "読取".encode() not in content
        assert not content.startswith(b"SQLite format 3")


def test_an_sqlite_that_can_corrupt_a_store_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(UnsafeStore, match=r"3\.51\.3"):
        embedded_engine(tmp_path, "0" * 64)


def test_migrating_is_done_once_and_a_newer_store_is_refused(tmp_path: Path) -> None:
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    assert migrate(engine)
    assert not migrate(engine)
    with engine.connect() as tx, tx.begin():
        run(tx, "UPDATE alembic_version SET version_num = '9999'", {})
    with pytest.raises(UnsafeStore, match="does not know"):
        migrate(engine)
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_names(tmp_path: Path) -> None:
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    migrate(engine)
    with engine.connect() as tx:
        assert compare_metadata(MigrationContext.configure(tx), SQLModel.metadata) == []
    engine.dispose()


def test_a_lane_whose_store_will_not_open_says_so_to_everybody(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    lane = Lane(embedded_engine(tmp_path, "0" * 64))
    waiting = [lane.submit(partial(put, "x")) for _ in range(3)]
    for one in waiting:
        with pytest.raises(Busy):
            one.result(ANSWER)
    lane.close()


def test_one_write_is_one_instant(city: City) -> None:
    city.resident()
    [first, *_] = city.log()
    assert datetime.fromisoformat(str(first["recorded"])) == city.clock.now
