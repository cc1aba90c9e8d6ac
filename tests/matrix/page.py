"""docs/matrix.md, made of the policy table.

``python -m tests.matrix.page`` writes it; a test refuses one that is not what the table says.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.matrix.actors import ACTORS, Actor
from tests.matrix.table import ROWS, SEEN, Row
from tests.matrix.things import CONTENTS

PAGE = Path(__file__).parents[2] / "docs/matrix.md"
_KNOWN = tuple(one for one in ACTORS if one.is_known)
_AT_PAGES = tuple(one for one in _KNOWN if one.role)

_HEAD = """# だれに、どの入り口が、何と答えるか

連携ハブのすべての入り口（API とページ）と、来る人の種類のすべてについて、何と答えるかの表です。
このページは、テストが読む表（[tests/matrix/routes.csv](../tests/matrix/routes.csv) と
[tests/matrix/contents.csv](../tests/matrix/contents.csv)）から作っています（`make promises`）。
テストは、動いているハブの入り口を数えあげ、表の一行一行を本当にたずねて確かめます。表にない入り口があると、テストが失敗します。

*Every door of the hub, every kind of caller, and what is answered: made of the table that the tests ask row by row.*

## 読み方

| ことば | 意味 |
|---|---|
| できる | 見られる、できる、ページが開く |
| 中身による | つぎの「何がだれに見えるか」のとおり。見えないものは、はじめから無いものと一字一句同じ答え |
| 自分のだけ | 自分の機関が出したものだけを変えられる。ほかは、はじめから無いものと同じ答え |
| 断る | その役割の仕事ではない（403）。何についてたずねても同じ |
| 名がない | その行に名のない人には、はじめから無いものと、一字一句同じ答え（404、空の一覧、零件） |

名のらない人、期限の切れた鍵、取りちがえた鍵には、「だれでも」と書いた入り口のほかは、
どの入り口も「サインインしてください」とだけ答えます。
"""


def page() -> str:
    """The page as the table says it now."""
    doors = [row for row in ROWS if not row.door.is_page]
    pages = [row for row in ROWS if row.door.is_page]
    parts = [
        [_HEAD, "## 来る人\n", *_actors()],
        ["\n## 何がだれに見えるか\n", *_contents()],
        ["\n## プログラムの入り口\n", *_doors(doors, _KNOWN)],
        [
            "\n## 人のページ\n",
            "システムと、役割の終わった人は、ページにサインインできません。\n",
            *_doors(pages, _AT_PAGES),
        ],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _actors() -> Iterator[str]:
    yield "| だれ | この表では |"
    yield "|---|---|"
    for one in ACTORS:
        yield f"| {one.ja} | {one.told} |"


def _contents() -> Iterator[str]:
    yield "病院が出したもの（基本情報・担当者・同意は市が、ケアプランはケアマネジャーの事業所が出したもの）について。"
    yield "テストの小さな市の、共有の取り決めによります。\n"
    yield "| 何 | 自分のもの | 見える | 断る |"
    yield "|---|---|---|---|"
    for one in CONTENTS:
        yield f"| {one.ja} | {' | '.join(_who(SEEN[one.id], word, _KNOWN) for word in ('own', 'shown', 'refused'))} |"


def _doors(rows: Iterable[Row], actors: tuple[Actor, ...]) -> Iterator[str]:
    yield "| 何をする | 入り口 | できる | 中身による・自分のだけ | 断る |"
    yield "|---|---|---|---|---|"
    for row in rows:
        same = len(set(row.words.values())) == 1 and "hidden" not in row.words.values()
        able = "だれでも" if same else _who(row.words, "done shown page", actors)
        own, refused = _who(row.words, "own-only", actors), _who(row.words, "refused", actors)
        either = _who(row.words, "content", actors) if own == "—" else f"自分のだけ：{own}"
        yield f"| {row.does} | `{row.door.route}` | {able} | {either} | {refused} |"


def _who(words: Mapping[str, str], word: str, actors: tuple[Actor, ...]) -> str:
    """Those for whom the table has one of these words; most of all are told by who is not among them."""
    among = [one for one in actors if words[one.id] in word.split()]
    others = [one.ja for one in actors if one not in among]
    if not others:
        return "みな"
    if len(others) < len(among) and len(others) <= 6:
        return f"{'・'.join(others)}のほか、みな"
    return "・".join(one.ja for one in among) or "—"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
