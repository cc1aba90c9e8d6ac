"""Searches as written in a URL: names, modifiers, values."""

import pytest

from profiles.search.parameters import parameter
from profiles.search.parse import parse_query
from profiles.search.query import Condition, UnknownParameter, patients_named
from profiles.search.systems import MAX_CODE, of_type_key, system_key
from profiles.search.values import (
    BadParameter,
    CompositeValue,
    DateValue,
    NumberValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)

LOINC = "http://loinc.org"


def condition(type_: str, name: str, text: str) -> Condition:
    (alternatives,) = parse_query(type_, [(name, text)]).conditions
    (one,) = alternatives
    return one


def values(type_: str, name: str, text: str) -> tuple[Value, ...]:
    return condition(type_, name, text).values


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("8867-4", TokenValue(None, "8867-4")),
        ("http://loinc.org|8867-4", TokenValue(system_key(LOINC), "8867-4")),
        ("|HR", TokenValue(0, "HR")),
        ("http://loinc.org|", TokenValue(system_key(LOINC), "")),
        (r"a\|b\,c\\", TokenValue(None, "a|b,c\\")),
        (
            "urn:oid:1.2.392.200119.4.504|3A016",
            TokenValue(system_key("http://medis.or.jp/CodeSystem/master-JLAC10-17digits"), "3A016"),
        ),
    ],
)
def test_token(written: str, value: TokenValue) -> None:
    one = condition("Observation", "code", written)

    assert (one.type, one.links, one.modifier, one.values) == ("Observation", (), "", (value,))
    assert one.parameter == parameter("Observation", "code")


def test_the_system_of_a_code_element_is_not_written() -> None:
    assert values("Patient", "gender", "http://hl7.org/fhir/administrative-gender|male") == (TokenValue(None, "male"),)
    assert values("Patient", "gender", "urn:other|male") == (TokenValue(system_key("urn:other"), "male"),)


def test_an_identifier_is_looked_for_in_the_forms_in_which_it_stands() -> None:
    system = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"

    assert values("Patient", "identifier", f"{system}|１２３４５") == (TokenValue(system_key(system), "00012345"),)
    assert values("Patient", "identifier", "１２") == (TokenValue(None, "１２"), TokenValue(None, "12"))


def test_the_type_of_an_identifier() -> None:
    one = condition("Patient", "identifier:of-type", "urn:types|MR|12")

    assert (one.modifier, one.values) == ("of-type", (TokenValue(of_type_key("urn:types"), "MR|12"),))


def test_the_identifier_of_a_reference() -> None:
    one = condition("Observation", "subject:identifier", "urn:x|1")

    assert (one.modifier, one.values) == ("identifier", (TokenValue(system_key("urn:x"), "1"),))


def test_commas_are_alternatives_and_repetition_is_and() -> None:
    query = parse_query("Observation", [("status", "final,amended"), ("date", "ge2026-11-01"), ("date", "lt2026-12")])

    assert [[one.values for one in alternatives] for alternatives in query.conditions] == [
        [(TokenValue(None, "final"), TokenValue(None, "amended"))],
        [(DateValue("ge", 1793458800000, 1793545200000),)],
        [(DateValue("lt", 1796050800000, 1798729200000),)],
    ]


@pytest.mark.parametrize(
    ("name", "written", "targets"),
    [
        ("patient", "p1", ("Patient/p1",)),
        ("patient", "Patient/p1/_history/2", ("Patient/p1",)),
        ("patient", "https://hospital.example/fhir/Patient/p1", ("https://hospital.example/fhir/Patient/p1",)),
        ("specimen", "s1", ("Specimen/s1",)),
        ("based-on", "b1", ("CarePlan/b1", "DeviceRequest/b1")),
        ("subject:Patient", "p1", ("Patient/p1",)),
    ],
)
def test_reference(name: str, written: str, targets: tuple[str, ...]) -> None:
    one = condition("Observation", name, written)

    assert isinstance(one.values[0], ReferenceValue)
    assert one.values[0].targets[: len(targets)] == targets
    assert one.modifier == ""


@pytest.mark.parametrize(
    ("written", "low", "length"),
    [
        ("2026-11-20T09:00:00 09:00", 1795132800000, 1000),  # a plus that became a space is still a zone
        ("2026-11-20T09:00+09:00", 1795132800000, 60_000),
        ("2026-11-20", 1795100400000, 86_400_000),
    ],
)
def test_dates_are_as_long_as_they_are_written(written: str, low: int, length: int) -> None:
    assert values("Observation", "date", f"sa{written}") == (DateValue("sa", low, low + length),)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("5.4", 5.35, 5.45),
        ("5.40", 5.395, 5.405),
        ("100", 99.5, 100.5),
        ("1e2", 95, 105),
        ("-0.5", -0.55, -0.45),
        ("ne5", 4.5, 5.5),
        ("ap100", 90, 110),
        ("ap-100", -110, -90),
    ],
)
def test_a_number_stands_for_what_would_be_written_so(written: str, low: float, high: float) -> None:
    (value,) = values("Observation", "value-quantity", written)

    assert isinstance(value, NumberValue)
    assert (value.low, value.high) == (low, high)


def test_a_comparison_is_with_the_exact_number() -> None:
    (value,) = values("RiskAssessment", "probability", "gt0.8")

    assert isinstance(value, NumberValue)
    assert value.prefix == "gt"
    assert value.low == 0.8 < value.high < 0.8000001


