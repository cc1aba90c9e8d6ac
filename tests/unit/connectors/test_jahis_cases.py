"""Whole files: each ``.txt`` has the expected ``.json`` beside it (samples have theirs among the cases)."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.conversion import ConversionError, SourceContext
from connectors.jahis import convert
from connectors.jahis.records import LAYOUT
from profiles import Resource, read_json, validate, write_json
from profiles.resource import as_object, objects

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests/cases/connectors/jahis"
SAMPLES = ROOT / "connectors/jahis/samples"
SHARED = ROOT.parent / "shared/examples"
GOOD = sorted([*CASES.glob("*.txt"), *SAMPLES.glob("*.txt")])
REFUSED = sorted((CASES / "refused").glob("*.txt"))
SOURCE = SourceContext("pharm", "ゆきみ薬局", "0144567890", None, datetime(2026, 11, 22, tzinfo=UTC))


def _name(path: Path) -> str:
    return path.stem


def _read(path: Path) -> Resource:
    return as_object(read_json(path.read_bytes()))


def _shared(folder: str, pattern: str) -> list[Path]:
    return sorted((SHARED / folder).glob(pattern))


def _problems(bundle: Resource) -> list[str]:
    resources = [bundle, *(as_object(entry["resource"]) for entry in objects(bundle.get("entry")))]
    found = (issue for one in resources for issue in validate(one, write_json(one)))
    # con-3 would like to know whether a problem still is one: the notebook does not say.
    return [f"{issue.path}: {issue.text}" for issue in found if issue.rule != "con-3"]


@pytest.mark.parametrize("path", GOOD, ids=_name)
def test_the_whole_conversion_is_as_written_down(path: Path) -> None:
    converted = convert(path.read_bytes(), SOURCE)
    assert _read(CASES / f"{path.stem}.json") == {
        "encoding": converted.encoding,
        "unmapped": [asdict(one) for one in converted.unmapped],
        "bundle": read_json(write_json(converted.bundle)),
    }


@pytest.mark.parametrize("path", GOOD, ids=_name)
def test_everything_is_valid_fhir_and_jp_core(path: Path) -> None:
    assert _problems(convert(path.read_bytes(), SOURCE).bundle) == []


@pytest.mark.parametrize("path", REFUSED, ids=_name)
def test_a_damaged_file_is_refused_at_its_place(path: Path) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(path.read_bytes(), SOURCE)
    error = caught.value
    assert _read(path.with_suffix(".json")) == {
        "error": {"line": error.line, "column": error.column, "problem": error.problem}
    }


def test_the_samples_show_every_record_of_the_standard() -> None:
    text = (SAMPLES / "dispensing.txt").read_bytes().decode("cp932")
    shown = {line.partition(",")[0] for line in text.rstrip("\x1a").splitlines()[1:]}
    assert shown == set(LAYOUT) - {"911"}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared examples are not here")
@pytest.mark.parametrize(
    "path",
    [
        path
        for path in [*_shared("jahis-tc-notebook", "*.txt"), *_shared("jahis_parser-tsuchi84", "*.csv")]
        if "invalid" not in path.name and b"\n911," not in path.read_bytes()
    ],
    ids=_name,
)
def test_files_of_others_convert(path: Path) -> None:
    bundle = convert(path.read_bytes(), SOURCE).bundle
    assert _problems(bundle) == []
    medicines = sum(line.startswith(b"201,") for line in path.read_bytes().splitlines())
    kinds = [as_object(entry["resource"])["resourceType"] for entry in objects(bundle["entry"])]
    over_the_counter = sum(line.startswith(b"3,") for line in path.read_bytes().splitlines())
    assert kinds.count("MedicationDispense") + kinds.count("MedicationStatement") == medicines + over_the_counter


@pytest.mark.skipif(not SHARED.exists(), reason="the shared examples are not here")
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tc-invalid-missing-drug-code.txt", 4),
        ("tc-invalid-missing-otc-sequence-parent.txt", 3),
        ("tc-split-output-part-2.txt", 11),
        ("tc-supported-records-full.txt", 24),
    ],
)
def test_damaged_and_split_files_of_others_are_refused(name: str, line: int) -> None:
    with pytest.raises(ConversionError) as caught:
        convert((SHARED / "jahis-tc-notebook" / name).read_bytes(), SOURCE)
    assert caught.value.line == line
