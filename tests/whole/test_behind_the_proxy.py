"""The hub as a city runs it: nginx in front with the settings of this repository, TLS, and the city's own address."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from hub.runtime import Place, open_store
from hub.store.sql import query
from tests.hub_in_test import SMALL, entry, note, transaction
from tests.whole.founded import Town, found
from tests.whole.hub_process import HubProcess, free_port
from tests.whole.proxy_in_test import SETTINGS, Proxy, program

pytestmark = pytest.mark.skipif(program() is None, reason="nginx is not installed")


@contextmanager
def served(data: Path, place: Path) -> Iterator[Proxy]:
    """A city whose address is that of the proxy, with a hub behind it."""
    port, hub_port = free_port(), free_port()
    city = shutil.copytree(SMALL, place / "city") / "city.toml"
    address = ("http://hub.test", f"https://localhost:{port}")
    city.write_text(city.read_text("utf-8").replace(*address).replace("demo-sign-in = true", ""), "utf-8")
    found(data, city)
    hub = HubProcess(data, "serve", port=hub_port, RENKEI_BEHIND_PROXY="true")
    try:
        with Proxy(place, port, hub_port) as front:
            yield front
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def proxy(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with served(data, tmp_path_factory.mktemp("nginx")) as front:
        yield front


@pytest.fixture(scope="module")
def town(proxy: Proxy, data: Path) -> Iterator[Town]:
    with proxy.client() as client:
        yield Town(data, client).settle()


def test_the_hub_calls_itself_by_the_citys_address(proxy: Proxy, town: Town) -> None:
    here = proxy.base_url
    assert town.client.get("/fhir/.well-known/smart-configuration").json()["token_endpoint"] == f"{here}/oauth/token"
    for _ in range(2):
        made = town.post("hosp-ehr", "/fhir/Communication", note(town.person))
        assert made.headers["location"].startswith(f"{here}/fhir/Communication/")
    page = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_count=1").json()
    links = {one["relation"]: one["url"] for one in page["link"]}
    assert all(one.startswith(f"{here}/fhir") for one in links.values())
    assert town.client.get(links["next"], headers=town.headers("hosp-ehr")).status_code == 200
    assert page["entry"][0]["fullUrl"].startswith(here)


def test_every_answer_asks_for_tls_and_the_demo_sign_in_is_not_there(town: Town) -> None:
    page = town.client.get("/sign-in")
    assert page.status_code == 403
    for answer in (page, town.client.get("/fhir/metadata"), town.client.get("/nowhere")):
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_that_was_asked_stands_in_what_the_proxy_writes_down(proxy: Proxy, town: Town) -> None:
    """Names and numbers stand in addresses; the hub's own log is the one that is kept for them."""
    secret = "0112349999999"
    town.get("hosp-ehr", f"/fhir/Patient?identifier={secret}")
    town.client.get(f"/people/{secret}")
    large = town.client.post(f"/fhir?{secret}", content=b"x" * (17 * 1024 * 1024), headers=town.headers("hosp-ehr"))
    assert large.status_code == 413
    assert secret not in proxy.written()


def test_large_bodies_pass_and_lie_where_memory_is(proxy: Proxy, town: Town) -> None:
    """What nginx does not hold in its buffers lies in ``/run``; of an answer nothing lies anywhere."""
    body = proxy.place / "run" / "nginx"
    before = body.stat().st_mtime_ns
    bundle = transaction(*(entry(note(town.person, "長い" * 2000)) for _ in range(100)))
    assert town.post("hosp-ehr", "/fhir", bundle).status_code == 200
    assert body.stat().st_mtime_ns > before, "it was there for a moment"
    answer = town.get("hosp-ehr", f"/fhir/Communication?patient={town.person}&_count=200")
    assert len(answer.content) > 1024 * 1024
    assert "proxy_max_temp_file_size 0;" in SETTINGS.read_text("utf-8")
    assert "client_body_temp_path    /run/" in SETTINGS.read_text("utf-8")


def test_events_are_passed_on_at_once(town: Town) -> None:
    headers, path = town.headers("clinic-emr"), f"/feed/stream?patient={town.person}"
    with town.client.stream("GET", path, headers=headers, timeout=10) as answer:
        assert town.post("hosp-ehr", "/fhir/Communication", note(town.person, "いま届く")).status_code == 201
        began = monotonic()
        assert any("いま届く" in line for line in answer.iter_lines())
        assert monotonic() - began < 10, "the next sign of life would have pushed it out"


def test_who_sends_half_a_header_is_cut(proxy: Proxy) -> None:
    """T-134: here after a second, in a city after ten."""
    trust = ssl.create_default_context(cafile=str(proxy.place / "fullchain.pem"))
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as wire,
        trust.wrap_socket(wire, server_hostname="localhost") as safe,
    ):
        safe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A")
        assert safe.recv(1000) == b""


def test_an_address_that_somebody_claims_is_not_believed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(tmp_path, tmp_path_factory.mktemp("nginx")) as front, front.client() as client:
        client.headers["X-Forwarded-For"] = "203.0.113.7"
        town = Town(tmp_path, client).settle()
        assert town.get("hosp-ehr", f"/fhir/Patient/{town.person}").status_code == 200
    store = open_store(Place(tmp_path))
    rows = store.lane.do(lambda tx: query(tx, "SELECT DISTINCT address FROM audit WHERE patient IS NOT NULL", {}))
    store.lane.close()
    assert [row.address for row in rows] == ["127.0.0.1"]
