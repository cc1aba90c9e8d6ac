"""Power that fails in the middle of writing (TRUST T-125): what was synced is there, what was torn is not.

Each commit ends with a sync of the write-ahead log (test_embedded_store holds that setting).  So at a power cut
everything up to the last answer is on the disk, and of what follows any part, in any state.
"""

from pathlib import Path
from random import Random
from shutil import copy

import pytest
from sqlalchemy import Engine

from hub.store.database import KEY, STORE, embedded_engine, read_or_create_key
from hub.store.lane import LoopLane
from hub.store.sql import query, run

PUSHES, CUTS = 30, 40


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as tx:
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        return [row.number for row in query(tx, "SELECT number FROM note ORDER BY number", {})]


@pytest.mark.sqlite
def test_a_torn_log_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """T-125: cut anywhere behind the last answer, with noise or nulls after the cut: whole, and all answered there."""
    running, cut_off = tmp_path / "running", tmp_path / "cut"
    engine = embedded_engine(running, read_or_create_key(running))
    lane, log = LoopLane(engine), running / f"{STORE}-wal"
    lane.do(lambda tx: run(tx, "CREATE TABLE note (number INTEGER, text TEXT)", {}))
    store, ends = (running / STORE).read_bytes(), []
    for number in range(PUSHES):
        text = "申し送り" * (number * 150 + 1)
        lane.do(lambda tx: run(tx, "INSERT INTO note VALUES (:number, :text)", {"number": number, "text": text}))  # noqa: B023
        ends.append(log.stat().st_size)
    written = log.read_bytes()
    assert (running / STORE).read_bytes() == store, "a checkpoint would make this another test"
    random = Random(20261122)
    for _ in range(CUTS):
        answered = random.randrange(PUSHES - 1)
        place = random.randint(ends[answered], ends[answered + 1] - 1)
        torn = random.choice((b"", random.randbytes(9000), bytes(9000), written[:4096]))
        cut_off.mkdir()
        copy(running / KEY, cut_off)
        (cut_off / STORE).write_bytes(store)
        (cut_off / f"{STORE}-wal").write_bytes(written[:place] + torn)
        again = embedded_engine(cut_off, read_or_create_key(cut_off))
        assert numbers(again) == list(range(answered + 1))
        again.dispose()
        for file in cut_off.iterdir():
            file.unlink()
        cut_off.rmdir()
    lane.close()
