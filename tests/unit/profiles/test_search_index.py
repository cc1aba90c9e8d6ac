"""The rows by which a resource is found."""

import pytest

from profiles.resource import FhirDecimal, Json, Resource
from profiles.search.index import index
from profiles.search.number_ranges import LARGEST
from profiles.search.parameters import parameter
from profiles.search.rows import CompositeRow, DateRow, IndexRow, NumberRow, ReferenceRow, StringRow, TokenRow
from profiles.search.systems import MAX_CODE, MAX_TEXT, of_type_key, system_key

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def rows(resource: Resource, name: str, patient: str = "") -> list[IndexRow]:
    one = parameter(str(resource["resourceType"]), name)
    assert one is not None
    return [row for row in index(resource, patient) if row.parameter in one.numbers]


def number_of(type_: str, name: str) -> int:
    one = parameter(type_, name)
    assert one is not None
    return one.number


def tokens(resource: Resource, name: str) -> list[tuple[int, str]]:
    return [(row.system, row.code) for row in rows(resource, name) if isinstance(row, TokenRow)]


def texts(resource: Resource, name: str) -> list[tuple[str, str]]:
    return [(row.text, row.written) for row in rows(resource, name) if isinstance(row, StringRow)]


def spans(resource: Resource, name: str) -> list[tuple[float, float]]:
    return [(row.low, row.high) for row in rows(resource, name) if isinstance(row, DateRow | NumberRow)]


def test_codes_stand_with_their_systems_and_texts() -> None:
    pulse: Resource = {"system": LOINC, "code": "8867-4", "display": "Heart rate"}
    resource: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [pulse, {"code": "HR"}], "text": "脈拍"},
    }

    assert tokens(resource, "code") == [(system_key(LOINC), "8867-4"), (0, "HR")]
    assert texts(resource, "code") == [("heartrate", "Heart rate"), ("脈拍", "脈拍")]
    assert tokens(resource, "status") == [(0, "final")]


def test_an_old_system_stands_under_its_new_name() -> None:
    old, new = "urn:oid:1.2.392.100495.20.2.73", "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
    drug: Resource = {"coding": [{"system": old, "code": "2149044F1"}]}

    assert system_key(old) == system_key(new) != 0
    assert tokens({"resourceType": "MedicationRequest", "medicationCodeableConcept": drug}, "code") == [
        (system_key(new), "2149044F1")
    ]


def test_an_identifier_stands_as_written_and_in_its_canonical_form() -> None:
    insurer: Resource = {"system": "urn:oid:1.2.392.100495.20.3.61", "value": "１２-345"}
    key = system_key("http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber")

    assert tokens({"resourceType": "Patient", "identifier": [insurer]}, "identifier") == [
        (key, "１２-345"),
        (key, "00012345"),
    ]


def test_an_identifier_stands_with_its_type() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v2-0203"
    kind: Resource = {"coding": [{"system": system, "code": "MR"}], "text": "診察券番号"}
    resource: Resource = {"resourceType": "Patient", "identifier": [{"type": kind, "value": "12"}]}

    assert tokens(resource, "identifier") == [(0, "12"), (of_type_key(system), "MR|12")]
    assert of_type_key(system) != system_key(system)
    assert texts(resource, "identifier") == [("診察券番号", "診察券番号")]


def test_contacts_are_told_apart_by_their_system() -> None:
    mail: Resource = {"system": "email", "value": "a@b.example"}
    resource: Resource = {"resourceType": "Patient", "telecom": [{"system": "phone", "value": "０９０"}, mail]}

    assert [code for _, code in tokens(resource, "telecom")] == ["０９０", "090", "a@b.example"]
    assert [code for _, code in tokens(resource, "phone")] == ["０９０", "090"]
    assert [code for _, code in tokens(resource, "email")] == ["a@b.example"]


@pytest.mark.parametrize(
    ("said", "died"),
    [({}, "false"), ({"deceasedBoolean": False}, "false"), ({"deceasedDateTime": "2026"}, "true")],
)
def test_every_patient_has_died_or_not(said: Resource, died: str) -> None:
    assert tokens({"resourceType": "Patient", **said}, "deceased") == [(0, died)]


@pytest.mark.parametrize(
    ("written", "low", "length"),
    [
        ("2026", 1767193200000, 365 * 86400_000),
        ("2026-12", 1796050800000, 31 * 86400_000),
        ("2026-11-20", 1795100400000, 86400_000),
        ("2026-11-20T00:00:00+09:00", 1795100400000, 1000),
        ("2026-11-19T15:00:00.5Z", 1795100400500, 1),
    ],
)
def test_a_date_covers_what_it_says(written: str, low: int, length: int) -> None:
    assert spans({"resourceType": "Observation", "effectiveDateTime": written}, "date") == [(low, low + length)]


def test_a_period_without_end_has_not_ended() -> None:
    resource: Resource = {"resourceType": "Encounter", "period": {"start": "2026-11-20"}}

    assert spans(resource, "date") == [(1795100400000, 253402300799999)]


