"""The policy table: ``routes.csv``, a row for whatever can be done at a door, and ``contents.csv``, what it is about.

Its words:

``sign-in``  whoever asks is nobody, and is asked who they are (401, or the page of the entrance)
``refused``  it is not for this role (403), whatever it is about
``hidden``   the answer is that for what never was, byte for byte
``shown``    it is there, and shown;  ``own``: the asker's own organisation published it
``done``     it is done, or answered
``page``     the page opens, or the form is taken
``content``  what ``contents.csv`` says of each of the row's contents
``own-only`` done to what is one's own, and ``hidden`` for all else
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.actors import ACTORS, Actor
from tests.matrix.asking import Door
from tests.matrix.things import CONTENTS

HERE = Path(__file__).parent
WORDS = frozenset({"sign-in", "refused", "hidden", "shown", "own", "done", "page", "content", "own-only"})
USUAL = "laboratory"
"""What a row is about that says nothing of contents."""


@dataclass(frozen=True, slots=True)
class Row:
    """What can be done at a door, about some contents, and what becomes of it: a word for each kind of actor."""

    door: Door
    does: str
    contents: tuple[str, ...]
    words: Mapping[str, str]

    def expected(self, actor: Actor, content: str) -> str:
        """The word for one of the contents."""
        word = self.words[actor.id]
        seen = SEEN[content].get(actor.id, "")
        if word == "content":
            return "shown" if seen == "own" else seen
        if word == "own-only":
            return "done" if seen == "own" else "hidden"
        return word


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _row(cells: Mapping[str, str]) -> Row:
    contents = cells["contents"].split() or [USUAL]
    if contents == ["all"]:
        contents = [one.id for one in CONTENTS]
    door = Door(cells["method"], cells["path"], cells["interaction"])
    return Row(door, cells["does"], tuple(contents), {one.id: cells[one.id] for one in ACTORS})


SEEN = {cells["content"]: cells for cells in _rows("contents.csv")}
ROWS = tuple(_row(cells) for cells in _rows("routes.csv"))
