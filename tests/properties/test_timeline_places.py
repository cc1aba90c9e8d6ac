"""Places on the timeline (TRUST T-117 to T-122): whoever goes on from a cursor misses nothing and sees nothing twice.

Straight on the store, with transactions that the test holds open: what happens between two commits is the point.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from hub.runtime import open_store
from hub.store import positions, timeline
from hub.store.sql import Value, query, run
from tests.hub_in_test import store_place

WRITERS, EACH = 8, 25
PATIENCE = 60


@pytest.fixture
def engine(tmp_path: Path, store_kind: str) -> Iterator[Engine]:
    """A store with an empty timeline."""
    store = open_store(store_place(tmp_path))
    store.lane.do(lambda tx: None)
    yield store.engine
    store.lane.close()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as tx, tx.begin():
        yield tx


def write(tx: Connection, *texts: str, patient: str = "p") -> None:
    """Something becomes known."""
    same: dict[str, Value] = {
        **{"patient": patient, "source": "hosp", "withheld": 0, "directory": 0, "also_about": 0},
        **{"publication": "hospital/problem", "category": "problem", "label_bits": 0, "clinical_date": None},
        **{"event": "e", "type": "Condition", "version": "1", "superseded": 0, "scene": "daily", "change": "new"},
        **{"occurred": "2026-11-22", "recorded": "2026-11-22T03:00:00.000Z", "text": "", "changed": "", "link": None},
        **{"organisation_name": "H", "organisation_kind": "hospital", "author_profession": None, "author_name": None},
    }
    timeline.put(tx, [{**same, "id": text, "title": text} for text in texts], ())


def read(engine: Engine, after: int, count: int = 3) -> list[tuple[int, str]]:
    """A page of the feed after a cursor."""
    with transaction(engine) as tx:
        return [
            (row.position, row.title) for row in timeline.page(tx, "1 = 1", {}, count=count, span=timeline.Span(after))
        ]


def read_without_care(engine: Engine, after: int) -> list[tuple[int, str]]:
    """What a reader would see who goes by the numbers alone: the control that must fail."""
    with transaction(engine) as tx:
        statement = "SELECT position, title FROM timeline WHERE position > :after ORDER BY position"
        return [(row.position, row.title) for row in query(tx, statement, {"after": after})]


def follow(engine: Engine, finished: Callable[[], bool]) -> list[str]:
    seen: list[str] = []
    cursor = 0
    while True:
        last = finished()
        page = read(engine, cursor)
        seen += [title for _, title in page]
        cursor = page[-1][0] if page else cursor
        if last and not page:
            return seen


def test_many_writers_and_a_reader_who_misses_nothing(engine: Engine) -> None:
    """T-117: random pauses, and one in twenty is rolled back."""

    def writer(number: int) -> list[str]:
        random, kept = Random(number), []
        for turn in range(EACH):
            texts = [f"{number}-{turn}-{item}" for item in range(random.choice((1, 1, 3)))]
            with engine.connect() as tx, tx.begin() as begun:
                write(tx, *texts, patient=f"p{random.randrange(5)}")
                sleep(random.random() * 0.004)
                if random.random() < 0.05:
                    begun.rollback()
                else:
                    kept += texts
        return kept

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writing = [pool.submit(writer, number) for number in range(WRITERS)]
        reading = pool.submit(follow, engine, lambda: all(one.done() for one in writing))
        written = [text for one in writing for text in one.result(PATIENCE)]
        seen = reading.result(PATIENCE)
    assert len(seen) == len(set(seen))
    assert set(seen) == set(written)
    assert [title for _, title in read(engine, 0, 10_000)] == seen  # the order is the same when it is read again


@pytest.mark.postgresql
def test_who_took_a_place_earlier_and_commits_later_is_seen(engine: Engine) -> None:
    """T-118, and that numbers alone would lose it."""
    with transaction(engine) as early:
        write(early, "early")
        with transaction(engine) as late:
            write(late, "late")
        careless = read_without_care(engine, 0)
        assert [title for _, title in careless] == ["late"]
        assert read(engine, 0) == []  # it waits
    assert [title for _, title in read(engine, 0)] == ["early", "late"]
    assert read_without_care(engine, careless[-1][0]) == []  # the careless reader never sees it


@pytest.mark.postgresql
def test_a_first_number_taken_late_in_an_early_transaction_is_seen(engine: Engine) -> None:
    """T-118: A has its number before B, but writes after B has committed."""
    with transaction(engine) as early:
        run(early, "SELECT pg_current_xact_id()", {})
        with transaction(engine) as late:
            write(late, "B")
        write(early, "A")
        assert read(engine, 0) == []
    assert sorted(title for _, title in read(engine, 0)) == ["A", "B"]


@pytest.mark.postgresql
def test_a_transaction_that_is_left_open_is_ended_and_the_feed_goes_on(engine: Engine) -> None:
    """T-119: it holds the feed back, until the server ends it."""
    with engine.connect() as left:
        run(left, "SET idle_in_transaction_session_timeout = '500ms'", {})
        write(left, "never")
        with transaction(engine) as tx:
            write(tx, "waits")
        assert read(engine, 0) == []
        with transaction(engine) as tx:
            assert timeline.waiting(tx) == (1, "2026-11-22T03:00:00.000Z")  # /metrics says so
        begun = monotonic()
        while not (page := read(engine, 0)):
            assert monotonic() - begun < PATIENCE
            sleep(0.05)
        assert [title for _, title in page] == ["waits"]
        with pytest.raises(DBAPIError):
            run(left, "SELECT 1", {})
        left.invalidate()


@pytest.mark.postgresql
def test_what_others_do_with_the_server_must_not_be_left_open_for_long(engine: Engine) -> None:
    """T-119: every connection of the hub has the limit."""
    with transaction(engine) as tx:
        [row] = query(tx, "SELECT current_setting('idle_in_transaction_session_timeout') AS ends", {})
    assert row.ends == "15s"


def test_places_that_were_rolled_back_keep_nobody_waiting(engine: Engine) -> None:
    """T-120."""
    for turn in range(3):
        with engine.connect() as tx, tx.begin() as begun:
            write(tx, "never")
            begun.rollback()
        with transaction(engine) as tx:
            write(tx, f"kept {turn}")
    assert [title for _, title in read(engine, 0)] == ["kept 0", "kept 1", "kept 2"]


def test_work_that_is_undone_within_a_batch_leaves_the_others_in_order(engine: Engine) -> None:
    with transaction(engine) as tx:
        write(tx, "first")
        run(tx, "SAVEPOINT work", {})
        write(tx, "undone", "undone too")
        run(tx, "ROLLBACK TO work", {})
        write(tx, "second")
    assert [title for _, title in read(engine, 0)] == ["first", "second"]


@pytest.mark.postgresql
@pytest.mark.parametrize("lost", [0, 5], ids=["of-now", "older-than-the-cursor"])
def test_a_cursor_outlives_a_restore_into_another_cluster(engine: Engine, lost: int) -> None:
    """T-121: numbers of transactions begin anew there, and lower; what is new is seen all the same."""
    with transaction(engine) as tx:
        write(tx, "before")
        run(tx, "UPDATE timeline SET position = position + :far", {"far": 1 << 50})  # the old cluster was old
    [(last, _)] = read_without_care(engine, 0)
    cursor = last + (lost << positions.ITEM_BITS)  # read from what the restored backup does not have
    with transaction(engine) as tx:
        run(tx, "UPDATE position SET value = value + 1 WHERE name = :name", {"name": positions.CLUSTER})
    with transaction(engine) as tx:
        positions.go_on(tx)
    with transaction(engine) as tx:
        write(tx, "after")
    assert [title for _, title in read(engine, cursor)] == ["after"]
    assert [title for _, title in read(engine, 0)] == ["before", "after"]


@pytest.mark.postgresql
def test_without_that_the_cursor_would_have_missed_it(engine: Engine) -> None:
    """The control of the test above."""
    with transaction(engine) as tx:
        write(tx, "before")
        run(tx, "UPDATE timeline SET position = position + :far", {"far": 1 << 50})
    [(cursor, _)] = read_without_care(engine, 0)
    with transaction(engine) as tx:
        write(tx, "after")
    assert read(engine, cursor) == []


@pytest.mark.sqlite
def test_the_embedded_store_has_one_writer_and_gives_no_place_twice(engine: Engine) -> None:
    """T-122."""
    with engine.connect() as other, transaction(engine) as tx:
        other.connection.cursor().execute("PRAGMA busy_timeout = 10")
        write(tx, "one", "two")
        with pytest.raises(OperationalError, match="locked"):
            other.begin()
    with transaction(engine) as tx:
        run(tx, "DELETE FROM timeline", {})
    with transaction(engine) as tx:
        write(tx, "three")
    assert read(engine, 0) == [(3, "three")]


def test_a_place_that_may_still_be_filled_does_not_count_as_seen(engine: Engine) -> None:
    """What a reader has seen is never more than what can no longer change."""
    with transaction(engine) as tx:
        write(tx, "one")
        timeline.mark_seen(tx, "cm-ito", "p", 1 << 60)
        marked = timeline.seen(tx, "cm-ito", "p")
        assert marked == positions.horizon(tx) - 1 < 1 << 60
