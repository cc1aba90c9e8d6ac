"""One message over the network: to the address that was judged, to nothing that it redirects to (TRUST T-109)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from socket import SOCK_STREAM, gaierror
from ssl import SSLContext
from typing import TypeAlias

import httpx

from hub.notify import BadTarget, Message, Networks, Target, judge, target_of

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""A name and a port → its addresses as texts.  Raises ``OSError``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a message was answered: an HTTP status, or 0 and what went wrong, in words that name no address."""

    status: int
    problem: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        return self.problem or f"the endpoint answered {self.status}"


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class Sender:
    """Sends messages.  ``trust`` is for the certificates of endpoints, by default those of public authorities."""

    def __init__(self, nearby: Networks = (), resolve: Resolve = addresses_of, trust: SSLContext | None = None) -> None:
        self._nearby, self._resolve = nearby, resolve
        self._client = httpx.AsyncClient(
            verify=trust or True,
            trust_env=False,
            follow_redirects=False,
            # A kept connection is known by its address alone: two names on one address would share a certificate.
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "renkei-hub", "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    async def send(self, message: Message) -> Answer:
        """Send it and wait for the status; what else the answer says is not read."""
        try:
            async with asyncio.timeout(message.timeout):
                return await self._send(message)
        except BadTarget as error:
            return Answer(0, str(error))
        except TimeoutError:
            return Answer(0, f"the endpoint did not answer within {message.timeout} s")
        except gaierror:
            return Answer(0, "the endpoint's name was not found")
        except (httpx.HTTPError, OSError) as error:
            return Answer(0, f"the endpoint could not be reached ({type(error).__name__})")

    async def _send(self, message: Message) -> Answer:
        target = target_of(message.url, self._nearby)
        address = await self._judged_address(target)
        host = f"[{address}]" if ":" in address else address
        request = self._client.build_request(
            message.method,
            httpx.URL(
                f"{target.scheme}://{host}:{target.port}{target.path}" + (f"?{target.query}" if target.query else "")
            ),
            headers=[("Host", target.authority), *message.headers],
            content=message.body,
            timeout=message.timeout,
            extensions={} if address == target.host else {"sni_hostname": target.host},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return Answer(response.status_code)

    async def _judged_address(self, target: Target) -> str:
        """The address to connect to.  One bad one among those of a name is enough to send nothing."""
        addresses = [target.host] if ":" in target.host else await self._resolve(target.host, target.port)
        if not addresses:
            raise gaierror(f"no address for {target.host}")
        for one in addresses:
            judge(target, ip_address(one.partition("%")[0]), self._nearby)
        return addresses[0]

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
