"""The order of a search set and its pages (FHIR R4 §3.1.1.5): everything once, whoever writes meanwhile."""

import re
from urllib.parse import quote

import pytest

from hub.store.search.find import FEW
from tests.fhir_answers import ids, issues, link
from tests.hub_in_test import BASE_URL, Body, City, entry, observation, patient, transaction

pytestmark = pytest.mark.one_hub


def found(city: City, query: str, *, who: str = "hosp-ehr", type_: str = "Observation") -> list[str]:
    """The ids of the first page of a search, which must succeed."""
    return ids(city.get(who, f"/fhir/{type_}?{query}"))


def pages(city: City, query: str, who: str = "hosp-ehr", type_: str = "Observation") -> list[list[str]]:
    """The ids of every page, by the links alone."""
    following, read = f"/fhir/{type_}?{query}", list[list[str]]()
    while following:
        answer = city.get(who, following)
        read.append(ids(answer))
        following = link(answer.json(), "next")
        assert len(read) < 50, "the pages do not end"
    return read


# -- order and pages


def test_sorting_by_any_parameter_both_ways(city: City, person: str) -> None:
    days = ("2026-11-02", "2026-11-01", "2026-11-03")
    by_day = {}
    for day in days:
        city.clock.move(minutes=1)
        by_day[day] = city.created("hosp-ehr", observation(person, effectiveDateTime=day))["id"]
    without = {name: value for name, value in observation(person).items() if name != "effectiveDateTime"}
    city.clock.move(minutes=1)
    undated = city.created("hosp-ehr", {**without, "status": "registered"})
    rising = [by_day[day] for day in sorted(days)]
    assert found(city, f"patient={person}&_sort=date") == [*rising, undated["id"]]
    assert found(city, f"patient={person}&_sort=-date") == [*rising[::-1], undated["id"]]
    as_taken = [*by_day.values(), undated["id"]]
    assert found(city, f"patient={person}&_sort=_lastUpdated") == as_taken
    assert found(city, f"patient={person}&_sort=-_lastUpdated") == as_taken[::-1]
    assert found(city, f"patient={person}&_sort=-status,date") == [undated["id"], *rising]
    assert found(city, f"patient={person}&_sort=_id") == sorted(as_taken)
    assert found(city, f"patient={person}") == as_taken[::-1]


def some(city: City, person: str, many: int) -> list[str]:
    """Observations on few days and at few instants, so that order is not told by one key alone."""
    made = []
    for number in range(many):
        city.clock.move(seconds=number % 2)
        day = f"2026-11-{1 + number % 3:02d}"
        undated = {"effectiveDateTime": day} if number % 4 else {"status": "registered"}
        resource = {name: value for name, value in observation(person).items() if name != "effectiveDateTime"}
        made.append(str(city.created("hosp-ehr", {**resource, **undated})["id"]))
    return made


@pytest.mark.parametrize(
    "order", ["", "&_sort=date", "&_sort=-date", "&_sort=-_lastUpdated", "&_sort=status,-date,_id"]
)
def test_pages_show_everything_once_and_in_the_order_of_one_long_page(city: City, person: str, order: str) -> None:
    made = some(city, person, 11)
    whole = found(city, f"patient={person}&_count=100{order}")
    read = pages(city, f"patient={person}&_count=3{order}")
    assert [len(page) for page in read] == [3, 3, 3, 2]
    assert [one for page in read for one in page] == whole
    assert sorted(whole) == sorted(made)


@pytest.mark.parametrize("order", ["", "&_sort=date", "&_sort=-date", "&_sort=_lastUpdated"])
def test_pages_neither_repeat_nor_skip_while_others_write(city: City, person: str, order: str) -> None:
    made = some(city, person, 12)
    following, seen = f"/fhir/Observation?patient={person}&_count=3{order}", list[str]()
    while following:
        answer = city.get("hosp-ehr", following)
        page = ids(answer)
        seen += page
        following = link(answer.json(), "next")
        # Of what was shown one is changed and one deleted, and something new comes in.
        city.clock.move(seconds=1)
        if following and len(seen) == 3:
            changed, deleted = page[0], page[1]
            current = city.get("hosp-ehr", f"/fhir/Observation/{changed}").json()
            city.put("hosp-ehr", f"/fhir/Observation/{changed}", {**current, "note": [{"text": "変更"}]})
            city.delete("hosp-ehr", f"/fhir/Observation/{deleted}")
            city.created("hosp-ehr", observation(person, effectiveDateTime="2026-11-02"))
    again = [one for one in set(seen) if seen.count(one) > 1]
    assert set(made) <= set(seen)
    # In the order of changing, what was changed comes once more at the end: that is what was asked for.
    assert again == ([changed] if "_lastUpdated" in order else [])


