"""The session of a person's browser: a cookie, a row in ``token``, and what a form must bring to be believed."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from hub.auth import fingerprint
from hub.context import Credential
from hub.edge import body_of, context_of, doors_of
from hub.errors import HubError, Malformed, Refused, Unauthenticated
from hub.question import Question
from hub.read_path import refused
from hub.store.database import Tx
from hub.web.frame import Frame, Framed

COOKIE = "renkei_session"
LIFETIME = timedelta(hours=8)
MAX_FORM = 64 * 1024
# A request that bears one of these came through a proxy, whatever address it seems to come from.
_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")

T = TypeVar("T")


def credential(request: Request) -> Credential:
    """What the browser's cookie stands for.  Raises ``Unauthenticated`` without one."""
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise Unauthenticated("Nobody is signed in.", reason="no-session")
    return Credential(fingerprint(secret), kind="session")


async def read(request: Request, question: Question[T]) -> tuple[Frame, T]:
    """The way out, for a page: the answer and the frame of its page."""
    return await doors_of(request).read(credential(request), Framed(question), context_of(request))


def keep(response: Response, secret: str, *, secure: bool) -> None:
    """Give the browser its session."""
    seconds = int(LIFETIME.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def forget(response: Response, *, secure: bool) -> None:
    """Take the session away from the browser; its row is ended in the store."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


async def form(request: Request, interaction: str) -> dict[str, str]:
    """The fields of a form that one of our own pages sent.

    Raises ``Refused`` (and writes it down under ``interaction``) for a form of another site, ``Malformed``.
    """
    await only_ours(request, interaction)
    body = await body_of(request, MAX_FORM)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise Malformed("The form cannot be read.") from error
    return dict(pairs)


async def only_ours(request: Request, interaction: str) -> None:
    """Raises ``Refused`` (and writes it down under ``interaction``) for a form that none of our own pages sent."""
    if not _is_ours(request):
        await refuse(
            request, interaction, Refused("This form was not sent by a page of this hub.", reason="cross-site")
        )


async def refuse(request: Request, interaction: str, error: HubError) -> NoReturn:
    """Raise ``error``, once it is in the access log."""

    def never(tx: Tx) -> None:
        raise error

    await doors_of(request).run(never, noting(request, interaction, request.url.path))
    raise error


def noting(request: Request, interaction: str, query: str = "") -> Callable[[Tx, HubError], None]:
    """What writes down, under ``interaction``, that something was asked and not done."""
    context, who = context_of(request), Credential(fingerprint(request.cookies.get(COOKIE, "")), kind="session")
    return lambda tx, error: refused(tx, who, interaction, query[:200], error, context)


def is_local(request: Request) -> bool:
    """Whether the request was made on this very machine, to it, and through no proxy."""
    client = request.client.host if request.client else ""
    direct = not any(name in request.headers for name in _PROXIES)
    return direct and _is_loopback(client) and _is_loopback(_host(request))


def _host(request: Request) -> str:
    """The name in the Host header, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_ours(request: Request) -> bool:
    """Whether the page that sent this is ours: by Origin, else by Referer; neither is a no."""
    sender = request.headers.get("origin") or request.headers.get("referer", "")
    try:
        parts = urlsplit(sender)
    except ValueError:
        return False
    ours = {request.headers.get("host", ""), urlsplit(doors_of(request).base_url).netloc}
    return parts.scheme in ("http", "https") and bool(parts.netloc) and parts.netloc in ours
