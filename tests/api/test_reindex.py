"""The index of search is made again from what is stored: after a migration, and on demand (hub/store/reindex.py)."""

from pathlib import Path

import pytest
from alembic import command
from typer.testing import CliRunner

from hub.cli.main import app
from hub.runtime import open_store
from hub.store.database import Tx, embedded_engine, read_or_create_key
from hub.store.migrate import _config
from hub.store.reindex import SLICE, reindex
from hub.store.sql import query, run
from tests.fhir_answers import ids
from tests.hub_in_test import City, entry, observation, small_city, transaction

INDEX = ("token", "identifier", "date", "string", "reference", "number", "composite")


def contents(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the index, by what it leads to: ``Type/id`` for the key, so that new keys make no difference."""
    rows = query(tx, "SELECT type, id, key FROM resource", {})
    names = {row.key: f"{row.type}/{row.id}" for row in rows}
    found = {}
    for table in INDEX:
        all_rows = query(tx, f"SELECT * FROM search_{table}", {})  # noqa: S608
        found[table] = sorted(
            tuple(str(names.get(value, value)) if name == "resource" else value for name, value in row._mapping.items())
            for row in all_rows
        )
    return found


def forget(tx: Tx) -> None:
    run(tx, "UPDATE resource SET key = NULL", {})
    for table in INDEX:
        run(tx, f"DELETE FROM search_{table}", {})  # noqa: S608


@pytest.fixture
def person(city: City) -> str:
    resident = city.resident()
    city.team(resident, "Organization/hosp")
    return resident


def test_what_a_migration_left_is_made_when_the_store_is_opened(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, number="R-1"))
    before = city.store.lane.do(contents)
    assert all(before[table] for table in ("token", "identifier", "date", "string", "number"))
    city.store.lane.do(forget)
    assert ids(city.get("hosp-ehr", "/fhir/Observation?identifier=R-1")) == []
    assert reindex(city.store.lane.do) == len(city.store.lane.do(lambda tx: query(tx, "SELECT 1 FROM resource", {})))
    assert city.store.lane.do(contents) == before
    assert ids(city.get("hosp-ehr", "/fhir/Observation?identifier=R-1")) == [stored["id"]]
    assert reindex(city.store.lane.do) == 0


def test_it_goes_on_where_it_stopped(city: City, person: str) -> None:
    pushed = transaction(*(entry(observation(person, number=f"N-{n}")) for n in range(SLICE + 50)))
    assert city.post("hosp-ehr", "/fhir", pushed).status_code == 200
    before = city.store.lane.do(contents)
    city.store.lane.do(forget)

    slices = 0

    def interrupted(work: object) -> int:
        nonlocal slices
        slices += 1
        if slices == 2:
            raise KeyboardInterrupt
        return city.store.lane.do(work)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        reindex(interrupted)  # type: ignore[arg-type]
    assert 0 < reindex(city.store.lane.do) <= 100
    assert city.store.lane.do(contents) == before


def test_rows_of_replaced_and_deleted_versions_go(city: City, person: str) -> None:
    before = city.store.lane.do(contents)
    stored = city.created("hosp-ehr", observation(person, number="X-1"))
    place = f"/fhir/Observation/{stored['id']}"
    for number in ("X-2", "X-3"):
        changed = {**stored, "identifier": [{"system": "http://hosp.test/obs", "value": number}]}
        assert city.put("hosp-ehr", place, changed).status_code == 200
    assert "X-1" not in str(city.store.lane.do(contents))
    assert city.delete("hosp-ehr", place).status_code == 204
    assert city.store.lane.do(contents) == before


@pytest.mark.sqlite
def test_a_store_of_the_first_shape_is_searched_after_its_migration(tmp_path: Path) -> None:
    with small_city(tmp_path) as city:
        resident = city.resident()
        city.team(resident, "Organization/hosp")
        stored = city.created("hosp-ehr", observation(resident, number="OLD-1"))
        row = city.store.lane.do(lambda tx: query(tx, "SELECT * FROM resource WHERE type = 'Observation'", {}))[0]
    old = tmp_path / "old"
    engine = embedded_engine(old, read_or_create_key(old))
    with engine.connect() as connection, connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = {name: value for name, value in row._mapping.items() if name != "key"}
        marks = ", ".join(f":{name}" for name in columns)
        run(connection, f"INSERT INTO resource ({', '.join(columns)}) VALUES ({marks})", columns)  # noqa: S608
    engine.dispose()
    store = open_store(old)
    try:
        rows = store.lane.do(contents)
        assert ("OLD-1", f"Observation/{stored['id']}") in {(one[1], one[4]) for one in rows["identifier"]}
        assert store.lane.do(lambda tx: [(one.patient, one.source) for one in query(tx, "SELECT * FROM published", {})])
        order = store.lane.do(lambda tx: list(query(tx, "SELECT * FROM resource", {})[0]._mapping))
        assert order.index("key") < order.index("body")  # reading the key must not lead through the body
    finally:
        store.lane.close()


@pytest.mark.sqlite
@pytest.mark.usefixtures("store_kind")
def test_the_command_makes_everything_anew(tmp_path: Path) -> None:
    with small_city(tmp_path) as city:
        resident = city.resident()
        city.team(resident, "Organization/hosp")
        city.created("hosp-ehr", observation(resident, number="C-1"))
        before = city.store.lane.do(contents)
        versions = len(city.store.lane.do(lambda tx: query(tx, "SELECT 1 FROM resource", {})))
    told = CliRunner().invoke(app, ["db", "reindex", "--data", str(tmp_path)])
    assert told.output == f"Indexed: {versions} versions.\n"
    store = open_store(tmp_path)
    try:
        assert store.lane.do(contents) == before
        assert store.lane.do(lambda tx: query(tx, "SELECT 1 FROM resource WHERE key IS NULL", {})) == []
    finally:
        store.lane.close()
