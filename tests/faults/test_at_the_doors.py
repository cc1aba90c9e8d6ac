"""What comes to the doors in a form that none of them takes (TRUST T-103, T-104, T-106, T-108 to T-111)."""

import base64
import socket
from collections.abc import Iterator
from time import perf_counter
from urllib.parse import quote

import pytest

from tests.fhir_answers import ids, issues
from tests.hub_in_test import Body, City, entry, note, observation, patient, transaction

pytestmark = pytest.mark.one_hub


@pytest.fixture(scope="module")
def person(one_hub: City) -> str:
    resident = one_hub.resident()
    one_hub.team(resident, "Organization/hosp")
    one_hub.consent(resident)
    return resident


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A place that a hub which follows what it is told would connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
def outside(listener: socket.socket) -> Iterator[str]:
    """Its address; nobody may have come there when the test is over."""
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(BlockingIOError):
        listener.accept()


XML = """<?xml version="1.0"?>{declared}<Patient xmlns="http://hl7.org/fhir"{attributes}>{content}</Patient>"""
ENTITY, INCLUDED = "<!DOCTYPE Patient [{0}]>", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{0}"/>'
LAUGHS = "".join(f'<!ENTITY l{one} "{f"&l{one - 1};" * 10}">' for one in range(1, 9))
HARMFUL_XML = {
    "external entity of a file": (ENTITY.format('<!ENTITY x SYSTEM "file:///etc/passwd">'), "", "&x;"),
    "external entity of a host": (ENTITY.format('<!ENTITY x SYSTEM "OUTSIDE/x">'), "", "&x;"),
    "parameter entity": (ENTITY.format('<!ENTITY % x SYSTEM "OUTSIDE/x.dtd"> %x;'), "", ""),
    "external subset": ('<!DOCTYPE Patient SYSTEM "OUTSIDE/x.dtd">', "", ""),
    "billion laughs": (ENTITY.format('<!ENTITY l0 "ha">' + LAUGHS), "", "&l8;"),
    "XInclude": ("", "", INCLUDED.format("file:///etc/passwd")),
    "schema location": ("", ' xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="a OUTSIDE/x"', ""),
    "base": ("", ' xml:base="OUTSIDE"', ""),
    "a hundred thousand attributes": ("", "".join(f' a{one}="x"' for one in range(100_000)), ""),
}


@pytest.mark.parametrize("case", HARMFUL_XML)
def test_xml_is_not_read_whatever_it_says_it_is(city: City, outside: str, case: str) -> None:
    """T-103: XML is no form of this hub, so that nothing in it is looked at, followed or expanded."""
    declared, attributes, content = HARMFUL_XML[case]
    body = XML.format(declared=declared, attributes=attributes, content=content).replace("OUTSIDE", outside).encode()
    began = perf_counter()
    for kind in ("application/fhir+xml", "application/xml", "text/xml"):
        issues(city.post("hosp-ehr", "/fhir/Patient", body, content_type=kind), 415)
    for path in ("/fhir/Patient", "/fhir"):
        issues(city.post("hosp-ehr", path, body), 400)
    for format_ in ("fhir", "jahis", "careplan"):
        answer = city.post("hosp-ehr", f"/ingest/{format_}", body, idempotency_key=f"T-103 {case} {format_}")
        assert answer.status_code in (400, 422), answer.text
        assert b"root:" not in answer.content
    assert perf_counter() - began < 5


@pytest.mark.parametrize(
    "kind",
    [
        "application/fhir+json; charset=utf-7",
        "application/fhir+json; charset=shift_jis",
        "application/fhir+xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/html",
        "application/fhir+json+xml",
        "application/fhir+ndjson",
        "",
    ],
)
def test_a_body_of_another_kind_is_not_guessed_at(city: City, person: str, kind: str) -> None:
    """T-104: what is in the body does not matter when it says that it is something else."""
    for path in ("/fhir/Observation", "/fhir"):
        body = observation(person) if path.endswith("n") else transaction(entry(observation(person)))
        issues(city.post("hosp-ehr", path, body, content_type=kind), 415)


def test_format_decides_where_the_header_says_otherwise(city: City, person: str) -> None:
    """T-104: ``_format`` goes before ``Accept`` (FHIR R4 §3.1.0.1.11), and XML is asked for in vain by both."""
    place = f"/fhir/Patient/{person}"
    assert city.get("hosp-ehr", f"{place}?_format=json", accept="application/fhir+xml").status_code == 200
    issues(city.get("hosp-ehr", f"{place}?_format=xml", accept="application/fhir+json"), 406)


