"""city.toml, share-matrix.csv and the residents agree with one another and with the words of DESIGN §1 and §4."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.vocabulary import ORGANISATION_KINDS, PROFESSIONS
from hub.demo.chart import identifiers
from tests.unit.demo.demo_city import FOLDER, demo, policy, share_matrix

NAYORO = Path(__file__).parents[4] / "shared" / "data" / "nayoro-share-matrix.csv"


def test_every_kind_of_organisation_is_there() -> None:
    assert {one.kind for one in demo().city.organisation} == ORGANISATION_KINDS
    assert len(demo().city.organisation) == 11


def test_every_profession_is_there() -> None:
    held = {role.profession for person in demo().city.person for role in person.roles}
    assert held == PROFESSIONS | {"secretariat"}


def test_one_person_has_two_roles_and_one_role_has_ended() -> None:
    assert [one.id for one in demo().city.person if len(one.roles) > 1] == ["cm-kato"]
    people = tomllib.loads((FOLDER / "city.toml").read_text(encoding="utf-8"))["person"]
    assert [one["id"] for one in people if any("to" in role for role in one["roles"])] == ["cw-okada"]


def test_ids_are_used_once() -> None:
    city = demo().city
    for ids in (
        [one.id for one in city.organisation],
        [one.id for one in city.person],
        [one.id for one in city.system],
    ):
        assert len(set(ids)) == len(ids)


def test_everything_named_exists() -> None:
    city = demo().city
    organisations = {one.id for one in city.organisation}
    people = {one.id for one in city.person}
    assert {role.organisation for person in city.person for role in person.roles} <= organisations
    assert {one.organisation for one in city.system} <= organisations
    for life in demo().lives:
        assert set(life.team) <= organisations | people, life.id
        assert set(life.numbers) <= organisations, life.id


def test_the_policy_is_one_that_the_rules_take() -> None:
    assert policy().reading("care-manager", "care-management").spaces == {"team"}
    assert policy().reading("paramedic", "fire-department").spaces == frozenset()
    assert policy().reading("pharmacist", "pharmacy").spaces == {"medical", "team"}


def test_each_role_is_read_by_one_row() -> None:
    rows = tomllib.loads((FOLDER / "city.toml").read_text(encoding="utf-8"))["policy"]["read"]
    pairs = [(one, kind) for row in rows for one in row["profession"] for kind in row["organisation-kind"]]
    assert max(Counter(pairs).values()) == 1


def test_nayoros_rows_come_first_and_unchanged() -> None:
    if not NAYORO.exists():
        pytest.skip("the table of Nayoro is not beside this repository")
    facts = [line.split(",") for line in NAYORO.read_text(encoding="utf-8").split()[1:]]
    rows = [(row["publisher"], row["category"], row["space"]) for row in share_matrix()]
    assert rows[: len(facts)] == [(fact[0], fact[2], fact[4]) for fact in facts]
    assert max(Counter(rows).values()) == 1


def test_no_two_residents_share_an_identifier() -> None:
    shared = [str(one) for life in demo().lives for one in identifiers(life)]
    local = [f"{place} {number}" for life in demo().lives for place, number in life.numbers.items()]
    assert len({life.id for life in demo().lives}) == 40
    assert max(Counter([*shared, *local]).values()) == 1
    assert all(identifiers(life) for life in demo().lives)


def test_telephones_are_not_assigned() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.toml"))
    numbers = re.findall(r"\b0\d{1,4}-\d{1,4}-\d{3,4}\b", written)
    assert len(numbers) > 50
    assert [number for number in numbers if not number.startswith("0165-00-")] == []


def test_whoever_pushes_looks_after_the_resident() -> None:
    for life in demo().lives:
        known = {*life.team, *(one.who for one in life.team_ended), "city"}
        assert {str(fact["by"]) for fact in _facts(life.model_dump())} <= known, life.id


def _facts(value: object) -> Iterator[dict[str, object]]:
    """Every table that says by whom it is known."""
    if isinstance(value, dict):
        if "by" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _facts(one)


def test_the_readme_tells_who_shows_what() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `([a-z-]+)` [^|]*\| [^|]*（`([a-z-]+)`）", readme, re.MULTILINE))
    shown = {life.consent_kind: life.id for life in demo().lives if life.consent_kind != "both"}
    assert {**shown, "both": "tanaka-hana"} == table
