"""The tables of search parameters hold together."""

import pytest

from profiles.definitions import definitions
from profiles.rules.references import TYPES
from profiles.search.distil import Made, numbered, rows_of
from profiles.search.expressions import Step, Untranslatable, branches
from profiles.search.parameters import EVERY_TYPE, KINDS, parameters_of
from profiles.search.paths import Step as ReadStep
from profiles.search.paths import read_path
from profiles.search.plan import is_readable
from profiles.tables import rows

OFFICIAL, OWN = rows("search/parameters.csv"), rows("search/own.csv")
PATIENT_TYPES = {row["type"] for row in rows("patient_compartment.csv")}
EVERY = [one for type_ in sorted({row["type"] for row in OFFICIAL}) for one in parameters_of(type_)]


def test_rows_name_what_exists() -> None:
    assert {row["type"] for row in (*OFFICIAL, *OWN)} - {EVERY_TYPE} <= TYPES
    assert {row["kind"] for row in (*OFFICIAL, *OWN)} <= KINDS.keys()
    assert {target for row in (*OFFICIAL, *OWN) for target in row["targets"].split()} <= TYPES


def test_all_official_parameters_but_a_few_are_there() -> None:
    assert len(OFFICIAL) == 1705
    assert len({row["type"] for row in OFFICIAL}) == 134


def test_every_parameter_can_be_compiled() -> None:
    assert [f"{one.type}.{one.name}" for one in EVERY if not is_readable(one)] == []


def test_only_what_stands_on_the_row_has_no_path() -> None:
    assert {one.name for one in EVERY if not one.paths} == {"_id", "_lastUpdated"}


def test_no_number_and_no_parameter_is_there_twice() -> None:
    numbers = [row["number"] for row in (*OFFICIAL, *OWN)]
    names = [(row["type"], row["parameter"]) for row in (*OFFICIAL, *OWN)]

    assert len(numbers) == len(set(numbers))
    assert len(names) == len(set(names))


def test_numbers_stay() -> None:
    """What stands in stored indexes: these never change."""
    found = {(row["type"], row["parameter"]): row["number"] for row in (*OFFICIAL, *OWN)}

    assert found["Resource", "_tag"] == "6"
    assert found["Patient", "identifier"] == "1214"
    assert found["Observation", "code"] == "1110"
    assert found["VisionPrescription", "status"] == "1705"
    assert found["Patient", "jp-kana-sort"] == "10004"


def test_rows_stand_only_under_parameters_that_have_their_own() -> None:
    of_number = {one.number: one for one in EVERY}

    for one in EVERY:
        assert one.numbers
        for number in one.numbers:
            assert of_number[number].numbers == (number,)
            assert (of_number[number].type, of_number[number].kind) == (one.type, one.kind)


def test_references_are_read_where_references_stand() -> None:
    places = [(row["type"], path) for row in OFFICIAL for path in row["paths"].split() if path.endswith(":Reference")]

    assert [place for place in places if not _kind_at(*place).startswith(("Reference", "Extension"))] == []


def test_every_type_about_patients_can_be_searched_by_patient() -> None:
    several = {"Group", "Person", "Binary", "Schedule", "MeasureReport", "SupplyRequest", "AdverseEvent"}

    without = {type_ for type_ in PATIENT_TYPES if "patient" not in {one.name for one in parameters_of(type_)}}
    assert without - several == set()


def test_the_patient_of_a_row_is_a_single_reference() -> None:
    of_patient = [one for one in EVERY if one.of_patient]
    first = {row["type"]: row["paths"].split()[0] for row in rows("patient_compartment.csv")}

    assert {(one.name) for one in of_patient} >= {"patient", "subject", "beneficiary"}
    assert all(one.paths == (f"{first[one.type]}:Reference",) for one in of_patient)


def _kind_at(kind: str, path: str) -> str:
    for step in read_path(path).steps:
        if step.name == "extension":
            return "Extension"
        kind = definitions()["types"][kind.split()[0]][step.name]
    return kind


@pytest.mark.parametrize(
    ("expression", "steps", "target"),
    [
        ("Patient.name.family", (Step("name"), Step("family")), ""),
        ("(Observation.value as Quantity)", (Step("value", "Quantity"),), ""),
        ("Condition.onset.as(Age)", (Step("onset", "Age"),), ""),
        ("Patient.telecom.where(system='phone')", (Step("telecom", only="system=phone"),), ""),
        ("Flag.subject.where(resolve() is Patient)", (Step("subject"),), "Patient"),
        ("Device.extension('http://a.b/c')", (Step("extension", only="url=http://a.b/c"),), ""),
        ("(Observation.value as CodeableConcept).text", (Step("value", "CodeableConcept"), Step("text")), ""),
    ],
)
def test_expressions_become_steps(expression: str, steps: tuple[Step, ...], target: str) -> None:
    (branch,) = branches(expression)

    assert (branch.steps, branch.target) == (steps, target)


@pytest.mark.parametrize("expression", ["Bundle.entry[0].resource", "%resource.id", "Patient.name.first()"])
def test_what_cannot_be_translated_is_said(expression: str) -> None:
    with pytest.raises(Untranslatable):
        branches(expression)


def test_paths_are_read() -> None:
    path = read_path("item[extension=http://a.b/c].answer:Coding")

    assert path.steps == (ReadStep("item", "extension", "http://a.b/c"), ReadStep("answer"))
    assert path.type == "Coding"
    with pytest.raises(ValueError, match="not a path"):
        read_path("answer")


def _made(type_: str, name: str, *paths: str) -> Made:
    return Made(type_, name, "token", list(paths), [], [], of_patient=False, definition="", expression="")


def test_numbering_keeps_the_old_and_appends_the_new() -> None:
    made = [_made("A", "a"), _made("A", "b"), _made("B", "c")]

    assert numbered(made, {("A", "b"): 7}) == {("A", "b"): 7, ("A", "a"): 8, ("B", "c"): 9}
    with pytest.raises(SystemExit):
        numbered(made[:1], {("A", "b"): 7})


def test_a_parameter_that_puts_others_together_has_no_rows() -> None:
    made = [_made("A", "both", "x:code", "y:code"), _made("A", "x", "x:code"), _made("A", "y", "y:code")]

    assert rows_of(made, {("A", "both"): 1, ("A", "x"): 2, ("A", "y"): 3}) == {("A", "both"): [2, 3]}
