"""history in parts (``_since``, ``_at``, ``_count``), and of a type and of everything for auditors (TRUST T-058)."""

from collections.abc import Iterator

import pytest

from tests.fhir_answers import issues, link
from tests.hub_in_test import BASE_URL, Body, City, note, observation

pytestmark = pytest.mark.one_hub


@pytest.fixture
def versions(city: City, person: str) -> list[Body]:
    """Seven versions of one result, made at noon and at each minute after it, newest first."""
    made = [city.created("hosp-ehr", observation(person, 0))]
    for number in range(1, 7):
        city.clock.move(minutes=1)
        changed = {**made[-1], "valueQuantity": {"value": number}}
        made.append(city.put("hosp-ehr", f"/fhir/Observation/{made[0]['id']}", changed).json())
    return made[::-1]


def pages(city: City, who: str, path: str) -> Iterator[Body]:
    """Every page from ``path`` on."""
    while path:
        answer = city.get(who, path)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        path = link(answer.json(), "next").removeprefix(BASE_URL)


def shown(city: City, path: str, who: str = "hosp-ehr") -> list[Body]:
    return [entry["resource"] for page in pages(city, who, path) for entry in page.get("entry", [])]


# -- of one resource


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_have_every_version_once(city: City, versions: list[Body], size: int) -> None:
    place = f"/fhir/Observation/{versions[0]['id']}/_history"
    found = list(pages(city, "hosp-ehr", f"{place}?_count={size}"))
    assert [entry["resource"] for page in found for entry in page["entry"]] == versions
    assert [len(page["entry"]) for page in found[:-1]] == [size] * (len(found) - 1)
    assert [page.get("total") for page in found] == ([7] if len(found) == 1 else [None] * len(found))
    assert [entry["request"]["method"] for page in found for entry in page["entry"]] == ["PUT"] * 6 + ["POST"]
    assert link(found[0], "self") == f"{BASE_URL}{place}?_count={size}"


def test_since_takes_what_was_made_from_then_on(city: City, versions: list[Body]) -> None:
    place = f"/fhir/Observation/{versions[0]['id']}/_history"
    assert shown(city, f"{place}?_since=2026-11-22T03:04:00Z") == versions[:3]
    assert shown(city, f"{place}?_since=2026-11-22T12:04:00%2B09:00&_count=2") == versions[:3]
    assert shown(city, f"{place}?_since=2026-11-22T12:04:00+09:00") == versions[:3]
    assert shown(city, f"{place}?_since=2026-11-22T03:04:00.001Z") == versions[:2]
    assert shown(city, f"{place}?_since=2027-01-01T00:00:00Z") == []


def test_at_takes_what_was_current_then(city: City, versions: list[Body]) -> None:
    place = f"/fhir/Observation/{versions[0]['id']}/_history"
    assert shown(city, f"{place}?_at=2026-11-22T03:02:30Z") == [versions[4]]
    assert shown(city, f"{place}?_at=2026-11-22T12:02%2B09:00") == [versions[4]]
    assert shown(city, f"{place}?_at=2026-11-22") == versions
    assert shown(city, f"{place}?_at=2026-11-23&_count=1") == [versions[0]]
    assert shown(city, f"{place}?_at=2026-11-21") == []


@pytest.mark.parametrize("asked", ["_since=yesterday", "_at=x", "_count=0", "_count=x", "_count=-1", "_sort=x"])
def test_what_a_history_cannot_take_is_refused(city: City, versions: list[Body], asked: str) -> None:
    issues(city.get("hosp-ehr", f"/fhir/Observation/{versions[0]['id']}/_history?{asked}"), 400)


def test_a_page_link_is_its_callers_and_its_historys_own(city: City, person: str, versions: list[Body]) -> None:
    city.consent(person)
    city.team(person, "Organization/clinic")
    place = f"/fhir/Observation/{versions[0]['id']}/_history"
    following = link(city.get("hosp-ehr", f"{place}?_count=2").json(), "next").removeprefix(BASE_URL)
    assert city.get("hosp-ehr", following).status_code == 200
    assert city.get("clinic-emr", place).status_code == 200
    issues(city.get("clinic-emr", following), 400)
    issues(city.get("hosp-ehr", following.replace("_count=2", "_count=3")), 400)
    issues(city.get("hosp-ehr", f"{following[:-2]}AA"), 400)
    other = city.created("hosp-ehr", observation(person))
    issues(city.get("hosp-ehr", following.replace(versions[0]["id"], other["id"])), 400)


@pytest.fixture
def hidden_between(city: City, person: str, versions: list[Body]) -> str:
    """Where a result is of which the clinic sees all versions but the one of 3:07, which another replaced at 3:08."""
    secret = {"system": "https://renkei.example/fhir/CodeSystem/label", "code": "SOURCE-ONLY"}
    place = f"/fhir/Observation/{versions[0]['id']}"
    for status, meta in (("amended", {"meta": {"security": [secret]}}), ("corrected", {})):
        city.clock.move(minutes=1)
        plain = {name: value for name, value in versions[0].items() if name != "meta"}
        assert city.put("hosp-ehr", place, {**plain, "status": status, **meta}).status_code == 200
    city.consent(person)
    city.team(person, "Organization/clinic")
    return f"{place}/_history"


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_hidden_versions_are_in_no_page(city: City, hidden_between: str) -> None:
    seen = [one["status"] for one in shown(city, f"{hidden_between}?_count=1", "clinic-emr")]
    assert seen == ["corrected", *["final"] * 7]
    assert len(shown(city, f"{hidden_between}?_count=1")) == 9


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("size", [1, 50])
def test_a_hidden_version_ends_the_time_of_no_other(
    city: City, hidden_between: str, versions: list[Body], size: int
) -> None:
    def at(when: str, who: str) -> list[Body]:
        return shown(city, f"{hidden_between}?_at=2026-11-22T{when}Z&_count={size}", who)

    assert at("03:07:30", "clinic-emr") == versions[:1]
    assert [one["status"] for one in at("03:07:30", "hosp-ehr")] == ["amended"]
    assert [one["status"] for one in at("03:08", "clinic-emr")] == ["corrected"]
    assert at("03:05:30", "clinic-emr") == [versions[1]]