def test_count_is_bounded_and_zero_asks_for_the_number_alone(city: City, person: str) -> None:
    some(city, person, 5)
    bundle = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=0").json()
    assert (bundle["total"], "entry" in bundle, link(bundle, "next")) == (5, False, "")
    bundle = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=2&_total=accurate").json()
    assert (bundle["total"], len(bundle["entry"])) == (5, 2)
    assert "total" not in city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=2").json()
    assert len(found(city, f"patient={person}&_count=1000000")) == 5


def test_the_links_carry_the_search_and_neither_a_token_nor_another_host(city: City, person: str) -> None:
    some(city, person, 3)
    answer = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=1&_sort=date", host="evil.test")
    here, following = (link(answer.json(), relation) for relation in ("self", "next"))
    assert here == f"{BASE_URL}/fhir/Observation?patient={person}&_count=1&_sort=date"
    assert re.fullmatch(re.escape(here) + r"&_cursor=[A-Za-z0-9_-]+", following)
    assert city.token("hosp-ehr") not in answer.text


def test_a_page_link_is_worth_nothing_to_others_elsewhere_or_edited(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    city.consent(person)
    some(city, person, 3)
    query = f"patient={person}&_count=1"
    following = link(city.get("hosp-ehr", f"/fhir/Observation?{query}").json(), "next")
    cursor = following.partition("_cursor=")[2]
    assert len(found(city, f"{query}&_cursor={cursor}")) == 1
    assert city.get("clinic-emr", following).status_code == 400
    assert city.get("city-registry", following).status_code == 400
    assert city.get("hosp-ehr", following.replace("Observation", "Condition")).status_code == 400
    assert city.get("hosp-ehr", following.replace("_count=1", "_count=2")).status_code == 400
    flipped = cursor[:9] + ("A" if cursor[9] != "A" else "B") + cursor[10:]
    for wrong in (flipped, cursor[:-4], cursor + "AAAA", "", "3 2026", "あ"):
        [issue] = issues(city.get("hosp-ehr", f"/fhir/Observation?{query}&_cursor={quote(wrong)}"), 400)
        assert "Start the search again" in issue["diagnostics"], wrong


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_page_shows_what_the_rules_allow_now(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    consent = city.consent(person)
    some(city, person, 4)
    first = city.get("clinic-emr", f"/fhir/Observation?patient={person}&_count=2").json()
    assert len(first["entry"]) == 2
    city.clock.move(seconds=1)
    revoked = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", revoked).status_code == 200
    assert ids(city.get("clinic-emr", link(first, "next"))) == []


# -- with no patient and no condition


def flag(resident: str) -> Body:
    subject = {"reference": f"Patient/{resident}"}
    return {"resourceType": "Flag", "status": "active", "code": {"text": "転倒注意"}, "subject": subject}


def test_who_knows_of_few_and_who_knows_of_many_find_all_that_is_theirs_once(city: City, person: str) -> None:
    city.clock.move(days=-1)
    few = city.resident("8000000001", name="少 ない")
    city.team(few, "Organization/hosp", "Organization/clinic")
    mine = [city.created("clinic-emr", flag(few))["id"] for _ in range(3)]
    city.clock.move(days=1)
    many = [entry(patient(f"81{number:08d}", name=f"多い {number}")) for number in range(FEW)]
    for pushed in (many, [entry(flag(person)) for _ in range(250)]):
        answer = city.post("hosp-ehr", "/fhir", transaction(*pushed))
        assert answer.status_code == 200, answer.text
    made = [one["response"]["location"].split("/")[1] for one in answer.json()["entry"]]

    for query in ("_count=2", "_count=2&_sort=-_lastUpdated", "_count=2&_lastUpdated=ge2026-11-01"):
        read = pages(city, query, "clinic-emr", "Flag")
        assert [len(page) for page in read] == [2, 1], query
        assert {one for page in read for one in page} == set(mine), query
    assert city.get("clinic-emr", "/fhir/Flag?_summary=count").json()["total"] == 3
    assert set(found(city, "_type=Flag,Goal", who="clinic-emr", type_="")) == set(mine)
    for query in ("_count=100", "_count=100&_sort=-_lastUpdated"):
        theirs = [one for page in pages(city, query, type_="Flag") for one in page]
        assert len(theirs) == len(made), query
        assert set(theirs) == set(made), query
    assert city.get("hosp-ehr", "/fhir/Flag?_summary=count").json()["total"] == len(made)
