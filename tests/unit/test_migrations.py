"""A migrated store has just the shape that the tables declare, and an unknown shape is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from hub.runtime import open_store
from hub.store import tables
from hub.store.database import UnsafeStore, embedded_engine, read_or_create_key
from hub.store.migrate import migrate


def test_migrations_make_what_the_tables_declare(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.lane.close()
    assert tables.ResourceRow.__tablename__ in SQLModel.metadata.tables
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert differences == []


def test_a_second_start_migrates_nothing(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    assert migrate(embedded_engine(tmp_path, read_or_create_key(tmp_path))) is False


def test_a_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnsafeStore, match="does not know"):
        migrate(engine)
