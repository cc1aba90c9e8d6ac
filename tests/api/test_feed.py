"""``GET /feed`` (DESIGN §6): the shape of an item, the filters, the cursor, and what becomes of earlier items."""

import pytest

from profiles.canonical import LABEL, SCENE
from tests.api.looking import NEVER_USED, prescription
from tests.hub_in_test import Body, City, note, observation

TEAM = ("Organization/hosp", "Organization/pharm", "Practitioner/cm-ito", "Organization/day")


@pytest.fixture
def person(city: City) -> str:
    """A resident who consents, with a care team; their feed is read up to here."""
    person = city.resident()
    city.team(person, *TEAM)
    city.consent(person)
    return person


def since(city: City, who: str = "cm-ito", **more: str) -> str:
    """The cursor at the end of the feed."""
    asked = "&".join(f"{name}={value}" for name, value in {"count": "200", **more}.items())
    return str(city.get(who, f"/feed?{asked}").json()["next"])


def items(city: City, asked: str = "", who: str = "cm-ito") -> list[Body]:
    answer = city.get(who, f"/feed?{asked}")
    assert answer.status_code == 200, answer.text
    found: list[Body] = answer.json()["items"]
    return found


def test_one_item_is_what_the_design_says(city: City, person: str) -> None:
    before = since(city)
    one = city.created(
        "hosp-ehr", observation(person, performer=[{"reference": "Practitioner/dr-sato", "display": "佐藤 健"}])
    )
    page = city.get("cm-ito", f"/feed?since={before}").json()
    assert set(page) == {"items", "next", "more"}
    (item,) = page["items"]
    assert item.pop("id")
    assert item == {
        "patient": {"id": person, "name": "山田 花子"},
        "category": "laboratory",
        "scene": "daily",
        "change": "new",
        "occurred": "2026-11-20T09:00:00+09:00",
        "recorded": "2026-11-22T03:00:00.000Z",
        "organisation": {"id": "hosp", "name": "試験市立病院", "kind": "hospital"},
        "author": {"profession": "physician", "name": "佐藤 健"},
        "title": "検体検査：HbA1c 7.2 %",
        "text": "",
        "resource": f"Observation/{one['id']}/_history/{one['meta']['versionId']}",
        "link": None,
    }
    assert city.get("cm-ito", f"/fhir/{item['resource']}").json() == one


def test_moments_are_told_in_japan_and_without_one_it_is_the_moment_of_recording(city: City, person: str) -> None:
    before = since(city)
    for moment in ("2026-11-20T00:30:00Z", "2026-11-20", None):
        sent = {"sent": moment} if moment else {}
        city.created(
            "hosp-ehr", {name: value for name, value in {**note(person), "sent": None, **sent}.items() if value}
        )
    told = [item["occurred"] for item in items(city, f"since={before}")]
    assert told == ["2026-11-20T09:30:00+09:00", "2026-11-20", "2026-11-22T12:00:00+09:00"]


def test_an_update_notice_links_to_its_source_system(city: City, person: str) -> None:
    link = "https://emr.example/patients/1"
    notice = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": {"url": link, "title": "検査が更新されました"}}],
    }
    city.created("hosp-ehr", notice)
    (item,) = items(city, "category=update-notice", who="hosp-ehr")
    assert item["link"] == link


def test_the_feed_of_all_is_of_everybody_whom_the_caller_looks_after(city: City, person: str) -> None:
    other = city.resident("0000000002", name="鈴木 次郎")
    stranger = city.resident("0000000003", name="高橋 三郎")
    for one, member in ((other, "Practitioner/cm-ito"), (stranger, "Organization/clinic")):
        city.team(one, "Organization/hosp", member)
        city.consent(one)
        city.created("hosp-ehr", note(one))
    city.created("hosp-ehr", note(person))
    told = {item["patient"]["id"]: item["patient"]["name"] for item in items(city)}
    assert told == {person: "山田 花子", other: "鈴木 次郎"}
    assert {item["patient"]["id"] for item in items(city, f"patient={other}")} == {other}
    assert items(city, f"patient=Patient/{other}") == items(city, f"patient={other}")


