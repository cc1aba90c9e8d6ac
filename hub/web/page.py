"""One page: a route that answers with HTML."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page or a form target: ``endpoint`` answers ``method`` on ``path``."""

    method: str
    path: str
    endpoint: Endpoint
