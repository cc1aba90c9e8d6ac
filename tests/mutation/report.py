"""docs/mutants.md: how many of the changes a test noticed, why each other one is no mistake, and what was not asked."""

from collections.abc import Sequence
from hashlib import sha256
from json import loads
from pathlib import Path
from tomllib import loads as loads_toml

from tests.mutation.mutants import Mutant, mutants

EXPLAINED = Path(__file__).parent / "explained.toml"
LEAST = 0.9


def report(root: Path, kept: Path, folders: Sequence[str]) -> int:
    """Write the page; 0 when at least nine of ten are killed and every survivor is explained."""
    explained = loads_toml(EXPLAINED.read_text(encoding="utf-8"))
    rows: list[str] = []
    survivors: list[tuple[Mutant, str]] = []
    not_asked: list[str] = []
    killed = total = 0
    for folder in folders:
        for path in sorted((root / folder).glob("*.py")):
            file, source = str(path.relative_to(root)), path.read_text(encoding="utf-8")
            place = kept / f"{file.replace('/', '.')}.{sha256(source.encode()).hexdigest()[:16]}.json"
            answers = loads(place.read_text(encoding="utf-8")) if place.exists() else {}
            every = mutants(file, source)
            asked = [one for one in every if str(one.number) in answers]
            alive = [one for one in asked if answers[str(one.number)] == "survived"]
            if asked:
                rows.append(f"| `{file}` | {len(asked) - len(alive)} | {len(asked)} |")
            if len(asked) < len(every):
                not_asked.append(f"`{file}` ({len(every) - len(asked)})")
            killed, total = killed + len(asked) - len(alive), total + len(asked)
            survivors += [(one, str(explained.get(file, {}).get(f"{one.within}: {one.what}", ""))) for one in alive]
    lines = [_HEAD, *rows, f"| **all** | **{killed}** | **{total}** |", ""]
    if not_asked:
        lines += [f"まだはかっていないもの / Not measured yet: {', '.join(not_asked)}", ""]
    lines.append(_SURVIVORS)
    lines += [f"| `{one.file}` {one.within} | `{_cell(one.what)}` | {why or '**?**'} |" for one, why in survivors]
    (root / "docs" / "mutants.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    unexplained = [one for one, why in survivors if not why]
    print(f"{killed} of {total} killed, {len(unexplained)} survivors without a reason")  # noqa: T201
    for one in unexplained:
        print(f"{one.file}:{one.line} {one.within}: {one.what}")  # noqa: T201
    return 0 if killed >= LEAST * total and not unexplained else 1


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


_HEAD = """\
# 試験を試す / Mutants

`make mutants` は、アクセスを決めるコード（`consent/`、`hub/access/`）に小さな誤りを一つずつ入れて、
試験が気づくかを調べます（`tests/mutation/`）。比較の向き、かつ・または、否定、条件の削除、定数、語彙の一語、返す値、
文の削除、SQL の中の演算子が対象です。気づかれなかったものには、理由を書きます（`tests/mutation/explained.toml`）。
この頁は `make mutants` が書きます。

| file | killed | mutants |
|---|---:|---:|"""
_SURVIVORS = """\
## 気づかれなかったもの / Survivors

| where | change | why it is no mistake |
|---|---|---|"""
