"""``make mutants``: does a test notice each small wrong change of what decides about access?

Each change lives in processes of its own, forked before what decides is imported: one is asked what
``tests/mutation/first.py`` asks and runs the tests of its file that need no hub, one the others, until one fails.

``python -m tests.mutation [FILE …]`` takes some files only.  What was answered before, for the same text of the file,
is not asked again: with ``--survivors`` those are that survived, with ``--anew`` all.  ``JOBS`` says how many files are
taken at once.  The summary is docs/mutants.md.
"""

import os
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from hashlib import sha256
from importlib import import_module
from importlib.machinery import SourceFileLoader
from json import dumps, loads
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from time import monotonic, sleep
from types import CodeType

import pytest

from tests.mutation.first import Asked, asked, notices
from tests.mutation.mutants import Mutant, compiled, mutants
from tests.mutation.report import report

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "mutation"
FOLDERS = ("consent", "hub/access")
ENGINE = ("tests/unit/consent",)
WITHOUT_A_HUB = ("tests/unit/consent", "tests/unit/access", "tests/unit/test_disaster_area.py")
DOORS = ("tests/api/test_smoke.py", "tests/api/test_who_may_read.py", "tests/api/test_consent_at_the_doors.py")
OF_FILE = {  # in place of ENGINE for a file of the rules, before DOORS for another
    "consent/compiled.py": (
        *("tests/unit/consent/test_consent_compiled.py", "tests/api/test_consent_rows.py"),
        "tests/properties/test_reference_agrees.py::test_engine_query_and_reference_agree",
    ),
    "consent/decide.py": (*ENGINE, "tests/api/test_why_in_an_emergency.py"),
    "consent/what_if.py": ("tests/unit/consent/test_consent_what_if.py", "tests/api/test_what_if.py"),
    "hub/access/agreements.py": (
        *("tests/unit/access/test_access_agreements.py", "tests/unit/access/test_access_consent_copy.py"),
        "tests/api/test_consent_desk.py",
        *("tests/api/test_consent_desk_forms.py", "tests/api/test_why.py"),
    ),
    "hub/access/area.py": ("tests/unit/test_disaster_area.py", "tests/api/test_disaster.py"),
    "hub/access/authorise.py": ("tests/unit/access/test_access_authorise.py", "tests/api/test_who_may_write.py"),
    "hub/access/caller.py": ("tests/unit/access/test_access_caller.py", "tests/api/test_purpose_of_use.py"),
    "hub/access/compiled.py": (
        *("tests/unit/access/test_access_compiled.py", "tests/api/test_consent_rows.py"),
        "tests/faults/test_unreadable_rows.py",
    ),
    "hub/access/decide.py": (
        *("tests/unit/access/test_access_decide.py", "tests/unit/access/test_access_grant.py"),
        "tests/unit/access/test_access_patient_record.py",
        *("tests/api/test_access_reasons.py", "tests/api/test_access_log.py", "tests/api/test_protected_address.py"),
        *("tests/api/test_export_rights.py", "tests/api/test_purpose_of_use.py", "tests/api/test_search_hops.py"),
    ),
    "hub/access/disasters.py": (
        *("tests/unit/access/test_access_declarations.py", "tests/api/test_disaster.py"),
        "tests/api/test_disaster_and_notifications.py",
    ),
    "hub/access/emergencies.py": (
        *("tests/unit/access/test_access_declarations.py", "tests/api/test_emergency.py"),
        *("tests/api/test_emergency_refused.py", "tests/api/test_why_in_an_emergency.py"),
    ),
    "hub/access/explaining.py": (
        *("tests/unit/access/test_access_explaining.py", "tests/api/test_why.py", "tests/api/test_why_refusals.py"),
    ),
    "hub/access/facts.py": ("tests/unit/access/test_access_facts.py", "tests/api/test_protected_address.py"),
    "hub/access/filter.py": (
        *("tests/unit/consent/test_consent_rules.py", "tests/unit/access/test_access_patient_record.py"),
        "tests/properties/test_reference_agrees.py::test_engine_query_and_reference_agree",
        "tests/api/test_many_residents.py",
    ),
    "hub/access/labels.py": ("tests/unit/consent/test_consent_rules.py",),
    "hub/access/recording.py": ("tests/unit/access/test_access_authorise.py", "tests/api/test_consent_on_paper.py"),
    "hub/access/redact.py": ("tests/unit/access/test_access_redact.py", "tests/api/test_address_protection.py"),
    "hub/access/rules.py": (
        *("tests/unit/access/test_access_rules.py", "tests/api/test_consent_rows.py"),
        "tests/api/test_care_team_desk_rights.py",
    ),
    "hub/access/unreadable.py": ("tests/unit/access/test_access_unreadable.py", "tests/faults/test_unreadable_rows.py"),
    "hub/access/what_if.py": (
        *("tests/unit/access/test_access_what_if.py", "tests/api/test_what_if.py", "tests/api/test_consent_desk.py"),
    ),
}
OF_RULES = ("consent/", "hub/access/filter.py", "hub/access/labels.py")
"""What ``tests/mutation/first.py`` asks about."""
JOBS = int(os.environ.get("JOBS", "1"))
SECONDS = 600
"""In which the tests of one mutant end: several times what they need."""
ONCE = ("fastapi", "hypothesis", "psycopg", "sqlmodel", "hub.store.tables", "hub.store.access_tables")
"""What every child needs and no mutant is in, imported before."""


