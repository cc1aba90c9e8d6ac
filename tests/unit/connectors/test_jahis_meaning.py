"""What one file means: who it is about, what sending it again or corrected does, what is told apart."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.conversion import SourceContext
from connectors.jahis import convert, parse
from connectors.jahis.identity import NOTEBOOK_PATIENT, person_key
from profiles import Resource
from profiles.resource import as_object, as_text, objects

SOURCE = SourceContext("pharm", "ゆきみ薬局", "0144567890", None, datetime(2026, 11, 22, tzinfo=UTC))
HEAD = "JAHISTC08,1\r\n1,雪見 ハナ,2,S150510,,,,,,,ﾕｷﾐ ﾊﾅ\r\n"
BLOCK = "5,20261120,1\r\n11,ゆきみ薬局,01,4,4567890,,,,1\r\n51,雪見市立総合病院,01,1,2345670,1\r\n"
RP = "201,1,薬Ａ,2,錠,1,,1\r\n301,1,【分２】,7,日分,1,1,,1\r\n"


def _bundle(text: str, source: SourceContext = SOURCE) -> Resource:
    return convert(text.encode("cp932"), source).bundle


def _requests(text: str, source: SourceContext = SOURCE) -> list[str]:
    return [as_text(as_object(entry["request"])["url"]) for entry in objects(_bundle(text, source)["entry"])]


def _only(text: str, kind: str) -> Resource:
    resources = [as_object(entry["resource"]) for entry in objects(_bundle(text)["entry"])]
    [found] = [resource for resource in resources if resource["resourceType"] == kind]
    return found


def test_a_corrected_file_updates_the_same_resource() -> None:
    corrected = RP.replace("薬Ａ,2,錠,1,,", "薬Ａ,3,錠,4,1234567F1010,").replace("7,日分", "14,日分")
    assert corrected != RP
    assert _requests(HEAD + BLOCK + RP) == _requests(HEAD + BLOCK + corrected)


def test_a_newer_block_above_does_not_rename_the_older_one() -> None:
    newer = BLOCK.replace("20261120", "20261220")
    assert set(_requests(HEAD + BLOCK + RP)) < set(_requests(HEAD + newer + RP + BLOCK + RP))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ハナ", "ヨネ"),
        ("S150510", "S150511"),
        ("20261120", "20261121"),
        ("4,4567890", "4,4567891"),
        ("201,1", "201,2"),
    ],
)
def test_another_person_day_institution_or_rp_is_another_resource(old: str, new: str) -> None:
    first = _requests(HEAD + BLOCK + RP.partition("\r\n")[0])
    other = _requests((HEAD + BLOCK + RP.partition("\r\n")[0]).replace(old, new))
    assert first[-1] != other[-1]


def test_character_width_and_era_do_not_make_another_person() -> None:
    written = parse((HEAD).encode("cp932")).patient
    same = parse("JAHISTC01,2\n1,雪見　ハナ,2,19400510,,,,,,,ユキミ　ハナ".encode()).patient
    assert person_key(written) == person_key(same)
    assert person_key(replace(written, sex="1")) != person_key(written)


def test_without_an_institution_number_the_hubs_own_system_names_the_person() -> None:
    bundle = _bundle(HEAD, replace(SOURCE, institution_number=None))
    [identifier] = objects(as_object(objects(bundle["entry"])[0]["resource"])["identifier"])
    assert identifier["system"] == NOTEBOOK_PATIENT


def test_a_patient_named_by_the_sender_is_referred_to_and_not_sent() -> None:
    named = replace(SOURCE, patient="Patient?identifier=urn:oid:1.2|9")
    converted = convert((HEAD + BLOCK + RP).encode("cp932"), named)
    [entry] = objects(converted.bundle["entry"])
    assert as_object(as_object(entry["resource"])["subject"]) == {"reference": "Patient?identifier=urn:oid:1.2|9"}
    assert [one.what for one in converted.unmapped] == ["name", "sex", "birth date", "kana"]


def test_the_name_of_the_resource_does_not_depend_on_how_the_patient_was_named() -> None:
    named = replace(SOURCE, patient="Patient/1")
    assert _requests(HEAD + BLOCK + RP, named) == _requests(HEAD + BLOCK + RP)[1:]


@pytest.mark.parametrize("kind", ["1", "2", "3"])
@pytest.mark.parametrize("answer", ["なし", "特になし。"])
def test_an_allergy_or_illness_called_nothing_is_a_message(kind: str, answer: str) -> None:
    assert _only(HEAD + f"2,{kind},{answer},1", "Communication")["payload"] == [{"contentString": answer}]


def test_a_family_pharmacist_does_not_become_a_member_of_a_care_team() -> None:
    kinds = {request.partition("?")[0] for request in _requests(HEAD + "701,調剤 みどり,ゆきみ薬局,,20240401,,1")}
    assert kinds == {"Patient", "Communication"}


@pytest.mark.parametrize(
    ("form", "number", "total", "dose"),
    [
        ("1", "7,日分", "14", "rateRatio"),
        ("3", "10,回分", "20", "doseQuantity"),
        ("5", "3,調剤", "6", ""),
        ("1", "10,回分", "20", ""),
    ],
)
def test_amounts_are_a_day_a_time_or_a_portion(form: str, number: str, total: str, dose: str) -> None:
    text = f"201,1,薬Ａ,2,錠,1,,1\r\n301,1,【用法】,{number},{form},1,,1\r\n"
    dispense = _only(HEAD + BLOCK + text, "MedicationDispense")
    assert str(as_object(dispense["quantity"])["value"]) == total
    [dosage] = objects(dispense["dosageInstruction"])
    assert [key for rate in objects(dosage.get("doseAndRate")) for key in rate] == ([dose] if dose else [])
    assert dosage.get("asNeededBoolean") is (True if form == "3" else None)
    assert ("daysSupply" in dispense) is (number == "7,日分")


@pytest.mark.parametrize(
    ("kind", "code", "system"),
    [
        ("2", "620000001", "https://renkei.example/fhir/CodeSystem/receipt-medicine"),
        ("3", "2329021F1013", "https://renkei.example/fhir/CodeSystem/mhlw-medicine"),
        ("4", "2171022F4020", "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"),
        ("6", "1234567", "http://medis.or.jp/CodeSystem/master-HOT7"),
        ("6", "123456789", "http://medis.or.jp/CodeSystem/master-HOT9"),
        ("6", "1234567890123", "http://medis.or.jp/CodeSystem/master-HOT13"),
    ],
)
def test_each_kind_of_code_has_its_system(kind: str, code: str, system: str) -> None:
    concept = as_object(
        _only(HEAD + BLOCK + f"201,1,薬Ａ,2,錠,{kind},{code},1", "MedicationDispense")["medicationCodeableConcept"]
    )
    assert concept["coding"] == [{"system": system, "code": code, "display": "薬Ａ"}]


def test_a_medicine_that_the_patient_wrote_down_is_a_statement() -> None:
    statement = _only(HEAD + BLOCK + "201,1,薬Ａ,2,錠,1,,2", "MedicationStatement")
    assert statement["informationSource"] == statement["subject"]


def test_usages_find_their_medicines_when_rps_are_interleaved() -> None:
    drugs = "201,1,薬Ａ,1,錠,1,,1\r\n201,2,薬Ｂ,1,錠,1,,1\r\n"
    usages = "301,2,夕,1,日分,1,1,,1\r\n301,1,朝,1,日分,1,1,,1\r\n"
    [prescription] = parse((HEAD + BLOCK + drugs + usages).encode("cp932")).dispensings[0].prescriptions
    told = [(rp.drugs[0].name, rp.usage.text) for rp in prescription.rps if rp.usage]
    assert told == [("薬Ａ", "朝"), ("薬Ｂ", "夕")]
