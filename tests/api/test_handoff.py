"""``POST Patient/{id}/$handoff`` (U3): twelve sections with their sources, of what the caller may see, and valid."""

import csv
import json
from pathlib import Path

import pytest

from profiles import read_json, validate
from profiles.canonical import BASE, LABEL
from profiles.resource import as_object
from tests.api.looking import NEVER_USED, assert_unknown, prescription
from tests.hub_in_test import Body, City, note, observation

GUIDE = Path(__file__).parents[3] / "shared" / "data" / "shared-information-items.csv"
ITEMS = f"{BASE}/CodeSystem/shared-information-item"
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/pharm", "Organization/kyotaku", "Practitioner/cm-ito")


@pytest.fixture
def person(city: City) -> str:
    """A resident who consents to everything, with a care team."""
    person = city.resident()
    city.team(person, *TEAM)
    city.consent(person)
    return person


def document(city: City, who: str, person: str) -> Body:
    answer = city.post(who, f"/fhir/Patient/{person}/$handoff", {})
    assert answer.status_code == 200, answer.text
    bundle: Body = answer.json()
    return bundle


def sections(bundle: Body) -> dict[str, Body]:
    """The sections by the code of their item."""
    return {one["code"]["coding"][0]["code"]: one for one in bundle["entry"][0]["resource"]["section"]}


def face_sheet(person: str, **answers: str) -> Body:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": f"{BASE}/Questionnaire/face-sheet",
        "subject": {"reference": f"Patient/{person}"},
        "authored": "2026-10-01T09:00:00+09:00",
        "item": [
            {"linkId": link, "text": link, "answer": [{"valueString": answer}]} for link, answer in answers.items()
        ],
    }


