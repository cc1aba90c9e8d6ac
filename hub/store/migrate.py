"""Bringing a store to the newest shape (Alembic), and refusing one that is newer than this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from hub.store.database import UnsafeStore


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine) -> bool:
    """Apply every migration that the store lacks, all in one transaction; false when it lacked none.

    Raises ``UnsafeStore`` when the store was written by a newer program.
    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    with engine.connect() as connection, connection.begin():
        before = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in scripts.walk_revisions()}
        if before is not None and before not in known:
            raise UnsafeStore(f"The store has the shape {before}, which this program does not know. Take a newer one.")
        if before == scripts.get_current_head():
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True
