"""The pages of those who help in a disaster: find one resident of the area, and see what helps."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotFound
from hub.interactions.disaster.people import FIND, DisasterSheet, FindInDisaster, Helpers
from hub.web.birthday import birthday
from hub.web.disaster import shown_names
from hub.web.rendering import html
from hub.web.session import form, read

TITLE = "災害時の支援"
_FIELDS = ("name", "birth", "number")
_UNMATCHED = (
    "あてはまる方がいないか、二人以上います。または、宣言の地域にお住まいの方ではありません。"
    "お名前と生年月日の両方か、番号を確かめて、もう一度お試しください。"
)


async def show(request: Request) -> Response:
    """``GET /disaster/people``: what is in force for the reader's organisation, and the form."""
    return await _form(request, {}, "", 200)


async def find(request: Request) -> Response:
    """``POST /disaster/people``: to the sheet of the one who matches, or back to the form."""
    fields = await form(request, FIND)
    question = FindInDisaster(
        fields.get("name", "").strip(), birthday(fields.get("birth", "")), fields.get("number", "").strip()
    )
    try:
        _, patient = await read(request, question)
    except NotFound as error:
        return await _form(request, fields, _UNMATCHED, error.status)
    return RedirectResponse(f"/disaster/people/{patient}", 303)


async def sheet(request: Request) -> Response:
    """``GET /disaster/people/{id}``: the disaster set of one resident of the area."""
    frame, page = await read(request, DisasterSheet(request.path_params["id"]))
    return html("disaster_person.html", frame, "災害時の情報", page=page)


async def _form(request: Request, fields: dict[str, str], problem: str, status: int) -> Response:
    frame, helping = await read(request, Helpers())
    filled = {name: fields.get(name, "") for name in _FIELDS}
    return html(
        "disaster_people.html",
        frame,
        TITLE,
        status,
        helping=helping,
        filled=filled,
        problem=problem,
        shown=shown_names(),
    )
