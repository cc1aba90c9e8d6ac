"""Every route × what can be done there × every kind of actor, as the policy table says (TRUST T-053, T-054)."""

import pytest
from starlette.routing import Route

from tests.matrix.actors import ACTORS
from tests.matrix.asking import status_of_head, word_at
from tests.matrix.page import PAGE, page
from tests.matrix.pages import PAGES
from tests.matrix.programs import ASKS
from tests.matrix.table import ROWS, SEEN, WORDS, Row
from tests.matrix.things import CONTENTS
from tests.matrix.world import World

pytestmark = pytest.mark.promise("every-door-has-a-row")
ON_POSTGRESQL = (
    "GET /fhir/{type}/{id} ", "GET /fhir/{type} ", "GET /fhir/{type} search-by-patient", "POST /fhir batch-read",
    "GET /fhir/Patient/{id}/$everything ", "GET /fhir/{type}/{id}/_history ", "PUT /fhir/{type}/{id} ", "GET /feed ",
    "GET /feed/stream ", "GET /people/{id} ", "GET /consents/{patient} ", "POST /fhir/{type} conditional-create",
)  # fmt: skip
"""What another database could answer in another way."""
BEHIND_ALL = "GET /{path:path}"


def differences(world: World, row: Row) -> list[str]:
    """Where the hub does not do what the row says; one who is nobody asks about the first of its contents alone."""
    found = []
    for actor in ACTORS:
        for content in row.contents if actor.is_known else row.contents[:1]:
            said, happened = row.expected(actor, content), word_at(world, row.door, actor, content)
            if happened not in (said, "done" if said == "shown" and not row.door.ask.looks else said):
                found.append(f"{row.door}: {actor.id} about {content}: the table says {said}, it was {happened}")
    return found


@pytest.mark.sqlite
@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.door))
def test_the_hub_does_what_the_row_says(world: World, row: Row) -> None:
    found = differences(world, row)
    assert not found, "\n".join(found)


@pytest.mark.postgresql
@pytest.mark.parametrize("row", [row for row in ROWS if str(row.door) in ON_POSTGRESQL], ids=lambda row: str(row.door))
def test_postgresql_does_what_the_row_says(world: World, row: Row) -> None:
    found = differences(world, row)
    assert not found, "\n".join(found)


def routes(world: World) -> set[str]:
    """Every mounted method and path; HEAD goes with its GET."""
    mounted = world.city.client.app.router.routes  # type: ignore[attr-defined]
    assert all(type(one) is Route for one in mounted), "the matrix knows nothing of any other kind of door"
    return {f"{method} {one.path}" for one in mounted for method in one.methods - {"HEAD"}}


@pytest.mark.sqlite
def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    mounted, told = routes(world), {row.door.route for row in ROWS}
    assert sorted(mounted - told) == [], "these routes have no row in tests/matrix/routes.csv"
    assert sorted(told - mounted) == [], "these rows of tests/matrix/routes.csv have no route"


@pytest.mark.sqlite
def test_head_is_as_open_as_get(world: World) -> None:
    for row in ROWS:
        if row.door.method == "GET":
            for actor in (one for one in ACTORS if one.id in ("team-person", "apart")):
                head, get = status_of_head(world, row.door, actor, row.contents[0])
                assert head in (get, 405), f"{row.door}: {actor.id}"


def test_the_table_is_whole() -> None:
    """Each row once, each cell one of the words, everything that is known of how to ask in use."""
    doors = [str(row.door) for row in ROWS]
    assert len(doors) == len(set(doors))
    assert {word for row in ROWS for word in row.words.values()} | {
        row[one.id] for row in SEEN.values() for one in ACTORS if one.is_known
    } == WORDS
    assert list(SEEN) == [one.id for one in CONTENTS]
    used = {row.door.route for row in ROWS} | set(doors)
    assert sorted({*ASKS, *PAGES} - used) == []


def test_who_is_nobody_is_asked_in_at_every_door_that_shows_or_does_anything() -> None:
    """Of the table itself: what is open to everybody is this, and no more."""
    nobody = [one.id for one in ACTORS if not one.is_known]
    open_to_all = {row.door.route for row in ROWS if any(row.words[one] != "sign-in" for one in nobody)}
    assert open_to_all == {
        "GET /openapi.json", "GET /healthz", "GET /readyz", "GET /metrics", "POST /oauth/token", "GET /fhir/metadata",
        "GET /fhir/.well-known/smart-configuration", "GET /static/style.css", "GET /static/countdown.js",
        "GET /sign-in", "POST /sign-in", BEHIND_ALL,
    }  # fmt: skip


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "make promises"
