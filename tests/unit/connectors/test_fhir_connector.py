from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.conversion import ConversionError, SourceContext
from connectors.fhir import convert
from profiles import Json, Resource, read_json, references, write_json
from profiles.resource import as_list, as_object, as_text, codings, objects

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "connectors/fhir/samples"
SHARED = ROOT.parent / "shared/examples"
SOURCE = SourceContext("hosp", "雪見市立総合病院", "0112345670", None, datetime(2026, 11, 22, tzinfo=UTC))
BASE = "https://hosp.source.renkei.example/fhir"
RP: Resource = {"system": "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber", "value": "1"}
PATIENT: Resource = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:oid:1.2", "value": "9"}]}


def _entries(value: Json) -> list[Resource]:
    return objects(convert(write_json(value), SOURCE).bundle.get("entry"))


def _collection(*resources: Resource, **envelope: Json) -> Resource:
    entries: list[Json] = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", **envelope, "entry": entries}


def _condition(name: str, *identifiers: Resource, **more: Json) -> Resource:
    return {"resourceType": "Condition", "id": name, "identifier": [*identifiers], **more}


def test_a_transaction_stays_as_it_is() -> None:
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p"}}],
    }
    assert convert(write_json(bundle), SOURCE).bundle == bundle
    assert convert(write_json({**bundle, "type": "batch"}), SOURCE).bundle == bundle


def test_decimals_keep_their_digits() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":1.10}}'
    assert b"1.10" in write_json(convert(body, SOURCE).bundle)


def test_a_patient_is_posted_and_an_identified_resource_updates_itself() -> None:
    own: Resource = {"system": "http://a.example", "value": "1"}
    patient, condition = _entries(_collection(PATIENT, _condition("c", own)))
    assert patient == {
        "fullUrl": f"{BASE}/Patient/p",
        "resource": PATIENT,
        "request": {"method": "POST", "url": "Patient"},
    }
    assert condition == {
        "fullUrl": f"{BASE}/Condition/c",
        "resource": {"resourceType": "Condition", "identifier": [own]},
        "request": {"method": "PUT", "url": "Condition?identifier=http://a.example|1"},
    }


def test_an_institution_is_stored_only_when_the_hub_does_not_have_it() -> None:
    number: Resource = {"system": "http://a.example", "value": "0112345670"}
    [entry] = _entries({"resourceType": "Organization", "id": "o", "identifier": [number]})
    assert entry["request"] == {
        "method": "POST",
        "url": "Organization",
        "ifNoneExist": "identifier=http://a.example|0112345670",
    }


@pytest.mark.parametrize(
    "identifier",
    [
        RP,
        {"system": "urn:oid:1.2.392.100495.20.3.81", "value": "1"},
        {"system": "urn:oid:1.2.392.100495.20.3.11.10112345670", "value": "1"},
        {"system": "http://a.example", "value": "1", "use": "old"},
        {"system": "http://a.example"},
        {"value": "1"},
    ],
)
def test_an_identifier_that_names_no_single_resource_never_updates(identifier: Resource) -> None:
    [entry] = _entries(_condition("c", identifier))
    assert as_object(entry["request"])["method"] == "POST"


def test_an_identifier_that_two_resources_share_never_updates() -> None:
    order: Resource = {"system": "http://order.example", "value": "1"}
    own: Resource = {"system": "http://a.example", "value": "1"}
    first, second = _entries(_collection(_condition("c", order, own), _condition("d", order)))
    assert as_text(as_object(first["request"])["url"]) == "Condition?identifier=http://a.example|1"
    assert as_object(second["request"])["method"] == "POST"


def test_full_urls_are_kept_and_missing_ones_are_made_from_the_source() -> None:
    bundle = _collection(PATIENT, {"resourceType": "Condition"})
    objects(bundle["entry"])[0]["fullUrl"] = "urn:uuid:6f0e5d8c-0000-4000-8000-000000000000"
    patient, condition = _entries(bundle)
    assert patient["fullUrl"] == "urn:uuid:6f0e5d8c-0000-4000-8000-000000000000"
    assert as_text(condition["fullUrl"]).startswith("urn:uuid:")
    assert _entries(bundle)[1] == condition


def test_what_the_envelope_says_is_reported() -> None:
    bundle = _collection(PATIENT, identifier={"value": "b1"}, timestamp="2026-11-22T09:00:00+09:00")
    reported = [(one.place, one.value) for one in convert(write_json(bundle), SOURCE).unmapped]
    assert reported == [
        ("Bundle.identifier", '{"value":"b1"}'),
        ("Bundle.timestamp", "2026-11-22T09:00:00+09:00"),
    ]