def test_pages_follow_one_another_without_gap_or_repeat(city: City, person: str) -> None:
    for number in range(5):
        city.created("hosp-ehr", note(person, f"その{number}"))
    whole = items(city)
    assert [item["title"][-1] for item in whole[1:]] == ["0", "1", "2", "3", "4"]
    collected: list[Body] = []
    cursor, more = "", True
    while more:
        page = city.get("cm-ito", f"/feed?count=2{cursor}").json()
        collected += page["items"]
        cursor, more = f"&since={page['next']}", page["more"]
    assert collected == whole
    assert items(city, f"count=2{cursor}") == []
    assert since(city, since=cursor[7:]) == cursor[7:]  # nothing new: the same place
    city.created("hosp-ehr", note(person, "その5"))
    assert [item["title"][-1] for item in items(city, f"count=2{cursor}")] == ["5"]


def test_filters(city: City, person: str) -> None:
    city.created("hosp-ehr", observation(person))
    city.created("pharm-rx", note(person, "薬局から"))
    scene = {"tag": [{"system": SCENE, "code": "emergency"}]}
    tagged = city.created("hosp-ehr", note(person, "急変", meta=scene, sent="2026-11-19T23:30:00Z"))
    changed = {**tagged, "payload": [{"contentString": "落ち着いた"}]}
    assert city.put("hosp-ehr", f"/fhir/Communication/{tagged['id']}", changed).status_code == 200

    def count(asked: str) -> int:
        return len(items(city, asked))

    assert count("") == 5  # with the care team
    assert count("category=laboratory") == 1
    assert count("category=laboratory,care-team") == 2
    assert count("category=progress-note&organisation=pharm") == 1
    assert count("organisation=pharm,city") == 2
    assert count("scene=emergency") == 2
    assert count("change=amended") == 1
    assert count("change=new,amended") == 5
    assert count("change=retracted") == 0
    assert count("category=genome") == 0
    assert count("from=2026-11-20&to=2026-11-20") == 3  # that day in Japan: the result, and the note of half past eight
    assert count("from=2026-11-20T08:30:00%2B09:00&to=2026-11-20T08:30:00%2B09:00") == 2
    assert count("from=2026-11-19T23:30:01Z&to=2026-11-20") == 1
    assert count("from=2026-11-22") == 1
    assert count("to=2026-11-19") == 0


@pytest.mark.parametrize(
    "asked",
    ["count=0", "count=201", "count=-1", "count=x", "count=１", "count=000100999", "count=", "since=abc", "since=%00",
     "from=yesterday", "to=2026-11-2", "patients=x", "_count=3", "category=a&category=b"],
)  # fmt: skip
def test_what_the_feed_does_not_take_it_refuses(city: City, person: str, asked: str) -> None:
    answer = city.get("cm-ito", f"/feed?{asked}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert city.get("cm-ito", "/feed?count=200").status_code == 200


def test_a_cursor_is_its_owners_and_of_its_feed_alone(city: City, person: str) -> None:
    city.created("hosp-ehr", note(person))
    whole, of_one = since(city), since(city, patient=person)
    assert city.get("cm-ito", f"/feed?since={whole}").status_code == 200
    assert city.get("cm-ito", f"/feed?since={of_one}&patient={person}").status_code == 200
    assert city.get("cm-ito", f"/feed?since={whole}&category=laboratory").status_code == 200  # filters may change
    other = city.resident("0000000002", name="鈴木 次郎")
    city.team(other, "Practitioner/cm-ito")
    wrong = [
        ("cw-suzuki", f"since={whole}"),
        ("care-plan-app", f"since={whole}"),
        ("cm-ito", f"since={of_one}"),
        ("cm-ito", f"since={whole}&patient={person}"),
        ("cm-ito", f"since={of_one}&patient={other}"),
        *(("cm-ito", f"since={bad}") for bad in (whole[:-2], whole[:-4] + "AAAA", whole + "AA", whole.swapcase())),
    ]
    assert {asked: city.get(who, f"/feed?{asked}").status_code for who, asked in wrong} == {
        asked: 400 for _, asked in wrong
    }


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_cursor_says_nothing_of_how_much_there_is(city: City, person: str) -> None:
    lengths = set()
    for number in range(12):
        city.created("hosp-ehr", note(person, str(number)))
        lengths.add(len(since(city)))
    assert len(lengths) <= 2


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_patient_whom_one_does_not_look_after_is_as_one_who_is_not_there(city: City, person: str) -> None:
    stranger = city.resident("0000000002", name="鈴木 次郎")
    hidden, unknown = (city.get("cm-ito", f"/feed?patient={one}") for one in (stranger, NEVER_USED))
    assert (hidden.status_code, hidden.content) == (404, unknown.content)


def test_an_amended_resource_is_told_again_with_what_is_different(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person, 7.2))
    before = since(city)
    right = {**one, "valueQuantity": {**one["valueQuantity"], "value": 6.2}}
    assert city.put("hosp-ehr", f"/fhir/Observation/{one['id']}", right).status_code == 200
    (item,) = items(city, f"since={before}")
    assert (item["change"], item["category"]) == ("amended", "laboratory")
    assert "6.2" in item["title"] + item["text"]
    assert "7.2" in item["text"]
    assert city.put("hosp-ehr", f"/fhir/Observation/{one['id']}", right).status_code == 200
    assert len(items(city, f"since={before}")) == 1  # the same again is no news


