import gzip
from pathlib import Path

import pytest

from connectors.conversion import Unmapped
from connectors.fhir import bundles, ndjson_files
from connectors.fhir.order import chunks
from profiles import Resource, is_directory, patients_of, references, write_json
from profiles.resource import as_object, as_text, objects

BASE = "https://hosp.source.renkei.example/fhir"
SHARED = Path(__file__).parents[4] / "shared/clinosim-jp"


def _write(path: Path, *resources: Resource) -> Path:
    body = b"".join(write_json(resource) + b"\n" for resource in resources)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def _nothing(one: Unmapped) -> None:
    raise AssertionError(one)


def _urls(bundle: Resource) -> list[str]:
    return [as_text(entry["fullUrl"]).removeprefix(f"{BASE}/") for entry in objects(bundle["entry"])]


def _about(name: str, patient: str, *targets: str) -> Resource:
    return {
        "resourceType": "Condition",
        "id": name,
        "subject": {"reference": f"Patient/{patient}"},
        "evidence": [{"detail": [{"reference": f"Condition/{target}"}]} for target in targets],
    }


def _patient(name: str) -> Resource:
    return {"resourceType": "Patient", "id": name, "managingOrganization": {"reference": "Organization/o"}}


def test_the_directory_and_patients_go_first_then_each_patient_alone(tmp_path: Path) -> None:
    paths = [
        _write(tmp_path / "1.ndjson", _about("a", "p"), _about("b", "q"), _about("c", "p")),
        _write(tmp_path / "2.ndjson.gz", _patient("p"), _patient("q"), {"resourceType": "Organization", "id": "o"}),
    ]
    assert [_urls(bundle) for bundle in bundles(paths, "hosp", _nothing)] == [
        ["Organization/o", "Patient/p", "Patient/q"],
        ["Condition/a", "Condition/c"],
        ["Condition/b"],
    ]


def test_what_is_about_no_patient_stands_before_or_behind_what_it_is_needed_for(tmp_path: Path) -> None:
    device: Resource = {"resourceType": "Device", "id": "d", "owner": {"reference": "Organization/o"}}
    origin: Resource = {"resourceType": "Provenance", "id": "v", "target": [{"reference": "Condition/a"}]}
    organisation: Resource = {"resourceType": "Organization", "id": "o"}
    path = _write(tmp_path / "1.ndjson", origin, _about("a", "p"), device, organisation)
    assert [_urls(bundle) for bundle in bundles([path], "hosp", _nothing)] == [
        ["Organization/o", "Device/d"],
        ["Condition/a"],
        ["Provenance/v"],
    ]


def test_every_entry_is_posted_as_it_stands_in_the_file(tmp_path: Path) -> None:
    condition = _about("a", "p")
    [bundle] = bundles([_write(tmp_path / "1.ndjson", condition)], "hosp", _nothing, base="https://ehr.example/r4")
    assert bundle["entry"] == [
        {
            "fullUrl": "https://ehr.example/r4/Condition/a",
            "resource": condition,
            "request": {"method": "POST", "url": "Condition"},
        }
    ]


def test_what_is_referred_to_is_sent_before(tmp_path: Path) -> None:
    path = _write(tmp_path / "1.ndjson", _about("a", "p", "b"), _about("b", "p", "c"), _about("c", "p"))
    assert [_urls(bundle) for bundle in bundles([path], "hosp", _nothing, size=2)] == [
        ["Condition/c", "Condition/b"],
        ["Condition/a"],
    ]


def test_a_ring_of_references_stays_in_one_bundle(tmp_path: Path) -> None:
    ring = [_about("a", "p", "b"), _about("x", "p"), _about("b", "p", "c"), _about("c", "p", "a")]
    path = _write(tmp_path / "1.ndjson", _about("w", "p"), *ring)
    assert [_urls(bundle) for bundle in bundles([path], "hosp", _nothing, size=3)] == [
        ["Condition/w"],
        ["Condition/a", "Condition/b", "Condition/c"],
        ["Condition/x"],
    ]


def test_a_group_larger_than_a_bundle_is_cut() -> None:
    assert list(chunks([[1], [2, 3, 4, 5, 6], [7]], 2)) == [[1], [2, 3], [4, 5], [6, 7]]


def test_bad_lines_are_reported_with_file_and_line_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "1.ndjson"
    path.write_bytes(write_json(_about("a", "p")) + b'\n\n{"broken\n[1]\n' + write_json(_about("b", "p")))
    reported: list[Unmapped] = []
    [bundle] = bundles([path], "hosp", reported.append)
    assert _urls(bundle) == ["Condition/a", "Condition/b"]
    assert [(one.place, one.value) for one in reported] == [
        ("1.ndjson, line 3", '{"broken\n'),
        ("1.ndjson, line 4", "[1]\n"),
    ]


def test_a_file_that_was_cut_off_is_reported_where_it_ends(tmp_path: Path) -> None:
    lines = [write_json(_about(str(number), "p")) + b"\n" for number in range(2000)]
    path = tmp_path / "1.ndjson.gz"
    path.write_bytes(gzip.compress(b"".join(lines))[:-40])
    reported: list[Unmapped] = []
    sent = sum(len(_urls(bundle)) for bundle in bundles([path], "hosp", reported.append))
    assert 0 < sent < 2000
    assert [one.place for one in reported] == [f"1.ndjson.gz, line {sent + 1}"]


def test_a_folder_gives_its_ndjson_files_by_name(tmp_path: Path) -> None:
    for name in ("b.ndjson", "a.ndjson.gz", "manifest.json"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in ndjson_files(tmp_path)] == ["a.ndjson.gz", "b.ndjson"]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the shared cohort is not here")
def test_a_cohort_is_sent_whole_and_in_an_order_that_resolves() -> None:
    known: set[str] = set()
    unresolved: list[tuple[str, str]] = []
    sent = 0
    for bundle in bundles(ndjson_files(SHARED), "hosp", _nothing):
        entries = objects(bundle["entry"])
        sent += len(entries)
        assert len(entries) <= 100
        known.update(_urls(bundle))
        resources = [as_object(entry["resource"]) for entry in entries]
        later = [one for one in resources if one["resourceType"] != "Patient" and not is_directory(one)]
        assert len({patient for one in later for patient in patients_of(one)[:1]}) <= 1
        for entry, url in zip(entries, _urls(bundle), strict=True):
            targets = {as_text(holder["reference"]) for _, holder in references(as_object(entry["resource"]))}
            unresolved += [(url, target) for target in targets - known if not target.startswith("#")]
    lines = sum(gzip.decompress(path.read_bytes()).count(b"\n") for path in ndjson_files(SHARED))
    assert sent == len(known) == lines
    assert unresolved == []
