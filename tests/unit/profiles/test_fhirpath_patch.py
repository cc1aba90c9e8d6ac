"""FHIRPath Patch (FHIR R4 §3.1.0.10.2): each operation on the elements that a path names."""

import json
from typing import Any

import pytest

from profiles import read_json, write_json
from profiles.patch import PatchFailed, apply, read_fhirpath_patch
from profiles.resource import as_object

PATIENT = """{"resourceType":"Patient","id":"p","extension":[{"url":"http://x.test/e.1","valueDecimal":1.10}],
 "name":[{"use":"official","family":"A","given":["x","y"],"_given":[null,{"id":"q"}]},{"use":"usual","family":"B"}],
 "birthDate":"1940-05-01","deceasedBoolean":false,"contact":[{"name":{"text":"c"}}],
 "contained":[{"resourceType":"Organization","id":"o","name":"old"}]}"""


def part(name: str, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"name": name, **value}
    return {"name": name, ("valueInteger" if isinstance(value, int) else "valueString"): value}


def parameters(*operations: dict[str, Any]) -> Any:
    found = [{"name": "operation", "part": [part(*pair) for pair in one.items()]} for one in operations]
    return {"resourceType": "Parameters", "parameter": found}


def patched(*operations: dict[str, Any]) -> Any:
    patch = read_fhirpath_patch(read_json(json.dumps(parameters(*operations)).encode()))
    return json.loads(write_json(apply(patch, as_object(read_json(PATIENT.encode())))))


def test_add_makes_lists_and_finds_the_type_of_a_choice() -> None:
    phone = {"valueContactPoint": {"system": "phone", "value": "1"}}
    assert patched({"type": "add", "path": "Patient", "name": "telecom", "value": phone})["telecom"] == [
        {"system": "phone", "value": "1"}
    ]
    name = {"valueHumanName": {"text": "n"}}
    assert len(patched({"type": "add", "path": "Patient", "name": "name", "value": name})["name"]) == 3
    gone = {"type": "delete", "path": "Patient.deceased"}
    died = {"type": "add", "path": "Patient", "name": "deceased", "value": {"valueDateTime": "2026-11-20"}}
    assert patched(gone, died)["deceasedDateTime"] == "2026-11-20"
    suffix = patched({"type": "add", "path": "Patient.name[0]", "name": "suffix", "value": {"valueString": "Jr"}})
    assert suffix["name"][0]["suffix"] == ["Jr"]


def test_add_builds_what_has_no_type_of_its_own_from_parts() -> None:
    contact = {
        "part": [
            {"name": "name", "valueHumanName": {"text": "n"}},
            {"name": "telecom", "valueContactPoint": {"value": "1"}},
            {"name": "telecom", "valueContactPoint": {"value": "2"}},
        ]
    }
    made = patched({"type": "add", "path": "Patient", "name": "contact", "value": contact})["contact"]
    assert made[1] == {"name": {"text": "n"}, "telecom": [{"value": "1"}, {"value": "2"}]}


def test_replace_changes_one_element_and_a_choice_by_another_type() -> None:
    born = {"type": "replace", "path": "Patient.birthDate", "value": {"valueDate": "1941"}}
    assert patched(born)["birthDate"] == "1941"
    changed = patched({"type": "replace", "path": "Patient.deceased", "value": {"valueDateTime": "2026"}})
    assert (changed["deceasedDateTime"], "deceasedBoolean" in changed) == ("2026", False)
    typed = {"type": "replace", "path": "Patient.deceased.ofType(boolean)", "value": {"valueBoolean": True}}
    assert patched(typed)["deceasedBoolean"] is True
    usual = {"type": "replace", "path": "Patient.name.where(use = 'usual').family", "value": "C"}
    assert patched(usual)["name"][1]["family"] == "C"
    inside = {"type": "replace", "path": "Patient.contained[0].name", "value": "new"}
    assert patched(inside)["contained"][0]["name"] == "new"
    extension = {
        "type": "replace",
        "path": "Patient.extension('http://x.test/e.1').value",
        "value": {"valueInteger": 3},
    }
    assert patched(extension)["extension"] == [{"url": "http://x.test/e.1", "valueInteger": 3}]


