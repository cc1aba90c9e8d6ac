"""Chains, ``_has``, includes, and what else a search says beside its conditions."""

import pytest

from profiles.search.controls import MAX_COUNT
from profiles.search.parse import parse_query
from profiles.search.query import Condition, Query, UnknownParameter
from profiles.search.values import BadParameter


def hops(one: Condition) -> list[tuple[str, str, bool]]:
    return [(link.parameter.name, link.type, link.reverse) for link in one.links]


def ways(type_: str, name: str, text: str = "x") -> list[tuple[list[tuple[str, str, bool]], str, str]]:
    (alternatives,) = parse_query(type_, [(name, text)]).conditions
    assert {one.type for one in alternatives} == {type_}
    return [(hops(one), one.parameter.type, one.parameter.name) for one in alternatives]


def test_a_chain_goes_to_the_types_that_have_what_follows() -> None:
    assert ways("Observation", "subject.name") == [
        ([("subject", "Location", False)], "Location", "name"),
        ([("subject", "Patient", False)], "Patient", "name"),
    ]
    assert ways("Observation", "subject:Patient.name") == [([("subject", "Patient", False)], "Patient", "name")]


def test_a_chain_of_three() -> None:
    assert ways("Observation", "encounter.service-provider.partof.name") == [
        (
            [
                ("encounter", "Encounter", False),
                ("service-provider", "Organization", False),
                ("partof", "Organization", False),
            ],
            "Organization",
            "name",
        )
    ]
    with pytest.raises(BadParameter, match="more than 3"):
        parse_query("Observation", [("encounter.service-provider.partof.partof.name", "x")])


def test_the_modifier_of_a_chain_is_at_its_end() -> None:
    ((one,),) = parse_query("Observation", [("patient.name:exact", "x")]).conditions

    assert one.modifier == "exact"


def test_has_goes_backwards() -> None:
    assert ways("Patient", "_has:Observation:patient:code") == [
        ([("patient", "Observation", True)], "Observation", "code")
    ]
    assert ways("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent:Practitioner.name") == [
        (
            [("patient", "Observation", True), ("entity", "AuditEvent", True), ("agent", "Practitioner", False)],
            "Practitioner",
            "name",
        )
    ]
    assert ways("Observation", "patient._has:Group:member:_id") == [
        ([("patient", "Patient", False), ("member", "Group", True)], "Resource", "_id")
    ]


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("Observation", "status.name"),
        ("Observation", "focus.name"),
        ("Observation", "subject:Medication.code"),
        ("Patient", "_has:Observation:patient"),
        ("Patient", "_has:Observation:encounter:code"),
        ("Patient", "_has:Observation:status:code"),
    ],
)
def test_chains_that_lead_nowhere_are_refused(type_: str, name: str) -> None:
    with pytest.raises(BadParameter):
        parse_query(type_, [(name, "x")])


@pytest.mark.parametrize(
    ("type_", "name", "unknown"),
    [
        ("Observation", "subject.nope", "nope"),
        ("Observation", "nope.name", "nope"),
        ("Patient", "_has:Nothing:patient:code", "patient"),
    ],
)
def test_chains_to_what_there_is_not(type_: str, name: str, unknown: str) -> None:
    with pytest.raises(UnknownParameter) as problem:
        parse_query(type_, [(name, "x")])
    assert problem.value.name == unknown


def test_a_search_of_several_types() -> None:
    pairs = [("_type", "Observation,Condition"), ("code", "x"), ("_id", "1"), ("patient", "Patient/1")]
    query = parse_query("", pairs)

    assert query.types == ("Observation", "Condition")
    assert [[one.type for one in alternatives] for alternatives in query.conditions] == [
        ["Observation", "Condition"],
        ["Resource"],
        ["Observation", "Condition"],
    ]
    with pytest.raises(UnknownParameter):
        parse_query("", [("_type", "Observation,Organization"), ("code", "x")])
    with pytest.raises(UnknownParameter):
        parse_query("", [("code", "x")])
    with pytest.raises(BadParameter):
        parse_query("Observation", [("_type", "Condition")])


def test_controls() -> None:
    pairs = [("_sort", "-date,_id"), ("_count", "50"), ("_total", "accurate"), ("_cursor", "x"), ("_format", "json")]
    query = parse_query("Observation", [*pairs, ("_summary", "data"), ("_elements", "id,code")])

    assert [(one.name, descending) for one, descending in query.sort] == [("date", True), ("_id", False)]
    assert (query.count, query.total, query.cursor) == (50, "accurate", "x")
    assert (query.summary, query.elements) == ("data", ("id", "code"))
    assert parse_query("Observation", []) == Query(("Observation",))
    assert parse_query("Observation", [("_count", "5000")]).count == MAX_COUNT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_count", "-1"),
        ("_count", "1e9"),
        ("_count", "²"),
        ("_total", "perhaps"),
        ("_summary", "some"),
        ("_elements", "id,,code"),
        ("_elements", "<x>"),
        ("_sort", "code-value-quantity"),
        ("_sort", ",".join(["date"] * 9)),
        ("_include", "Observation"),
        ("_include", "Condition:subject"),
        ("_include", "Observation:status"),
        ("_include", "Observation:specimen:Patient"),
        ("_include:recurse", "Observation:subject"),
        ("_revinclude", "Provenance"),
        ("_revinclude", "Encounter:patient"),
    ],
)
def test_controls_that_cannot_be_read_are_refused(name: str, value: str) -> None:
    with pytest.raises(BadParameter) as bad:
        parse_query("Observation", [(name, value)])
    assert bad.value.name == name


def test_a_control_may_be_given_once() -> None:
    with pytest.raises(BadParameter):
        parse_query("Observation", [("_count", "1"), ("_count", "2")])


def test_sorting_by_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(UnknownParameter):
        parse_query("Observation", [("_sort", "-nonsense")])


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("_include", "Observation:subject", ("Observation", "subject", "", False, False)),
        ("_include", "Observation:subject:Patient", ("Observation", "subject", "Patient", False, False)),
        ("_include", "Observation:*", ("Observation", None, "", False, False)),
        ("_include", "*", ("", None, "", False, False)),
        ("_include:iterate", "Patient:organization", ("Patient", "organization", "", True, False)),
        ("_revinclude", "Provenance:target", ("Provenance", "target", "", False, True)),
        ("_revinclude:iterate", "AuditEvent:entity", ("AuditEvent", "entity", "", True, True)),
    ],
)
def test_includes(name: str, written: str, expected: tuple[str, str | None, str, bool, bool]) -> None:
    (one,) = parse_query("Observation", [(name, written)]).includes
    found = one.parameter.name if one.parameter else None

    assert (one.source, found, one.target, one.iterate, one.reverse) == expected
