"""Real input that nobody here wrote: every kind of resource of a generated Japanese cohort."""

import gzip
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from hub.projections.handoff import Held, handoff, handoff_view
from hub.projections.timeline import changed, timeline_item
from profiles import category_of, read_json, validate, write_json
from profiles.instants import JAPAN
from profiles.resource import Resource, as_object

COHORT = Path(__file__).parents[4] / "shared" / "clinosim-jp"
FILES = sorted(COHORT.glob("*.ndjson.gz"))
A_FILE = 100
NOW = datetime(2026, 11, 22, tzinfo=JAPAN)

pytestmark = pytest.mark.skipif(not FILES, reason="the cohort lies beside the repository and is not here")


def resources(path: Path, most: int = A_FILE) -> Iterator[Resource]:
    with gzip.open(path) as lines:
        for line in islice(lines, most):
            yield as_object(read_json(line))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_every_resource_has_a_line_of_plain_text(path: Path) -> None:
    for resource in resources(path):
        item = timeline_item(resource, category_of(resource))
        assert item.title.strip()
        assert len(item.title) <= 80
        assert len(item.text) <= 400
        assert "<div" not in item.title + item.text
        assert item.title == " ".join(item.title.split())
        assert changed(resource, resource) == "内容は変わっていません。"


def test_a_handoff_of_a_crowd_is_short_and_valid() -> None:
    """Everything of everybody: no item may grow beyond its lines."""
    entries = [
        Held(resource, category_of(resource), "雪見市立総合病院", "hospital", "2026-11-20T00:00:00Z")
        for path in FILES
        for resource in resources(path, 40)
    ]
    hospital: Resource = {"resourceType": "Organization", "id": "hosp", "name": "雪見市立総合病院"}
    bundle = handoff(
        {"resourceType": "Patient", "id": "p1"},
        entries,
        now=NOW,
        document_id="6f0c2b1e-5c1d-4f2a-9a51-0d5f3f6f0001",
        base_url="https://hub.example.jp/fhir",
        authors=[hospital],
        custodian=hospital,
    )
    body = write_json(bundle)
    found = [issue for issue in validate(bundle, body) if issue.severity == "error" and "Composition" in issue.path]
    assert found == []
    counts = {item.number: (len(item.lines), item.more > 0) for item in handoff_view(bundle).items}
    assert counts[1][1]
    assert counts[1][0] <= 25
    assert all(count <= 75 for count, _ in counts.values())