def test_twelve_sections_of_the_guide_known_or_not_recorded(city: City, person: str) -> None:
    bundle = document(city, "cm-ito", person)
    assert (bundle["type"], bundle["entry"][0]["resource"]["resourceType"]) == ("document", "Composition")
    told = sections(bundle)
    assert len(told) == len(bundle["entry"][0]["resource"]["section"]) == 12
    if GUIDE.exists():
        with GUIDE.open(encoding="utf-8") as file:
            named = [row["item_ja"] for row in csv.DictReader(file)]
        assert [one["title"] for one in told.values()] == named
    attending = told.pop("attending")["text"]["div"]  # the care team, whose names the city's registry has
    assert all(name in attending for name in ("伊藤 美和", "試験市立病院", "試験薬局", "試験市役所"))
    for one in told.values():
        assert one["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert "記録なし" in one["text"]["div"]


def test_every_line_says_from_whom_and_of_which_day(city: City, person: str) -> None:
    drug = city.created("hosp-ehr", prescription(person, "アムロジピン錠"))
    told = note(person, "足がむくんでいます。")
    city.created("pharm-rx", told)
    house = city.created("care-plan-app", face_sheet(person, house="二階建て", wishes="家で暮らしたい"))
    bundle = document(city, "hosp-ehr", person)
    found = sections(bundle)
    assert found["illness"]["entry"] == [{"reference": f"MedicationRequest/{drug['id']}"}]
    for item, words in {
        "illness": ("アムロジピン錠", "試験市立病院", "2026-11-10"),
        "condition": ("足がむくんでいます。", "試験薬局", "2026-11-21"),
        "house": ("二階建て", "試験居宅介護支援事業所", "2026-10-01"),
        "wishes": ("家で暮らしたい", "試験居宅介護支援事業所", "2026-10-01"),
    }.items():
        for word in words:
            assert word in found[item]["text"]["div"], item
        assert "emptyReason" not in found[item]
    assert {entry["fullUrl"] for entry in bundle["entry"]} >= {
        f"http://hub.test/fhir/QuestionnaireResponse/{house['id']}", f"http://hub.test/fhir/Patient/{person}",
        "http://hub.test/fhir/Organization/hosp", "http://hub.test/fhir/Organization/city",
    }  # fmt: skip


def test_every_reference_of_the_document_is_in_the_document_and_it_is_valid(city: City, person: str) -> None:
    city.created("hosp-ehr", prescription(person, "アムロジピン錠"))
    city.created("care-plan-app", face_sheet(person, house="二階建て"))
    answer = city.post("cm-ito", f"/fhir/Patient/{person}/$handoff", {})
    bundle = answer.json()
    issues = validate(as_object(read_json(answer.content)), answer.content)
    assert [issue for issue in issues if issue.severity == "error"] == []
    composition = bundle["entry"][0]["resource"]
    held = {entry["fullUrl"] for entry in bundle["entry"]}
    named = [entry["reference"] for section in composition["section"] for entry in section.get("entry", [])]
    named += [one["reference"] for one in (composition["subject"], composition["custodian"], *composition["author"])]
    assert {f"http://hub.test/fhir/{reference}" for reference in named} <= held
    assert composition["status"] == "preliminary"
    assert composition["date"].startswith("2026-11-22T12:00:00")
    assert bundle["timestamp"] == composition["date"]
    assert [one["reference"] for one in composition["author"]] == ["Practitioner/cm-ito", "Organization/kyotaku"]


def test_it_holds_only_what_the_caller_may_see(city: City, person: str) -> None:
    city.created("hosp-ehr", prescription(person, "みんなの錠"))
    city.created("clinic-emr", prescription(person, "医療側の錠"))  # published to the medical side alone
    closed = {"meta": {"security": [{"system": LABEL, "code": "UNINFORMED"}]}}
    city.created("hosp-ehr", prescription(person, "未告知の錠", **closed))
    city.created("hosp-ehr", prescription(person, "取り消した錠", status="entered-in-error"))
    stranger = city.resident("0000000002", name="鈴木 次郎")
    city.team(stranger, "Organization/hosp")
    city.created("hosp-ehr", prescription(stranger, "別の人の錠"))

    def told(who: str) -> set[str]:
        text = json.dumps(document(city, who, person), ensure_ascii=False)
        return {
            word
            for word in ("みんな", "医療側", "未告知", "取り消した", "別の人")
            if f"{word}の錠" in text or f"{word}錠" in text
        }

    assert told("cm-ito") == {"みんな"}
    assert told("hosp-ehr") == {"みんな", "医療側", "未告知"}
    assert told("clinic-emr") == {"みんな", "医療側", "未告知"}


def test_the_confidentiality_is_the_strictest_of_what_is_told(city: City, person: str) -> None:
    assert document(city, "hosp-ehr", person)["entry"][0]["resource"]["confidentiality"] == "N"
    restricted = {
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    }
    city.created("hosp-ehr", prescription(person, "特に慎重な錠", **restricted))
    assert document(city, "hosp-ehr", person)["entry"][0]["resource"]["confidentiality"] == "R"
    assert document(city, "cm-ito", person)["entry"][0]["resource"]["confidentiality"] == "N"


def test_it_tells_the_newest_of_what_is_measured_and_nothing_that_is_over(city: City, person: str) -> None:
    vital = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]
    }
    for day, value in (("2026-10-01", 61.5), ("2026-11-01", 58.5)):
        weight = {**observation(person, value), "code": {"text": "体重"}, "category": [vital], "effectiveDateTime": day}
        city.created("hosp-ehr", weight)
    city.created("hosp-ehr", prescription(person, "やめた錠", status="stopped"))
    city.created("hosp-ehr", prescription(person, "昔の錠", authoredOn="2026-01-10"))
    text = json.dumps(document(city, "hosp-ehr", person), ensure_ascii=False)
    assert "58.5" in text
    assert "61.5" not in text
    assert "やめた錠" not in text
    assert "昔の錠" not in text


def test_whoever_may_not_know_of_the_person_gets_the_answer_for_nobody(city: City, person: str) -> None:
    answers = [city.post("clinic-emr", f"/fhir/Patient/{who}/$handoff", {}) for who in (person, NEVER_USED)]
    assert answers[0].status_code == 200  # the clinic is in the team
    stranger = city.resident("0000000002", name="鈴木 次郎")
    for who in ("cm-ito", "clinic-emr", "hosp-ehr"):
        hidden = city.post(who, f"/fhir/Patient/{stranger}/$handoff", {})
        assert (hidden.status_code, hidden.content) == (404, answers[1].content)
    assert_unknown(city, "cm-ito", f"/fhir/Patient/{stranger}")
    assert city.post(None, f"/fhir/Patient/{person}/$handoff", {}).status_code == 401
    assert city.get("cm-ito", f"/fhir/Patient/{person}/$handoff").status_code in (400, 404, 405)


def test_two_drafts_differ_in_their_name_alone(city: City, person: str) -> None:
    city.created("hosp-ehr", prescription(person, "アムロジピン錠"))
    first, second = (document(city, "cm-ito", person) for _ in range(2))
    assert first["id"] != second["id"]
    assert json.dumps(first).replace(first["id"], "*") == json.dumps(second).replace(second["id"], "*")