def test_labels_of_the_envelope_restrict_what_is_inside() -> None:
    restricted: Resource = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "code": "R",
    }
    uninformed: Resource = {
        "system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication",
        "code": "UNINFORMED",
    }
    other: Resource = {"system": "http://a.example", "code": "x"}
    labels: Resource = {"security": [restricted], "tag": [uninformed, other]}
    plain, labelled = _entries(_collection(PATIENT, _condition("c", meta={"security": [restricted]}), meta=labels))
    assert as_object(plain["resource"])["meta"] == {"security": [restricted], "tag": [uninformed]}
    assert as_object(labelled["resource"])["meta"] == {"security": [restricted], "tag": [uninformed]}


def test_entries_of_a_search_that_are_no_results_are_reported() -> None:
    outcome: Resource = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "entry": [{"resource": PATIENT, "search": {"mode": "match"}}, outcome, {"fullUrl": "urn:uuid:1"}],
    }
    converted = convert(write_json(bundle), SOURCE)
    assert len(objects(converted.bundle["entry"])) == 1
    assert [one.place for one in converted.unmapped] == ["Bundle.total", "Bundle.entry[1].resource", "Bundle.entry[2]"]


def test_lines_of_ndjson_become_entries_that_can_refer_to_each_other() -> None:
    condition = _condition("c", subject={"reference": "Patient/p"})
    body = write_json(PATIENT) + b"\r\n\n" + write_json(condition) + b"\n"
    assert [entry["fullUrl"] for entry in objects(convert(body, SOURCE).bundle["entry"])] == [
        f"{BASE}/Patient/p",
        f"{BASE}/Condition/c",
    ]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"", 1, 1),
        (b'{"resourceType": "Patient",\n  "id": }', 2, 9),
        (b'{"resourceType":"Patient"}\n{"resourceType":"Patient"}\n{"resourceType"}', 3, 16),
        (b'{"resourceType":"Patient"}\n[]', 2, 1),
        (b'{"resourceType":"Patient","id":"1","id":"2"}', 1, 36),
        (b'{"resourceType":"Patient",\n"id":"\xff"}', 2, 7),
        (b'{"id":"1"}', 1, 1),
        (b'{"resourceType":"Bundle","type":"history"}', 1, 1),
        (b'{"resourceType":"Bundle","type":"collection","entry":{}}', 1, 1),
        (b'{"resourceType":"Bundle","type":"collection","entry":[1]}', 1, 1),
    ],
)
def test_what_is_not_fhir_json_is_refused_at_its_place(body: bytes, line: int, column: int) -> None:
    with pytest.raises(ConversionError) as caught:
        convert(body, SOURCE)
    assert (caught.value.line, caught.value.column) == (line, column)


def _inside(bundle: Resource) -> set[str]:
    """The references between the entries of a bundle."""
    urls = {as_text(entry.get("fullUrl")) for entry in objects(bundle["entry"])}
    found = {as_text(holder["reference"]) for entry in objects(bundle["entry"]) for _, holder in references(entry)}
    return found & urls


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_samples_keep_all_resources_and_references(path: Path) -> None:
    given = as_object(read_json(path.read_bytes()))
    converted = convert(path.read_bytes(), SOURCE).bundle
    assert len(as_list(converted["entry"])) == len(as_list(given["entry"]))
    assert _inside(converted) == _inside(given) != set()


def test_an_international_patient_summary_keeps_its_composition() -> None:
    composition = as_object(_entries(read_json((SAMPLES / "patient-summary.json").read_bytes()))[0]["resource"])
    assert codings(composition["type"]) == [("http://loinc.org", "60591-5")]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared examples are not here")
@pytest.mark.parametrize("path", sorted((SHARED / "jp-clins").glob("Bundle-*.json")), ids=lambda path: path.stem)
def test_bundles_of_jp_clins_convert(path: Path) -> None:
    given = as_object(read_json(path.read_bytes()))
    converted = convert(path.read_bytes(), SOURCE)
    kinds = [as_object(entry["resource"])["resourceType"] for entry in objects(converted.bundle["entry"])]
    assert kinds == [as_object(entry["resource"])["resourceType"] for entry in objects(given["entry"])]
    assert _inside(converted.bundle) == _inside(given)
    requests = [as_object(entry["request"]) for entry in objects(converted.bundle["entry"])]
    updates = [request["url"] for request in requests if request["method"] == "PUT"]
    assert len(updates) == len(set(map(str, updates)))
