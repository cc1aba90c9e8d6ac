"""Whole files: each ``.CSV`` has the expected ``.json`` among the cases, under the same name."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.careplan import convert
from connectors.careplan.layouts import kind_of_name, layouts
from connectors.conversion import ConversionError, SourceContext
from profiles import Resource, read_json, validate, write_json
from profiles.resource import as_object, objects

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests/cases/connectors/careplan"
SAMPLES = ROOT / "connectors/careplan/samples"
SHARED = ROOT.parent / "shared/examples/careplan-data-link"
GOOD = sorted([*CASES.glob("*.CSV"), *SAMPLES.glob("*.CSV")])
REFUSED = sorted((CASES / "refused").glob("*.CSV"))
SOURCE = SourceContext("kyotaku", "居宅介護支援事業所なごみ", None, "0171200018", datetime(2026, 11, 22, tzinfo=UTC))


def _from(path: Path) -> SourceContext:
    return replace(SOURCE, file_name=path.name)


def _name(path: Path) -> str:
    return path.stem.partition("_0")[0]


def _read(path: Path) -> Resource:
    return as_object(read_json(path.read_bytes()))


def _problems(bundle: Resource) -> list[str]:
    resources = [bundle, *(as_object(entry.get("resource")) for entry in objects(bundle.get("entry")))]
    return [f"{issue.path}: {issue.text}" for one in resources if one for issue in validate(one, write_json(one))]


@pytest.mark.parametrize("path", GOOD, ids=_name)
def test_the_whole_conversion_is_as_written_down(path: Path) -> None:
    converted = convert(path.read_bytes(), _from(path))
    assert _read(CASES / f"{path.stem}.json") == {
        "encoding": converted.encoding,
        "unmapped": [asdict(one) for one in converted.unmapped],
        "bundle": read_json(write_json(converted.bundle)),
    }


@pytest.mark.parametrize("path", GOOD, ids=_name)
def test_everything_is_valid_fhir_and_jp_core(path: Path) -> None:
    assert _problems(convert(path.read_bytes(), _from(path)).bundle) == []


@pytest.mark.parametrize("path", REFUSED, ids=_name)
def test_a_damaged_file_is_refused_at_its_place(path: Path) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(path.read_bytes(), _from(path))
    error = caught.value
    assert _read(path.with_suffix(".json")) == {
        "error": {"line": error.line, "column": error.column, "problem": error.problem}
    }


def test_there_is_a_sample_of_every_kind_that_is_not_a_deletion() -> None:
    shown = {kind_of_name(path.name) for path in SAMPLES.glob("*.CSV")}
    assert shown >= {kind for kind, layout in layouts().items() if not layout.deletes}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared examples are not here")
@pytest.mark.parametrize("path", sorted(SHARED.glob("*")), ids=lambda path: path.name)
def test_the_examples_of_the_standard_convert(path: Path) -> None:
    converted = convert(path.read_bytes(), replace(SOURCE, file_name=path.name.replace(".utf8.csv", ".CSV")))
    assert _problems(converted.bundle) == []
    assert converted.bundle["entry"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared examples are not here")
def test_the_encoding_of_an_example_changes_nothing() -> None:
    for path in SHARED.glob("*.CSV"):
        source = replace(SOURCE, file_name=path.name)
        utf8 = convert(path.with_suffix(".utf8.csv").read_bytes(), source)
        assert convert(path.read_bytes(), source).bundle == utf8.bundle
