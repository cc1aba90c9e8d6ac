from datetime import UTC, datetime
from pathlib import Path

import pytest

import connectors
from connectors import FORMATS, ConversionError, SourceContext, UnknownFormat

ROOT = Path(connectors.__file__).parent
SOURCE = SourceContext("pharm", "ゆきみ薬局", "0144567890", None, datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_a_folder_with_its_page_and_samples(name: str) -> None:
    assert FORMATS[name].name == name
    assert (ROOT / name / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert [path for path in (ROOT / name / "samples").iterdir() if path.name != ".gitattributes"]


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_of_the_connectors_names_every_format(name: str) -> None:
    page = (ROOT.parent / "docs/connectors.md").read_text(encoding="utf-8")
    assert f"`{name}`" in page
    assert FORMATS[name].title in page


def test_the_registry_finds_the_connector() -> None:
    data = (ROOT / "jahis/samples/dispensing.txt").read_bytes()
    assert connectors.convert("jahis", data, SOURCE).encoding == "cp932"


@pytest.mark.parametrize("name", FORMATS)
def test_every_connector_refuses_bytes_that_are_no_text(name: str) -> None:
    with pytest.raises(ConversionError):
        connectors.convert(name, b"\xff\x00", SOURCE)


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownFormat, match="no format 'nsips'; there are fhir, jahis, careplan"):
        connectors.convert("nsips", b"", SOURCE)
