"""An organisation that looks after more people than a statement takes one by one: the same rules, and nobody missed."""

from datetime import date, timedelta

import pytest

from hub.store.sql import MANY
from tests.hub_in_test import Body, City, care_team, consent, entry, note, patient, transaction

RESIDENTS = MANY + 4
REFUSED = 2


@pytest.fixture
def people(city: City) -> list[str]:
    """All are the care managers’; the last ``REFUSED`` of them do not share.  The hospital wrote a note of each."""
    answers = posted(city, "city-registry", [resident(number) for number in range(RESIDENTS)])
    ids = [one["response"]["location"].split("/")[1] for one in answers]
    posted(city, "city-registry", [care_team(one, "Organization/hosp", "Organization/kyotaku") for one in ids])
    posted(city, "city-registry", [consent(one, "medical", "team") for one in ids[:-REFUSED]])
    posted(city, "hosp-ehr", [note(one) for one in ids])
    return ids


def resident(number: int) -> Body:
    """No two have a name or a birthday in common, so that nobody may be somebody else."""
    born = date(1930, 1, 1) + timedelta(days=number)
    return patient(f"{number:010d}", name=f"山田{number} 花子{number}", birth=born.isoformat())


def posted(city: City, who: str, resources: list[Body]) -> list[Body]:
    entries: list[Body] = []
    for start in range(0, len(resources), 50):
        answer = city.post(who, "/fhir", transaction(*map(entry, resources[start : start + 50])))
        assert answer.status_code == 200, answer.text
        entries += answer.json()["entry"]
    return entries


def subjects(city: City, who: str) -> set[str]:
    found, told, url = set[str](), 0, "/fhir/Communication?_count=200&_total=accurate"
    while url:
        answer = city.get(who, url)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found |= {one["resource"]["subject"]["reference"].removeprefix("Patient/") for one in page["entry"]}
        told = page.get("total", told)
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert told == len(found)
    return found


def test_a_question_about_all_tells_of_each_who_shares_and_of_nobody_else(city: City, people: list[str]) -> None:
    assert subjects(city, "cm-ito") == set(people[:-REFUSED])
    assert subjects(city, "hosp-ehr") == set(people)  # its own

    feed, since = set[str](), ""
    for _ in range(1 + 2 * RESIDENTS // 200):
        page = city.get("cm-ito", f"/feed?count=200&category=progress-note&since={since}").json()
        feed |= {item["patient"]["id"] for item in page["items"]}
        since = page["next"]
    assert not page["more"]
    assert feed == set(people[:-REFUSED])
