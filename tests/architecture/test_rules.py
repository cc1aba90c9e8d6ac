"""Rules that hold everywhere, read from the source itself (docs/architecture.md).

What import-linter can say stands in .importlinter; here is the rest.  Each rule is a function over one parsed
module, so that the last tests can show that it finds what it looks for.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import hub

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("consent", "profiles", "connectors", "hub")
MAX_LINES = 400

Module = tuple[str, ast.Module]
Rule = Callable[[str, ast.Module], Iterator[str]]


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Every module below a folder: its path as text, and its syntax tree."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return tuple((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def broken(rule: Rule, *folders: str) -> list[str]:
    """Where a rule is broken: ``path:line what``."""
    return [f"{path}:{found}" for one in folders for path, tree in modules(one) for found in rule(path, tree)]


def imports(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, module and name ("" for a whole module) of every import, also those within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, one.name, "") for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.module or "", one.name) for one in node.names)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and value of every string constant that is not a docstring; the fixed parts of f-strings too."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, documented)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


# -- transactions


TRANSACTION_CALLS = frozenset({"begin", "begin_nested", "commit", "rollback", "savepoint", "connect"})
TRANSACTION_SQL = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|END)\b")
LANE = frozenset(f"hub/store/{name}.py" for name in ("lane", "window", "line", "migrate", "distribution"))
ENGINES = ("hub/store/database.py", "hub/store/postgresql.py")  # make connections, and say how SQLite begins: IMMEDIATE


def begins_or_commits(path: str, tree: ast.Module) -> Iterator[str]:
    """Nobody but the lane and the migrations begins or commits."""
    if path in LANE:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            allowed = {"connect"} if path in ENGINES else set()
            if node.func.attr in TRANSACTION_CALLS - allowed:
                yield f"{node.lineno} .{node.func.attr}()"
    for line, text in texts(tree):
        if TRANSACTION_SQL.match(text) and not (path in ENGINES and text == "BEGIN IMMEDIATE"):
            yield f"{line} {text}"


def test_only_the_lane_begins_and_commits() -> None:
    assert broken(begins_or_commits, "hub") == []


# -- SQL


SQL = re.compile(r"\b(SELECT\s.+\sFROM|SELECT 1|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.S)
SQL_HOMES = ("hub/store/", "hub/access/filter.py")
RUNNING_SQL = frozenset({"query", "first", "run", "add"})


def holds_sql(path: str, tree: ast.Module) -> Iterator[str]:
    """SQL is written in hub/store, and in the one predicate."""
    if not path.startswith(SQL_HOMES):
        yield from (f"{line} {text[:60]!r}" for line, text in texts(tree) if SQL.search(text))


def runs_sql(path: str, tree: ast.Module) -> Iterator[str]:
    """Statements are run by hub/store alone; others call its functions."""
    if path.startswith("hub/store/"):
        return
    for line, module, name in imports(tree):
        names_tables = module.startswith("hub.store.") and module.endswith("tables")
        if names_tables or (module == "hub.store.sql" and (name in RUNNING_SQL or not name)):
            yield f"{line} {module}.{name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("exec_driver_sql", "execute", "executemany"):
            yield f"{node.lineno} .{node.attr}"


def test_sql_is_written_in_the_store_and_the_filter_alone() -> None:
    assert broken(holds_sql, "hub") == []


def test_sql_is_run_in_the_store_alone() -> None:
    assert broken(runs_sql, "hub") == []


# -- clock, ids, randomness


SOURCES = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "perf_counter", "gmtime", "localtime"},
    "os": {"urandom", "getrandom"},
    "uuid": {"uuid1", "uuid4"},
}
SOURCE_MODULES = frozenset({"secrets", "random"})
# The composition root, the commands, and the two files that make keys.
SOURCES_ALLOWED = ("hub/app.py", "hub/cli/", "hub/store/database.py", "hub/demo/keys.py")


def reads_a_source(path: str, tree: ast.Module) -> Iterator[str]:
    """What the clock and chance say comes in as an argument: nobody asks them."""
    if path.startswith(SOURCES_ALLOWED):
        return
    for line, module, name in imports(tree):
        if module in SOURCE_MODULES or name in SOURCES.get(module, set()) - {"today", "now"}:
            yield f"{line} import {module} {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            holder = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in SOURCES.get(holder, set()):
                yield f"{node.lineno} {holder}.{node.attr}"


def test_clock_ids_and_randomness_come_from_the_composition_root() -> None:
    assert broken(reads_a_source, *PACKAGES) == []


def reads_the_environment(path: str, tree: ast.Module) -> Iterator[str]:
    """Settings are read once, by the commands."""
    if path.startswith(("hub/cli/", "hub/settings.py")):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"):
            yield f"{node.lineno} {node.attr}"


def test_the_environment_is_read_by_the_commands_alone() -> None:
    assert broken(reads_the_environment, *PACKAGES) == []


# -- imports


def leaves_the_standard_library(path: str, tree: ast.Module) -> Iterator[str]:
    """The rules of consent need nothing that is not Python's own."""
    for line, module, _ in imports(tree):
        top = module.partition(".")[0]
        if top != "consent" and top not in sys.stdlib_module_names:
            yield f"{line} {module}"