@pytest.mark.parametrize("way", ["delete", "entered-in-error"])
def test_a_retracted_resource_is_told_without_its_content_and_the_past_is_hidden(
    city: City, person: str, way: str
) -> None:
    one = city.created("hosp-ehr", prescription(person, "ヒミツマル錠"))
    here = f"/fhir/MedicationRequest/{one['id']}"
    before = since(city)
    assert len(items(city, "category=prescription")) == 1
    if way == "delete":
        assert city.delete("hosp-ehr", here).status_code == 204
    else:
        assert city.put("hosp-ehr", here, {**one, "status": way}).status_code == 200
    (told,) = items(city, "category=prescription")
    assert told == items(city, f"since={before}")[0]
    assert (told["change"], told["title"], told["text"]) == ("retracted", "取り消されました", "")
    assert "ヒミツマル錠" not in str(items(city))
    assert city.get("cm-ito", f"/fhir/{told['resource']}").status_code == 404


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_what_was_never_shown_is_not_retracted(city: City, person: str) -> None:
    closed = {"meta": {"security": [{"system": LABEL, "code": "PSY"}]}}
    hidden = city.created("hosp-ehr", prescription(person, "ヒミツマル錠", **closed))
    source_only = {"meta": {"security": [{"system": LABEL, "code": "SOURCE-ONLY"}]}}
    kept = city.created("hosp-ehr", prescription(person, "ヒミツマル錠", **source_only))
    wrong = prescription(person, "ヒミツマル錠", status="entered-in-error")
    city.created("hosp-ehr", wrong)
    for one in (hidden, kept):
        assert (
            city.put("hosp-ehr", f"/fhir/MedicationRequest/{one['id']}", {**wrong, "id": one["id"]}).status_code == 200
        )
    assert items(city, "category=prescription") == []


def test_what_is_opened_now_does_not_open_what_was_said_before(city: City, person: str) -> None:
    closed = {"meta": {"security": [{"system": LABEL, "code": "PSY"}]}}
    one = city.created("hosp-ehr", prescription(person, "ヒミツマル錠", **closed))
    opened = {**prescription(person, "ふつうの錠"), "id": one["id"]}
    assert city.put("hosp-ehr", f"/fhir/MedicationRequest/{one['id']}", opened).status_code == 200
    (item,) = items(city, "category=prescription")
    assert "ふつうの錠" in item["title"]
    assert "ヒミツ" not in str(item)


def test_what_is_filed_elsewhere_now_leaves_no_open_item_behind(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person, 7.25))
    assert "7.25" in str(items(city))
    other = {name: value for name, value in one.items() if name not in ("category", "code")}
    unfiled = {**other, "code": {"text": "HbA1c"}}  # no category any more: visible to its source alone
    assert city.put("hosp-ehr", f"/fhir/Observation/{one['id']}", unfiled).status_code == 200
    assert city.get("cm-ito", f"/fhir/Observation/{one['id']}").status_code == 404
    assert "7.25" not in str(items(city))
    assert [item["change"] for item in items(city, "category=laboratory")] == ["retracted"]
