"""Looking for a resident by what was typed: sent in a form, and kept in no address but sealed.

So the page after a search is one that the browser can go back to, and what was typed still stands in it.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from hub.interactions.access_questions import Found, Typed

LONGEST = 100


def typed(fields: Mapping[str, str]) -> Typed:
    """The fields of the form."""
    return Typed(*(fields.get(name, "").strip()[:LONGEST] for name in ("name", "birth", "number")))


def again(path: str, found: Found) -> Response:
    """To the form once more, for whom nobody was found."""
    return RedirectResponse(f"{path}?{urlencode({'typed': found.sealed})}", 303)
