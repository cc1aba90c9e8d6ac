"""A declaration is whole or not at all, whichever call of the database fails (TRUST T-070, T-072)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.emergencies import declare, somebody
from tests.faults.faulty_store import Fault, faulty_city, picture
from tests.hub_in_test import City

pytestmark = pytest.mark.sqlite
MOST = 200
OVERCOME = 7
"""Calls whose failure harms nobody (tests/faults/test_nth_call.py), and the three settings of the first look."""


@pytest.fixture
def fault() -> Fault:
    return Fault()


@pytest.fixture
def city(tmp_path: Path, store_kind: str, fault: Fault) -> Iterator[City]:
    with faulty_city(tmp_path, fault) as city:
        yield city


@pytest.mark.promise("no-emergency-without-a-record")
def test_without_its_record_its_review_and_its_notice_nothing_is_opened(city: City, fault: Fault) -> None:
    _, name = somebody(city, "Practitioner/cm-ito")
    city.token("pm-hori")
    overcome = 0
    for at in range(1, MOST):
        before = picture(city)
        fault.arm(at)
        answer = declare(city, name=name)
        happened = fault.happened
        fault.arm()
        if not happened:
            break
        if answer.status_code == 200:
            overcome += 1
            continue
        assert answer.status_code == 503
        assert picture(city) == before, f"call {at}"
    assert answer.status_code == 200
    assert at > 30
    assert overcome <= OVERCOME
    after = picture(city)
    made = {name: after[name].total() - before[name].total() for name in before}
    opened = {"emergency": 1, "review_case": 1, "audit": 2, "resource": 2, "timeline": 2}
    assert {name: made[name] for name in opened} == opened
