"""What the hub cannot read, does not know or cannot find closes, and never opens (CONSENT.md §2, §3.4, §4)."""

from collections.abc import Callable
from itertools import count
from shutil import copytree
from uuid import uuid4

import pytest

from hub.city import BadCityFile, apply, read_city
from hub.context import Context
from hub.store.sql import run
from profiles.canonical import INFORMATION_CATEGORY
from tests.api.looking import DOORS, prescription, shown
from tests.hub_in_test import BASE_URL, NOON, SMALL, Body, City, consent

pytestmark = [pytest.mark.one_hub, pytest.mark.promise("what-is-unknown-is-closed")]
NUMBERS = count(9_400_000_001)
TEAM = ("Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")
NOTHING: set[str] = set()


@pytest.fixture
def person(city: City) -> str:
    """A resident who agrees to everything; it is noon, and the city file is as it was."""
    city.clock.now = NOON
    put_in_force(city)
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, *TEAM)
    city.consent(resident)
    return resident


@pytest.fixture
def secret(city: City, person: str) -> Body:
    """A prescription that the care manager sees at every door."""
    stored = city.created("hosp-ehr", prescription(person, mark(person)))
    assert seen(city, "cm-ito", stored) == DOORS
    return stored


def mark(person: str) -> str:
    """What stands in this resident's secret alone."""
    return f"ヒミツマル錠{person}"


def seen(city: City, who: str, secret: Body) -> set[str]:
    """The doors that show somebody the secret."""
    person = secret["subject"]["reference"].removeprefix("Patient/")
    return shown(city, who, secret, mark(person), person)


def put_in_force(city: City, *changes: tuple[str, str, str]) -> None:
    """Apply the small city's files, each (file, old, new) of ``changes`` made to them."""
    here = city.keys / f"city-{uuid4().hex}"
    copytree(SMALL, here)
    for name, old, new in changes:
        text = (here / name).read_text("utf-8")
        assert text.count(old) == 1, old
        (here / name).write_text(text.replace(old, new), "utf-8")
    context = Context(city.clock.now, "change", lambda: uuid4().hex, BASE_URL)
    city.store.lane.do(lambda tx: apply(tx, read_city(here / "city.toml", city.keys), context))


# -- the share policy


READER = """[[policy.read]]
profession = ["care-manager", "care-worker"]
organisation-kind = ["care-management", "care-service"]
spaces = ["team"]
"""
MISSING = {
    "the publisher's row": ("share-matrix.csv", "hospital,prescription,team\n", ""),
    "the reader's row": ("city.toml", READER, ""),
    "the reader's profession": ("city.toml", '["care-manager", "care-worker"]', '["care-worker"]'),
    "the reader's kind of organisation": ("city.toml", '["care-management", "care-service"]', '["care-service"]'),
}


@pytest.mark.parametrize("missing", MISSING)
def test_a_row_that_is_missing_in_the_policy_shares_nothing(
    city: City, person: str, secret: Body, missing: str
) -> None:
    put_in_force(city, MISSING[missing])
    assert seen(city, "cm-ito", secret) == NOTHING
    assert seen(city, "hosp-ehr", secret) == DOORS
    put_in_force(city)
    assert seen(city, "cm-ito", secret) == DOORS


