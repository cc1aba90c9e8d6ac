"""Bringing a store to the newest shape (Alembic), and refusing one that is newer than this program."""

from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from hub.store import partitions
from hub.store.database import UnsafeStore
from hub.store.sql import first

if TYPE_CHECKING:
    from alembic.config import Config

TRIES, PAUSE = 5, 1.0
_LOCK_NOT_AVAILABLE = "55P03"
_ALONE = (  # one process migrates, the others wait for it
    "SET LOCAL lock_timeout = '5min'",
    "SET LOCAL statement_timeout = 0",
    "SELECT pg_advisory_xact_lock(hashtext('renkei migration'))",
    # On a live store, who waits for a table makes all others wait behind it.
    "SET LOCAL lock_timeout = '2s'",
)


_SCRIPTS = Path(__file__).parent / "migrations"
# Alembic is loaded only where there is something to migrate: it takes as long to load as a store to open.
_REVISIONS = sorted(file.name.partition("_")[0] for file in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


def migrate(engine: Engine) -> bool:
    """Apply every migration that the store lacks, all in one transaction; false when it lacked none.

    On PostgreSQL others may be at work meanwhile: no statement waits for a table longer than they can bear it, and
    after some tries in vain the store is as it was.
    Raises ``UnsafeStore`` when the store was written by a newer program, or is too busy now.
    """
    for _ in range(TRIES):
        try:
            with engine.connect() as connection, connection.begin():
                return _migrate(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            sleep(PAUSE)
    raise UnsafeStore("The store is in use, and could not be migrated now. Try again at a quieter hour.")


def is_new(engine: Engine) -> bool:
    """Whether no migration was ever applied to this store."""
    with engine.connect() as connection:
        return _shape(connection) is None


def _migrate(connection: Connection) -> bool:
    if _lacks_none(connection):
        return False
    if connection.dialect.name == "postgresql":
        for statement in _ALONE:
            connection.exec_driver_sql(statement)
        if _lacks_none(connection):
            return False
        partitions.make_with_tables()
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True


def _lacks_none(connection: Connection) -> bool:
    shape = _shape(connection)
    if shape is not None and shape not in _REVISIONS:
        raise UnsafeStore(f"The store has the shape {shape}, which this program does not know. Take a newer one.")
    return shape == _REVISIONS[-1]


def _shape(connection: Connection) -> str | None:
    """The revision that the store is at; none for a store without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = first(connection, "SELECT version_num FROM alembic_version", {})
    return None if row is None else str(row.version_num)
