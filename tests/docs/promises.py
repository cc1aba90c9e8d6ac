"""docs/promises.md, made of tests/promises.toml and of the tests that are marked ``@pytest.mark.promise("<id>")``.

``python -m tests.docs.promises`` writes it; a test refuses one that is not what the tests say.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs/promises.md"
PROMISES: dict[str, dict[str, str]] = tomllib.loads((ROOT / "tests/promises.toml").read_text("utf-8"))

_HEAD = """# 約束：だれに何が見えるか

アクセスについてハブが約束することと、それを守っているテストの一覧です。
どれか一つでも破れると、テストが失敗し、変更は入りません。
約束のもとは、同意と役割の決まり（[access.md](access.md)）です。
このページは、テストについた印から作っています（`make promises`）。

*What the hub promises about access, each promise with the tests that hold it. Made from markers in the tests.*
"""


def marked() -> dict[str, list[str]]:
    """For each promise the tests that are marked with it, as ``path::name``, in the order of their paths."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        of_file = {id_ for node in tree.body if _is_pytestmark(node) for id_ in _ids(node)}
        for test in ast.walk(tree):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
                mine = {id_ for decorator in test.decorator_list for id_ in _ids(decorator)}
                for id_ in sorted(mine | of_file):
                    found.setdefault(id_, []).append(f"{path.relative_to(ROOT)}::{test.name}")
    return found


def page() -> str:
    """The page as the tests say it now."""
    tests = marked()
    return "\n".join([_HEAD, *(line for id_, said in PROMISES.items() for line in _section(id_, said, tests))])


def _section(id_: str, said: dict[str, str], tests: dict[str, list[str]]) -> Iterator[str]:
    yield f"## {said['ja']}\n"
    yield f"*{said['en']}* (`{id_}`)\n"
    by_file: dict[str, list[str]] = {}
    for test in tests.get(id_, []):
        path, _, name = test.partition("::")
        by_file.setdefault(path, []).append(name)
    for path, names in by_file.items():
        yield f"- [{path}](../{path}): {', '.join(_in_words(name) for name in names)}"
    yield ""


def _in_words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _ids(node: ast.AST) -> Iterator[str]:
    """The ids in every ``…mark.promise("<id>")`` below a node."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "promise":
            yield from (str(one.value) for one in call.args if isinstance(one, ast.Constant))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
