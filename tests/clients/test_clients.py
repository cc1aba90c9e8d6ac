"""Public clients work unchanged: fhirpy, fhirclient, fhir-kit-client, and schemathesis over /openapi.json.

Each program beside this file is what somebody would write who has only the client's own documentation.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import SYSTEM, Served, say

HERE = Path(__file__).parent
STEPS = 6
"""What each program does, in as many lines: changes, bundles, searches, operations, refusals, deletions."""


def test_fhirpy(served: Served) -> None:
    printed = say([sys.executable, str(HERE / "with_fhirpy.py"), served.fhir, served.token()], HERE)
    assert len(printed.splitlines()) == STEPS


def test_fhirclient_signs_in_with_its_key(served: Served) -> None:
    printed = say([sys.executable, str(HERE / "with_fhirclient.py"), served.fhir, SYSTEM, str(served.key)], HERE)
    assert len(printed.splitlines()) == STEPS


def test_fhir_kit_client_signs_in_with_its_key(served: Served, tmp_path: Path) -> None:
    install(tmp_path)
    program = shutil.copy(HERE / "with_fhir_kit_client.js", tmp_path)
    printed = say(["node", str(program), served.fhir, SYSTEM, str(served.key)], tmp_path)
    assert len(printed.splitlines()) == STEPS


def install(directory: Path) -> None:
    """The versions of package-lock.json, each with its hash; the test is skipped where they are not to be had."""
    if shutil.which("npm") is None:
        pytest.skip("****  SKIPPED: fhir-kit-client. Install Node.js 20 and npm to run it.  ****")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "fhir-kit-client" / name, directory)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        assert "EINTEGRITY" not in done.stderr, done.stderr
        pytest.skip(f"****  SKIPPED: fhir-kit-client, as npm could not fetch it.  ****\n{done.stderr[-500:]}")


def test_schemathesis_finds_nothing_that_is_not_as_described(served: Served, tmp_path: Path) -> None:
    schemathesis = Path(sys.executable).with_name("schemathesis")
    options = ["--checks", "all", "--no-color", "--header", f"Authorization: Bearer {served.token()}"]
    config = ["--config-file", str(HERE / "schemathesis.toml")]
    printed = say([str(schemathesis), *config, "run", f"{served.address}/openapi.json", *options], tmp_path)
    assert "Operations:       6 selected / 7 total" in printed, printed
