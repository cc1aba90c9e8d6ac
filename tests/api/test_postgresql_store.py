"""The store on PostgreSQL: what it refuses to run on, its key, its shape, and what is said to Citus."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from shutil import copy

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, UniqueConstraint
from sqlmodel import SQLModel
from typer.testing import CliRunner

from hub.cli.main import app
from hub.runtime import Place, open_store
from hub.store import distribution
from hub.store.database import KEY, UnsafeStore
from hub.store.migrate import migrate
from hub.store.partitions import PARTITIONS, is_of_patients, is_partition
from hub.store.postgresql import postgresql_engine, refuse_unsafe
from tests.hub_in_test import City, store_place
from tests.postgresql_in_test import SUPERUSER, cluster

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url(store_kind: str) -> str:
    """A database with nothing in it."""
    return cluster().url(cluster().database())


@pytest.fixture
def engine(tmp_path: Path, store_kind: str) -> Iterator[Engine]:
    """A migrated database."""
    store = open_store(store_place(tmp_path))
    yield store.engine
    store.lane.close()


def say(database: str, *statements: str) -> list[tuple[object, ...]]:
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def as_superuser(*statements: str) -> list[tuple[object, ...]]:
    return say(cluster().url("postgres", SUPERUSER), *statements)


# -- what is refused


def test_a_role_whom_row_level_security_does_not_hold_is_refused(store_kind: str) -> None:
    with pytest.raises(UnsafeStore, match=r"postgres, whom row-level security does not hold.*CREATE ROLE"):
        refuse_unsafe(postgresql_engine(cluster().url("postgres", SUPERUSER)))


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_could_lose_what_was_acknowledged_is_refused(url: str, tmp_path: Path, name: str) -> None:
    as_superuser(f"ALTER SYSTEM SET {name} = off", "SELECT pg_reload_conf()")
    try:
        until(url, name, "off")
        with pytest.raises(UnsafeStore, match=rf"{name}=off.*Set {name}=on"):
            open_store(Place(tmp_path, url))
    finally:
        as_superuser(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
        until(url, name, "on")
    assert not (tmp_path / KEY).exists()
    open_store(Place(tmp_path, url)).lane.close()


def until(url: str, name: str, value: str) -> None:
    for _ in range(500):
        if say(url, f"SHOW {name}") == [(value,)]:
            return
    raise AssertionError(f"{name} is not {value}")


def test_a_database_that_turns_waiting_for_the_disk_off_is_refused(url: str) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    say(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(UnsafeStore, match="ALTER DATABASE"):
        refuse_unsafe(postgresql_engine(url))


@pytest.mark.parametrize(
    ("made", "match"),
    [
        ("ENCODING 'LATIN1' LOCALE 'C'", "LATIN1, not UTF8.*CREATE DATABASE"),
        ("ENCODING 'UTF8' LOCALE 'C' CONNECTION LIMIT 0", "cannot be reached"),
    ],
)
def test_a_database_of_another_kind_is_refused(store_kind: str, made: str, match: str) -> None:
    as_superuser("CREATE ROLE somebody LOGIN", f"CREATE DATABASE other TEMPLATE template0 {made}")
    try:
        with pytest.raises(UnsafeStore, match=match):
            refuse_unsafe(postgresql_engine(cluster().url("other").replace("renkei@", "somebody@")))
    finally:
        as_superuser("DROP DATABASE other", "DROP ROLE somebody")


def test_a_database_that_sorts_by_a_language_is_refused(store_kind: str) -> None:
    [[collation]] = as_superuser("SELECT count(*) FROM pg_collation WHERE collname = 'en_US.utf8'")
    if not collation:
        pytest.skip("this system has no locale but C")
    made = "CREATE DATABASE other TEMPLATE template0 ENCODING 'UTF8' LOCALE 'en_US.utf8'"
    as_superuser(made)
    try:
        with pytest.raises(UnsafeStore, match="by code points"):
            refuse_unsafe(postgresql_engine(cluster().url("other")))
    finally:
        as_superuser("DROP DATABASE other")


def test_a_read_only_database_is_refused(url: str) -> None:
    with pytest.raises(UnsafeStore, match="primary"):
        refuse_unsafe(postgresql_engine(f"{url}&options=-c%20default_transaction_read_only%3Don"))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ("mysql://localhost/hub", "begins with postgresql://"),
        ("postgresql://localhost/hub?nonsense=1", "cannot be read"),
        ("postgresql://hub@localhost:1/hub", "cannot be reached"),
    ],
)
def test_a_wrong_url_is_one_sentence_without_its_password(tmp_path: Path, wrong: str, match: str) -> None:
    with pytest.raises(UnsafeStore, match=match) as refused:
        open_store(Place(tmp_path, wrong.replace("hub@", "hub:geheim@")))
    assert "geheim" not in str(refused.value)
    assert not (tmp_path / KEY).exists()


# -- the key


def test_the_key_is_made_with_the_database_and_never_for_one_that_is_there(url: str, tmp_path: Path) -> None:
    open_store(Place(tmp_path, url)).lane.close()
    key = tmp_path / KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    moved = Path(copy(key, tmp_path / "elsewhere"))
    key.unlink()
    with pytest.raises(UnsafeStore, match="Put it back"):
        open_store(Place(tmp_path, url))
    assert not key.exists()
    moved.chmod(0o600)
    open_store(Place(tmp_path, url, moved)).lane.close()
    moved.chmod(0o644)
    with pytest.raises(UnsafeStore, match="chmod 600"):
        open_store(Place(tmp_path, url, moved))


def test_another_key_is_refused(url: str, tmp_path: Path) -> None:
    open_store(Place(tmp_path, url)).lane.close()
    (tmp_path / KEY).write_text("0" * 64)
    with pytest.raises(UnsafeStore, match="not the one"):
        open_store(Place(tmp_path, url))


# -- the shape


def test_migrations_make_what_the_tables_declare(engine: Engine) -> None:
    def ours(_object: object, name: str | None, type_: str, _reflected: bool, _compared: object) -> bool:
        return not (type_ == "table" and name is not None and is_partition(name))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_tables_of_patients_are_partitioned_and_their_keys_name_the_patient(engine: Engine) -> None:
    of_patients = {table.name for table in SQLModel.metadata.sorted_tables if is_of_patients(table)}
    assert {"resource", "history", "timeline", "relation", "search_token"} <= of_patients
    with engine.connect() as connection:
        partitioned = connection.exec_driver_sql("""
            SELECT c.relname, pg_get_partkeydef(c.oid), (SELECT count(*) FROM pg_inherits WHERE inhparent = c.oid)
              FROM pg_class c WHERE c.relkind = 'p'""").all()
        uniques = connection.exec_driver_sql("""
            SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
             WHERE i.indisunique AND c.relkind = 'p'""").all()
    assert {row[0] for row in partitioned} == of_patients
    assert {(row[1], row[2]) for row in partitioned} == {("HASH (patient)", PARTITIONS)}
    assert {row[0] for row in uniques} == of_patients
    assert all("(patient," in definition for _, definition in uniques)


def test_processes_that_start_together_migrate_once(url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        engines = [postgresql_engine(url) for _ in range(4)]
        assert sorted(pool.map(migrate, engines)) == [False, False, False, True]
    open_store(Place(tmp_path, url, _key(tmp_path))).lane.close()


def test_a_migration_that_cannot_have_a_table_leaves_all_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.migrate.TRIES", 1)
    monkeypatch.setattr("hub.store.migrate.PAUSE", 0)
    with closing(psycopg.connect(url)) as other:
        other.execute("CREATE TABLE city ()")  # what the migration wants to make, held by somebody
        with pytest.raises(UnsafeStore, match="could not be migrated now"):
            migrate(postgresql_engine(url))
        other.rollback()
    assert say(url, "SELECT count(*) FROM pg_class WHERE relname = 'resource'") == [(0,)]
    assert migrate(postgresql_engine(url))


def _key(directory: Path) -> Path:
    file = directory / "key"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as key:
        key.write("a" * 64)
    return file


# -- Citus


def test_every_statement_for_citus_can_be_run(store_kind: str) -> None:
    """What Citus asks of a table that is spread by a column: unique keys contain it, and nothing refers to it."""
    tables = {table.name: table for table in SQLModel.metadata.sorted_tables}
    said = distribution.statements()
    spread = [one.split("'")[1] for one in said if "create_distributed_table" in one]
    everywhere = [one.split("'")[1] for one in said if "create_reference_table" in one]
    assert spread[0] == "resource"
    assert set(spread) == {name for name, table in tables.items() if is_of_patients(table)}
    assert not set(spread) & set(everywhere)
    for name in spread:
        table = tables[name]
        assert "patient" in table.primary_key.columns
        assert not table.columns["patient"].nullable
        assert all("patient" in index.columns for index in table.indexes if index.unique)
        for constraint in table.constraints:
            assert not isinstance(constraint, UniqueConstraint) or "patient" in constraint.columns
        assert not table.foreign_keys
        assert all(
            "colocate_with => 'resource'" in one for one in said if f"'{name}', 'patient'" in one and name != spread[0]
        )
    for name in everywhere:
        assert tables[name].primary_key.columns
        assert not is_of_patients(tables[name])  # a partitioned table cannot stand everywhere


def test_the_command_prints_them_and_runs_them_only_where_citus_is(city: City) -> None:
    printed = CliRunner().invoke(app, ["db", "distribute", *city.options])
    assert printed.exit_code == 0
    assert printed.stdout.splitlines() == [f"{one};" for one in distribution.statements()]
    refused = CliRunner().invoke(app, ["db", "distribute", "--run", *city.options])
    assert "no extension citus" in str(refused.exception)


def test_what_is_run_is_what_was_not_run_yet(engine: Engine) -> None:
    """With functions of the same names in the place of the extension."""
    stand_in = """
        CREATE TABLE citus_tables (table_name regclass);
        CREATE FUNCTION create_distributed_table(name regclass, spread text, colocate_with text DEFAULT 'default')
            RETURNS void LANGUAGE sql AS 'INSERT INTO citus_tables VALUES (name)';
        CREATE FUNCTION create_reference_table(name regclass)
            RETURNS void LANGUAGE sql AS 'INSERT INTO citus_tables VALUES (name)'"""
    with engine.connect() as connection, connection.begin():
        for statement in stand_in.split(";"):
            connection.exec_driver_sql(statement)
        first = list(distribution.tell(connection))
        assert first == distribution.statements()
        assert list(distribution.tell(connection)) == []
        connection.rollback()