def test_a_timing_covers_its_events() -> None:
    timing: Resource = {"event": ["2026-11-22", "2026-11-20"]}

    assert spans({"resourceType": "Observation", "effectiveTiming": timing}, "date") == [
        (1795100400000, 1795100400000 + 3 * 86400_000)
    ]


def test_the_row_s_own_patient_needs_no_row() -> None:
    resource: Resource = {"resourceType": "Observation", "subject": {"reference": "Patient/p1/_history/3"}}

    assert rows(resource, "patient", "p1") == rows(resource, "subject", "p1") == []
    assert [row[1] for row in rows(resource, "patient", "p2")] == ["Patient/p1"]


def test_who_is_named_elsewhere_has_a_row() -> None:
    resource: Resource = {"resourceType": "Observation", "performer": [{"reference": "Patient/p1"}]}

    assert [row[1] for row in rows(resource, "performer", "p1")] == ["Patient/p1"]


def test_patient_names_only_patients() -> None:
    device: Resource = {"resourceType": "Observation", "subject": {"reference": "Device/d1"}}

    assert rows(device, "patient") == []
    assert [row[1] for row in rows(device, "subject")] == ["Device/d1"]


def test_the_identifier_of_a_reference_is_a_token() -> None:
    doctor: Resource = {"type": "Practitioner", "identifier": {"system": "urn:x", "value": "7"}}

    assert tokens({"resourceType": "Observation", "performer": [doctor]}, "performer") == [(system_key("urn:x"), "7")]


def test_contained_resources_have_no_row() -> None:
    assert rows({"resourceType": "Observation", "specimen": {"reference": "#s1"}}, "specimen") == []


def test_a_canonical_stands_with_and_without_its_version() -> None:
    form: Resource = {"resourceType": "QuestionnaireResponse", "questionnaire": "http://a.example/q|2"}
    profiled: Resource = {"resourceType": "Basic", "meta": {"profile": ["http://a.example/p|1"]}}

    assert [row[1] for row in rows(form, "questionnaire")] == ["http://a.example/q|2", "http://a.example/q"]
    assert [code for _, code in tokens(profiled, "_profile")] == ["http://a.example/p|1", "http://a.example/p"]


def test_names_are_folded_for_search_and_kept_as_written() -> None:
    resource: Resource = {
        "resourceType": "Patient",
        "name": [
            {"text": "髙﨑 花子", "family": "髙﨑", "given": ["花子"]},
            {"text": "タカサキ ﾊﾅｺ", "family": "たかさき"},
        ],
    }

    assert ("髙﨑花子", "髙﨑 花子") in texts(resource, "name")
    assert [text for text, _ in texts(resource, "kana")] == ["タカサキハナコ", "タカサキ"]
    assert [text for text, _ in texts(resource, "family")] == ["髙﨑", "タカサキ"]
    assert [text for text, _ in texts(resource, "jp-kana-sort")] == ["タカサキハナコ"]


def test_the_representation_extension_says_what_is_kana() -> None:
    representation = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
    names: list[Json] = [
        {"text": "リナ", "extension": [{"url": representation, "valueCode": "IDE"}]},
        {"text": "ヤマダ", "extension": [{"url": representation, "valueCode": "SYL"}]},
    ]

    assert [text for text, _ in texts({"resourceType": "Patient", "name": names}, "phonetic")] == ["ヤマダ"]


def test_what_is_too_long_for_an_index_is_cut_but_stays_distinct() -> None:
    one, other = ("x" * 5000 + end for end in "ab")
    first: Resource = {"resourceType": "Patient", "identifier": [{"value": one}], "name": [{"text": one}]}
    second: Resource = {"resourceType": "Patient", "identifier": [{"value": other}]}

    ((_, code),), ((_, another),) = tokens(first, "identifier"), tokens(second, "identifier")
    assert len(code) == MAX_CODE
    assert code != another
    assert [(len(text), len(written)) for text, written in texts(first, "name")] == [(MAX_TEXT, MAX_CODE)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": FhirDecimal("5.4"), "unit": "mg", "code": "mg", "system": UCUM}, [("mg", system_key(UCUM))]),
        ({"value": 2, "unit": "錠", "code": "TAB", "system": "urn:t"}, [("TAB", system_key("urn:t")), ("錠", 0)]),
        ({"value": 2, "unit": "錠"}, [("錠", 0)]),
        ({"value": 2}, [("", 0)]),
    ],
)
def test_a_quantity_stands_under_code_and_unit(value: Json, expected: list[tuple[str, int]]) -> None:
    found = rows({"resourceType": "Observation", "valueQuantity": value}, "value-quantity")

    assert [(row.code, row.system) for row in found if isinstance(row, NumberRow)] == expected


@pytest.mark.parametrize(
    ("comparator", "inside", "outside"),
    [("<", 4.9, 5.0), ("<=", 5.0, 5.1), (">", 5.1, 5.0), (">=", 5.0, 4.9)],
)
def test_a_comparator_opens_the_range(comparator: str, inside: float, outside: float) -> None:
    value: Resource = {"value": 5, "comparator": comparator}
    ((low, high),) = spans({"resourceType": "Observation", "valueQuantity": value}, "value-quantity")

    assert low <= inside < high
    assert not low <= outside < high


