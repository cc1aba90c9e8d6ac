"""An organisation that looks after more people than a statement takes one by one: the same rules, and nobody missed."""

import re
from datetime import date, timedelta

import pytest

from hub.access.caller import authenticate
from hub.auth import fingerprint
from hub.context import Caller, Context, Credential
from hub.interactions.stretches import Walk
from hub.interactions.wanted import Wanted
from hub.store.database import Tx
from hub.store.sql import MANY
from hub.store.timeline import ALL
from tests.api.pages_city import CARE_MANAGER, browser_of
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


def context_of(city: City) -> Context:
    return Context(city.clock.now, "request", lambda: "id", "http://127.0.0.1")


def caller_of(city: City, tx: Tx, credential: Credential) -> Caller:
    return authenticate(tx, credential, context_of(city))


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


def test_a_timeline_that_is_walked_in_stretches_is_the_same(city: City, people: list[str]) -> None:
    two_kinds = Wanted(filters=(("category", ("progress-note", "consent")),))
    for who, wanted in (("cm-ito", Wanted()), ("cm-ito", two_kinds), ("hosp-ehr", Wanted())):
        check_stretches(city, Credential(fingerprint(city.token(who))), wanted)


def check_stretches(city: City, credential: Credential, wanted: Wanted) -> None:
    def pages(lengths: tuple[int, ...], count: int) -> list[list[tuple[int, str]]]:
        return city.store.lane.do(lambda tx: walked(tx, lengths, count))

    def walked(tx: Tx, lengths: tuple[int, ...], count: int) -> list[list[tuple[int, str]]]:
        walk = Walk(caller_of(city, tx, credential), "feed", wanted, context_of(city), lengths)
        found, after = list[list[tuple[int, str]]](), 0
        while not found or len(found[-1]) == count:
            rows, _ = walk.page(tx, after=after, count=count)
            found.append([(row.position, row.patient) for row in rows])
            after = rows[-1].position if rows else after
        return [*found, [(walk.newest(tx), "newest")]]

    for count, lengths in ((7, (3, 20)), (101, (1,)), (101, (200, 2000))):
        whole = pages((), count)
        assert sum(map(len, whole)) > RESIDENTS - REFUSED
        assert pages(lengths, count) == whole


def test_for_a_page_only_those_are_decided_about_who_come_next(city: City, people: list[str]) -> None:
    credential = Credential(fingerprint(city.token("cm-ito")))

    def asked(tx: Tx) -> list[int]:
        walk = Walk(caller_of(city, tx, credential), "feed", Wanted(), context_of(city), lengths=(10,))
        return [len(one.grant.asked) for one in walk.stretches(tx, ALL)]

    assert city.store.lane.do(asked) == [10, RESIDENTS]


def test_a_search_for_few_finds_and_counts_those_who_share_and_nobody_else(city: City, people: list[str]) -> None:
    for one in (people[3], people[-1]):
        rare = note(one, sent="2026-02-03T10:00:00+09:00")
        assert city.post("hosp-ehr", "/fhir/Communication", rare).status_code == 201

    def found(who: str, asked: str) -> list[str]:
        page = city.get(who, f"/fhir/{asked}&_total=accurate").json()
        assert page["total"] == len(page.get("entry", []))
        found = [one["resource"] for one in page.get("entry", [])]
        return [one["id"] if "subject" not in one else one["subject"]["reference"] for one in found]

    assert found("cm-ito", "Communication?sent=2026-02-03") == [f"Patient/{people[3]}"]
    assert len(found("hosp-ehr", "Communication?sent=2026-02-03")) == 2
    assert found("cm-ito", "Patient?family:exact=山田3") == found("cm-ito", f"Patient?_id={people[3]}")
    assert found("cm-ito", f"Patient?family=山田{RESIDENTS - 1}") == []


def test_the_page_of_my_people_begins_with_the_newest_and_finds_by_name(city: City, people: list[str]) -> None:
    newest = people[::-1][REFUSED : REFUSED + 2]
    for one in newest[::-1]:
        city.created("hosp-ehr", note(one))
    browser = browser_of(city, CARE_MANAGER)
    pages = [listed(browser.page(f"/people?page={number}")) for number in range(1, 7)]
    assert set(newest) <= set(pages[0])
    assert [len(page) for page in pages] == [50, 50, 50, 50, 50, RESIDENTS - REFUSED - 250]
    assert {one for page in pages for one in page} == set(people[:-REFUSED])
    assert 'rel="next"' in browser.page("/people?page=5")
    assert 'rel="next"' not in browser.page("/people?page=6")
    assert "新しい順に並べています" in browser.page("/people")
    assert len(listed(browser.page("/people?news=1"))) == 50

    assert set(listed(browser.page("/people?name=山田25"))) == {people[25], *people[250:-REFUSED]}
    assert listed(browser.page(f"/people?name=山田{RESIDENTS - 1}")) == []
    many = browser.page("/people?name=山田")
    assert len(listed(many)) == 50
    assert "50人より多くいます" in many


def listed(page: str) -> list[str]:
    return re.findall(r'<a href="/people/([^"?]+)">', page)
