"""What changed, in a sentence that needs no FHIR."""

from hub.projections.timeline import changed
from profiles.resource import FhirDecimal, Resource

OLD: Resource = {
    "resourceType": "MedicationDispense",
    "id": "d1",
    "meta": {"versionId": "1"},
    "status": "in-progress",
    "medicationCodeableConcept": {"text": "アムロジピン錠5mg"},
    "daysSupply": {"value": 28, "unit": "日"},
}


def test_a_first_version_is_new() -> None:
    assert changed(None, OLD) == "新しく登録されました。"


def test_a_value_is_told_before_and_after() -> None:
    new = OLD | {"meta": {"versionId": "2"}, "status": "completed", "daysSupply": {"value": 14, "unit": "日"}}
    assert changed(OLD, new) == "「状態」を「実施中」から「完了」に変更、「日数」を「28日」から「14日」に変更しました。"


def test_added_removed_and_too_long_to_tell() -> None:
    old = OLD | {"note": [{"text": "あ" * 50}]}
    new = {key: value for key, value in old.items() if key != "daysSupply"}
    new |= {"quantity": {"value": 28, "unit": "錠"}, "note": [{"text": "い" * 50}]}
    assert changed(old, new) == "「備考」を変更、「数量」に「28錠」を追加、「日数」の「28日」を削除しました。"


def test_a_choice_that_changes_its_type_is_one_field() -> None:
    old: Resource = {"resourceType": "Observation", "valueQuantity": {"value": FhirDecimal("7.10"), "unit": "%"}}
    new: Resource = {"resourceType": "Observation", "valueQuantity": {"value": FhirDecimal("7.1"), "unit": "%"}}
    assert changed(old, new) == "「値」を「7.10 %」から「7.1 %」に変更しました。"
    text: Resource = {"resourceType": "Observation", "valueString": "溶血"}
    assert changed(old, text) == "「値」を「7.10 %」から「溶血」に変更しました。"


def test_what_the_hub_writes_itself_is_no_change() -> None:
    assert changed(OLD, OLD | {"meta": {"versionId": "9"}, "text": {"div": "<div/>"}}) == "内容は変わっていません。"


def test_taken_back() -> None:
    assert changed(OLD, OLD | {"status": "entered-in-error"}) == "誤りのため取り消されました。"


def test_many_changes_are_counted() -> None:
    new = OLD | {"title": "題", "gender": "male", "date": "2026-11-20", "birthDate": "1940-01-01", "description": "説"}
    assert changed(OLD, new).endswith("「生年月日」に「1940-01-01」を追加、ほか1か所を変更しました。")
