"""Every command of the pages below runs as it stands there, and prints what the page promises."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.docs.conftest import Desk
from tests.docs.page import ROOT, Step, is_as_promised, steps

WRITTEN_ADDRESS = "http://127.0.0.1:8080"
_NEXT = "@@ step "


def run(page: list[Step], desk: Desk) -> list[str]:
    """What each step prints, all of them pasted into one shell; fails at the step that fails."""
    script = ["set -uo pipefail"]
    for number, step in enumerate(page):
        commands = step.commands.replace(WRITTEN_ADDRESS, desk.address)
        script += [f"echo; echo {shlex.quote(_NEXT + str(number))}", "set -e", commands, "set +e"]
    shell = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=desk.directory,
        env=desk.environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    printed = re.split(rf"^{_NEXT}\d+$", shell.stdout.replace(desk.address, WRITTEN_ADDRESS), flags=re.MULTILINE)[1:]
    if shell.returncode or len(printed) < len(page):
        failed = page[len(printed) - 1].commands
        hub = (desk.directory / "hub.out").read_text("utf-8")[-2000:]
        raise AssertionError(f"this failed:\n{failed}\n{printed[-1]}\n{shell.stderr}\nthe hub said:\n{hub}")
    return printed


PAGES = ["README.md", "docs/push.md", "docs/subscriptions.md", "docs/export.md", "docs/operations-fhir.md"]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_the_page_runs_and_prints_what_it_promises(name: str, desk: Desk) -> None:
    page = steps(Path(ROOT / name))
    assert len(page) > 3, f"{name} has hardly any commands left"
    for step, printed in zip(page, run(page, desk), strict=True):
        if step.prints is not None:
            assert is_as_promised(step.prints, printed), f"{step.commands}\npromises\n{step.prints}\nprints\n{printed}"


def test_a_step_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "hub.out").write_text("", encoding="utf-8")
    desk = Desk(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(AssertionError, match="false"):
        run([Step("echo fine\n", None), Step("false\n", None), Step("echo never\n", None)], desk)


@pytest.mark.parametrize(
    ("promised", "printed", "kept"),
    [
        ("total: 1", "total: 1\n", True),
        ("total: 1", "total: 2", False),
        ("a …\nc", "a 7 b\nc", True),
        ("a … c", "a", False),
    ],
)
def test_an_ellipsis_stands_for_anything_and_nothing_else_does(promised: str, printed: str, kept: bool) -> None:
    assert is_as_promised(promised, printed) is kept
