"""Opening what a command works on: the embedded store, its key, its shape."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hub.store.database import embedded_engine, read_or_create_key
from hub.store.lane import Lane, LoopLane
from hub.store.migrate import migrate


@dataclass(frozen=True, slots=True)
class Store:
    """An open store: its engine, the secret from which the hub derives its other keys, and a lane on it."""

    engine: Engine
    secret: bytes
    lane: Lane


def open_store(data: Path) -> Store:
    """Open, or make, the store in ``data`` and bring it to the newest shape.  Raises ``UnsafeStore``."""
    key = read_or_create_key(data)
    engine = embedded_engine(data, key)
    migrate(engine)
    return Store(engine, bytes.fromhex(key), LoopLane(engine))