def test_delete_takes_one_element_and_what_belongs_to_it() -> None:
    assert "birthDate" not in patched({"type": "delete", "path": "Patient.birthDate"})
    assert "contact" not in patched({"type": "delete", "path": "Patient.contact[0]"})
    name = patched({"type": "delete", "path": "Patient.name[0].given[1]"})["name"][0]
    assert (name["given"], "_given" in name) == (["x"], False)
    assert patched({"type": "delete", "path": "Patient.photo"}) == json.loads(PATIENT)
    assert patched({"type": "delete", "path": "name.last()"})["name"][-1]["family"] == "A"


def test_insert_and_move_within_a_list() -> None:
    new = {"valueHumanName": {"text": "new"}}
    inserted = patched({"type": "insert", "path": "Patient.name", "index": 1, "value": new})["name"]
    assert [one.get("family", one.get("text")) for one in inserted] == ["A", "new", "B"]
    moved = patched({"type": "move", "path": "Patient.name", "source": 1, "destination": 0})["name"]
    assert [one["family"] for one in moved] == ["B", "A"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient.name.where(use = 'official' and family = 'A')", 1),
        ("Patient.name.where(use != 'official')", 1),
        ("Patient.name.where(given.exists())", 1),
        ("Patient.name.where(given[0] = 'x').first()", 1),
        ("Patient.extension.where(value = 1.1)", 1),
        ("Patient.name.where(use = 'old')", 0),
        ("Patient.where(deceased = false).birthDate", 1),
    ],
)
def test_where_chooses(path: str, found: int) -> None:
    left = patched({"type": "delete", "path": path})
    assert (left != json.loads(PATIENT)) == bool(found)


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"type": "delete", "path": "Patient.name"}, "names 2 elements"),
        ({"type": "replace", "path": "Patient.photo", "value": "x"}, "names no elements"),
        ({"type": "add", "path": "Patient", "name": "deceased", "value": {"valueBoolean": True}}, "there already"),
        ({"type": "add", "path": "Patient", "name": "nonsense", "value": "x"}, "has no element nonsense"),
        ({"type": "add", "path": "Patient", "name": "deceased", "value": {"valueQuantity": {}}}, "of type quantity"),
        ({"type": "add", "path": "Patient.birthDate", "name": "x", "value": "x"}, "has no elements"),
        ({"type": "insert", "path": "Patient.name", "index": 9, "value": {"valueHumanName": {}}}, "index 9"),
        ({"type": "move", "path": "Patient.name", "source": 0, "destination": 2}, "destination 2"),
        ({"type": "move", "path": "Patient.name[0]", "source": 0, "destination": 0}, "not a whole list"),
        ({"type": "replace", "path": "Patient", "value": "x"}, "whole resource"),
        ({"type": "replace", "path": "Patient.id", "value": {"valueId": "q"}}, "cannot change id"),
    ],
)
def test_what_does_not_apply_says_why(operation: dict[str, Any], why: str) -> None:
    with pytest.raises(PatchFailed, match=why):
        patched(operation)


@pytest.mark.parametrize(
    "operation",
    [
        {"path": "Patient.name"},
        {"type": "erase", "path": "Patient.name"},
        {"type": "add", "path": "Patient", "value": "x"},
        {"type": "insert", "path": "Patient.name", "value": "x", "index": "one"},
        {"type": "delete", "path": "Patient.name["},
        {"type": "delete", "path": "Patient.name[-1]"},
        {"type": "delete", "path": "Patient.name where"},
        {"type": "delete", "path": "Patient.name.where(family matches 'x')"},
        {"type": "delete", "path": "Patient.name.repeat(given)"},
        {"type": "delete", "path": "Patient.name.where(family = 'x"},
        {"type": "delete", "path": "Patient." + "name." * 300 + "x"},
        {"type": "delete", "path": ""},
    ],
)
def test_what_is_no_fhirpath_patch_is_told_before_anything_is_read(operation: dict[str, Any]) -> None:
    with pytest.raises(PatchFailed):
        read_fhirpath_patch(parameters(operation))


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"resourceType": "Parameters"},
        {"resourceType": "Patient", "parameter": [{"name": "operation"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "other"}]},
    ],
)
def test_what_are_no_such_parameters_is_refused(document: Any) -> None:
    with pytest.raises(PatchFailed):
        read_fhirpath_patch(document)
