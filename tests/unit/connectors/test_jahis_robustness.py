"""Whatever happens to a file on its way, it is converted or refused with a place, and always in the same way."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.conversion import ConversionError, Converted, SourceContext
from connectors.jahis import convert, join
from connectors.jahis.records import LAYOUT
from profiles import validate, write_json
from profiles.resource import as_object, objects

SOURCE = SourceContext("pharm", "ゆきみ薬局", None, None, datetime(2026, 11, 22, tzinfo=UTC))
SAMPLE = (Path(__file__).parents[3] / "connectors/jahis/samples/dispensing.txt").read_bytes().rstrip(b"\x1a")
LINES = SAMPLE.split(b"\r\n")

_cells = st.sampled_from(
    ["", "1", "2", "9", "99", "20261120", "R081120", "薬", "1.5", "錠", " ", "0", "1e9", "なし", "　"]
)
_records = st.builds(
    lambda number, cells: ",".join([number, *cells]), st.sampled_from([*LAYOUT]), st.lists(_cells, max_size=12)
)


def _attempt(data: bytes) -> Converted | None:
    try:
        return convert(data, SOURCE)
    except ConversionError as error:
        place = (error.line, error.column)
    assert place >= (1, 1)
    assert place[0] <= len(data.splitlines()) + 1
    return None


@settings(max_examples=150)
@given(st.sets(st.integers(min_value=0, max_value=len(LINES) - 1), max_size=8))
def test_lost_lines_are_refused_or_do_no_harm(lost: set[int]) -> None:
    _attempt(b"\r\n".join(line for at, line in enumerate(LINES) if at not in lost))


@settings(max_examples=150)
@given(st.integers(min_value=0, max_value=len(SAMPLE)), st.binary(max_size=12), st.integers(min_value=0, max_value=12))
def test_damaged_bytes_are_refused_or_do_no_harm(at: int, garbage: bytes, lost: int) -> None:
    _attempt(SAMPLE[:at] + garbage + SAMPLE[at + lost :])


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    assert _attempt(data) is None
    try:
        join([data])
    except ConversionError:
        return
    raise AssertionError("garbage was joined")


@settings(max_examples=200)
@given(st.sampled_from(["1", "2"]), st.lists(_records, max_size=12))
def test_what_is_taken_is_valid_and_always_the_same(kind: str, records: list[str]) -> None:
    data = "\r\n".join([f"JAHISTC08,{kind}", "1,雪見 ハナ,2,S150510", "5,20261120,1", *records]).encode("cp932")
    converted = _attempt(data)
    if converted is None:
        return
    assert convert(data, SOURCE) == converted
    for entry in objects(converted.bundle.get("entry")):
        resource = as_object(entry["resource"])
        assert [issue for issue in validate(resource, write_json(resource)) if issue.severity == "error"] == []
    urls = [entry["fullUrl"] for entry in objects(converted.bundle.get("entry"))]
    assert len(urls) == len(set(map(str, urls)))
