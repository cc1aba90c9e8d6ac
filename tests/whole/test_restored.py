"""A restored store lacks the revocations since its backup: it is not served before somebody looked (TRUST T-063)."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from hub.runtime import Place
from hub.store.log_mark import FILE
from tests.hub_in_test import Body, consent, observation, store_place
from tests.postgresql_in_test import SUPERUSER, cluster
from tests.whole.founded import Town, found
from tests.whole.hub_process import ROOT, HubProcess, free_port

Back = Callable[[], None]


@pytest.fixture
def place(tmp_path: Path, store_kind: str) -> Place:
    """A store with the small city in force."""
    place = store_place(tmp_path)
    found(place)
    return place


def options(place: Place) -> list[str]:
    return ["--database-url", place.database_url] if place.database_url else []


@contextmanager
def served(place: Place, *more: str) -> Iterator[httpx.Client]:
    hub = HubProcess(place.data, "serve", *options(place), *more, port=free_port())
    try:
        with httpx.Client(base_url=hub.base_url, timeout=30) as client:
            yield client
    finally:
        hub.stop()


def refusal(place: Place, *more: str) -> str:
    """What ``renkei serve`` says, which must end by itself."""
    arguments = ["serve", "--data", str(place.data), *options(place), "--port", str(free_port()), *more]
    program = [sys.executable, "-c", "from hub.cli import main; main()", *arguments]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    return done.stderr


def renkei(place: Place, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data", str(place.data), *options(place)])


def backup(place: Place) -> Back:
    """A copy of the store as it is; gives what puts it back.  The file of the mark is in no backup."""
    if place.database_url:
        return _dump(place)
    files = list(place.data.glob("hub.db*"))
    aside = place.data / "backup"
    aside.mkdir()
    for file in files:
        copy(file, aside)

    def back() -> None:
        for file in place.data.glob("hub.db*"):
            file.unlink()
        for file in aside.iterdir():
            copy(file, place.data)

    return back


def _dump(place: Place) -> Back:
    """A database of the same content, which takes the name of the first."""
    name = urlsplit(place.database_url).path.removeprefix("/")

    def say(*statements: str) -> None:
        with psycopg.connect(cluster().url("postgres", SUPERUSER), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    # A server that was ended a moment ago may still have a session, and of a database in use no copy is made.
    ended = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - our own name
    say(ended, f"CREATE DATABASE {name}_backup TEMPLATE {name} OWNER renkei")
    return lambda: say(f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {name}_backup RENAME TO {name}")


def sees(town: Town, one: Body) -> bool:
    return town.get("clinic-emr", f"/fhir/Observation/{one['id']}").status_code == 200


def test_a_store_from_before_a_revocation_is_not_served_before_that_is_registered_again(place: Place) -> None:
    with served(place) as client:
        town = Town(place.data, client).settle()
        one = town.post("hosp-ehr", "/fhir/Observation", observation(town.person)).json()
        assert sees(town, one)
    person, back = town.person, backup(place)

    def revoke(town: Town) -> None:
        denied = consent(person, "medical", "team", root="deny", when=datetime.now(UTC))
        assert town.post("city-registry", "/fhir/Consent", denied).status_code == 201
        assert not sees(town, one)

    with served(place) as client:
        revoke(Town(place.data, client, person))
    back()
    said = refusal(place)
    assert "This store was restored" in said
    assert "renkei serve --restored" in said
    assert "renkei db restored" in said
    assert "Traceback" not in said
    assert renkei(place, "db", "migrate").exit_code == 0  # other commands work

    assert "loopback address only" in refusal(place, "--restored", "--host", "0.0.0.0")  # noqa: S104
    with served(place, "--restored") as client:
        town = Town(place.data, client, person)
        assert sees(town, one)  # which is why
        revoke(town)
    assert "This store was restored" in refusal(place)
    assert renkei(place, "db", "restored").exit_code == 0
    with served(place) as client:
        assert not sees(Town(place.data, client, person), one)


def test_a_mark_that_is_gone_or_damaged_is_no_leave(place: Place) -> None:
    """A whole machine that was restored has no mark; what was never served needs none."""
    with served(place):
        assert (place.data / FILE).exists()
    (place.data / FILE).unlink()
    assert "is not there" in refusal(place)
    (place.data / FILE).write_text("12\n")
    assert "cannot be read" in refusal(place)
    assert renkei(place, "db", "restored").exit_code == 0
    with served(place):
        pass
