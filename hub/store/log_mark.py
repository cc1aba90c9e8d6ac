"""How far the access log had come: a file beside the store, in no backup of it (TRUST T-063).

A store that is restored from a backup lacks the revocations that came after it, and would show what residents have
forbidden.  Its log lacks the row that the file names, so the hub does not serve it before somebody has looked
(docs/decisions/0018-a-restored-store.md).
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from hub.errors import HubError
from hub.repeating import repeating
from hub.store.database import Tx, UnsafeStore
from hub.store.lane import Lane
from hub.store.sql import add, first
from hub.store.tables import Position

FILE = "hub.mark"
EVERY = 1.0
"""Seconds: what was revoked within the last of them before the end may be lost in silence."""
_MARKED = "log mark"
_WHAT_TO_DO = (
    "Revocations may be missing. Let nobody in but the consent desk (renkei serve --restored, on the loopback"
    " address), register again what is missing, end it, and then say so: renkei db restored"
)
log = structlog.get_logger("renkei")


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of the log: its number, its id, and when it was written."""

    sequence: int
    id: str
    recorded: str


def newest(tx: Tx) -> Mark:
    """The last row of the log; of an empty one, number 0."""
    row = first(tx, "SELECT sequence, id, recorded FROM audit ORDER BY sequence DESC LIMIT 1", {})
    return Mark(0, "-", "-") if row is None else Mark(row.sequence, row.id, row.recorded)


def refuse_restored(lane: Lane, file: Path) -> None:
    """Raises ``UnsafeStore`` when the log of this store lacks the row of the file, or the file is gone."""
    known = _read(file)
    if known is not None:
        if not lane.do(lambda tx: _has(tx, known)):
            ends = lane.do(newest).recorded
            raise UnsafeStore(
                f"This store was restored: its access log had come to {known.recorded}, and now lacks what was"
                f" written before then (its end is {ends}). {_WHAT_TO_DO}"
            )
    elif lane.do(_was_marked):
        raise UnsafeStore(f"{file}, which says whether this store was restored, is not there. {_WHAT_TO_DO}")


def acknowledge(tx: Tx, file: Path) -> None:
    """From here on, what the log has is all that there is."""
    _write(file, newest(tx))
    if not _was_marked(tx):
        add(tx, Position, [{"name": _MARKED, "value": 1}])


@asynccontextmanager
async def keeping(lane: Lane, file: Path | None) -> AsyncIterator[None]:
    """Let the file follow the log as long as the block runs; without a file, nothing."""
    if file is None:
        yield
        return
    try:
        async with repeating("the mark of the log", partial(_follow, lane, file), EVERY):
            yield
    finally:
        await _follow(lane, file)


async def _follow(lane: Lane, file: Path) -> None:
    try:
        known = _read(file)
        if known is not None and not await lane.ask(lambda tx: _has(tx, known), looks=True):
            log.error("the store was restored under the running hub", log_had_come_to=known.recorded)
        elif (mark := await lane.ask(newest, looks=True)) != known:
            await asyncio.to_thread(_write, file, mark)
    except (HubError, OSError, UnsafeStore) as error:
        log.warning("the mark of the log waits", reason=str(error))


def _has(tx: Tx, mark: Mark) -> bool:
    if not mark.sequence:
        return True
    row = first(tx, "SELECT id FROM audit WHERE sequence = :sequence", {"sequence": mark.sequence})
    return row is not None and row.id == mark.id


def _was_marked(tx: Tx) -> bool:
    return first(tx, "SELECT 1 FROM position WHERE name = :name", {"name": _MARKED}) is not None


def _read(file: Path) -> Mark | None:
    if not file.exists():
        return None
    words = file.read_text(encoding="ascii").split()
    if len(words) != 3 or not words[0].isdigit():
        raise UnsafeStore(f"{file}, which says whether this store was restored, cannot be read. {_WHAT_TO_DO}")
    return Mark(int(words[0]), words[1], words[2])


def _write(file: Path, mark: Mark) -> None:
    """All of it or nothing, on disk: a file of its own for each process that writes at the same time."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with new.open("w", encoding="ascii") as written:
        written.write(f"{mark.sequence} {mark.id} {mark.recorded}\n")
        written.flush()
        os.fsync(written.fileno())
    new.replace(file)
