"""Requests that nobody well-meaning sends (TRUST T-066, T-111, T-113, T-114, T-115): refused, and nothing else."""

from urllib.parse import quote

import pytest

from tests.fhir_answers import issues, link
from tests.hub_in_test import BASE_URL, Body, City, entry, observation, transaction

pytestmark = pytest.mark.one_hub

NASTY = [
    "'",
    '"',
    "x' OR '1'='1",
    "x'; DROP TABLE resource; --",
    "%",
    "_",
    "\\",
    "%%%%%%%%%%%%%%%%",
    "$(id)",
    "{{7*7}}",
    "a" * 5000,
    "(a+)+$",
    "*)(uid=*",
    "../../etc/passwd",
    "%00",
    "\x7f\x1b[31m",
    "\u202e",
    "１２３",
    "|",
    ",,,",
    "||",
    "$",
]


@pytest.fixture(scope="module")
def person(one_hub: City) -> str:
    """A resident whom the hospital looks after."""
    resident = one_hub.resident()
    one_hub.team(resident, "Organization/hosp")
    return resident


@pytest.fixture(scope="module")
def stored(one_hub: City, person: str) -> Body:
    return one_hub.created("hosp-ehr", observation(person))


# -- ids and paths


@pytest.mark.parametrize(
    "id_",
    ["a" * 65, "%00", "Observation%2f1", "%2e%2e%2f%2e%2e", "a%20b", "a%3bb", "%e3%81%82", "a%0d%0ab", "*"],
)
def test_what_is_no_id_is_nowhere(city: City, id_: str) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        headers = city.headers("hosp-ehr", content_type="application/fhir+json")
        body = b'{"resourceType":"Observation"}' if method in ("PUT", "PATCH") else None
        answer = city.client.request(method, f"/fhir/Observation/{id_}", headers=headers, content=body)
        assert answer.status_code in (400, 404, 405), (method, id_, answer.text)
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_an_id_is_itself_in_upper_and_lower_case(city: City, stored: Body) -> None:
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").status_code == 200
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id'].upper()}").status_code == 404
    assert city.get("hosp-ehr", f"/fhir/observation/{stored['id']}").status_code == 404
    assert city.get("hosp-ehr", f"/fhir//Observation/{stored['id']}").status_code == 404
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}/").status_code == 404


# -- methods and headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "NONSENSE", "OPTIONS"])
def test_other_methods_are_refused(city: City, stored: Body, method: str) -> None:
    answer = city.client.request(method, f"/fhir/Observation/{stored['id']}", headers=city.headers("hosp-ehr"))
    if method != "get":  # the client writes it in capitals
        issues(answer, 405)
        assert set(answer.headers["Allow"].split(", ")) >= {"GET"}


def test_no_header_makes_another_method_of_it(city: City, stored: Body) -> None:
    headers = {"x_http_method_override": "DELETE", "x_method_override": "DELETE", "x_http_method": "DELETE"}
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}", **headers).status_code == 200
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}?_method=DELETE").status_code == 200
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


def test_links_name_the_hub_whatever_host_the_client_says(city: City, person: str) -> None:
    spoofed = {"host": "evil.test", "x_forwarded_host": "evil.test", "forwarded": "host=evil.test"}
    made = city.post("hosp-ehr", "/fhir/Observation", observation(person), **spoofed)
    assert made.headers["Location"].startswith(f"{BASE_URL}/fhir/Observation/")
    page = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_count=1", **spoofed)
    assert link(page.json(), "self").startswith(BASE_URL)
    assert "evil.test" not in page.text + made.text + city.get(None, "/fhir/metadata", **spoofed).text


@pytest.mark.parametrize("text", NASTY)
def test_signs_of_other_languages_are_only_text(city: City, person: str, stored: Body, text: str) -> None:
    value = quote(text, safe="")
    paths = [
        f"/fhir/Observation/{quote(text[:64], safe='')}",
        f"/fhir/Observation/{stored['id']}/_history/{quote(text[:64], safe='')}",
        f"/fhir/Observation/{stored['id']}/_history?_count={value}",
        f"/fhir/Observation/{stored['id']}/_history?_cursor={value}",
        f"/fhir/Observation?identifier={value}",
        f"/fhir/Observation?{value}=x",
        f"/fhir/{quote(text[:64], safe='')}",
    ]
    for path in paths:
        assert city.get("hosp-ehr", path).status_code in (200, 400, 404, 405), path
    for headers in (
        {"if_none_exist": f"identifier={value}"},
        {"if_none_exist": value},
        {"prefer": f"return={value}"},
        {"accept": value},
        {"if_none_match": value},
    ):
        answer = city.post("hosp-ehr", "/fhir/Organization", {"resourceType": "Organization", "name": "x"}, **headers)
        assert answer.status_code in (200, 201, 400, 406, 412), (headers, answer.text)
    for url in (f"Observation?identifier={text}", f"Observation?{text}", text, f"Observation/{text}"):
        answer = city.post("hosp-ehr", "/fhir", transaction({"request": {"method": "GET", "url": url}}))
        assert answer.status_code in (200, 400, 404, 422), (url, answer.text)
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


# -- references


@pytest.mark.parametrize(
    "reference",
    [
        "#missing",
        "../Patient/{person}",
        "Patient/../{person}",
        "Patient/{person}/../../Patient/{person}",
        "Patient/..%2f{person}",
        "Patient/{person}?_format=json",
        "Patient/",
        "Patient",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "urn:uuid:00000000-0000-4000-8000-000000000000",
        "http://127.0.0.1:1/Patient/{person}",
        "http://evil.test/fhir/Patient/{person}",
        f"{BASE_URL}.evil.test/fhir/Patient/{{person}}",
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(city: City, person: str, reference: str) -> None:
    resource = observation("", subject={"reference": reference.replace("{person}", person)})
    issues(city.post("hosp-ehr", "/fhir/Observation", resource), 422)
    issues(city.post("hosp-ehr", "/fhir", transaction(entry(resource))), 422)


# -- Bundles


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "TRACE", "url": "Observation"},
        {"method": "post", "url": "Observation"},
        {"url": "Observation"},
        {"method": "POST"},
        {"method": "POST", "url": "../oauth/token"},
        {"method": "POST", "url": "http://evil.test/fhir/Observation"},
        {"method": "POST", "url": "Observation/1"},
        {"method": "PUT", "url": "Observation"},
        {"method": "DELETE", "url": "Observation"},
        {"method": "DELETE", "url": "Observation?"},
        {"method": "PATCH", "url": "Observation"},
        {"method": "GET", "url": ""},
        {"method": "GET", "url": "Observation/1/_history/1/2"},
        {"method": "POST", "url": "Bundle/$validate"},
        {"method": "POST", "url": "AuditEvent"},
    ],
)
def test_an_entry_that_asks_for_what_there_is_not(city: City, person: str, request_: Body) -> None:
    before = city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_summary=count").json().get("total")
    one = {"resource": observation(person), "request": request_}
    for type_ in ("transaction", "batch"):
        answer = city.post("hosp-ehr", "/fhir", {"resourceType": "Bundle", "type": type_, "entry": [one]})
        if type_ == "transaction":
            issues(answer, answer.status_code)
            assert answer.status_code in (400, 422), answer.text
        else:
            assert answer.json()["entry"][0]["response"]["status"][:1] == "4", answer.text
    assert city.get("hosp-ehr", f"/fhir/Observation?patient={person}&_summary=count").json().get("total") == before
