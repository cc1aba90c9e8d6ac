"""Bytes on the wire that no HTTP client sends (TRUST T-113, T-115, T-134), to a hub in a process of its own."""

import re
import socket
from contextlib import ExitStack, closing
from time import monotonic, sleep

import pytest

from tests.hub_in_test import note
from tests.whole.founded import Town
from tests.whole.hub_process import HubProcess

END = b"\r\n\r\n"
IDLE = 300
"""Connections that say nothing."""


def connect(hub: HubProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hub.port), timeout=20)


def told(hub: HubProcess, *parts: bytes) -> bytes:
    """Everything that the hub says to some bytes, until it hangs up or has been silent for a while."""
    with connect(hub) as wire:
        for part in parts:
            wire.sendall(part)
        wire.settimeout(0.5)
        said = b""
        try:
            while more := wire.recv(65536):
                said += more
        except TimeoutError:
            pass
        return said


def statuses(said: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"^HTTP/1\.1 (\d{3})", said, re.MULTILINE)]


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
HIDDEN = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" + HIDDEN,
        GET + b"Content-Length: +5\r\n\r\nabcde" + HIDDEN,
        GET + b"Content-Length: 5 6\r\n\r\nabcde" + HIDDEN,
        GET + b"Content-Length: -1\r\n\r\n" + HIDDEN,
        GET + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + HIDDEN,
        GET + b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
        GET + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        GET + CHUNKED + b"\r\nfffffffffffffffff\r\n" + HIDDEN,
        GET + CHUNKED + b"\r\n5;a\nb\r\nabcde\r\n0\r\n\r\n" + HIDDEN,
        GET + b"X-A: 1\r\n folded: 2" + END + HIDDEN,
        GET + b"X-A: 1\x00" + END + HIDDEN,
        GET + b"X-A : 1" + END + HIDDEN,
        b"GET /healthz HTTP/9.9\r\nHost: x" + END + HIDDEN,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + END + HIDDEN,
    ],
    ids=lambda sent: sent[:70].decode("latin-1"),
)
def test_no_request_hides_in_another(hub: HubProcess, sent: bytes) -> None:
    """T-115: where two readers could disagree on where a request ends, the hub reads none after it."""
    said = told(hub, sent)
    assert b"renkei_answers" not in said, said
    assert set(statuses(said)) <= {200, 400}
    assert statuses(told(hub, GET + END[2:])) == [200]


def test_without_a_version_nothing_is_answered(hub: HubProcess) -> None:
    """T-115: HTTP/0.9."""
    assert not told(hub, b"GET /healthz\r\n").startswith(b"alive")


def test_a_header_cannot_make_another(hub: HubProcess, town: Town) -> None:
    """T-115: what is sent comes back in no header; a line break in a path or a name stays out of the answer."""
    token = town.headers("hosp-ehr")["Authorization"].encode()
    for path in (b"/fhir/Patient/a%0d%0aSet-Cookie:%20x=1", b"/%0d%0aSet-Cookie:%20x=1", b"/sign-in?next=%0d%0aX-A:1"):
        said = told(hub, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: " + token + END)
        head = said.partition(END)[0].lower()
        assert b"set-cookie: x" not in head
        assert b"x-a:" not in head


@pytest.mark.parametrize("path", ["/fhir/Patient/..", "/fhir/../metrics", "/fhir/./metadata", "/fhir//metadata", "*"])
def test_a_path_is_taken_as_it_stands(hub: HubProcess, town: Town, path: str) -> None:
    """T-113: dots climb nowhere; what a proxy would shorten is no door here."""
    token = town.headers("hosp-ehr")["Authorization"]
    said = told(hub, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
    assert set(statuses(said)) <= {400, 404}, said
    assert b"renkei_answers" not in said


def test_long_headers_harm_nobody(hub: HubProcess) -> None:
    """T-115: a hundred kilobytes of headers, in one and in a thousand."""
    for headers in (b"X-A: " + b"a" * 100_000, b"\r\n".join(b"X-%d: %s" % (one, b"a" * 90) for one in range(1000))):
        assert set(statuses(told(hub, GET + headers + END))) <= {200, 400, 431}
        assert statuses(told(hub, GET + END[2:])) == [200]


def test_who_says_nothing_or_little_keeps_nobody_waiting(hub: HubProcess, town: Town) -> None:
    """T-134: three hundred silent connections, half of them in the middle of a header or of a body.

    That they are cut after a time is the work of the proxy in front (deploy/server/nginx.conf).
    """
    token = town.headers("hosp-ehr")["Authorization"].encode()
    begun = b"POST /fhir HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nAuthorization: " + token
    slow = (b"", b"GET /he", begun + b"\r\nContent-Length: 1000" + END + b'{"resource')
    with ExitStack() as stack:
        for number in range(IDLE):
            stack.enter_context(closing(connect(hub))).sendall(slow[number % len(slow)])
        began = monotonic()
        for _ in range(10):
            assert town.get("hosp-ehr", "/feed").status_code == 200
        assert monotonic() - began < 5
    assert town.post("hosp-ehr", "/fhir/Communication", note(town.person)).status_code == 201


def test_who_hangs_up_in_the_middle_of_a_body_leaves_nothing(hub: HubProcess, town: Town) -> None:
    """T-134: half a request is none, and is no failure of the hub's either."""
    token = town.headers("hosp-ehr")["Authorization"].encode()
    begun = b"POST /fhir HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nAuthorization: " + token
    for _ in range(5):
        with connect(hub) as wire:
            wire.sendall(begun + b"\r\nContent-Length: 1000" + END + b'{"resourceType":"Bundle"')
            sleep(0.05)
    assert town.get("hosp-ehr", "/feed").status_code == 200
    assert "Traceback" not in (hub.data / "output.txt").read_text()


def test_who_does_not_read_the_answer_keeps_nobody_waiting(hub: HubProcess, town: Town) -> None:
    """T-134: forty clients ask for long pages and read nothing; the others are answered as before."""
    for number in range(20):
        text = "申し送り。" * 2000 + str(number)
        assert town.post("hosp-ehr", "/fhir/Communication", note(town.person, text)).status_code == 201
    ask = f"GET /fhir/Communication?patient={town.person}&_count=100 HTTP/1.1\r\nHost: x\r\n"
    token = f"Authorization: {town.headers('hosp-ehr')['Authorization']}\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(40):
            wire = socket.socket()
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", hub.port))
            stack.enter_context(closing(wire)).sendall((ask + token).encode())
        began = monotonic()
        for _ in range(10):
            assert town.get("hosp-ehr", "/feed?count=1").status_code == 200
        assert monotonic() - began < 10
