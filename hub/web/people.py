"""The pages about residents: my people, one person's timeline, the handoff to print (U2, U3)."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from hub.edge import doors_of
from hub.interactions.care_team_desk import keepers
from hub.interactions.handoff import Handoff
from hub.interactions.my_people import MyPeople
from hub.interactions.person_timeline import Looking, PersonTimeline
from hub.projections.handoff import handoff_view
from hub.web.rendering import html
from hub.web.session import read
from hub.web.words import scene
from profiles import category_name

_FILTERS = ("category", "scene", "organisation")


async def people(request: Request) -> Response:
    """``GET /people``: everybody whom I look after; ``?news=1`` those with news, ``?name=`` those with such a name."""
    asked = request.query_params
    number = asked.get("page", "1")
    question = MyPeople(
        only_news=asked.get("news") == "1",
        number=max(1, int(number[:6])) if number.isascii() and number.isdecimal() else 1,
        name=asked.get("name", "").strip()[:100],
    )
    frame, page = await read(request, question)
    return html("people.html", frame, "担当している方", page=page, only_news=question.only_news, name=question.name)


async def person(request: Request) -> Response:
    """``GET /people/{id}``: what happened, newest first."""
    asked, id_ = request.query_params, request.path_params["id"]
    looking = Looking(
        patient=id_,
        filters=tuple((name, asked[name]) for name in _FILTERS if asked.get(name)),
        only_new=asked.get("new") == "1",
        mark=asked.get("mark", ""),
        cursor=asked.get("from", ""),
    )
    frame, page = await read(request, PersonTimeline(looking, doors_of(request).seal))
    chosen = dict(looking.filters) | ({"new": "1"} if looking.only_new else {})
    return html(
        "person.html",
        frame,
        page.person.name or "お名前は表示できません",
        page=page,
        chosen=chosen,
        categories=[(code, category_name(code), count) for code, _, count in page.choices.categories],
        scenes=[(code, scene(code), count) for code, _, count in page.choices.scenes],
        here=f"/people/{id_}",
        keeps=frame.caller is not None and keepers.keeps(frame.caller),
        next_url=f"/people/{id_}?{urlencode({**chosen, 'mark': page.mark, 'from': page.next})}" if page.next else "",
    )


async def handoff(request: Request) -> Response:
    """``GET /people/{id}/handoff``: 入院時情報提供書, to print."""
    id_ = request.path_params["id"]
    frame, document = await read(request, Handoff(id_))
    view = handoff_view(document)
    return html("handoff.html", frame, view.title, view=view, here=f"/people/{id_}")
