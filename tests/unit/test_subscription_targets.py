"""Where notifications may go (TRUST T-109): the cases are data, the connections are counted."""

import asyncio
import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest

from hub.deliverer import Answer, Sender
from hub.notify import BadTarget, Message, judge, networks, target_of

CASES = json.loads((Path(__file__).parent.parent / "cases/subscriptions/targets.json").read_text("utf-8"))
LOOPBACK = networks("127.0.0.0/8")


@pytest.mark.parametrize(("endpoint", "why"), CASES["refused"], ids=[why for _, why in CASES["refused"]])
def test_an_endpoint_that_is_none_is_refused(endpoint: str, why: str) -> None:
    with pytest.raises(BadTarget) as refused:
        target_of(endpoint)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("endpoint", CASES["allowed"])
def test_a_public_endpoint_is_taken(endpoint: str) -> None:
    target = target_of(endpoint)
    assert (target.scheme, target.port in (443, 8443)) == ("https", True)


@pytest.mark.parametrize(("address", "good"), CASES["addresses"])
def test_the_address_is_judged_again(address: str, good: bool) -> None:
    target = target_of("https://hooks.example/in")
    if good:
        judge(target, ip_address(address))
    else:
        with pytest.raises(BadTarget):
            judge(target, ip_address(address))


def test_what_the_operator_names_is_allowed_and_no_more() -> None:
    assert target_of("http://127.0.0.1:8080/in", LOOPBACK).port == 8080
    closed = networks("10.20.0.0/16, fd12::/32")
    assert target_of("https://10.20.1.2:3443/in", closed).host == "10.20.1.2"
    for endpoint in (
        "http://10.20.1.2/in",
        "https://10.21.1.2/in",
        "https://10.20.1.2:22/in",
        "http://127.0.0.1:8080/in",
        "https://169.254.169.254/in",
    ):
        with pytest.raises(BadTarget):
            target_of(endpoint, closed)
    with pytest.raises(BadTarget):
        target_of("https://169.254.169.254/in", networks("0.0.0.0/0"))
    with pytest.raises(ValueError, match="host bits"):
        networks("10.0.0.1/8")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who must never be connected to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server


def sent(url: str, addresses: Sequence[str], nearby: str = "", timeout: int = 5) -> tuple[Answer, list[str]]:
    """How a message to ``url`` is answered where the resolver says ``addresses``; and what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return addresses

    async def send() -> Answer:
        sender = Sender(networks(nearby), resolve)
        try:
            return await sender.send(Message("handshake", 0, "POST", url, (), b"{}", timeout))
        finally:
            await sender.close()

    return asyncio.run(send()), asked


def connections(listener: socket.socket) -> int:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return 0
    return 1


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"], ["10.0.0.1"], []]
)
def test_a_name_that_leads_inside_is_not_connected_to(listener: socket.socket, addresses: list[str]) -> None:
    answer, asked = sent("https://hooks.example:8443/in", addresses)
    assert answer.status == 0
    assert not answer.taken
    assert asked == ["hooks.example"]
    assert connections(listener) == 0
    assert not any(one in answer.said for one in addresses)


def test_the_connection_goes_to_the_address_that_was_judged(listener: socket.socket) -> None:
    """A resolver that says something else a moment later is not asked again: the request goes to the address."""
    hellos: list[bytes] = []

    def hang_up() -> None:
        with suppress(TimeoutError), listener.accept()[0] as connection:
            hellos.append(connection.recv(4096))

    listener.settimeout(10)
    thread = Thread(target=hang_up)
    thread.start()
    port = listener.getsockname()[1]
    answer, asked = sent(f"https://hooks.example:{port}/in", ["127.0.0.1"], "127.0.0.0/8")
    thread.join()
    assert asked == ["hooks.example"]
    assert answer.status == 0
    assert [b"hooks.example" in hello for hello in hellos] == [True], "its certificate must be for the name"


@pytest.mark.parametrize("url", ["http://169.254.169.254/in", "http://10.0.0.1/in", "ftp://hooks.example/in"])
def test_a_bad_endpoint_is_not_even_looked_up(url: str) -> None:
    answer, asked = sent(url, ["93.184.215.14"])
    assert (answer.status, asked) == (0, [])


def test_one_who_never_answers_is_given_up(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    answer, _ = sent(f"http://127.0.0.1:{port}/in", ["127.0.0.1"], "127.0.0.0/8", timeout=1)
    assert answer == Answer(0, "the endpoint did not answer within 1 s")
