"""The database fails while it is decided, at every statement in turn: never a wider answer (CONSENT.md §3.4).

The care manager asks at every door that would show her one of two secrets.  The other one the resident keeps from
her: its mark is in no answer, whichever statement fails.
"""

from collections.abc import Iterator

import pytest

from profiles.canonical import INFORMATION_CATEGORY
from tests.faults.doors import MARK, SHOWING, Scene
from tests.faults.faulty_store import Fault, faulty_city
from tests.hub_in_test import City, observation

pytestmark = [pytest.mark.sqlite, pytest.mark.promise("an-error-never-shows-more")]
KEPT_BACK = "7.7777"
MOST = 400
"""Statements: many more than an answer takes."""


@pytest.fixture(scope="module")
def fault() -> Fault:
    return Fault()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, store_kind: str, fault: Fault) -> Iterator[Scene]:
    with faulty_city(tmp_path_factory.mktemp("faulty"), fault) as city:
        scene = Scene(city)
        city.clock.move(seconds=1)
        laboratory = {"type": "deny", "class": [{"system": INFORMATION_CATEGORY, "code": "laboratory"}]}
        city.consent(scene.person, exceptions=[laboratory])
        city.created("hosp-ehr", observation(scene.person, float(KEPT_BACK)))
        yield scene


def last_shown(city: City) -> int:
    """The place in the log of what was shown last."""
    rows = city.log(organisation="kyotaku", outcome="0")
    return next(int(row["sequence"]) for row in rows if row["what"] != "[]")


@pytest.mark.parametrize("door", SHOWING)
def test_whichever_statement_fails_no_answer_is_wider_than_the_right_one(scene: Scene, fault: Fault, door: str) -> None:
    ask = SHOWING[door]
    ask(scene)
    right, failed = ask(scene), 0
    assert right.status_code == 200
    assert KEPT_BACK not in right.text
    for at in range(1, MOST):
        before = last_shown(scene.city)
        fault.arm(at)
        answer = ask(scene)
        happened = fault.happened
        fault.arm()
        assert KEPT_BACK not in answer.text, f"statement {at}"
        if MARK in answer.text or scene.name in answer.text:
            assert answer.status_code == 200
            assert last_shown(scene.city) > before, f"statement {at}"
        if not happened:
            break
        failed += answer.status_code == 503 or "503 Busy" in answer.text
    assert answer.status_code == 200
    assert failed > 4
