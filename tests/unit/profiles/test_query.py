"""Searches as written in a URL."""

import pytest

from profiles import (
    BadParameter,
    DateValue,
    Query,
    ReferenceValue,
    StringValue,
    TokenValue,
    UnknownParameter,
    parameters_of,
    parse_query,
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("8867-4", TokenValue(None, "8867-4")),
        ("http://loinc.org|8867-4", TokenValue("http://loinc.org", "8867-4")),
        ("|HR", TokenValue("", "HR")),
        ("http://loinc.org|", TokenValue("http://loinc.org", "")),
        (r"a\|b\,c", TokenValue(None, "a|b,c")),
        (
            "urn:oid:1.2.392.200119.4.504|3A016",
            TokenValue("http://medis.or.jp/CodeSystem/master-JLAC10-17digits", "3A016"),
        ),
    ],
)
def test_token(written: str, value: TokenValue) -> None:
    (condition,) = parse_query("Observation", [("code", written)]).conditions

    assert (condition.parameter, condition.kind, condition.modifier, condition.values) == (
        "code",
        "token",
        "",
        (value,),
    )


def test_an_identifier_is_compared_in_its_canonical_form() -> None:
    system = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"
    (condition,) = parse_query("Patient", [("identifier", f"{system}|１２３４５")]).conditions

    assert condition.values == (TokenValue(system, "00012345"),)


def test_commas_are_alternatives_and_repetition_is_and() -> None:
    query = parse_query("Observation", [("status", "final,amended"), ("date", "ge2026-11-01"), ("date", "lt2026-12")])

    assert query.conditions[0].values == (TokenValue(None, "final"), TokenValue(None, "amended"))
    assert query.conditions[1].values == (DateValue("ge", "2026-10-31T15:00:00.000Z", "2026-11-01T15:00:00.000Z"),)
    assert query.conditions[2].values == (DateValue("lt", "2026-11-30T15:00:00.000Z", "2026-12-31T15:00:00.000Z"),)


@pytest.mark.parametrize(
    ("name", "written", "targets"),
    [
        ("patient", "p1", ("Patient/p1",)),
        ("patient", "Patient/p1", ("Patient/p1",)),
        ("patient", "https://hospital.example/fhir/Patient/p1", ("https://hospital.example/fhir/Patient/p1",)),
        ("encounter", "e1", ("Encounter/e1", "EpisodeOfCare/e1")),
        ("subject:Patient", "p1", ("Patient/p1",)),
    ],
)
def test_reference(name: str, written: str, targets: tuple[str, ...]) -> None:
    (condition,) = parse_query("Observation", [(name, written)]).conditions

    assert condition.values == (ReferenceValue(targets),)
    assert condition.modifier == ""


def test_a_plus_that_became_a_space_is_still_a_zone() -> None:
    (condition,) = parse_query("Observation", [("date", "2026-11-20T09:00:00 09:00")]).conditions

    assert condition.values == (DateValue("eq", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:01.000Z"),)


def test_a_minute_is_a_minute() -> None:
    (condition,) = parse_query("Observation", [("date", "sa2026-11-20T09:00+09:00")]).conditions

    assert condition.values == (DateValue("sa", "2026-11-20T00:00:00.000Z", "2026-11-20T00:01:00.000Z"),)


def test_string_modifiers() -> None:
    query = parse_query("Patient", [("kana:contains", "さとう"), ("name:exact", "佐藤 健")])

    assert [condition.modifier for condition in query.conditions] == ["contains", "exact"]
    assert query.conditions[0].values == (StringValue("サトウ", "さとう"),)
    assert query.conditions[1].values == (StringValue("佐藤健", "佐藤 健"),)


def test_missing_and_not() -> None:
    query = parse_query("Condition", [("onset-date:missing", "true"), ("clinical-status:not", "resolved")])

    assert [(one.modifier, one.values) for one in query.conditions] == [
        ("missing", (TokenValue(None, "true"),)),
        ("not", (TokenValue(None, "resolved"),)),
    ]


def test_controls() -> None:
    pairs = [("_sort", "-date,_id"), ("_count", "50"), ("_total", "accurate"), ("_cursor", "x"), ("_format", "json")]

    assert parse_query("Observation", pairs) == Query((), (("date", True), ("_id", False)), 50, True, "x")
    assert parse_query("Observation", []) == Query((), (), 20, False, None)
    assert parse_query("Observation", [("_count", "5000")]).count == 200


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("pateint", "patient"), ("_sorts", "_sort"), ("code-value-quantity", "value-concept"), ("___", None)],
)
def test_an_unknown_parameter_names_the_nearest(name: str, nearest: str | None) -> None:
    with pytest.raises(UnknownParameter) as unknown:
        parse_query("Observation", [(name, "1")])
    assert (unknown.value.name, unknown.value.nearest) == (name, nearest)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date", "yesterday"),
        ("date", "2026-13"),
        ("date", "2026-02-30"),
        ("date", "ge"),
        ("patient", "Patient/../x"),
        ("patient", "a b"),
        ("subject", "Group/1/x"),
        ("code", ""),
        ("code", "a,,b"),
        ("code:above", "x"),
        ("date:exact", "2026"),
        ("patient:missing", "yes"),
        ("subject:Medication", "m1"),
        ("_count", "-1"),
        ("_count", "1e9"),
        ("_count", "²"),
        ("_total", "estimate"),
        ("status", ",".join(["final"] * 101)),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadParameter) as bad:
        parse_query("Observation", [(name, value)])
    assert bad.value.name == name
    assert bad.value.problem


def test_sorting_by_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(UnknownParameter):
        parse_query("Observation", [("_sort", "-nonsense")])


def test_a_control_may_be_given_once() -> None:
    with pytest.raises(BadParameter):
        parse_query("Observation", [("_count", "1"), ("_count", "2")])


def test_every_type_can_be_searched_by_id() -> None:
    assert [parameter.name for parameter in parameters_of("Basic")] == ["_id", "_lastUpdated"]
    assert parse_query("Basic", [("_id", "a,b")]).conditions[0].values == (TokenValue(None, "a"), TokenValue(None, "b"))