UNREADABLE = {
    "a space that there is not": ("share-matrix.csv", "hospital,prescription,team", "hospital,prescription,everybody"),
    "a category that there is not": ("share-matrix.csv", "hospital,prescription,team", "hospital,prescriptions,team"),
    "a kind that there is not": ("share-matrix.csv", "hospital,prescription,team", "hospitals,prescription,team"),
    "a column that is missing": ("share-matrix.csv", "publisher,category,space\n", "publisher,category\n"),
    "a reader's space that there is not": ("city.toml", READER, READER.replace('"team"', '"*"')),
    "a reader's row without spaces": ("city.toml", READER, READER.replace('spaces = ["team"]', "")),
    "another thing than a policy": ("city.toml", 'publish = "share-matrix.csv"', 'publish = "city.toml"'),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_policy_that_cannot_be_read_is_not_put_in_force(city: City, person: str, secret: Body, fault: str) -> None:
    put_in_force(city, ("share-matrix.csv", "hospital,prescription,team\n", ""))
    with pytest.raises(BadCityFile):
        put_in_force(city, UNREADABLE[fault])
    assert seen(city, "cm-ito", secret) == NOTHING


# -- what is stamped on a resource


def stamp(city: City, resource: Body, assignment: str, **values: str | int) -> None:
    """Every row of a resource gets another stamp: as of another version of the hub, or of a broken disk."""
    for table in ("resource", "timeline", "history"):
        statement = f"UPDATE {table} SET {assignment} WHERE id = :id"  # noqa: S608
        city.store.lane.do(lambda tx, statement=statement: run(tx, statement, {"id": resource["id"], **values}))  # type: ignore[misc]


STAMPS: dict[str, tuple[str, dict[str, str | int]]] = {
    "a category that nobody knows": ("category = :c, publication = :p", {"c": "genome", "p": "hospital/genome"}),
    "no category": ("category = '', publication = 'hospital/'", {}),
    "a publisher of a kind that nobody knows": ("publication = 'spa/prescription'", {}),
    "no publication": ("publication = ''", {}),
    "a wildcard for a publication": ("publication = '*/*'", {}),
    "a label that nobody knows yet": ("label_bits = :bit", {"bit": 1 << 20}),
    "an unknown label": ("label_bits = :bit", {"bit": 1 << 30}),
    "a second patient whose row is missing": ("also_about = 1", {}),
    "a patient whom there is not": ("patient = :nobody", {"nobody": "0" * 32}),
}


@pytest.mark.parametrize("name", STAMPS)
def test_what_the_rules_do_not_know_is_its_sources_alone(city: City, person: str, secret: Body, name: str) -> None:
    assignment, values = STAMPS[name]
    stamp(city, secret, assignment, **values)
    assert seen(city, "cm-ito", secret) == NOTHING
    assert city.get("hosp-ehr", f"/fhir/MedicationRequest/{secret['id']}").status_code == 200


@pytest.mark.parametrize("category", ["genome", "", "*", "Prescription"])
def test_a_consent_for_a_category_that_there_is_not_opens_nothing(
    city: City, person: str, secret: Body, category: str
) -> None:
    city.clock.move(seconds=1)
    only = {"type": "permit", "class": [{"system": INFORMATION_CATEGORY, "code": category}]}
    newer = consent(person, "medical", "team", when=city.clock.now, root="deny", exceptions=[only])
    written = city.post("city-registry", "/fhir/Consent", newer)
    assert written.status_code in (201, 422), written.text
    assert seen(city, "cm-ito", secret) == (NOTHING if written.status_code == 201 else DOORS)


# -- the stored rules themselves


Breaks = Callable[[City, str], None]


def unreadable_body(city: City, person: str) -> None:
    """Its row is lost, and what it would be made from is no JSON."""
    _rule(city, "DELETE FROM consent WHERE patient = :person", person)
    _rule(city, "UPDATE resource SET body = :broken WHERE type = 'Consent' AND patient = :person", person, b"{")


def unreadable_row(city: City, person: str) -> None:
    _rule(city, "UPDATE consent SET exceptions = '[{' WHERE patient = :person", person)


def unreadable_date(city: City, person: str) -> None:
    _rule(city, "UPDATE consent SET ends = 'tomorrow' WHERE patient = :person", person)


def unknown_exception(city: City, person: str) -> None:
    _rule(city, """UPDATE consent SET exceptions = '[{"type": "maybe"}]' WHERE patient = :person""", person)


def unreadable_relation(city: City, person: str) -> None:
    _rule(city, "UPDATE relation SET ends = 'later' WHERE patient = :person", person)


def unreadable_policy(city: City, person: str) -> None:
    _rule(city, "UPDATE city SET document = '{', version = 'broken'")


def no_policy(city: City, person: str) -> None:
    _rule(city, "UPDATE city SET document = :nothing, version = 'nothing'", nothing='{"policy": {}}')


def _rule(city: City, statement: str, person: str = "", broken: bytes = b"", **values: str) -> None:
    bound = {"person": person} if person else {}
    more = {"broken": broken} if broken else {}
    city.store.lane.do(lambda tx: run(tx, statement, {**bound, **more, **values}))


BROKEN = (
    unreadable_body,
    unreadable_row,
    unreadable_date,
    unknown_exception,
    unreadable_relation,
    unreadable_policy,
    no_policy,
)


@pytest.mark.parametrize("breaks", BROKEN)
def test_rules_that_cannot_be_read_show_nothing(city: City, person: str, secret: Body, breaks: Breaks) -> None:
    paths = (
        f"/fhir/MedicationRequest/{secret['id']}",
        f"/fhir/MedicationRequest?patient={person}",
        f"/feed?patient={person}",
    )
    assert [mark(person) in city.get("cm-ito", path).text for path in paths] == [True] * 3
    breaks(city, person)
    for path in paths:
        answer = city.get("cm-ito", path)
        assert mark(person) not in answer.text
        assert secret["id"] not in answer.text
        assert answer.status_code in (200, 404, 500, 503), answer.text
    put_in_force(city)
    _rule(city, "DELETE FROM relation WHERE patient = :person", person)
    other = city.resident(f"{next(NUMBERS):010d}")  # nobody else is harmed
    city.team(other, *TEAM)
    city.consent(other)
    theirs = city.created("hosp-ehr", prescription(other, mark(other)))
    assert city.get("cm-ito", f"/fhir/MedicationRequest/{theirs['id']}").status_code == 200
