"""Resources that nobody here wrote: the published Japanese examples and a generated cohort (docs/validation.md)."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from profiles import (
    Resource,
    category_of,
    clinical_date,
    index,
    labels_of,
    normalise,
    patients_of,
    read_json,
    validate,
    write_json,
)
from profiles.resource import as_object

SHARED = Path(__file__).parents[4] / "shared"
EXAMPLES = SHARED / "examples"
COHORT = SHARED / "clinosim-jp"

# Folder → how many of its files do not validate; docs/validation.md says why.
INVALID = {"jp-core": 0, "jp-clins": 0, "eReferral": 1, "eDischargeSummary": 2, "ePrescription": 10}


def everything(resource: Resource) -> None:
    """Run what the hub runs on an accepted resource."""
    for one in (resource, normalise(resource)):
        index(one)
        patients_of(one)
        category_of(one)
        labels_of(one)
        clinical_date(one)


@pytest.mark.parametrize("folder", INVALID)
def test_published_examples(folder: str) -> None:
    paths = sorted((EXAMPLES / folder).glob("*.json"))
    if not paths:
        pytest.skip(f"the examples of {folder} are not here")
    invalid = []
    for path in paths:
        body = path.read_bytes()
        resource = as_object(read_json(body))
        everything(resource)
        if any(issue.severity == "error" for issue in validate(resource, body)):
            invalid.append(path.name)

    assert len(invalid) == INVALID[folder], invalid


def cohort() -> Iterator[bytes]:
    for path in sorted(COHORT.glob("*.ndjson.gz")):
        with gzip.open(path) as lines:
            for _, line in zip(range(40), lines, strict=False):
                yield line


def test_a_generated_cohort() -> None:
    bodies = list(cohort())
    if not bodies:
        pytest.skip("the generated cohort is not here")
    rules = set()
    for body in bodies:
        resource = as_object(read_json(body))
        everything(resource)
        rules |= {issue.rule for issue in validate(resource, body) if issue.severity == "error"}
        assert read_json(write_json(resource)) == resource

    assert rules <= {"r4-structure", "reference-type"}