def does_input_or_output(path: str, tree: ast.Module) -> Iterator[str]:
    """Nor do they read or write anything."""
    for line, module, _ in imports(tree):
        if module.partition(".")[0] in ("os", "io", "pathlib", "socket", "subprocess", "sqlite3", "urllib", "http"):
            yield f"{line} {module}"
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("open", "print", "input")
        ):
            yield f"{node.lineno} {node.func.id}()"


def test_consent_is_pure_python() -> None:
    assert broken(leaves_the_standard_library, "consent") == []
    assert broken(does_input_or_output, "consent") == []


# -- files


def lifts_the_fence(path: str, tree: ast.Module) -> Iterator[str]:
    """Who looks beyond the second fence (``hub/store/fence.py``), for an answer about what somebody may not see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "lifted" and path not in _LIFTING:
            yield f"{node.lineno} fence.lifted"


_LIFTING = frozenset(
    {
        "hub/access/agreements.py",  # a resident's consents in words, for desks and officers
        "hub/interactions/access_record.py",  # the resident's own record, read out by the desk
        "hub/interactions/changes.py",  # that something was written, for the auditor
        "hub/interactions/care_team_desk/plan.py",  # whose CareTeam gives a relation that nobody else can end
        "hub/interactions/care_team_desk/team.py",  # who looks after whom, by which CareTeam
        "hub/interactions/consent_desk/find.py",  # who may be meant, before they are decided about
        "hub/interactions/consent_desk/history.py",  # consents and their papers, for who may take them
        "hub/interactions/consent_desk/named.py",  # kind, source and day of what a paper may name
        "hub/interactions/consent_desk/paper.py",
        "hub/interactions/feed.py",  # of whom the next items are, before they are decided about
        "hub/interactions/deciding.py",  # the names of the rules that decided
        "hub/interactions/hidden.py",  # whether there is anything that the resident hides
        "hub/interactions/listed.py",  # whom a list is about, once it may be shown
        "hub/interactions/my_people.py",  # who is on the page, before they are decided about
        "hub/interactions/search.py",  # whose rules it needs; what comes along is judged by those
        "hub/interactions/what_if.py",  # who would gain and lose: counts
        "hub/interactions/why.py",  # why something is not seen: reasons and counts
    }
)


def test_the_second_fence_is_lifted_by_few_and_known() -> None:
    assert broken(lifts_the_fence, "hub") == []


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in (*PACKAGES, "tests", "deploy")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES and "versions" not in path} == {}


def test_every_package_says_what_it_is() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    silent = []
    for folder in sorted(folders):
        here = folder.relative_to(ROOT).as_posix()
        if "migrations" in here or "/samples" in here:
            continue
        init = folder / "__init__.py"
        if not init.exists() or not ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))):
            silent.append(here)
    assert silent == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        path
        for one in PACKAGES
        for path, tree in modules(one)
        if not ast.get_docstring(tree) and "migrations" not in path
    ]
    assert silent == []


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert hub.__version__ == project["version"]


# -- the rules themselves


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (begins_or_commits, "engine.connect()"),
        (begins_or_commits, "tx.commit()"),
        (begins_or_commits, "tx.exec_driver_sql('COMMIT')"),
        (holds_sql, "x = 'SELECT * FROM resource'"),
        (holds_sql, "x = f'DELETE FROM {table}'"),
        (holds_sql, "x = 'UPDATE token SET a = 1'"),
        (runs_sql, "from hub.store.sql import query"),
        (runs_sql, "from hub.store import sql\nsql.execute('x')"),
        (reads_a_source, "from uuid import uuid4"),
        (reads_a_source, "import secrets"),
        (reads_a_source, "datetime.now(UTC)"),
        (reads_a_source, "def f():\n    from random import choice"),
        (reads_the_environment, "import os\nos.environ['X']"),
        (leaves_the_standard_library, "import orjson"),
        (leaves_the_standard_library, "from hub.store import lane"),
        (lifts_the_fence, "with fence.lifted(tx):\n    pass"),
        (does_input_or_output, "open('x')"),
        (does_input_or_output, "from pathlib import Path"),
    ],
)
def test_a_rule_finds_what_it_looks_for(rule: Rule, code: str) -> None:
    assert list(rule("hub/some/module.py", ast.parse(code)))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (holds_sql, '"""SELECT * FROM docstring"""'),
        (holds_sql, "x = 'Select a person from the list'"),
        (begins_or_commits, "order.beginning()"),
        (reads_a_source, "clock.now()"),
        (leaves_the_standard_library, "import json\nfrom consent.model import Match"),
    ],
)
def test_a_rule_leaves_the_rest_alone(rule: Rule, code: str) -> None:
    assert list(rule("hub/some/module.py", ast.parse(code))) == []
