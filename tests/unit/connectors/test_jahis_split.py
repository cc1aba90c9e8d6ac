from pathlib import Path

import pytest

from connectors.conversion import ConversionError
from connectors.jahis import join, parse

SAMPLE = Path(__file__).parents[3] / "connectors/jahis/samples/dispensing.txt"
DATA_ID = b"20261120000001"


def _part(body: bytes, part: int, parts: int, data_id: bytes = DATA_ID) -> bytes:
    return body + b"\r\n911,%s,%d,%d\r\n" % (data_id, parts, part)


def test_parts_cut_within_a_character_are_joined_before_they_are_decoded() -> None:
    whole = SAMPLE.read_bytes()
    cut = whole.index("処方".encode("cp932")) + 1 if "処方".encode("cp932") in whole else 101
    for at in (cut, 100, 101, 102, 500):
        first, second = whole[:at], whole[at:].rstrip(b"\x1a")
        assert join([_part(second, 2, 2), _part(first, 1, 2)]) == whole.rstrip(b"\x1a")


def test_parts_cut_between_lines_repeat_their_head() -> None:
    head = "JAHISTC08,1\r\n1,雪見 ハナ,2,S150510".encode("cp932")
    blocks = [f"5,202611{day},1".encode("cp932") for day in (20, 10)]
    parts = [_part(head + b"\r\n" + block, at, 2) for at, block in enumerate(blocks, 1)]
    assert [one.date for one in parse(join(parts)).dispensings] == ["2026-11-20", "2026-11-10"]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([], "there is no part"),
        ([b"JAHISTC08,1\r\n"], "does not end with a record 911"),
        ([_part(b"a", 1, 2), _part(b"b", 2, 2, b"20261120000002")], "not of the same file"),
        ([_part(b"a", 1, 3), _part(b"b", 3, 3)], "has 3 parts, and these are here: 1, 3"),
        ([_part(b"a", 1, 2), _part(b"b", 1, 2)], "these are here: 1, 1"),
    ],
)
def test_parts_that_do_not_make_a_file_are_refused(parts: list[bytes], problem: str) -> None:
    with pytest.raises(ConversionError, match=problem):
        join(parts)


def test_a_lone_part_that_ends_within_a_character_is_called_a_part() -> None:
    with pytest.raises(ConversionError, match="part 1 of 2 of a split file"):
        parse(_part("JAHISTC08,1\r\n1,雪".encode("cp932")[:-1], 1, 2))
