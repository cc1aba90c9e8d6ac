"""A damaged consent row: no door shows anything of that resident, the others are shown (CONSENT.md §3.4)."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from hub.access.compiled import compile_missing
from hub.store.sql import first, run
from tests.api.pages_city import rows
from tests.faults.doors import MARK, PARAMEDIC, SHOWING, Scene
from tests.hub_in_test import City, small_city

pytestmark = pytest.mark.promise("unreadable-denies")

CORRUPT = {
    "no JSON": "exceptions = '[{'",
    "not a list": "exceptions = '{}'",
    "an exception of another kind": """exceptions = '[{"type":"maybe"}]'""",
    "a word for yes": """exceptions = '[{"number":"1","permits":"no"}]'""",
    "a word for a list": """exceptions = '[{"number":"1","permits":false,"organisations":"kyotaku"}]'""",
    "no date": "ends = 'tomorrow'",
    "a date without its offset": "signed_to = '2026-11-22T12:00:00'",
    "a space that there is not": "spaces = 'team everybody'",
    "neither yes nor no": "permits = 2",
}
"""What stands in the row instead."""

NO_TEXT = {
    "exceptions that are no UTF-8": "exceptions = CAST(x'5BFF5D' AS TEXT)",
    "spaces that are no UTF-8": "spaces = CAST(x'FF' AS TEXT)",
    "a number that is no UTF-8": "permits = CAST(x'FF' AS TEXT)",
    "every text that is no UTF-8": "ends = CAST(x'FF' AS TEXT), unreadable = CAST(x'FF' AS TEXT), proxies = x'FF'",
    "bytes for proxies": "proxies = x'FF'",
    "bytes for a reason": "unreadable = x'FF'",
    "no bytes for spaces": "spaces = x''",
}
"""The same where a column takes whatever is put into it: PostgreSQL refuses such a value."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[City]:
    with small_city(tmp_path_factory.mktemp("hub")) as city:
        yield city


@pytest.fixture(scope="module")
def struck(hub: City) -> Scene:
    return Scene(hub)


@pytest.fixture(scope="module")
def other(hub: City) -> Scene:
    return Scene(hub)


@pytest.fixture(params=CORRUPT | NO_TEXT)
def corrupt(request: pytest.FixtureRequest, struck: Scene, store_kind: str) -> Iterator[Callable[[], None]]:
    """Spoils the row; afterwards it is as it was."""
    if request.param in NO_TEXT and store_kind == "postgresql":
        pytest.skip("PostgreSQL keeps no such value")

    def spoil() -> None:
        _change(struck, f"UPDATE consent SET {(CORRUPT | NO_TEXT)[request.param]} WHERE patient = :patient")  # noqa: S608

    yield spoil
    make_anew(struck)


def make_anew(scene: Scene) -> None:
    """The rows are lost, and made of their resources as at a start."""
    do = scene.city.store.lane.do
    do(lambda tx: run(tx, "DELETE FROM consent WHERE patient = :patient", {"patient": scene.person}))
    do(lambda tx: run(tx, "DELETE FROM position WHERE name = 'consents compiled'", {}))
    compile_missing(do)


def _change(scene: Scene, statement: str) -> None:
    assert scene.city.store.lane.do(lambda tx: run(tx, statement, {"patient": scene.person}))


OF_ALL = ("feed", "feed as it happens", "page of my people", "file of an export")


def test_nothing_of_the_resident_is_shown_and_the_others_are(
    struck: Scene, other: Scene, corrupt: Callable[[], None]
) -> None:
    corrupt()
    for door, ask in SHOWING.items():
        of_struck, of_other = ask(struck), ask(other)
        assert of_struck.status_code in (200, 404), (door, of_struck.text)
        for text in (struck.name, struck.number, f"MedicationRequest/{struck.secret['id']}/"):
            assert text not in of_struck.text, door
        if door in OF_ALL:
            assert other.person in of_struck.text, door
        else:
            assert MARK not in of_struck.text, door
            assert MARK in of_other.text, door


def test_an_emergency_shows_what_one_that_the_resident_forbids_shows(
    struck: Scene, other: Scene, corrupt: Callable[[], None]
) -> None:
    """Nobody knows whether they forbade it."""

    def seen(scene: Scene) -> httpx2.Response:
        return scene.page(PARAMEDIC, f"/emergency/{scene.emergency}")

    assert MARK in seen(struck).text
    corrupt()
    assert seen(struck).status_code == 200
    assert MARK not in seen(struck).text
    assert MARK in seen(other).text


def test_the_secretariat_and_the_log_are_told_once(
    struck: Scene, corrupt: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    run_ = struck.city.store.lane.do
    run_(lambda tx: run(tx, "DELETE FROM review_case WHERE kind = 'unreadable-consent'", {}))
    corrupt()
    for _ in range(2):
        for door in OF_ALL:
            SHOWING[door](struck)
    cases = rows(struck.city, "SELECT patient, subject, closed FROM review_case WHERE kind = 'unreadable-consent'")
    subject = f"Consent/{struck.agreed['id']}"
    assert cases == [{"patient": struck.person, "subject": subject, "closed": ""}]
    said = capsys.readouterr().out
    assert said.count("a consent row cannot be read") == 1
    assert struck.person not in said
    assert SHOWING["read"](struck).status_code == 404
    refusal = struck.city.log(patient=struck.person)[0]
    assert (refusal["outcome"], refusal["reason"]) == ("8", "no-consent")
    assert subject in refusal["rules"]


def test_what_the_desk_registers_anew_is_read_again(struck: Scene, corrupt: Callable[[], None]) -> None:
    corrupt()
    assert SHOWING["read"](struck).status_code == 404
    struck.city.clock.move(seconds=1)
    anew = {**struck.agreed, "dateTime": struck.city.clock.now.isoformat()}
    assert struck.city.put("city-registry", f"/fhir/Consent/{anew['id']}", anew).status_code == 200
    assert SHOWING["read"](struck).status_code == 200


def test_a_body_that_cannot_be_read_keeps_the_hub_from_nothing(struck: Scene, other: Scene) -> None:
    """The row is lost as well: while it serves, and when it makes the rows anew at its next start."""
    city = struck.city
    of_both = "patient = :patient AND type = 'Consent'"
    kept = city.store.lane.do(
        lambda tx: first(tx, f"SELECT body FROM resource WHERE {of_both}", {"patient": struck.person})  # noqa: S608
    )
    assert kept is not None

    def put_body(body: bytes) -> None:
        statement = f"UPDATE resource SET body = :body WHERE {of_both}"  # noqa: S608
        assert city.store.lane.do(lambda tx: run(tx, statement, {"patient": struck.person, "body": body}))

    put_body(b"{")
    _change(struck, "DELETE FROM consent WHERE patient = :patient")
    try:
        for _ in range(2):
            assert SHOWING["read"](struck).status_code == 404
            assert struck.name not in SHOWING["feed"](struck).text
            assert other.name in SHOWING["feed"](struck).text
            make_anew(struck)
    finally:
        put_body(kept.body)
        make_anew(struck)
    assert SHOWING["read"](struck).status_code == 200