def test_units() -> None:
    exact, unit, any_ = values("Observation", "value-quantity", "5|urn:u|mg,5||錠,5")

    assert isinstance(exact, NumberValue)
    assert isinstance(unit, NumberValue)
    assert isinstance(any_, NumberValue)
    assert (exact.system, exact.code) == (system_key("urn:u"), "mg")
    assert (unit.system, unit.code) == (None, "錠")
    assert (any_.system, any_.code) == (None, "")


def test_composites() -> None:
    (value,) = values("Observation", "code-value-quantity", "http://loinc.org|4548-4$gt7.0||%")

    assert isinstance(value, CompositeValue)
    first, second = value.parts
    assert first == TokenValue(system_key(LOINC), "4548-4")
    assert isinstance(second, NumberValue)
    assert (second.prefix, second.low, second.code) == ("gt", 7.0, "%")
    assert values("DocumentReference", "relationship", "replaces$DocumentReference/1") == (
        CompositeValue((TokenValue(None, "replaces"), ReferenceValue(("DocumentReference/1",)))),
    )


def test_strings() -> None:
    assert condition("Patient", "kana:contains", "さとう").modifier == "contains"
    assert values("Patient", "kana:contains", "さとう") == (StringValue("サトウ", "さとう"),)
    assert values("Patient", "name:exact", "佐藤 健") == (StringValue("佐藤健", "佐藤 健"),)
    assert values("Observation", "code:text", "ﾋﾓｸﾞﾛﾋﾞﾝ") == (StringValue("ヒモグロビン", "ﾋﾓｸﾞﾛﾋﾞﾝ"),)


def test_uris_and_what_lies_above_and_below() -> None:
    assert values("ValueSet", "url", "http://a.example/v") == (TokenValue(None, "http://a.example/v"),)
    above = condition("ValueSet", "url:above", "http://a.example/v/1")
    below = condition("ValueSet", "url:below", "http://a.example/v")

    assert above.modifier == ""
    assert {TokenValue(None, url) for url in ("http://a.example/v/1", "http://a.example/v", "http://a.example/")} <= {
        *above.values
    }
    assert (below.modifier, below.values) == ("below", (TokenValue(None, "http://a.example/v"),))


def test_missing_and_not() -> None:
    assert condition("Condition", "onset-date:missing", "true").values == (TokenValue(None, "true"),)
    assert condition("Condition", "clinical-status:not", "resolved,inactive").modifier == "not"


def test_long_values_are_asked_for_as_they_stand() -> None:
    (value,) = values("Patient", "identifier", "x" * 900)

    assert isinstance(value, TokenValue)
    assert len(value.code) == MAX_CODE


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("pateint", "patient"), ("_sorts", "_sort"), ("value-consept", "value-concept"), ("___", None)],
)
def test_an_unknown_parameter_names_the_nearest(name: str, nearest: str | None) -> None:
    with pytest.raises(UnknownParameter) as unknown:
        parse_query("Observation", [(name, "1")])
    assert (unknown.value.name, unknown.value.nearest) == (name, nearest)


def test_a_lenient_search_leaves_out_what_it_does_not_know() -> None:
    pairs = [("nope", "1"), ("status", "final"), ("_sort", "nope")]

    query = parse_query("Observation", pairs, lenient=True)
    assert query.ignored == ("nope", "_sort")
    assert len(query.conditions) == 1
    with pytest.raises(BadParameter):
        parse_query("Observation", [("date", "yesterday")], lenient=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date", "yesterday"),
        ("date", "2026-13"),
        ("date", "2026-02-30"),
        ("date", "ge"),
        ("date", "２０２６"),
        ("patient", "Patient/../x"),
        ("patient", "a b"),
        ("subject", "Group/1/x"),
        ("subject:Patient", "Group/1"),
        ("focus", "1"),
        ("code", ""),
        ("code", "　"),
        ("code", "a,,b"),
        ("code:above", "x"),
        ("code:", "x"),
        ("status:text", "x"),
        ("code:of-type", "a|b|c"),
        ("identifier:of-type", "a|b"),
        ("date:exact", "2026"),
        ("patient:missing", "yes"),
        ("subject:Medication", "m1"),
        ("value-quantity", "five"),
        ("value-quantity", "5|mg"),
        ("value-quantity", "1e999"),
        ("value-string", "\u200b"),
        ("code-value-quantity", "1"),
        ("code-value-quantity", "1$x"),
        ("status", ",".join(["final"] * 101)),
        ("code", "x" * 1001),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadParameter) as bad:
        parse_query("Observation", [(name, value)])
    assert bad.value.name == name
    assert bad.value.problem


@pytest.mark.parametrize(
    ("pairs", "patients"),
    [
        ([("patient", "p1,Patient/p2")], ("p1", "p2")),
        ([("status", "final"), ("subject", "Patient/p1")], ("p1",)),
        ([("subject", "p1")], None),  # may be a Group
        ([("subject", "Patient/p1,Group/g1")], None),
        ([("patient:missing", "true")], None),
        ([("patient.name", "x")], None),
        ([("performer", "Patient/p1")], None),
    ],
)
def test_the_patients_to_whom_a_search_is_limited(
    pairs: list[tuple[str, str]], patients: tuple[str, ...] | None
) -> None:
    assert patients_named(parse_query("Observation", pairs)) == patients


def test_a_search_of_several_types_is_limited_when_it_is_in_each() -> None:
    named = ("patient", "Patient/p1")

    assert patients_named(parse_query("", [("_type", "Observation,Condition"), named])) == ("p1",)
    assert patients_named(parse_query("", [("_type", "Observation,Appointment"), named])) is None
