"""What is only of use for a time is cleared away: keys of pushes, tokens, exports (TRUST T-128, T-165)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from hub.context import instant
from hub.store import registry, retention
from hub.store.sql import query
from tests.api.exporting import job, kick_off
from tests.hub_in_test import QUIET, City, note, small_city

SWEPT = QUIET.model_copy(update={"sweep_every": 0.05})
KEPT = timedelta(days=14)


def until(happened: Callable[[], bool]) -> None:
    """Wait for what the hub does by itself."""
    end = monotonic() + 20
    while not happened():
        assert monotonic() < end
        sleep(0.05)


def rows(city: City, table: str) -> int:
    found = city.store.lane.do(lambda tx: query(tx, f"SELECT count(*) AS n FROM {table}", {}))  # noqa: S608
    return int(found[0].n)


def test_the_key_of_a_push_is_known_for_two_weeks(tmp_path: Path) -> None:
    with small_city(tmp_path, SWEPT) as city:
        person = city.resident()

        def push(text: str, key: str) -> int:
            return city.post(
                "city-registry", "/fhir/Communication", note(person, text), idempotency_key=key
            ).status_code

        assert push("はじめ", "old") == 201
        city.clock.move(days=13)
        assert push("つぎ", "new") == 201
        assert push("別", "old") == 422
        city.clock.move(days=2)
        until(lambda: rows(city, "retry") == 1)
        assert push("別", "old") == 201
        assert push("別", "new") == 422


def test_what_has_expired_is_cleared_away_and_what_lives_is_not(tmp_path: Path) -> None:
    with small_city(tmp_path, SWEPT) as city:
        job(city, "hosp-ehr", "Patient/$export")
        city.clock.move(hours=23)
        place = job(city, "hosp-ehr", "Patient/$export")
        city.clock.move(hours=2)
        until(lambda: rows(city, "export_job") == 1)
        until(lambda: rows(city, "token") == 0)
        assert city.get("hosp-ehr", place).status_code == 200
        assert rows(city, "token") == 1
        assert kick_off(city, "hosp-ehr", "Patient/$export").status_code == 202


def test_much_is_cleared_away_in_small_pieces(city: City) -> None:
    expired = {"kind": "access", "organisation": "hosp", "scopes": "x", "purpose": "TREAT", "issued": "2026"}
    before = instant(city.clock.now - timedelta(seconds=1))
    more = retention.AT_ONCE + 1

    def put(number: int) -> None:
        token = {**expired, "fingerprint": str(number), "expires": before, "system": None, "person": None}
        city.store.lane.do(lambda tx: registry.put_token(tx, {**token, "profession": None}))

    for number in range(more):
        put(number)
    swept = [city.store.lane.do(lambda tx: retention.sweep(tx, city.clock.now, KEPT)) for _ in range(2)]
    assert swept == [True, False]
    assert rows(city, "token") == 0
