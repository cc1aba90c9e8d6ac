"""The store on PostgreSQL: its connections, what it refuses to run on, and how it is told from its copies.

docs/decisions/0013-postgresql.md says why; deploy/postgresql/ says how to make a database that is taken.
"""

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hub.store.database import Tx, UnsafeStore
from hub.store.sql import first, on_postgresql

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

OLDEST_POSTGRESQL = 15
STATEMENT_TIMEOUT, LOCK_TIMEOUT, IDLE_TIMEOUT = 4000, 2000, 15_000
"""Milliseconds.  No request may wait longer for one statement, for a lock, or leave a transaction open so long."""

_CONNECTION = {  # a network that swallows what is sent is noticed in seconds, not in hours
    "application_name": "renkei-hub",
    "connect_timeout": "3",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": str(STATEMENT_TIMEOUT),
}
_OPTIONS = (
    f"-c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
    f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT}"
    # A statement's plan is made once: planning for all partitions takes longer than running most statements.
    " -c plan_cache_mode=force_generic_plan -c jit=off"
    # The hub's own work; what is shown to somebody is fenced in by their grant (hub/store/fence.py).
    " -c renkei.reach=* -c renkei.organisation="
)
_PREPARED = 500  # statements that a connection keeps: the server keeps a plan for each


def is_postgresql(url: str) -> bool:
    """Whether a database URL is one that this module opens."""
    return url.startswith(("postgresql://", "postgres://"))


def postgresql_engine(url: str) -> Engine:
    """An engine on ``url``, libpq's form: ``postgresql://user@host/name?sslmode=verify-full``.

    Connections are not pooled: each lane keeps its own.  Raises ``UnsafeStore`` for a URL that cannot be read.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise UnsafeStore("The database URL cannot be read. Its form is postgresql://user@host/name") from error
    ours = {name: value for name, value in _CONNECTION.items() if name not in given}
    wanted = make_conninfo(url, **ours, options=f"{_OPTIONS} {given.get('options', '')}")

    def connect() -> "DBAPIConnection":
        connection = psycopg.connect(wanted, prepare_threshold=0)
        connection.prepared_max = _PREPARED
        # One width for all numbers: else a statement would be prepared anew for each size of its values.
        connection.adapters.register_dumper(int, Int8Dumper)
        opened: DBAPIConnection = connection  # type: ignore[assignment]  # PEP 249 all the same
        return opened

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, hide_parameters=True)


def refuse_unsafe(engine: Engine) -> None:
    """Raises ``UnsafeStore``, with what to do, for a database that would lose or confuse what it acknowledged."""
    try:
        with engine.connect() as tx:
            found = first(tx, _SETTINGS, {})
    except OperationalError as error:
        raise UnsafeStore(f"The database cannot be reached: {str(error.orig).strip()}") from error
    assert found is not None
    if found.version < OLDEST_POSTGRESQL:
        raise UnsafeStore(f"The server is PostgreSQL {found.version}; {OLDEST_POSTGRESQL} or later is needed.")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if getattr(found, name) == "off":
            raise UnsafeStore(
                f"The server runs with {name}=off: what was acknowledged could be lost. Set {name}=on in"
                " postgresql.conf (or where ALTER DATABASE or ALTER ROLE turned it off), and reload."
            )
    if found.encoding != "UTF8":
        raise UnsafeStore(f"The database's encoding is {found.encoding}, not UTF8. {_MAKE_ANOTHER}")
    if found.collation not in _IN_ORDER_OF_CODE_POINTS:
        raise UnsafeStore(f"The database sorts text by {found.collation}, not by code points. {_MAKE_ANOTHER}")
    if found.unfenced:
        raise UnsafeStore(
            f"The hub connects as {found.name}, whom row-level security does not hold (a superuser, or BYPASSRLS)."
            " Give it a role of its own: CREATE ROLE renkei LOGIN; ALTER DATABASE renkei OWNER TO renkei"
        )
    if found.standby or found.read_only == "on":
        raise UnsafeStore("The server is a standby, or the database is read-only. Name the primary in the URL.")


_SETTINGS = """
SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('server_encoding') AS encoding,
       d.datcollate AS collation, pg_is_in_recovery()::int AS standby,
       current_setting('transaction_read_only') AS read_only, r.rolname AS name,
       (r.rolsuper OR r.rolbypassrls)::int AS unfenced
  FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user
"""
_IN_ORDER_OF_CODE_POINTS = frozenset({"C", "POSIX", "C.UTF-8", "C.utf8"})
_MAKE_ANOTHER = "Make the database so: CREATE DATABASE renkei TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"


def apart(tx: Tx, now: datetime) -> float:
    """How many seconds ``now`` is ahead of the server's clock; 0 on the embedded store, which has no other."""
    row = first(tx, "SELECT extract(epoch FROM clock_timestamp())::float8 AS now", {}) if on_postgresql(tx) else None
    return now.timestamp() - row.now if row else 0.0


def refuse_foreign_key(tx: Tx, secret: bytes) -> None:
    """Raises ``UnsafeStore`` when this database was made with another key: of all who serve it, each needs the same.

    The database keeps 63 bits of the key's hash, which tell nothing of the key.
    """
    mark = int.from_bytes(sha256(b"renkei key" + secret).digest()[:8]) >> 1
    known = first(tx, _KEY_MARK, {"mark": mark})
    if known is None or known.value != mark:
        raise UnsafeStore("The key file is not the one that this database was made with. Put the right one back.")


_KEY_MARK = """
INSERT INTO position (name, value) VALUES ('key', :mark) ON CONFLICT (name) DO UPDATE SET value = position.value
RETURNING value
"""
