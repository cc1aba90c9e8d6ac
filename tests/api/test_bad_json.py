"""Bodies that are not exactly FHIR JSON (TRUST T-101): refused with the place, and the hub lives on.

Each file in tests/cases/bad-json is a body as it would come over the wire; expected.csv says what is told of it.
"""

import csv
from pathlib import Path
from time import perf_counter

import httpx2
import pytest

from tests.hub_in_test import City, small_city

pytestmark = pytest.mark.one_hub

CASES = Path(__file__).parent.parent / "cases" / "bad-json"
EXPECTED = list(csv.DictReader((CASES / "expected.csv").read_text(encoding="utf-8").splitlines()))
ORGANIZATION = '{"resourceType":"Organization","name":"試験診療所"}'.encode()


def told(answer: httpx2.Response) -> str:
    """The one sentence of a refusal for bad form."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    [issue] = answer.json()["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "structure")
    return str(issue["diagnostics"])


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["file"])
def test_a_bad_body_is_refused_with_its_place(city: City, case: dict[str, str]) -> None:
    body = (CASES / case["file"]).read_bytes()
    began = perf_counter()
    for door in ("/fhir/Organization", "/fhir"):
        sentence = told(city.post("hosp-ehr", door, body))
        assert case["problem"] in sentence
        assert case["place"] in sentence
    told(city.put("hosp-ehr", "/fhir/Organization/hosp", body))
    assert perf_counter() - began < 2
    assert city.get("hosp-ehr", "/fhir/Organization?name=試験診療所").json()["total"] == 0


def test_every_case_is_expected_and_every_expectation_has_a_case() -> None:
    assert {case["file"] for case in EXPECTED} == {one.name for one in CASES.iterdir()} - {"expected.csv"}


def test_the_same_body_without_its_fault_is_taken(tmp_path: Path) -> None:
    with small_city(tmp_path) as city:
        assert city.post("hosp-ehr", "/fhir/Organization", ORGANIZATION).status_code == 201
        for content in (ORGANIZATION + b"\n", b" \r\n\t" + ORGANIZATION, ORGANIZATION.decode().encode("utf-8")):
            assert city.post("hosp-ehr", "/fhir/Organization", content).status_code == 201


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Organization.name", "7"),
        ("Organization.name", "null"),
        ("Organization.name", '""'),
        ("Organization.active", '"true"'),
        ("Organization.alias", "[]"),
        ("Organization.telecom", "{}"),
        ("Organization.naem", '"試験"'),
    ],
)
def test_good_json_that_is_not_r4_is_refused_with_its_path(city: City, path: str, value: str) -> None:
    member = path.partition(".")[2]
    body = f'{{"resourceType":"Organization","{member}":{value}}}'.encode()
    answer = city.post("hosp-ehr", "/fhir/Organization", body)
    assert answer.status_code == 422, answer.text
    assert path in [place for issue in answer.json()["issue"] for place in issue.get("expression", [])]


def test_a_long_list_is_read_quickly(city: City) -> None:
    body = b'{"resourceType":"Organization","alias":[' + b",".join([b'"a"'] * 1_000_000) + b"],}"
    began = perf_counter()
    told(city.post("hosp-ehr", "/fhir/Organization", body))
    assert perf_counter() - began < 5
