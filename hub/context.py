"""What one request carries down the paths: its instant, its id, the caller."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol


class Sealing(Protocol):
    """Seals texts that only this hub opens again (``hub.auth.seal.Seal``)."""

    def close(self, text: str, *bound_to: str) -> str: ...

    def open(self, sealed: str, *bound_to: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Context:
    """One request's constants: all rows of one write carry the same instant."""

    now: datetime
    request_id: str
    new_id: Callable[[], str]
    base_url: str
    address: str = ""
    nearby: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that are not public, in which the operator allows endpoints of subscriptions."""
    seal: Sealing | None = None
    """Under which the secrets of subscribers are kept; a command has none."""

    def resource_id(self) -> str:
        """An id for a new resource: its instant (48 bits) before 80 random bits, in hex.

        What is written together then lies together in every index, which halves the pages of a commit.  It tells no
        more than ``meta.lastUpdated``.  A Patient gets ``new_id``: when a person became known is nobody's business.
        """
        return f"{int(self.now.timestamp() * 1000):012x}{self.new_id()[:20]}"


@dataclass(frozen=True, slots=True)
class Credential:
    """What the request brought: the fingerprint of its token, and the purpose of use it names.

    ``kind`` says where the token was: an ``access`` token in the Authorization header, or the ``session`` of a page
    in its cookie.  Neither stands for the other.
    """

    fingerprint: str
    purpose: str = ""
    kind: str = "access"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, read from the city's registry in the transaction that answers (CONSENT.md §1).

    ``rules`` names the version of the city file in force: what is computed from the file alone is kept under it.
    ``helps``: a disaster is in force in which the organisation helps.
    """

    organisation: str
    organisation_name: str
    organisation_kind: str
    system: str | None
    person: str | None
    person_name: str
    profession: str | None
    scopes: str
    purpose: str
    in_force: bool
    strict: bool
    token: str
    rules: str = ""
    helps: bool = False

    @property
    def key(self) -> str:
        """One string for this caller in this role: cursors, page links and retries are bound to it."""
        return f"{self.organisation}/{self.system or ''}/{self.person or ''}/{self.profession or ''}"


@lru_cache(maxsize=64)
def instant(moment: datetime) -> str:
    """FHIR instant in UTC with milliseconds; its text order is its time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
