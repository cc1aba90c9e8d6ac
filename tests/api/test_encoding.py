"""How bodies travel: gzip both ways, indented, as JSON and as nothing else (FHIR R4 §3.1.0.1; TRUST T-104, T-107)."""

import gzip
import json
import tracemalloc
import zlib

import pytest

from hub.http.encoding import WORTHWHILE
from tests.fhir_answers import issues
from tests.hub_in_test import Body, City, note, observation, transaction

pytestmark = pytest.mark.one_hub

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def person(one_hub: City) -> str:
    """A resident whom the hospital looks after."""
    resident = one_hub.resident()
    one_hub.team(resident, "Organization/hosp")
    return resident


@pytest.fixture(scope="module")
def long(one_hub: City, person: str) -> str:
    """The place of a resource that is worth compressing."""
    return f"/fhir/Communication/{one_hub.created('hosp-ehr', note(person, '申し送り。' * 200))['id']}"


@pytest.fixture(scope="module")
def short(one_hub: City, person: str) -> str:
    """The place of a resource that is not."""
    return f"/fhir/Observation/{one_hub.created('hosp-ehr', observation(person))['id']}"


def raw(city: City, path: str, accepted: str) -> tuple[dict[str, str], bytes]:
    """Headers and body as they travel."""
    headers = {**city.headers("hosp-ehr"), "Accept-Encoding": accepted}
    with city.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        return {name.lower(): value for name, value in answer.headers.items()}, b"".join(answer.iter_raw())


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP", "x-gzip", "gzip; q=1.0, deflate"])
def test_a_long_answer_is_compressed_for_those_who_take_it(city: City, long: str, accepted: str) -> None:
    headers, body = raw(city, long, accepted)
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert headers["content-length"] == str(len(body))
    _, plain = raw(city, long, "identity")
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 2


@pytest.mark.parametrize("accepted", ["identity", "", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0"])
def test_nobody_gets_what_they_do_not_take(city: City, long: str, accepted: str) -> None:
    headers, body = raw(city, long, accepted)
    assert "content-encoding" not in headers
    assert json.loads(body)["id"]


def test_a_short_answer_goes_as_it_is(city: City, short: str) -> None:
    headers, body = raw(city, short, "gzip")
    assert "content-encoding" not in headers
    assert len(body) < WORTHWHILE


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_pretty_is_indented_and_keeps_every_digit(city: City, person: str, accepted: str) -> None:
    sent = json.dumps(observation(person, "?")).replace('"?"', "1.10").encode()
    place = f"/fhir/Observation/{city.post('hosp-ehr', '/fhir/Observation', sent).json()['id']}"
    plain = city.get("hosp-ehr", place)
    pretty = city.get("hosp-ehr", f"{place}?_pretty=true", accept_encoding=accepted)
    assert pretty.json() == plain.json()
    assert '\n  "valueQuantity": {\n    "value": 1.10,\n' in pretty.text
    assert city.get("hosp-ehr", f"{place}?_pretty=false").content == plain.content
    issue = city.get("hosp-ehr", f"/fhir/Observation/{'0' * 32}?_pretty=true")
    assert (issue.status_code, issue.text.startswith('{\n  "resourceType"')) == (404, True)


# -- what is sent


def test_a_compressed_body_is_taken_as_what_is_in_it(city: City, person: str) -> None:
    body = json.dumps(observation(person)).encode()
    for packed in (gzip.compress(body), gzip.compress(body, 1)):
        answer = city.post("hosp-ehr", "/fhir/Observation", packed, content_encoding="gzip")
        assert answer.status_code == 201
    bundle = json.dumps(transaction({"resource": note(person), "request": {"method": "POST", "url": "Communication"}}))
    assert city.post("hosp-ehr", "/fhir", gzip.compress(bundle.encode()), content_encoding="gzip").status_code == 200
    assert city.post("hosp-ehr", "/fhir/Observation", body, content_encoding="identity").status_code == 201


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "nonsense"])
def test_other_encodings_are_not_taken(city: City, person: str, encoding: str) -> None:
    body = zlib.compress(json.dumps(observation(person)).encode())
    issues(city.post("hosp-ehr", "/fhir/Observation", body, content_encoding=encoding), 415)


def test_what_is_no_whole_gzip_is_refused(city: City, person: str) -> None:
    packed = gzip.compress(json.dumps(observation(person)).encode())
    for wrong in (packed[:-9], packed + b"more", packed[:20] + b"\0" + packed[21:], b"", b"{}"):
        issues(city.post("hosp-ehr", "/fhir/Observation", wrong, content_encoding="gzip"), 400)


def test_a_bomb_is_not_unpacked(city: City) -> None:
    """TRUST T-107: a few kilobytes that would be 160 megabytes, and what is packed twice."""
    bomb = gzip.compress(b" " * (160 * MEGABYTE), 9)
    assert len(bomb) < MEGABYTE
    tracemalloc.start()
    try:
        [issue] = issues(city.post("hosp-ehr", "/fhir/Observation", bomb, content_encoding="gzip"), 413)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert issue["code"] == "too-long"
    assert most < 64 * MEGABYTE
    issues(city.post("hosp-ehr", "/fhir/Observation", gzip.compress(bomb), content_encoding="gzip"), 400)


# -- the form of it


@pytest.mark.parametrize("format_", ["xml", "application/fhir%2Bxml", "text/xml", "ttl", "html/xml"])
def test_xml_is_asked_for_in_vain_at_every_door(city: City, short: str, format_: str) -> None:
    resource: Body = {"resourceType": "Organization", "name": "x"}
    for answer in (
        city.get("hosp-ehr", f"{short}?_format={format_}"),
        city.get("hosp-ehr", f"{short}/_history?_format={format_}"),
        city.get(None, f"/fhir/metadata?_format={format_}"),
        city.post("hosp-ehr", f"/fhir/Organization?_format={format_}", resource),
        city.post("hosp-ehr", f"/fhir?_format={format_}", transaction()),
        city.delete("hosp-ehr", f"{short}?_format={format_}"),
        city.get("hosp-ehr", short, accept="application/fhir+xml"),
    ):
        [issue] = issues(answer, 406)
        assert issue["code"] == "not-supported"
    assert city.get("hosp-ehr", short).status_code == 200


def test_xml_is_sent_in_vain(city: City) -> None:
    xml = b'<Patient xmlns="http://hl7.org/fhir"/>'
    for kind in ("application/fhir+xml", "application/xml", "text/xml"):
        issues(city.post("hosp-ehr", "/fhir/Patient", xml, content_type=kind), 415)
        issues(city.put("hosp-ehr", "/fhir/Patient/1", xml, content_type=kind), 415)
    issues(city.post("hosp-ehr", "/fhir/Patient", xml), 400)