def main(arguments: list[str]) -> int:
    KEPT.mkdir(parents=True, exist_ok=True)
    files = [one for one in arguments if not one.startswith("-")]
    files = files or [
        str(path.relative_to(ROOT)) for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))
    ]
    expected = asked()
    workers = []
    for job in range(JOBS):
        worker = os.fork()
        if worker == 0:
            os._exit(_work(files[job::JOBS], arguments, expected))
        workers.append(worker)
    failed = [worker for worker in workers if os.waitpid(worker, 0)[1]]
    return report(ROOT, KEPT, FOLDERS) or len(failed)


def _work(files: list[str], arguments: list[str], expected: list[Asked]) -> int:
    """Ask about the mutants of these files; 1 when the tests of one fail without any change."""
    for file in files:
        source = (ROOT / file).read_text(encoding="utf-8")
        kept = KEPT / f"{file.replace('/', '.')}.{sha256(source.encode()).hexdigest()[:16]}.json"
        answers: dict[str, str] = loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        again = {"survived"} if "--survivors" in arguments else set[str]()
        asked_for = [
            mutant
            for mutant in mutants(file, source)
            if "--anew" in arguments or answers.get(str(mutant.number)) in {None, *again}
        ]
        if asked_for and _run(file, None, expected) != 0:
            print(f"{file}: its tests fail without any change", flush=True)  # noqa: T201
            return 1
        for mutant in asked_for:
            answers[str(mutant.number)] = answer = _answer(mutant, source, expected)
            kept.write_text(dumps(answers), encoding="utf-8")
            print(f"{answer:9} {file}:{mutant.line} {mutant.within}: {mutant.what}", flush=True)  # noqa: T201
    return 0


def _answer(mutant: Mutant, source: str, expected: list[Asked]) -> str:
    code = _run(mutant.file, compiled(str(ROOT / mutant.file), source, mutant.number), expected)
    return "survived" if code == 0 else "killed" if code is not None else "endless"


def _run(file: str, code: CodeType | None, expected: list[Asked]) -> int | None:
    """What the tests say: 0 for nothing, with this code in place of the file's; None when they did not end."""
    tests = _tests(file)
    alone = [one for one in tests if one.startswith(WITHOUT_A_HUB)]
    others = [one for one in tests if one not in alone]
    answer = _in_a_child(file, code, expected, [*alone, "--noconftest"]) if alone else 0  # that one is the hub's
    return _in_a_child(file, code, [], others) if others and answer == 0 else answer


def _in_a_child(file: str, code: CodeType | None, expected: list[Asked], tests: list[str]) -> int | None:
    temporary = mkdtemp(prefix="mutant-")
    child = os.fork()
    if child == 0:
        os.setsid()
        os._exit(_in_child(str(ROOT / file), code, expected, tests, temporary))
    answer = _wait(child)
    rmtree(temporary, ignore_errors=True)
    return answer


def _tests(file: str) -> list[str]:
    """The nearest first."""
    of_file = OF_FILE.get(file, ())
    return [*(of_file or ENGINE)] if file.startswith(OF_RULES) else [*of_file, *DOORS]


def _in_child(path: str, code: CodeType | None, expected: list[Asked], tests: list[str], temporary: str) -> int:
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> object:
        return code if code is not None and self.get_filename(name) == path else original(self, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # Hypothesis is imported already, and needs no plugin
    if expected and path.removeprefix(f"{ROOT}/").startswith(OF_RULES) and notices(expected):
        return 1
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.mutation.hasty",
            "--no-header",
            "--basetemp",
            f"{temporary}/pytest",
        ]
        return int(pytest.main([*options, *tests]))


def _wait(child: int) -> int | None:
    end = monotonic() + SECONDS
    while monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    for module in ONCE:
        import_module(module)
    sys.exit(main(sys.argv[1:]))
