"""A throw-away PostgreSQL for the tests: a cluster on a socket in a temporary directory, a database for each hub.

It runs with the settings that the hub insists on, ``fsync`` included: what is measured and broken here is real.
"""

import atexit
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from pwd import getpwnam
from shutil import copy, rmtree, which
from tempfile import mkdtemp
from typing import Any

import psycopg

from hub.runtime import Place, open_store
from hub.store.database import KEY

OLDEST = 15
_USER, SUPERUSER = "renkei", "postgres"
_SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "autovacuum": "off",  # a run is too short to need it, and too busy to share
    "log_error_verbosity": "terse",
}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server and where it is."""

    programs: Path
    directory: Path

    def url(self, database: str, user: str = _USER) -> str:
        """The URL of a database: no host but the socket's directory."""
        return f"postgresql://{user}@/{database}?host={self.directory}"

    def database(self, template: str = "template0") -> str:
        """A new database, made as deploy/postgresql/ says; gives its name."""
        name = f"hub{next(_numbers)}"
        locale = "ENCODING 'UTF8' LOCALE 'C'" if template == "template0" else ""
        with psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {_USER} TEMPLATE {template} {locale}".encode())
        return name

    def control(self, *words: str) -> None:
        """``pg_ctl`` on this cluster: ("stop", "-m", "immediate"), ("start",), ("restart",)."""
        _as_postgres(
            self.programs / "pg_ctl", "-D", self.directory / "data", "-w", "-l", self.directory / "log", *words
        )


def programs() -> Path | None:
    """Where PostgreSQL's programs are, of the newest version that is recent enough; none when there are none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = which("initdb")
    found += [Path(on_path).resolve().parent] if on_path else []
    recent = [path for path in found if _version(path) >= OLDEST]
    return max(recent, key=_version, default=None)


def _version(path: Path) -> int:
    said = subprocess.run([path / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[2].partition(".")[0])


@cache
def cluster() -> Cluster:
    """The cluster of this run: made when the first test needs it, gone at the end."""
    here = programs()
    assert here is not None
    made = Cluster(here, Path(mkdtemp(prefix="renkei-pg-")))
    if os.getuid() == 0:
        owner = getpwnam("postgres")
        os.chown(made.directory, owner.pw_uid, owner.pw_gid)
    _as_postgres(
        here / "initdb", "-D", made.directory / "data", "-U", SUPERUSER, "-A", "trust", "--no-locale", "-E", "UTF8"
    )
    settings = {**_SETTINGS, "unix_socket_directories": f"'{made.directory}'"}
    with (made.directory / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())
    atexit.register(_gone, made)
    made.control("start")
    with psycopg.connect(made.url("postgres", SUPERUSER), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {_USER} LOGIN".encode())
    return made


def _gone(cluster: Cluster) -> None:
    subprocess.run(
        [cluster.programs / "pg_ctl", "-D", cluster.directory / "data", "-m", "immediate", "stop"],
        capture_output=True,
        check=False,
        user=_server_user(),
    )
    rmtree(cluster.directory, ignore_errors=True)


@cache
def _migrated() -> tuple[str, Path]:
    """A database of the newest shape, and its key: made once, because migrating takes longer than most tests."""
    name, key = cluster().database(), cluster().directory / KEY
    open_store(Place(key.parent, cluster().url(name))).lane.close()
    return name, key


_emptied: list[str] = []


def new_place(directory: Path) -> Place:
    """A migrated store with nothing in it, whose key is in ``directory``."""
    template, key = _migrated()
    copy(key, directory / KEY)
    return Place(directory, _emptied.pop() if _emptied else cluster().url(cluster().database(template)))


def give_back(place: Place) -> None:
    """A store whose test is over is emptied and used again: to make a database takes megabytes of writing."""
    try:
        emptying = _emptying(place.database_url)
        emptying.execute("SELECT empty()", prepare=True)
        if next(_numbers) % 16 == 0:
            emptying.execute("VACUUM")
    except psycopg.Error:
        return  # the test broke it, as it wanted to
    _emptied.append(place.database_url)


@cache
def _emptying(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection that has the plans for it."""
    settings = "-c plan_cache_mode=force_generic_plan -c renkei.reach=*"
    connection = psycopg.connect(url, autocommit=True, options=settings)
    tables = connection.execute("""
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT relispartition AND relname NOT IN ('alembic_version', 'position')""").fetchall()
    body = "".join(f"DELETE FROM {name};" for (name,) in tables)  # noqa: S608 - the hub's own tables
    body += "DELETE FROM position WHERE name = 'log mark';"  # the directory of the next has no such file
    connection.execute(f"CREATE FUNCTION empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$".encode())
    return connection


def _as_postgres(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, user=_server_user(), cwd="/")
    assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"


def _server_user() -> str | None:
    """PostgreSQL does not run as root."""
    return "postgres" if os.getuid() == 0 else None
