"""The secretariat's desk, and the forms by which it decides."""

from typing import cast, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.edge import context_of, doors_of
from hub.errors import Malformed
from hub.interactions.desk import ContactDecision, Desk, PairDecision, decide_contact, decide_pair
from hub.store.lane import RULES
from hub.web.rendering import html
from hub.web.session import credential, form, noting, read

_DONE = {
    "confirm": "支援チームへの参加を確かめました。つぎの操作から、ほかの機関の情報も読めます。",
    "contact-undo": "確認を取り消しました。その機関は、もうほかの機関の情報を読めません。",
    "different": "「別の人」として記録しました。",
    "hold": "保留にしました。この一覧に残ります。",
    "pair-undo": "判断を取り消し、一覧に戻しました。",
}


async def desk(request: Request) -> Response:
    """``GET /desk``: what waits for a decision."""
    frame, page = await read(request, Desk())
    return html("desk.html", frame, "事務局", page=page, done=_DONE.get(request.query_params.get("done", ""), ""))


async def candidates(request: Request) -> Response:
    """``POST /desk/candidates``: 別の人, 保留, or undo."""
    fields, who, context = await form(request, "operation:desk-pair"), credential(request), context_of(request)
    decision = fields.get("decision", "")
    if decision not in get_args(PairDecision):
        raise Malformed("The form says no decision.")
    patient, other, chosen = fields.get("patient", ""), fields.get("other", ""), cast(PairDecision, decision)
    await doors_of(request).run(
        lambda tx: decide_pair(tx, who, patient, other, chosen, context),
        noting(request, f"operation:desk-pair-{chosen}"),
    )
    return _back("pair-undo" if chosen == "undo" else chosen)


async def contacts(request: Request) -> Response:
    """``POST /desk/contacts``: confirm a first contact, or undo that."""
    fields, who, context = await form(request, "operation:desk-contact"), credential(request), context_of(request)
    decision = fields.get("decision", "")
    if decision not in get_args(ContactDecision):
        raise Malformed("The form says no decision.")
    patient, organisation = fields.get("patient", ""), fields.get("organisation", "")
    chosen = cast(ContactDecision, decision)
    await doors_of(request).run(
        lambda tx: decide_contact(tx, who, patient, organisation, chosen, context),
        noting(request, f"operation:desk-contact-{chosen}"),
        claims=lambda: (RULES,),
    )
    return _back("contact-undo" if chosen == "undo" else chosen)


def _back(done: str) -> Response:
    return RedirectResponse(f"/desk?{urlencode({'done': done})}", 303)
