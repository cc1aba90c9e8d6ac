"""Opening what a command works on: the store, its key, its shape."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hub.access.compiled import compile_missing
from hub.auth.seal import Seal
from hub.store import positions, subscriptions
from hub.store.database import KEY, UnsafeStore, embedded_engine, read_key, read_or_create_key
from hub.store.lane import Lane, LoopLane
from hub.store.lanes import Lanes
from hub.store.migrate import is_new, migrate
from hub.store.postgresql import is_postgresql, postgresql_engine, refuse_foreign_key, refuse_unsafe
from hub.store.reindex import reindex


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: in the directory ``data``, or, with a ``database_url``, in a PostgreSQL database.

    ``key_file`` is where the key of such a database is; ``data/hub.key`` unless named.
    """

    data: Path
    database_url: str = ""
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """An open store: its engine, the secret from which the hub derives its other keys, and a lane on it."""

    engine: Engine
    secret: bytes
    lane: Lane


def open_store(place: Path | Place) -> Store:
    """Open, or make, the store at ``place`` and bring it to the newest shape.  Raises ``UnsafeStore``."""
    if isinstance(place, Path):
        place = Place(place)
    if place.database_url:
        return _on_postgresql(place)
    key = read_or_create_key(place.data)
    engine = embedded_engine(place.data, key)
    migrate(engine)
    return _indexed(Store(engine, bytes.fromhex(key), LoopLane(engine)))


def _on_postgresql(place: Place) -> Store:
    """The same on PostgreSQL.  A key is made with the database, and never for one that is there."""
    if not is_postgresql(place.database_url):
        raise UnsafeStore("The database URL begins with postgresql://, or leave it out for the embedded store.")
    engine = postgresql_engine(place.database_url)
    refuse_unsafe(engine)
    secret = bytes.fromhex(read_key(place.key_file or place.data / KEY, create=is_new(engine)))
    migrate(engine)
    lanes = Lanes(engine, positions.go_on)
    try:
        lanes.do(lambda tx: refuse_foreign_key(tx, secret))
    except BaseException:
        lanes.close()
        raise
    return _indexed(Store(engine, secret, lanes))


def _indexed(store: Store) -> Store:
    """With what a migration left to be done: rows of the search index and of the consents, secrets to be sealed."""
    reindex(store.lane.do)
    compile_missing(store.lane.do)
    store.lane.do(lambda tx: subscriptions.seal_plain(tx, Seal(store.secret)))
    return store
