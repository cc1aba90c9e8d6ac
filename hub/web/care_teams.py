"""The care-team desk: who looks after a resident, and the forms by which that is changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import cast, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.context import Context
from hub.edge import context_of, doors_of
from hub.errors import Conflict, HubError, Malformed, Stale
from hub.interactions.care_team_desk import keepers
from hub.interactions.care_team_desk.acts import (
    ADD,
    END,
    HAND_OVER,
    ROLE_LENGTH,
    UNDO,
    Undo,
    end,
    hand_over,
    join,
    settle,
    take_back,
)
from hub.interactions.care_team_desk.lists import AllTeams, MyTeams
from hub.interactions.care_team_desk.plan import HandOver
from hub.interactions.care_team_desk.team import HandingOver, Team
from hub.interactions.desk import Settlement
from hub.projections.care_team import Key
from hub.read_path import refused
from hub.store.database import Tx
from hub.store.lane import RULES
from hub.web.rendering import html
from hub.web.session import credential, form, read

TITLE = "支援チーム"
LONGEST = 80
_DONE = {
    "add": "支援チームに加えました。始まりの日から、その方は読めるようになります。",
    "end": "終わりの日を記録しました。きょうで終わるものは、ほかの関係が残っていなければ、つぎの操作から読めません。",
    "hand-over": "引き継ぎを記録しました。終わりと始まりは、ひと組で保存しました。",
    "confirm": "はじめての連絡を確かめました。つぎの操作から、ほかの機関の情報も読めます。",
    "refuse": "はじめての連絡を断りました。その機関は、ほかの機関の情報を読めません。",
    "settled-back": "判断を取り消しました。その機関は、また確かめ待ちに戻りました。",
    "undo": "元に戻しました。",
}
_TAKEN_BACK = frozenset({"team", "end", "confirm", "refuse"})
# By the reason of what was not done.
_SAID = {
    "stale": "ほかの人が先に変えました。いまの状態をお見せしています。確かめてから、もう一度お試しください。",
    "undone": "もう元に戻してあるか、そのあとに変わったので、元に戻せません。いまの状態をお見せしています。",
    "decided": "ほかの人が先に判断しました。いまの状態をお見せしています。",
    "member": "その方（機関）は、もうこのチームにいます。",
    "over": "その関係は、もう終わっています。",
    "order": "終わりの日が、始まりの日より前です。日付を確かめてください。",
    "day": "日付を読めませんでした。もう一度お選びください。",
    "past": "引き継ぎの最後の日は、きょうかそのあとの日にしてください。",
    "same": "引き継ぐ先が、いまの担当と同じか、同じ事業所の中に含まれています。",
    "nobody": "引き継ぎ元に、あなたが終わりを決められる関係がありません。出した機関か、市の事務局にご相談ください。",
    "own-office": "ご自分の事業所とその職員は、市の事務局が加えます。市の事務局にご連絡ください。",
    "own-contact": "ご自分の機関の連絡は、市の事務局が確かめます。",
}


async def teams(request: Request) -> Response:
    """``GET /care-teams``: residents for whom somebody waits first."""
    return await _list(request, "")


async def find(request: Request) -> Response:
    """``POST /care-teams``: by exact name or number.  Posted, so that no name stands in an address."""
    return await _list(request, (await form(request, "page")).get("q", "").strip()[:LONGEST])


async def _list(request: Request, asked: str) -> Response:
    caller = await doors_of(request).caller(credential(request), context_of(request), "page")
    question = AllTeams(asked) if keepers.keeps_all(caller) else MyTeams(asked)
    frame, page = await read(request, question)
    return html("care_teams.html", frame, TITLE, page=page, asked=asked)


async def team(request: Request) -> Response:
    """``GET /care-teams/{id}``: who looks after one resident, who waits, who did."""
    asked, id_ = request.query_params, request.path_params["id"]
    frame, page = await read(request, Team(id_))
    return html(
        "care_team.html",
        frame,
        f"{page.person.name or 'この方'}の支援チーム",
        page=page,
        here=f"/care-teams/{id_}",
        done=_DONE.get(asked.get("done", ""), ""),
        said=_SAID.get(asked.get("said", ""), ""),
        undo=asked.get("undo", ""),
        role_length=ROLE_LENGTH,
        reads_on=lambda one: any(one.is_read_by(other) for other in page.memberships),
        colleagues=lambda one: [other.person_name for other in page.memberships if one.has_colleague(other)],
    )


async def members(request: Request) -> Response:
    """``POST /care-teams/{id}/members``: somebody joins."""
    fields, who, id_ = await form(request, ADD), credential(request), request.path_params["id"]

    def work(tx: Tx, context: Context) -> list[Undo]:
        key, starts = _key(fields, "member"), _day(fields, "starts")
        return join(tx, who, id_, key, fields.get("role", ""), starts, fields.get("base", ""), context)

    return await _act(request, ADD, "add", work)


async def ends(request: Request) -> Response:
    """``POST /care-teams/{id}/ends``: somebody leaves."""
    fields, who, id_ = await form(request, END), credential(request), request.path_params["id"]

    def work(tx: Tx, context: Context) -> list[Undo]:
        key, last = _key(fields, "member"), _day(fields, "last")
        return end(tx, who, id_, fields.get("origin", ""), key, last, fields.get("version", ""), context)

    return await _act(request, END, "end", work)


async def handing_over(request: Request) -> Response:
    """``GET /care-teams/{id}/hand-over``: what it would change, before it is done."""
    asked, id_ = request.query_params, request.path_params["id"]
    try:
        frame, page = await read(request, HandingOver(id_, _hand_over(asked)))
    except HubError as error:
        return _explained(id_, error)
    fields = {name: asked.get(name, "") for name in ("leaving", "coming", "role", "last", "begins")}
    return html(
        "care_team_hand_over.html", frame, "担当の引き継ぎ", page=page, here=f"/care-teams/{id_}", fields=fields
    )


async def handed_over(request: Request) -> Response:
    """``POST /care-teams/{id}/hand-over``: do it."""
    fields, who, id_ = await form(request, HAND_OVER), credential(request), request.path_params["id"]

    def work(tx: Tx, context: Context) -> list[Undo]:
        return hand_over(tx, who, id_, _hand_over(fields), fields.get("state", ""), context)

    return await _act(request, HAND_OVER, "hand-over", work)


async def contacts(request: Request) -> Response:
    """``POST /care-teams/{id}/contacts``: confirm or refuse a first contact, or take that back."""
    fields, who, id_ = await form(request, "operation:desk-contact"), credential(request), request.path_params["id"]
    decision = fields.get("decision", "")
    if decision not in get_args(Settlement):
        raise Malformed("The form says no decision.")
    chosen = cast(Settlement, decision)

    def work(tx: Tx, context: Context) -> list[Undo]:
        return settle(tx, who, id_, fields.get("organisation", ""), chosen, context)

    done = chosen if chosen in ("confirm", "refuse") else "settled-back"
    return await _act(request, f"operation:desk-contact-{chosen}", done, work)


async def undone(request: Request) -> Response:
    """``POST /care-teams/{id}/undo``: take back what was done last."""
    fields, who, id_ = await form(request, UNDO), credential(request), request.path_params["id"]

    def work(tx: Tx, context: Context) -> list[Undo]:
        take_back(tx, who, id_, _undo_of(fields.get("undo", "")), context)
        return []

    return await _act(request, UNDO, "undo", work)


async def _act(request: Request, interaction: str, done: str, work: Callable[[Tx, Context], list[Undo]]) -> Response:
    """Do it in the lane; what cannot be done is in the log of the resident, and explained where they stand."""
    doors, context, who, id_ = doors_of(request), context_of(request), credential(request), request.path_params["id"]

    def note(tx: Tx, error: HubError) -> None:
        refused(tx, who, interaction, "care-teams", error, context, lambda tx: keepers.concerned(tx, id_))

    try:
        undo = await doors.run(
            lambda tx: work(tx, replace(context, now=doors.clock())),
            note,
            claims=lambda: (RULES, f"care-team of {id_}"),
        )
    except HubError as error:
        if interaction == UNDO and isinstance(error, (Stale, Conflict)):
            return _back(id_, said="undone")
        return _explained(id_, error)
    return _back(id_, done=done, undo=",".join(f"{one.kind}:{one.id}:{one.version}" for one in undo))


def _explained(id_: str, error: HubError) -> Response:
    """Back to the team as it is now, with what was in the way; raises what is no matter of the team."""
    reason = "stale" if isinstance(error, Stale) else error.reason
    if reason not in _SAID:
        raise error
    return _back(id_, said=reason)


def _back(id_: str, **said: str) -> Response:
    return RedirectResponse(f"/care-teams/{id_}?{urlencode({name: text for name, text in said.items() if text})}", 303)


def _key(fields: Mapping[str, str], name: str) -> Key:
    organisation, _, person = fields.get(name, "").partition("/")
    return organisation, person


def _day(fields: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, ""))
    except ValueError as error:
        raise Malformed("The form says no day.", reason="day") from error


def _hand_over(fields: Mapping[str, str]) -> HandOver:
    last = _day(fields, "last")
    try:
        begins = last if fields.get("begins") == "same" else last + timedelta(days=1)
    except OverflowError as error:
        raise Malformed("The form says no day.", reason="day") from error
    leaving, coming = _key(fields, "leaving"), _key(fields, "coming")
    return HandOver(leaving, coming, fields.get("role", "")[:ROLE_LENGTH], last, begins)


def _undo_of(text: str) -> list[Undo]:
    parts = [one.split(":", 2) for one in text.split(",")]
    if not all(len(one) == 3 and one[0] in _TAKEN_BACK and (one[0] != "end" or one[1].count("/") > 1) for one in parts):
        raise Malformed("The form does not say what to take back.")
    return [Undo(*one) for one in parts]
