"""Where a notification may go (TRUST T-109): judged as it is written, and again by the address that is connected to.

Public addresses over https alone, on the ports of web servers.  What the operator names as ``nearby`` (a city's own
closed network; the loopback, for tests and the demo) is allowed as well; there plain http only on the loopback.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]
Address: TypeAlias = IPv4Address | IPv6Address

PORTS = frozenset({443, 4443, 8443, 9443})
_FIRST_FREE_PORT = 1024
_MAX_LENGTH = 2000
_PRINTABLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label begins with a letter: 127.1 and 0x7f000001 are addresses in disguise, and no names.
_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
# Addresses that carry another address inside: 6to4, Teredo, NAT64.
_CARRIERS = (ip_network("2002::/16"), ip_network("2001::/32"), ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class BadTarget(ValueError):
    """The endpoint is none to which the hub sends; the sentence says why, and nothing of what is there."""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint in its parts; ``host`` is a name, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


_DEFAULT_PORTS = {"https": 443, "http": 80}


def networks(text: str) -> Networks:
    """Networks in CIDR notation, separated by commas.  Raises ``ValueError``."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


def target_of(endpoint: str, nearby: Networks = ()) -> Target:
    """The parts of an endpoint.  Raises ``BadTarget``."""
    if len(endpoint) > _MAX_LENGTH or not _PRINTABLE.fullmatch(endpoint):
        raise BadTarget(f"The endpoint must be a URL of at most {_MAX_LENGTH} printable ASCII characters.")
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise BadTarget("The endpoint is not a URL.") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadTarget("The endpoint must begin with https://.")
    if "@" in parts.netloc or parts.fragment:
        raise BadTarget("The endpoint must have neither a user name nor a fragment.")
    target = Target(
        parts.scheme, parts.hostname or "", port or _DEFAULT_PORTS[parts.scheme], parts.path or "/", parts.query
    )
    address = _literal(target.host)
    if address is not None:
        judge(target, address, nearby)
    elif not _NAME.fullmatch(target.host):
        raise BadTarget("The endpoint's host must be a DNS name, or an address in its usual form.")
    elif target.scheme == "http":
        raise BadTarget("The endpoint must begin with https://.")
    elif not nearby and (target.host == "localhost" or target.host.endswith(".localhost")):
        raise BadTarget("The endpoint must be a public address.")
    elif not nearby and target.port not in PORTS:
        raise _bad_port()
    return target


def judge(target: Target, address: Address, nearby: Networks = ()) -> None:
    """Whether the hub may connect to ``address`` for ``target``.  Raises ``BadTarget``."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    never = address.is_link_local or address.is_multicast or address.is_unspecified
    if never or any(address in one for one in _CARRIERS if one.version == address.version):
        raise BadTarget("The endpoint must be a public address.")
    if any(address in one for one in nearby if one.version == address.version):
        if target.scheme == "http" and not address.is_loopback:
            raise BadTarget("The endpoint must begin with https://.")
        if target.port not in PORTS and target.port < _FIRST_FREE_PORT:
            raise _bad_port()
        return
    if not address.is_global or address.is_reserved:
        raise BadTarget("The endpoint must be a public address.")
    if target.scheme == "http":
        raise BadTarget("The endpoint must begin with https://.")
    if target.port not in PORTS:
        raise _bad_port()


def _bad_port() -> BadTarget:
    return BadTarget(f"The endpoint's port must be one of {', '.join(map(str, sorted(PORTS)))}.")


def _literal(host: str) -> Address | None:
    """The address that ``host`` is; a zone index is none that a remote system could have."""
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None
