"""A template and its values → the answer.  Every value is escaped; no page carries inline script or style."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from hub.web.frame import Frame
from hub.web.unreadable_words import in_japanese
from hub.web.words import CHANGES, FILTERS, WHY_A_PAIR

FOLDER = Path(__file__).parent


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, unreadable=in_japanese)
    environment.globals.update(
        changes=CHANGES,
        why_a_pair=WHY_A_PAIR,
        style=f"/static/style.css?v={style_version()}",
        countdown=f"/static/countdown.js?v={_version(countdown())}",
    )
    return environment


@cache
def stylesheet() -> bytes:
    """The one stylesheet."""
    return (FOLDER / "static" / "style.css").read_bytes()


@cache
def countdown() -> bytes:
    """The one script: it counts down what is left of an emergency access."""
    return (FOLDER / "static" / "countdown.js").read_bytes()


@cache
def style_version() -> str:
    """Changes with the stylesheet, so that browsers may keep it."""
    return _version(stylesheet())


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def html(template: str, frame: Frame, title: str, status: int = 200, **values: object) -> Response:
    """A page inside the frame."""
    body = _environment().get_template(template).render(frame=frame, title=title, **values)
    # Under the API's no-referrer a browser would send its own forms with "Origin: null" (Fetch §3.1).
    headers = {"Referrer-Policy": "same-origin", "Content-Language": "ja"}
    return Response(body, status, headers, media_type="text/html")
