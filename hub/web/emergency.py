"""Emergency access for people (CONSENT.md §6): who, why, and the sheet at once, until its hour is over."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.context import Credential
from hub.edge import context_of, doors_of
from hub.errors import HubError, Malformed, NotFound, Unauthenticated
from hub.interactions.emergency.declare import END, INTERACTION, STALE, UNMATCHED, Declaration
from hub.interactions.emergency.declare import end as end_emergency
from hub.interactions.emergency.pages import EmergencyForm, EmergencySheet
from hub.store.lane import RULES
from hub.web.birthday import birthday
from hub.web.frame import Framed
from hub.web.rendering import html
from hub.web.session import credential, form, noting, read

FIELDS = ("name", "birth", "number", "reason", "place")
TITLE = "緊急アクセス"
# By the parameter that is wrong.
_WRONG = {
    "reason": "理由を書いてください。あとで市が確かめます。",
    "place": "場所を書いてください。どこにいる方かを、あとで市が確かめます。",
    "name": "お名前・生年月日・番号のどれかを入れてください。",
    "birthDate": "生年月日が読みとれません。「1940-05-01」か「昭和15年5月1日」のように書いてください。",
}
_DONE = {"ended": "緊急アクセスを終えました。次の操作から、この宣言では見られません。"}
_UNMATCHED = "あてはまる方がいないか、二人以上います。生年月日か番号を加えて、もう一度お試しください。"
# The page's only script counts the time down.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)


async def show(request: Request) -> Response:
    """``GET /emergency``: the form, and what the caller has open."""
    return await _form(request, credential(request), {}, "", 200)


async def declare(request: Request) -> Response:
    """``POST /emergency``."""
    fields = await form(request, INTERACTION)
    return await go_on(request, credential(request), fields)


async def go_on(request: Request, who: Credential, fields: dict[str, str]) -> Response:
    """Declare what the form says: to the sheet, or back to the form; with nothing said yet, to the form."""
    if not any(fields.get(name) for name in FIELDS):
        return RedirectResponse("/emergency", 303)
    said = Declaration(
        name=fields.get("name", ""),
        birth_date=birthday(fields.get("birth", "")),
        identifier=fields.get("number", ""),
        reason=fields.get("reason", ""),
        place=fields.get("place", ""),
    )
    try:
        declared = await doors_of(request).declare(who, said, context_of(request))
    except (Malformed, NotFound, Unauthenticated) as error:
        if error.reason not in (UNMATCHED, STALE) and not isinstance(error, Malformed):
            raise
        return await _form(request, who, fields, _problem(error), error.status)
    return RedirectResponse(f"/emergency/{declared.id}", 303)


async def sheet(request: Request) -> Response:
    """``GET /emergency/{id}``: the sheet, and how long it is open."""
    frame, page = await read(request, EmergencySheet(request.path_params["id"]))
    response = html("emergency_sheet.html", frame, "緊急時の情報", page=page, one=page.emergency)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


async def end(request: Request) -> Response:
    """``POST /emergency/{id}``: it is over now."""
    await form(request, END)
    who, context, id_ = credential(request), context_of(request), request.path_params["id"]
    await doors_of(request).run(
        lambda tx: end_emergency(tx, who, id_, context),
        noting(request, END, f"Emergency/{id_}"),
        claims=lambda: (RULES,),
    )
    return RedirectResponse("/emergency?done=ended", 303)


async def _form(request: Request, who: Credential, fields: dict[str, str], problem: str, status: int) -> Response:
    context = context_of(request)
    question = Framed(EmergencyForm(who, context.now))
    frame, page = await doors_of(request).read(who, question, context, urgent=True)
    done = _DONE.get(request.query_params.get("done", ""), "")
    filled = {name: fields.get(name, "") for name in FIELDS}
    return html("emergency.html", frame, TITLE, status, page=page, filled=filled, problem=problem, done=done)


def _problem(error: HubError) -> str:
    if error.reason == UNMATCHED:
        return _UNMATCHED
    if error.reason == STALE:
        return ""  # the page itself asks to sign in again
    one = error.problems[0] if error.problems else None
    if one is None or one.code == "too-long":
        return "書かれたものが長すぎます。短くしてください。"
    return _WRONG.get(one.place, "")
