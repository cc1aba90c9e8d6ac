"""No city file leaves the municipality without an officer or an auditor (TRUST T-131)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from hub.city import BadCityFile, CityFile, apply, read_city
from hub.city.file import Role
from hub.context import Context
from hub.store.lane import RULES
from hub.store.sql import query
from tests.hub_in_test import BASE_URL, SMALL, City, random_id

YESTERDAY, TODAY, TOMORROW = "2026-11-21", "2026-11-22", "2026-11-23"


@pytest.fixture
def small(city: City) -> CityFile:
    return read_city(SMALL / "city.toml", city.keys)


def without(file: CityFile, *people: str) -> CityFile:
    return replace(file, people=tuple(one for one in file.people if one.id not in people))


def put_in_force(city: City, file: CityFile) -> None:
    context = Context(city.clock.now, "operator", random_id, BASE_URL)
    city.store.lane.do(lambda tx: apply(tx, file, context), claims=lambda: (RULES,))


def officers(city: City) -> set[str]:
    rows = city.store.lane.do(
        lambda tx: query(tx, "SELECT person FROM role WHERE profession = 'municipal-officer'", {})
    )
    return {row.person for row in rows}


def test_two_officers_who_take_the_role_of_each_other_away_leave_one(city: City, small: CityFile) -> None:
    files = [without(small, "off-murata"), without(small, "off-chiba")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda file: put_in_force(city, file), files))
    assert len(officers(city) & {"off-murata", "off-chiba"}) == 1


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (("off-murata", "off-chiba"), "nobody is municipal-officer of the municipality on 2026-11-22"),
        (("aud-kondo",), "nobody is auditor of the municipality on 2026-11-22"),
    ],
)
def test_the_last_one_stays(city: City, small: CityFile, gone: tuple[str, ...], said: str) -> None:
    before = officers(city)
    with pytest.raises(BadCityFile, match=said):
        put_in_force(city, without(small, *gone))
    assert officers(city) == before


@pytest.mark.parametrize(
    ("organisation", "profession", "starts", "ends", "is_one"),
    [
        ("city", "auditor", TODAY, None, True),
        ("city", "auditor", TODAY, TODAY, True),
        ("city", "auditor", TOMORROW, None, False),
        ("city", "auditor", YESTERDAY, YESTERDAY, False),
        ("hosp", "auditor", TODAY, None, False),
        ("city", "nurse", TODAY, None, False),
    ],
)
def test_it_is_one_who_is_in_office_at_the_municipality(
    city: City, small: CityFile, organisation: str, profession: str, starts: str, ends: str | None, is_one: bool
) -> None:
    role = Role.model_validate({"organisation": organisation, "profession": profession, "from": starts, "to": ends})
    people = [one.model_copy(update={"roles": (role,)}) if one.id == "aud-kondo" else one for one in small.people]
    changed = replace(small, people=tuple(people))
    if is_one:
        put_in_force(city, changed)
        return
    with pytest.raises(BadCityFile, match="nobody is auditor"):
        put_in_force(city, changed)
