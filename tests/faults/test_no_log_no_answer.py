"""No record, no answer (TRUST T-089; CONSENT.md §4): while the log takes nothing, nothing is shown and nothing done."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from sqlmodel import SQLModel

from hub.store.sql import query, run
from tests.faults.doors import DOING, OTHERS, SHOWING, Ask, Scene
from tests.hub_in_test import City

pytestmark = [pytest.mark.one_hub, pytest.mark.promise("no-record-no-answer")]
DOORS = {**SHOWING, **OTHERS, **DOING}
COUNTED = " UNION ALL ".join(
    f"SELECT '{name}' AS name, count(*) AS n FROM {name}"  # noqa: S608 - the hub's own tables
    for name in sorted(SQLModel.metadata.tables)
)


@pytest.fixture(scope="module")
def scene(one_hub: City) -> Scene:
    return Scene(one_hub)


@contextmanager
def no_log(city: City) -> Iterator[None]:
    """The log takes nothing: as if its disk were full, or its table broken."""
    if city.store.engine.dialect.name == "sqlite":
        broken = ["CREATE TRIGGER down BEFORE INSERT ON audit BEGIN INSERT INTO nowhere VALUES (1); END"]
        whole = ["DROP TRIGGER down"]
    else:
        fail = "BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END"
        broken = [
            f"CREATE FUNCTION down() RETURNS trigger LANGUAGE plpgsql AS $$ {fail} $$",
            "CREATE TRIGGER down BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION down()",
        ]
        whole = ["DROP TRIGGER down ON audit", "DROP FUNCTION down"]
    city.store.lane.do(lambda tx: [run(tx, statement, {}) for statement in broken])
    try:
        yield
    finally:
        city.store.lane.do(lambda tx: [run(tx, statement, {}) for statement in whole])


def rows(city: City) -> dict[str, int]:
    """How many rows each table has."""
    return {str(row.name): int(row.n) for row in city.store.lane.do(lambda tx: query(tx, COUNTED, {}))}


def status(answer: httpx2.Response) -> int:
    """The status; of a batch, that of its entry."""
    if "batch-response" in answer.text:
        return int(answer.json()["entry"][0]["response"]["status"][:3])
    return answer.status_code


@pytest.mark.parametrize("door", DOORS)
def test_while_the_log_takes_nothing_nothing_is_shown_and_nothing_is_done(scene: Scene, door: str) -> None:
    ask: Ask = DOORS[door]
    before = rows(scene.city)
    with no_log(scene.city):
        answer = ask(scene)
    assert status(answer) == 503, answer.text
    assert not [one for one in scene.hidden() if one in answer.text]
    assert rows(scene.city) == before
    after = ask(scene)
    assert status(after) < 400 or door == "refusal", after.text
    assert rows(scene.city)["audit"] > before["audit"]
