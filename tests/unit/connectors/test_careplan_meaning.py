"""What a care plan file means: whose it is, what sending it again or corrected does, that no cell is lost."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.careplan import convert
from connectors.careplan.layouts import Column, codes, kind_of_name, layouts
from connectors.conversion import ConversionError, SourceContext
from profiles import Resource, category_of, labels_of
from profiles.resource import as_object, as_text, objects

SAMPLES = Path(__file__).parents[3] / "connectors/careplan/samples"
SOURCE = SourceContext("kyotaku", "居宅介護支援事業所なごみ", None, "0171200018", datetime(2026, 11, 22, tzinfo=UTC))
PERSON = "Patient?identifier=https://renkei.example/fhir/NamingSystem/kaigo-insured-no|019990-0000100011"
OTHERS: dict[str, tuple[str, str]] = {
    "date": ("20260203", "20260204"),
    "date-or-zeros": ("20260203", "20260204"),
    "consultation": ("20260203", "20260204"),
    "month": ("202603", "202604"),
    "month-or-zeros": ("202603", "202604"),
    "time": ("0315", "0420"),
    "time-or-9999": ("0315", "0420"),
    "number": ("7", "8"),
    "office": ("0199900001", "0199900002"),
    "service": ("152999", "152998"),
    "kind": ("11", "12"),
    "days": ("1" * 31, "0" * 31),
    "insurer": ("019991", "019992"),
    "insured": ("0000999991", "0000999992"),
    "text": ("別の言葉", "違う言葉"),
    "plain": ("987", "986"),
}


def _sample(kind: str) -> tuple[list[list[str]], SourceContext]:
    path = next(path for path in sorted(SAMPLES.glob("*.CSV")) if kind_of_name(path.name) == kind)
    text = path.read_bytes().decode("cp932")
    return [*csv.reader(text.splitlines(keepends=True))], replace(SOURCE, file_name=path.name)


def _file(rows: list[list[str]]) -> bytes:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows).encode(
        "cp932"
    )


def _resources(bundle: Resource, *types: str) -> list[Resource]:
    found = [as_object(entry.get("resource")) for entry in objects(bundle.get("entry"))]
    return [one for one in found if not types or one.get("resourceType") in types]


def _urls(bundle: Resource) -> list[str]:
    return [as_text(as_object(entry["request"]).get("url")) for entry in objects(bundle.get("entry"))]


def _others(column: Column, written: str) -> Iterator[str]:
    for value in codes(column.codes) if column.codes else OTHERS[column.form]:
        if value != written:
            yield value


@pytest.mark.parametrize("kind", sorted(set(layouts()) - {"UPSIKYU", "DLTPLAN", "DLTJSK", "DLTKIHON", "DLTYOBO"}))
def test_every_cell_changes_the_resources_or_is_reported(kind: str) -> None:
    rows, source = _sample(kind)
    before = convert(_file(rows), source)
    lost = []
    for number, row in enumerate(rows):
        for column in layouts()[kind].columns[1:]:
            for other in _others(column, row[column.number - 1]):
                changed = [*row[: column.number - 1], other, *row[column.number :]]
                after = convert(_file([*rows[:number], changed, *rows[number + 1 :]]), source)
                if after.bundle == before.bundle and after.unmapped == before.unmapped:
                    lost.append(f"row {number + 1}: {column.name} {row[column.number - 1]!r} → {other!r}")
    assert lost == []


def test_sending_a_file_again_names_the_same_resources() -> None:
    rows, source = _sample("UP2KYO")
    first, again = convert(_file(rows), source), convert(_file(rows), source)
    assert first == again
    assert all(url.partition("?")[2].startswith("identifier=") for url in _urls(first.bundle))


def test_a_correction_has_the_names_of_what_it_corrects() -> None:
    rows, source = _sample("UP2KYO")
    before = convert(_file(rows), source)
    rows[0][13], rows[1][18] = "体操と昼食", "週末だけ"
    after = convert(_file(rows), source)
    assert _urls(after.bundle) == _urls(before.bundle)
    assert after.bundle != before.bundle


def test_a_new_plan_leaves_the_old_one_and_replaces_the_team() -> None:
    rows, source = _sample("UP2KYO")
    before = set(_urls(convert(_file(rows), source).bundle))
    for row in rows:
        row[4] = "20270201"
    after = set(_urls(convert(_file(rows), source).bundle))
    assert [url.partition("?")[0] for url in before & after] == ["CareTeam"]


def test_a_person_without_a_record_in_the_file_is_found_by_number() -> None:
    rows, source = _sample("UP3KYO")
    [plan] = _resources(convert(_file(rows), source).bundle, "CarePlan")
    assert as_object(plan["subject"])["reference"] == PERSON


def test_a_person_with_a_record_in_the_file_is_that_record() -> None:
    bundle = convert((SAMPLES / "all-tables-of-a-plan.utf8.CSV").read_bytes(), SOURCE).bundle
    [person] = [entry for entry in objects(bundle["entry"]) if as_object(entry["request"])["method"] == "POST"]
    plans = _resources(bundle, "CarePlan")
    assert len(plans) == 3
    assert {as_text(as_object(plan["subject"])["reference"]) for plan in plans} == {person["fullUrl"]}


def test_a_file_sent_for_one_person_is_about_that_person() -> None:
    rows, source = _sample("UP3KYO")
    source = replace(source, patient="Patient/abc")
    [plan] = _resources(convert(_file(rows), source).bundle, "CarePlan")
    assert as_object(plan["subject"])["reference"] == "Patient/abc"
    rows[-1][2] = "0000100079"
    with pytest.raises(ConversionError, match="a second person") as caught:
        convert(_file(rows), source)
    assert caught.value.line == len(rows)


def test_the_encoding_changes_nothing_but_its_name() -> None:
    rows, source = _sample("UP1KYO")
    sjis, utf8 = convert(_file(rows), source), convert(_file(rows).decode("cp932").encode(), source)
    assert (sjis.encoding, utf8.encoding) == ("cp932", "utf-8")
    assert sjis.bundle == utf8.bundle


def test_the_file_name_decides_between_planned_and_performed() -> None:
    rows, source = _sample("UPPLAN")
    for row in rows:
        row[23] = ""
    named = replace(source, file_name="upjsk_202611_0171200026_15_0171200018_43_20261201090000.csv")
    unnamed, day = replace(source, file_name=None), replace(source, file_name=None, care_office_number="0171200026")
    assert _resources(convert(_file(rows), named).bundle, "Encounter")
    assert not _resources(convert(_file(rows), unnamed).bundle, "Encounter")
    assert _resources(convert(_file(rows[:4]), day).bundle, "Encounter")


def test_each_resource_has_its_category() -> None:
    found: dict[str, set[str]] = {}
    for path in SAMPLES.glob("*.CSV"):
        for one in _resources(convert(path.read_bytes(), replace(SOURCE, file_name=path.name)).bundle):
            if one:
                found.setdefault(as_text(one["resourceType"]), set()).add(category_of(one))
    assert found == {
        "Patient": {"demographics"},
        "RelatedPerson": {"emergency-contact"},
        "Coverage": {"ltc-certification"},
        "Observation": {"ltc-certification"},
        "CareTeam": {"care-team"},
        "CarePlan": {"care-plan"},
        "Goal": {"care-plan"},
        "ServiceRequest": {"service-use"},
        "Encounter": {"encounter"},
        "QuestionnaireResponse": {"face-sheet", "assessment"},
        "Condition": {"problem"},
    }


def test_welfare_and_a_mental_disability_close_only_their_own_part() -> None:
    rows, source = _sample("UPKIHON")
    names = {column.name: column.number - 1 for column in layouts()["UPKIHON"].columns}
    rows[0][names["経済状況(生活保護)"]] = rows[0][names["障害等認定(精神)"]] = "1"
    forms = _resources(convert(_file(rows), source).bundle, "QuestionnaireResponse")
    assert [labels_of(form) for form in forms] == [set(), {"PSY"}, {"WELFARE"}]


def test_deleting_a_plan_names_the_care_plans_that_were_sent() -> None:
    sent = {url for kind in ("UP1KYO", "UP2KYO") for url in _urls(convert(_file(_sample(kind)[0]), SOURCE).bundle)}
    rows, source = _sample("DLT1KYO")
    deleted = _urls(convert(_file(rows), source).bundle)
    assert len(deleted) == 2
    assert set(deleted) == {url for url in sent if url.startswith("CarePlan?")}
