"""The embedded store: its key, and the settings that keep what is written."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlcipher3 import dbapi2
from sqlmodel import SQLModel

from hub.runtime import open_store
from hub.store.database import KEY, STORE, UnsafeStore, embedded_engine, read_or_create_key
from hub.store.migrate import migrate
from hub.store.sql import query, run
from tests.hub_in_test import City


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    yield engine
    engine.dispose()


def test_the_key_is_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        key = read_or_create_key(tmp_path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert len(bytes.fromhex(key)) == 32
    assert read_or_create_key(tmp_path) == key


def test_a_key_is_never_made_for_a_store_that_is_there(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    (tmp_path / KEY).unlink()
    with pytest.raises(UnsafeStore, match="Put the key file back"):
        open_store(tmp_path)
    assert not (tmp_path / KEY).exists()


def test_a_wrong_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    open_store(tmp_path).lane.close()
    before = (tmp_path / STORE).read_bytes()
    right = (tmp_path / KEY).read_text()
    (tmp_path / KEY).write_text("0" * 64)
    with pytest.raises(UnsafeStore, match="does not open"):
        open_store(tmp_path)
    assert (tmp_path / STORE).read_bytes() == before
    (tmp_path / KEY).write_text(right)
    open_store(tmp_path).lane.close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    read_or_create_key(tmp_path)
    (tmp_path / KEY).chmod(mode)
    with pytest.raises(UnsafeStore, match="chmod 600"):
        read_or_create_key(tmp_path)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "z" * 64, "0" * 62 + "';"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, text: str) -> None:
    read_or_create_key(tmp_path)
    (tmp_path / KEY).write_text(text)
    with pytest.raises(UnsafeStore, match="64 hexadecimal digits"):
        read_or_create_key(tmp_path)


def test_the_store_runs_with_the_settings_that_keep_what_is_written(engine: Engine) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
    with engine.connect() as tx:
        got = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert tx.exec_driver_sql("PRAGMA cipher_version").scalar()
    assert got == wanted


@pytest.mark.sqlite
def test_nothing_can_be_read_in_the_files(city: City) -> None:
    city.resident(name="読取 不可")
    for file in city.keys.glob(f"{STORE}*"):
        content = file.read_bytes()
        assert "読取".encode() not in content
        assert not content.startswith(b"SQLite format 3")


def test_an_sqlite_that_can_corrupt_a_store_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(UnsafeStore, match=r"3\.51\.3"):
        embedded_engine(tmp_path, "0" * 64)


def test_a_store_from_before_the_change_of_its_proof_opens(tmp_path: Path) -> None:
    key = read_or_create_key(tmp_path)
    with closing(dbapi2.connect(tmp_path / STORE)) as old:  # as SQLCipher makes it by itself: HMAC-SHA512
        old.execute(f"PRAGMA key = \"x'{key}'\"")
        old.execute("CREATE TABLE note (text TEXT NOT NULL)")
        old.execute("INSERT INTO note VALUES ('kept')")
        old.commit()
    engine = embedded_engine(tmp_path, key)
    with engine.connect() as tx, tx.begin():
        assert [row.text for row in query(tx, "SELECT text FROM note", {})] == ["kept"]
        run(tx, "INSERT INTO note VALUES ('later')", {})
    engine.dispose()


def test_migrating_is_done_once_and_a_newer_store_is_refused(tmp_path: Path) -> None:
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    assert migrate(engine)
    assert not migrate(engine)
    with engine.connect() as tx, tx.begin():
        run(tx, "UPDATE alembic_version SET version_num = '9999'", {})
    with pytest.raises(UnsafeStore, match="does not know"):
        migrate(engine)
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_names(tmp_path: Path) -> None:
    engine = embedded_engine(tmp_path, read_or_create_key(tmp_path))
    migrate(engine)
    with engine.connect() as tx:
        assert compare_metadata(MigrationContext.configure(tx), SQLModel.metadata) == []
    engine.dispose()