# -- contents of files


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text/html", b"<script>alert(1)</script>"),
        ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("image/png", b"<html><script>alert(1)</script></html>"),
        ("application/pdf", b"%PDF-1.7\n/*<script>alert(1)</script>*/"),
    ],
)
def test_a_stored_file_is_never_served_as_what_it_says_it_is(city: City, person: str, kind: str, data: bytes) -> None:
    """T-106: a file leaves the hub as base64 inside of JSON, whatever is asked for; no browser takes it for a page."""
    attachment = {"contentType": kind, "data": base64.b64encode(data).decode(), "title": '"><script>.html'}
    resource: Body = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"text": "診療情報提供書"},
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": attachment}],
    }
    place = f"/fhir/DocumentReference/{city.created('hosp-ehr', resource)['id']}"
    answer = city.get("hosp-ehr", place)
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert data not in answer.content
    for asked in (kind, "text/html", "application/octet-stream"):
        issues(city.get("hosp-ehr", place, accept=asked), 406)
        issues(city.get("hosp-ehr", f"{place}?_format={quote(asked)}"), 406)


def test_a_file_that_is_too_large_is_not_read_to_its_end(city: City, person: str) -> None:
    """T-108: two hundred megabytes are refused when they are announced, and when they are not."""
    announced = {"content_length": str(200 * 1024 * 1024)}
    issues(city.post("hosp-ehr", "/fhir/DocumentReference", b"{", **announced), 413)

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * (1024 * 1024)

    headers = city.headers("hosp-ehr", content_type="application/fhir+json")
    issues(city.client.post("/fhir/DocumentReference", content=endless(), headers=headers), 413)


# -- what points elsewhere


def test_nothing_that_is_stored_is_ever_fetched(city: City, person: str, outside: str) -> None:
    """T-109, T-110, T-111: URLs in resources are words; no connection, and so no token, goes to where they point."""
    resources: tuple[Body, ...] = (
        note(person, partOf=[{"reference": f"{outside}/fhir/Communication/1"}], about=[{"reference": f"{outside}/x"}]),
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"text": "紹介状"},
            "subject": {"reference": f"Patient/{person}"},
            "content": [{"attachment": {"contentType": "application/pdf", "url": f"{outside}/letter.pdf"}}],
        },
        observation(person, meta={"profile": [f"{outside}/StructureDefinition/x"]}),
        observation(person, extension=[{"url": f"{outside}/extension", "valueString": "x"}]),
        patient("0000000001", photo=[{"contentType": "image/png", "url": f"{outside}/photo.png"}]),
    )
    for resource in resources:
        answer = city.post("hosp-ehr", f"/fhir/{resource['resourceType']}", resource)
        assert answer.status_code == 201, answer.text
        kind, id_ = resource["resourceType"], answer.json()["id"]
        for path in (f"{kind}/{id_}", f"{kind}?_id={id_}&_include=*", f"Patient/{person}/$everything"):
            assert city.get("hosp-ehr", f"/fhir/{path}").status_code == 200, path
    assert city.get("hosp-ehr", f"/feed?patient={person}").status_code == 200
    query = f"/fhir/Observation?subject={outside}/fhir/Patient/{person}"
    assert ids(city.get("hosp-ehr", query)) == []


def test_resources_that_name_each_other_in_a_circle_are_read_to_their_end(city: City, person: str) -> None:
    """T-111: contained ones, and two that name one another: stored, read, searched with all that they include."""
    circle = [
        {"resourceType": "Organization", "id": "a", "name": "甲", "partOf": {"reference": "#b"}},
        {"resourceType": "Organization", "id": "b", "name": "乙", "partOf": {"reference": "#a"}},
    ]
    held = city.created("hosp-ehr", note(person, contained=circle, recipient=[{"reference": "#a"}]))
    assert city.get("hosp-ehr", f"/fhir/Communication/{held['id']}").status_code == 200
    one, other = (f"urn:uuid:00000000-0000-4000-8000-00000000000{digit}" for digit in "12")
    pushed = transaction(
        entry(note(person, "甲", partOf=[{"reference": other}]), full_url=one),
        entry(note(person, "乙", partOf=[{"reference": one}]), full_url=other),
    )
    answer = city.post("hosp-ehr", "/fhir", pushed)
    assert answer.status_code == 200, answer.text
    first = answer.json()["entry"][0]["response"]["location"].split("/")[1]
    found = city.get("hosp-ehr", f"/fhir/Communication?_id={first}&_include:iterate=Communication:part-of")
    assert len(ids(found)) in (1, 2)
