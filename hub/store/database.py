"""The embedded encrypted store: its key, its engine, and what it refuses to run on.

SQLite before 3.51.3 can corrupt a WAL file under two connections (docs/decisions/0002), and
``synchronous=FULL`` is what makes an acknowledged write survive a power cut.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Engine, NullPool, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlcipher3 import dbapi2

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

Tx: TypeAlias = Connection
"""A transaction that the lane has begun and will commit: store functions only execute in it."""

OLDEST_SQLITE = (3, 51, 3)
STORE, KEY, LOCK = "hub.db", "hub.key", "hub.lock"
_PROOFS = ("HMAC_SHA256", "HMAC_SHA512")
"""What shows that nobody changed a page; stores that were made before the first was taken have the second."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "busy_timeout=5000",
    "temp_store=MEMORY",
    "cache_size=-65536",
)


class UnsafeStore(RuntimeError):
    """The store cannot be opened safely; the sentence says why and what to do."""


def read_or_create_key(data: Path) -> str:
    """The store's key (64 hexadecimal digits) from ``data/hub.key``; made once, for a new store only.

    Raises ``UnsafeStore`` when a store is there without its key, or when others may read the key.
    """
    key_file, store = data / KEY, data / STORE
    if not key_file.exists() and store.exists():
        raise UnsafeStore(f"{store} is encrypted and its key {key_file} is missing. Put the key file back.")
    return read_key(key_file, create=True)


def read_key(key_file: Path, *, create: bool) -> str:
    """The key in a file that only its owner may read; with ``create``, a new one when there is no such file.

    Raises ``UnsafeStore``.
    """
    if not key_file.exists():
        if not create:
            raise UnsafeStore(f"The key file {key_file} of this store is missing. Put it back.")
        key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token_hex(32))
            file.flush()
            os.fsync(file.fileno())
    if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        raise UnsafeStore(f"Others may read {key_file}. Set its mode: chmod 600 {key_file}")
    key = key_file.read_text(encoding="ascii").strip()
    if len(key) != 64 or any(digit not in "0123456789abcdef" for digit in key):
        raise UnsafeStore(f"{key_file} does not hold 64 hexadecimal digits. Put the right key file back.")
    return key


@contextmanager
def only_server(data: Path) -> Iterator[None]:
    """Be the one server on the store in ``data`` as long as the block runs; commands may work beside it.

    The lock is the kernel's: it goes with the process, however that ends.  Raises ``UnsafeStore``.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnsafeStore(f"Another server runs on the store in {data}. Stop it first.") from error
        yield


def _opened(store: Path, key: str, proof: str) -> "DBAPIConnection":
    """A connection to the store.  Raises ``UnsafeStore`` for settings that did not take, and the driver's error."""
    connection = dbapi2.connect(store, isolation_level=None, check_same_thread=False, cached_statements=512)
    try:
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        connection.execute(f"PRAGMA cipher_hmac_algorithm = {proof}")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        mode, synchronous = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        )
    except dbapi2.DatabaseError:
        connection.close()
        raise
    if (mode, synchronous) != ("wal", 2):
        raise UnsafeStore(f"The store runs with journal_mode={mode}, synchronous={synchronous}; not wal, 2.")
    opened: DBAPIConnection = connection
    return opened


def embedded_engine(data: Path, key: str) -> Engine:
    """The engine on ``data/hub.db``.

    Raises ``UnsafeStore`` for an SQLite that is too old, a wrong key, or settings that did not take.
    """
    if dbapi2.sqlite_version_info < OLDEST_SQLITE:
        raise UnsafeStore(f"SQLite {dbapi2.sqlite_version} can corrupt a store; 3.51.3 or later is needed.")

    def connect() -> "DBAPIConnection":
        for proof in _PROOFS:
            try:
                return _opened(data / STORE, key, proof)
            except dbapi2.DatabaseError as error:
                problem = error
        raise UnsafeStore(f"{data / STORE} does not open with the key in {data / KEY}: {problem}") from problem

    engine = create_engine("sqlite://", creator=connect, module=dbapi2, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin_immediate(connection: Connection) -> None:
        # Without this every row would commit by itself: the driver is in autocommit mode.
        try:
            connection.connection.cursor().execute("BEGIN IMMEDIATE")
        except dbapi2.OperationalError as error:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error

    return engine
