"""Real input that nobody here wrote: a cohort of the generator clinosim, pushed as the hospital's system.

The cohort is made once by the development dependency (population 5) and kept in ``.cache``; when the larger
one lies in ``../shared/clinosim-jp`` that is used by the test marked slow.
"""

import gzip
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from hub.app import create_app
from hub.cli.pushing import Sender, Tally, push_folder
from hub.settings import Settings
from tests.hub_in_test import City

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "clinosim-jp"

# Every reason for which a resource of clinosim may be refused: its own faults, and what a hospital may not publish.
KNOWN_FAULTS = (
    "MedicationAdministration: resource.dosage.timing: FHIR R4 has no such element here",
    "MedicationAdministration: resource.dosage.doseAndRate: FHIR R4 has no such element here",
    "MedicationAdministration: resource.dosage: SHALL have at least one of dosage.dose or dosage.rate[x]. [mad-1]",
    "resource.code.coding[].code: An empty code is not allowed",
    "ImagingStudy is not one of Media",
    "[jp-",
)


@pytest.fixture(scope="session")
def cohort() -> Path:
    """A folder of ndjson files, made once."""
    folder = ROOT / ".cache" / "clinosim-5-1"
    if not (folder / "fhir_r4" / "Patient.ndjson").exists():
        options = ["--country", "JP", "--population", "5", "--seed", "1", "--end", "2026-10-31"]
        options += ["--allow-legacy", "--format", "fhir-r4"]
        command = [str(Path(sys.executable).with_name("clinosim"))]
        subprocess.run([*command, "simulate", *options, "-o", str(folder)], check=True, capture_output=True)
    return folder / "fhir_r4"


@contextmanager
def served(city: City) -> Iterator[str]:
    """The hub of ``city`` behind a real HTTP server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base_url = f"http://127.0.0.1:{port}"
    app = create_app(city.store.lane, city.store.secret, Settings(), base_url)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield base_url
    finally:
        server.should_exit = True
        thread.join()


def push(city: City, folder: Path) -> Tally:
    """The whole folder as the hospital's system, through the token endpoint and the FHIR door."""
    tally = Tally()
    with served(city) as base_url, httpx.Client(base_url=base_url, timeout=60) as client:
        push_folder(Sender(client, base_url, "", "hosp-ehr", city.keys), folder, "hosp", tally)
    return tally


def lines(folder: Path) -> int:
    """How many resources a folder of ndjson(.gz) files holds."""
    files = [*folder.glob("*.ndjson"), *folder.glob("*.ndjson.gz")]
    return sum(sum(1 for line in _open(file) if line.strip()) for file in files)


def _open(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines() if file.suffix == ".gz" else file.read_bytes().splitlines()


def check(city: City, folder: Path, tally: Tally) -> None:
    """Every resource is stored or refused for a known fault; what is stored is there to be read."""
    assert tally.taken + tally.refused.total() == lines(folder)
    strange = [reason for reason in tally.refused if not any(fault in reason for fault in KNOWN_FAULTS)]
    assert not strange, "\n".join(strange)
    stored = city.store.lane.do(
        lambda tx: tx.exec_driver_sql("SELECT count(*) FROM resource WHERE source = 'hosp'").scalar_one()
    )
    assert stored == tally.taken
    assert tally.taken > 0.9 * lines(folder)


def test_a_generated_cohort_is_stored_or_refused_with_a_reason(city: City, cohort: Path) -> None:
    check(city, cohort, push(city, cohort))


def test_pushing_it_again_changes_nothing(city: City, cohort: Path) -> None:
    first = push(city, cohort)
    versions = city.store.lane.do(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM history").scalar_one())
    assert push(city, cohort).taken == first.taken
    check(city, cohort, first)
    after = city.store.lane.do(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM history").scalar_one())
    assert after == versions


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the large cohort is not on this machine")
def test_the_large_cohort_is_stored_or_refused_with_a_reason(city: City) -> None:
    check(city, SHARED, push(city, SHARED))
