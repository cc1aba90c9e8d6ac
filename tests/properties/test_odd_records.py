"""Whatever the doors take in, every page and document about the person can still be shown.

The demo city's records are bent at a few places each; what the hub accepts of that must close nothing.
"""

import copy
import json
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any, TypeAlias

import pytest

from hub.demo.files import load
from hub.demo.push import pushes
from hub.projections.wording import is_moment
from tests.api.consent_desk import CONSENT_DESK
from tests.api.disasters import OFFICER
from tests.api.pages_city import CARE_MANAGER, PHYSICIAN, SECRETARIAT, browser_of
from tests.api.test_far_dates import FAR
from tests.hub_in_test import Body, City
from tests.whole.hub_process import ROOT

Path: TypeAlias = tuple[str | int, ...]
PARAMEDIC = "pm-hori/fire/paramedic"
TEAM = ("hosp", "clinic", "kyotaku", "day")
TEXTS = (
    *(
        "",
        " ",
        "あ" * 3000,
        "\u202e\u200b",
        "<b>",
        "9999-12-31T23:59:59+09:00",
        "0001",
        "urn:oid:1.2",
        "#x",
        "Patient/1",
    ),
    *("http://x.test/y|z", "1e9", "\n\t", "🙂", "%s {} {{x}}", "電話 0123456789012345", "０１２"),
)
NUMBERS = (0, -1, 10**18, 1e-300, 1.5, -(10**30))
RECORDS, BENT = 25, 3
ROUNDS = [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 300))]


def of_the_demo() -> dict[str, list[Body]]:
    """What its systems push, by type."""
    found: dict[str, list[Body]] = {}
    for push in pushes(load(ROOT / "deploy" / "demo-city"), date(2026, 11, 22)):
        for one in json.loads(push.body)["entry"] if push.door == "fhir" else ():
            found.setdefault(one["resource"]["resourceType"], []).append(one["resource"])
    return found


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if key not in ("resourceType", "subject", "patient", "id"):
            yield (*at, key)
            yield from places(one, (*at, key))


def bent(resource: Body, random: Random) -> Body:
    """The resource with one to three of its values taken away or made odd."""
    made = copy.deepcopy(resource)
    for _ in range(random.randint(1, BENT)):
        known = list(places(made))
        if known:
            *above, last = random.choice(known)
            within: Any = made
            for key in above:
                within = within[key]
            if random.random() < 0.25:
                del within[last]
            else:
                within[last] = _odd(within[last], random)
    return made


def _odd(value: Any, random: Random) -> Any:
    if isinstance(value, str):
        return random.choice(FAR if is_moment(value) else TEXTS)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return random.choice(NUMBERS)
    return value * random.choice((0, 2, 30)) if isinstance(value, list) else {"text": random.choice(TEXTS)}


def about(value: Any, person: str) -> Any:
    """The same with every reference to a patient, or to another entry of its bundle, made one to this person."""
    if isinstance(value, list):
        return [about(one, person) for one in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("reference", "")).startswith(("Patient", "urn:uuid")):
        return {"reference": f"Patient/{person}"}
    return {key: about(one, person) for key, one in value.items() if key != "id"}


def shown(city: City, person: str) -> Iterator[tuple[str, int]]:
    """How each page and document about the person answers."""
    here, record = f"/people/{person}", f"/access-record/{person}"
    for role, pages in {
        CARE_MANAGER: ("/people", here, f"{here}/handoff", f"/care-teams/{person}"),
        PHYSICIAN: ("/people", here, f"{here}/handoff"),
        SECRETARIAT: ("/desk", "/care-teams", f"/care-teams/{person}", record, f"{record}/print"),
        CONSENT_DESK: tuple(f"/consents/{person}{page}" for page in ("", "/copy", "/new")),
        OFFICER: ("/reviews",),
    }.items():
        browser = browser_of(city, role)
        yield from ((f"{role} {page}", browser.get(page).status_code) for page in pages)
    paramedic = browser_of(city, PARAMEDIC)
    said = {"name": "山田 花子", "birth": "", "number": "", "reason": "意識がない", "place": "北町"}
    yield "sheet", paramedic.get(paramedic.post("/emergency", said).headers.get("location", "/emergency")).status_code
    for path in (f"/feed?patient={person}&count=200", f"/fhir/Patient/{person}/$everything"):
        yield path, city.get("hosp-ehr", path).status_code
    yield "$handoff", city.post("hosp-ehr", f"/fhir/Patient/{person}/$handoff", {}).status_code


@pytest.mark.parametrize("seed", ROUNDS)
def test_what_was_accepted_can_be_shown(city: City, seed: int) -> None:
    random, known, taken = Random(seed), of_the_demo(), 0
    person = city.resident()
    city.team(person, *(f"Organization/{one}" for one in TEAM), "Practitioner/cm-ito")
    city.consent(person)
    for _ in range(RECORDS):
        resource = about(bent(random.choice(known[random.choice(sorted(known))]), random), person)
        by = "city-registry" if resource["resourceType"] in ("CareTeam", "Consent", "RelatedPerson") else "hosp-ehr"
        answer = city.post(by, f"/fhir/{resource['resourceType']}", resource)
        assert answer.status_code < 500, resource
        taken += answer.status_code == 201
    assert taken
    assert [one for one in shown(city, person) if one[1] >= 500] == []