# -- of a type and of everything


@pytest.mark.promise("an-auditor-sees-no-content")
def test_an_auditor_sees_that_something_was_written_and_never_what(city: City, person: str) -> None:
    city.clock.move(hours=1)
    since = f"_since={city.clock.now:%Y-%m-%dT%H:%M:%SZ}"
    made = city.created("hosp-ehr", observation(person, 3.25))
    city.clock.move(seconds=1)
    changed = city.put("hosp-ehr", f"/fhir/Observation/{made['id']}", {**made, "status": "amended"}).json()
    city.clock.move(seconds=1)
    gone = city.delete("hosp-ehr", f"/fhir/Observation/{made['id']}")
    said = city.created("hosp-ehr", note(person))
    answer = city.get("aud-kondo", f"/fhir/Observation/_history?{since}")
    assert answer.json()["entry"] == [
        {
            "fullUrl": f"{BASE_URL}/fhir/Observation/{made['id']}",
            "request": {"method": method, "url": url},
            "response": {"status": status, "etag": etag, "lastModified": when},
        }
        for method, url, status, etag, when in (
            (
                "DELETE",
                f"Observation/{made['id']}",
                "204 No Content",
                gone.headers["ETag"],
                "2026-11-22T04:00:02.000Z",
            ),
            (
                "PUT",
                f"Observation/{made['id']}",
                "200 OK",
                f'W/"{changed["meta"]["versionId"]}"',
                changed["meta"]["lastUpdated"],
            ),
            ("POST", "Observation", "201 Created", f'W/"{made["meta"]["versionId"]}"', made["meta"]["lastUpdated"]),
        )
    ]
    assert "3.25" not in answer.text
    everything = city.get("aud-kondo", f"/fhir/_history?{since}").json()
    assert len(everything["entry"]) == 4
    assert any(one["fullUrl"].endswith(f"Communication/{said['id']}") for one in everything["entry"])
    assert not any("resource" in one for one in everything["entry"])
    assert [one["interaction"] for one in city.log()[:2]] == ["history-system", "history-type"]


def test_an_auditor_sees_what_was_current_then(city: City, versions: list[Body]) -> None:
    def then(asked: str, path: str = "Observation/_history") -> list[str]:
        found = pages(city, "aud-kondo", f"/fhir/{path}?{asked}&_count=2")
        shown = [one for page in found for one in page.get("entry", [])]
        mine = [one for one in shown if one["fullUrl"].endswith(versions[0]["id"])]
        return [one["response"]["etag"].removeprefix('W/"').removesuffix('"') for one in mine]

    tags = [one["meta"]["versionId"] for one in versions]
    assert then("_at=2026-11-22T03:02:30Z") == [tags[4]]
    assert then("_at=2026-11-22T03:02:30Z", "_history") == [tags[4]]
    assert then("_at=2026-11-22T12:02%2B09:00") == [tags[4]]
    assert then("_at=2026-11-22") == tags
    assert then("_at=2026-11-23") == [tags[0]]
    assert then("_at=2026-11-21") == []
    assert then("_at=2026-11-22&_since=2026-11-22T03:05:00Z") == tags[:2]


@pytest.mark.parametrize("path", ["_history", "Observation/_history", "Patient/_history"])
@pytest.mark.parametrize("who", ["hosp-ehr", "cm-ito", "city-registry", "sec-noda"])
def test_nobody_else_sees_it(city: City, path: str, who: str) -> None:
    assert city.get("aud-kondo", f"/fhir/{path}").status_code == 200
    [issue] = issues(city.get(who, f"/fhir/{path}"), 403)
    assert issue["code"] == "forbidden"
    issues(city.get(None, f"/fhir/{path}"), 401)


def test_everything_in_pages(city: City, person: str) -> None:
    city.clock.move(hours=2)
    since = f"_since={city.clock.now:%Y-%m-%dT%H:%M:%SZ}"
    made = set()
    for number in range(6):
        city.clock.move(seconds=number % 2)
        made.add(city.created("hosp-ehr", observation(person, number))["id"])
        city.created("hosp-ehr", note(person))
    for size in (1, 2, 4, 6):
        found = list(pages(city, "aud-kondo", f"/fhir/Observation/_history?{since}&_count={size}"))
        ids = [one["fullUrl"].rpartition("/")[2] for page in found for one in page.get("entry", [])]
        assert (len(ids), set(ids)) == (6, made)
        both = [
            one for page in pages(city, "aud-kondo", f"/fhir/_history?{since}&_count={size}") for one in page["entry"]
        ]
        assert len({one["fullUrl"] for one in both}) == len(both) == 12
    following = link(city.get("aud-kondo", f"/fhir/_history?{since}&_count=2").json(), "next").removeprefix(BASE_URL)
    issues(city.get("aud-kondo", following.replace("/_history", "/Observation/_history")), 400)


def test_only_what_can_be_answered_is_taken(city: City) -> None:
    for wrong in ("_at=x", "_since=x", "_count=0", "patient=x"):
        issues(city.get("aud-kondo", f"/fhir/Observation/_history?{wrong}"), 400)
    issues(city.get("aud-kondo", "/fhir/Nonsense/_history"), 404)