def test_ranges_samples_and_money_are_numbers() -> None:
    onset: Resource = {"low": {"value": 40, "unit": "a"}}
    samples: Resource = {"origin": {"value": 10}, "factor": 2, "period": 1, "dimensions": 1, "data": "1 E -3 4 U"}
    gross: Resource = {"value": 1200, "currency": "JPY"}

    assert spans({"resourceType": "Condition", "onsetRange": onset}, "onset-age") == [(40.0, LARGEST)]
    ((low, high),) = spans({"resourceType": "Observation", "valueSampledData": samples}, "value-quantity")
    assert low == 4.0
    assert 18.0 < high < 18.001
    invoice: Resource = {"resourceType": "Invoice", "totalGross": gross}
    assert [row.code for row in rows(invoice, "totalgross") if isinstance(row, NumberRow)] == ["JPY"]


def test_a_composite_keeps_together_what_stands_together() -> None:
    def part(code: str, value: int) -> Json:
        return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "code": "mm"}}

    resource: Resource = {"resourceType": "Observation", "component": [part("8480-6", 120), part("8462-4", 80)]}
    found = rows(resource, "combo-code-value-quantity")

    assert found == rows(resource, "component-code-value-quantity")
    assert {row.parameter for row in index(resource) if isinstance(row, CompositeRow)} == {
        number_of("Observation", "component-code-value-quantity")
    }
    assert [(row.code, row.low, row.code2) for row in found if isinstance(row, CompositeRow)] == [
        ("8480-6", 120.0, "mm"),
        ("8462-4", 80.0, "mm"),
    ]


def test_composites_of_every_kind() -> None:
    code: Resource = {"coding": [{"code": "c"}], "text": "t"}
    observation: Resource = {"resourceType": "Observation", "code": code}
    dated = rows({**observation, "valueDateTime": "2026-11-20"}, "code-value-date")
    said = rows({**observation, "valueString": "あり"}, "code-value-string")
    coded = rows({**observation, "valueCodeableConcept": code}, "code-value-concept")
    relates: Resource = {"code": "replaces", "target": {"reference": "DocumentReference/1"}}
    related = rows({"resourceType": "DocumentReference", "relatesTo": [relates]}, "relationship")

    assert [row[1:] for row in dated] == [("c", 0, "", 0, 1795100400000.0, 1795186800000.0, "")]
    assert [row[1:] for row in said] == [("c", 0, "", 0, 0.0, 0.0, "アリ")]
    assert [row[1:] for row in coded] == [("c", 0, "c", 0, 0.0, 0.0, "")]
    assert [row[1:] for row in related] == [("replaces", 0, "", 0, 0.0, 0.0, "DocumentReference/1")]


def test_extensions_are_found_by_their_url() -> None:
    base = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition"
    number: Resource = {"url": f"{base}/JP_Coverage_InsuredPersonNumber", "valueString": "１２"}
    other: Resource = {"url": f"{base}/JP_Coverage_InsuredPersonSymbol", "valueString": "記号"}
    use: Resource = {"url": f"{base}/JP_MedicationDosage_PeriodOfUse", "valuePeriod": {"start": "2026-11-20"}}
    order: Resource = {"resourceType": "MedicationRequest", "dosageInstruction": [{"extension": [use]}]}
    coverage: Resource = {"resourceType": "Coverage", "extension": [number, other]}

    assert texts(coverage, "jp-insured-personnumber") == [("12", "１２")]
    assert spans(order, "jp-medication-start") == [(1795100400000, 1795186800000)]


def test_a_resource_has_no_row_twice() -> None:
    twice: Resource = {"coding": [{"system": LOINC, "code": "8867-4"}] * 2}

    assert len(rows({"resourceType": "Observation", "code": twice}, "code")) == 1


def test_common_parameters_are_those_of_every_type() -> None:
    meta: Resource = {"tag": [{"code": "t"}], "security": [{"code": "R"}], "source": "urn:x"}

    assert [row.code for row in index({"resourceType": "Nothing", "meta": meta}) if isinstance(row, TokenRow)] == [
        "R",
        "urn:x",
        "t",
    ]


def test_values_of_any_shape_do_no_harm() -> None:
    shapes: list[Json] = [1, "x", True, None, [], {}, ["x"], [[]], [{}], {"coding": "x"}, {"value": {}}, {"start": 1}]
    names = ("code", "subject", "effectiveDateTime", "valueQuantity", "identifier", "component", "meta", "extension")
    for shape in shapes:
        index({"resourceType": "Observation", **dict.fromkeys(names, shape)}, "p1")
    assert index({"resourceType": "Observation", "code": 1, "subject": ["x"], "effectiveDateTime": "gestern"}) == []
    assert index({}) == []


def test_a_reference_row_is_two_columns() -> None:
    encounter: Resource = {"resourceType": "Observation", "encounter": {"reference": "Encounter/e1"}}

    assert rows(encounter, "encounter") == [ReferenceRow(1132, "Encounter/e1")]
