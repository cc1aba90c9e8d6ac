"""docs/leaks.md: its tables are those of the leak suite, and what it says of tests is so."""

from tests.docs.page import ROOT, row_names
from tests.leaks.channels import CHANNELS
from tests.leaks.described import channels, facts

PAGE = ROOT / "docs" / "leaks.md"


def test_every_fact_and_every_channel_has_its_row() -> None:
    """``python -m tests.leaks.described`` prints the rows as they must be."""
    lines = PAGE.read_text("utf-8").splitlines()
    wanted = [*facts(), *channels()]
    assert [line for line in lines if line in wanted] == wanted


def test_no_row_is_about_a_channel_that_there_is_not() -> None:
    described = {row.split("`")[1] for row in (*facts(), *channels())}
    assert row_names(PAGE) == described


def test_what_a_removed_predicate_is_noticed_by_are_channels() -> None:
    table = PAGE.read_text("utf-8").partition("| 外したもの |")[2].partition("\n## ")[0]
    cells = [line.split("|")[2] for line in table.splitlines() if line.startswith("| ")]
    named = {code for cell in cells for code in cell.split("`")[1::2]}
    assert named
    assert named <= {channel.id for channel in CHANNELS}
