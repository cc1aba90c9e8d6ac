"""Disasters: the board of the municipality's officers, and the forms by which two of them open and end one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.disasters import SHOWN
from hub.edge import context_of, doors_of
from hub.errors import Malformed
from hub.interactions.disaster.board import Board, Draft, Residents, count_slice
from hub.interactions.disaster.declare import AHEAD, USUAL_KINDS, Act, Wanted, act, declare
from hub.store.lane import RULES
from hub.store.registry import JST
from hub.web.rendering import html
from hub.web.session import credential, form, noting, read
from profiles import category_names

TITLE = "災害"
DECLARE, ACT = "operation:disaster-declare", "operation:disaster-act"
_DONE = {
    "declare": "宣言を記録しました。まだ何も開いていません。ほかの責任者お一人が確かめると始まります。",
    "confirm": "確かめました。この宣言は、始まりの時刻から効きます。",
    "withdraw": "宣言を取り下げました。何も開いていません。",
    "end-wish": "記録しました。ほかの責任者お一人が確かめると終わります。それまで宣言は続いています。",
    "end": "宣言を終えました。支援する機関は、つぎの操作から見られません。",
    "go-on": "終わりにするのをやめました。宣言は続いています。",
}
_TROUBLES = {
    "name": "名前を書いてください（100字まで）。",
    "area": "地域を、一行に一つずつ書いてください（20行まで）。",
    "organisations": "支援する機関を、一つ以上選んでください。",
    "period": "始まりと終わりを入れてください。終わりは、始まりより後にします。",
    "over": "終わりの時刻が、もう過ぎています。",
    "too-long": f"終わりは、いまから{AHEAD.days}日以内にしてください。長引くときは、もう一度宣言できます。",
}
_USUAL = timedelta(days=3)


async def board(request: Request) -> Response:
    """``GET /disaster``: what waits, what is to come, what is in force, and what is over."""
    frame, page = await read(request, Board())
    counts = await _counted(request, [one.areas for one in page.standing])
    return html(
        "disaster.html",
        frame,
        TITLE,
        page=page,
        standing=list(zip(page.standing, counts, strict=True)),
        shown=shown_names(),
        done=_DONE.get(request.query_params.get("done", ""), ""),
    )


async def draft(request: Request) -> Response:
    """``GET /disaster/new``: the form; filled in, what it would open, and the button that declares it."""
    asked = request.query_params
    wanted = _wanted(asked) if asked else None
    frame, page = await read(request, Draft(wanted))
    ready = wanted is not None and not page.troubles
    counts = await _counted(request, [wanted.areas]) if wanted is not None and ready else []
    now = context_of(request).now
    return html(
        "disaster_new.html",
        frame,
        TITLE,
        members=page.members,
        chosen=wanted.organisations if wanted else _usual(page.members),
        typed={
            "name": asked.get("name", ""),
            "areas": asked.get("areas", ""),
            "starts": asked.get("starts", "") or _local(now),
            "ends": asked.get("ends", "") or _local(now + _USUAL),
        },
        troubles=[_TROUBLES[one] for one in page.troubles],
        wanted=wanted if ready else None,
        residents=counts[0] if counts else None,
        shown=shown_names(),
        latest=_local(now + AHEAD),
    )


async def declared(request: Request) -> Response:
    """``POST /disaster``: what the preview showed is declared, and waits for the second officer."""
    fields, who, context = await form(request, DECLARE), credential(request), context_of(request)
    wanted = _wanted(QueryParams({**fields}), fields.get("organisations", "").split())
    await doors_of(request).run(lambda tx: declare(tx, who, wanted, context), noting(request, DECLARE))
    return _back("declare")


async def decided(request: Request) -> Response:
    """``POST /disaster/{id}``: confirm, withdraw, end, or take back the wish to end."""
    fields, who, context = await form(request, ACT), credential(request), context_of(request)
    step, id_ = fields.get("act", ""), request.path_params["id"]
    if step not in get_args(Act):
        raise Malformed("The form says no act.")
    chosen = cast(Act, step)
    noted = noting(request, f"operation:disaster-{chosen}", f"Disaster/{id_}")
    done = await doors_of(request).run(lambda tx: act(tx, who, id_, chosen, context), noted, claims=lambda: (RULES,))
    return _back(done)


def shown_names() -> list[str]:
    """The disaster set in words, in the order of the table of categories."""
    return [name for category, name in category_names().items() if category in SHOWN]


def _wanted(asked: QueryParams, organisations: Sequence[str] | None = None) -> Wanted:
    areas = tuple(line.strip() for line in asked.get("areas", "").splitlines() if line.strip())
    chosen = asked.getlist("organisation") if organisations is None else organisations
    return Wanted(
        asked.get("name", "").strip(),
        tuple(dict.fromkeys(areas)),
        tuple(dict.fromkeys(chosen)),
        _moment(asked.get("starts", "")),
        _moment(asked.get("ends", "")),
    )


def _moment(text: str) -> datetime | None:
    """What a field of date and time says, in Japan; none for what is in no year elsewhere."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=JST).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


def _usual(members: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    return tuple(id_ for id_, (_, kind) in members.items() if kind in USUAL_KINDS)


async def _counted(request: Request, areas: Sequence[Sequence[str]]) -> list[Residents]:
    """How many live in each area: counted in slices, between which the work of others has its turn."""
    counts = [Residents() for _ in areas]
    after: str | None = "" if areas else None
    while after is not None:
        here, after = await doors_of(request).lane.ask(partial(count_slice, areas=areas, after=after), looks=True)
        counts = [one.plus(more) for one, more in zip(counts, here, strict=True)]
    return counts


def _back(done: str) -> Response:
    return RedirectResponse(f"/disaster?{urlencode({'done': done})}", 303)
