"""What the hub watches by itself: its clock (TRUST T-144), and how far behind the feed is (T-119)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import pytest

from hub.settings import Settings
from hub.store.sql import run
from tests.api.pages_city import AUDITOR, browser_of, words
from tests.hub_in_test import QUIET, City, note

SOON = 20.0
STEPS, LAST, APART = (f"renkei_clock_{name}" for name in ("steps_total", "step_seconds", "apart_seconds"))
WAITING, LAG = "renkei_feed_waiting", "renkei_feed_lag_seconds"


@pytest.fixture
def hub_settings() -> Settings:
    return QUIET.model_copy(update={"watch_every": 0.02})


def figure(city: City, name: str) -> float:
    lines = city.client.get("/metrics").text.splitlines()
    [line] = [one for one in lines if one.startswith(f"{name} ")]
    return float(line.split()[1])


def until(is_so: Callable[[], bool]) -> None:
    begun = monotonic()
    while not is_so():
        assert monotonic() - begun < SOON
        sleep(0.02)


def settled(city: City) -> None:
    """The hub has looked at its clock once."""
    until(lambda: city.client.app.state.watch.ahead_of_steady is not None)  # type: ignore[attr-defined]


def test_a_clock_that_is_set_is_noticed_said_and_counted(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    settled(city)
    for seconds in (-3600, 86400):
        before = figure(city, STEPS)
        city.clock.move(seconds=seconds)
        until(lambda before=before: figure(city, STEPS) > before)  # type: ignore[misc]
        assert abs(figure(city, LAST) - seconds) < SOON
        until(lambda seconds=seconds: f"{seconds:+}"[:3] in city.log(interaction="clock-step")[0]["query"])  # type: ignore[misc]
    assert capsys.readouterr().out.count("the clock was set") >= 2
    assert "連携ハブのシステム「renkei-hub」 が 時計が" in words(browser_of(city, AUDITOR).page("/audit"))
    event = city.get("aud-kondo", "/fhir/AuditEvent?_count=1").json()["entry"][0]["resource"]
    assert event["resourceType"] == "AuditEvent"


def test_a_clock_that_goes_is_no_news(city: City) -> None:
    """Small corrections, as of a clock that is kept right, are none either."""
    settled(city)
    before = figure(city, STEPS)
    for _ in range(5):
        city.clock.move(seconds=0.2)
        sleep(0.1)
    assert figure(city, STEPS) - before <= 0


@pytest.mark.postgresql
def test_a_clock_that_is_not_the_databases_is_noticed(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    """The database's clock is the real one, that of the test is not."""
    until(lambda: abs(figure(city, APART)) > 1)
    assert "the clock is not the database's" in capsys.readouterr().out


@contextmanager
def left_open(city: City) -> Iterator[None]:
    """Somebody at the database forgets a transaction."""
    with city.store.engine.connect() as other, other.begin():
        run(other, "SELECT pg_current_xact_id()", {})
        yield


@pytest.mark.postgresql
def test_a_transaction_that_is_left_open_shows_in_the_figures_and_in_the_log(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    until(lambda: figure(city, WAITING) == 0)
    assert figure(city, LAG) == 0
    with left_open(city):
        city.created("hosp-ehr", note(person))
        assert figure(city, WAITING) == 1
        city.clock.move(seconds=30)
        assert figure(city, LAG) == 30
        until(lambda: "holds the feed back" in capsys.readouterr().out)
    assert (figure(city, WAITING), figure(city, LAG)) == (0, 0)
