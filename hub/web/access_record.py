"""The pages of a resident's own record of access: find the resident, read with them, print, and ask for them."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.context import Context, Credential, instant
from hub.edge import context_of, doors_of
from hub.errors import Malformed
from hub.interactions.access_questions import ASK, FindResident, ask
from hub.interactions.access_record import AccessEntry, AccessRecord, Looking, RecordPage, Show
from hub.question import Question
from hub.web.find_resident import again, typed
from hub.web.frame import Frame, Framed
from hub.web.record_words import FINDINGS, each, told
from hub.web.rendering import html
from hub.web.session import T, credential, form, noting

TITLE = "ご本人の記録"
_DONE = {"asked": "質問を届けました。市の担当者が確かめ、ここに答えが出ます。"}
SHOWS: dict[Show, str] = {
    "": "すべて",
    "people": "人が見た・書いたもの",
    "refused": "お断りしたもの",
    "undone": "行われなかった操作",
    "special": "緊急時・災害時のもの",
}


async def find(request: Request) -> Response:
    """``GET /access-record``: whose record?  With what was typed before, for whom nobody was found."""
    sealed = request.query_params.get("typed", "")
    frame, found = await _read(request, FindResident(doors_of(request).seal, sealed=sealed))
    return html("access_record_find.html", frame, TITLE, missing=bool(sealed), typed=found.typed)


async def found(request: Request) -> Response:
    """``POST /access-record``: to the record of the one resident of whom all that was typed is true."""
    fields = await form(request, "operation:find-resident")
    _, found = await _read(request, FindResident(doors_of(request).seal, typed(fields)))
    if found.patient:
        return RedirectResponse(f"/access-record/{found.patient}", 303)
    return again("/access-record", found)


async def record(request: Request) -> Response:
    """``GET /access-record/{patient}``: who saw what of theirs, when and why, newest first."""
    return await _page(request, "access_record.html", on_paper=False)


async def printed(request: Request) -> Response:
    """``GET /access-record/{patient}/print``: the same for the resident to take home."""
    return await _page(request, "access_record_print.html", on_paper=True)


async def entry(request: Request) -> Response:
    """``GET /access-record/{patient}/entries/{id}``: one entry, what was asked about it, and a form to ask."""
    patient, id_ = request.path_params["patient"], request.path_params["id"]
    frame, page = await _read(request, AccessEntry(patient, id_))
    (one,) = each(told(page))
    done = _DONE.get(request.query_params.get("done", ""), "")
    here = f"/access-record/{patient}"
    return html("access_record_entry.html", frame, TITLE, page=page, one=one, findings=FINDINGS, done=done, here=here)


async def questions(request: Request) -> Response:
    """``POST /access-record/{patient}/entries/{id}``: ask about this access, for the resident."""
    fields, who, context = await form(request, ASK), _for_the_resident(request), context_of(request)
    patient, id_ = request.path_params["patient"], request.path_params["id"]
    await doors_of(request).run(
        lambda tx: ask(tx, who, patient, id_, fields.get("text", ""), context), noting(request, ASK, "access-record")
    )
    return RedirectResponse(f"/access-record/{patient}/entries/{id_}?done=asked", 303)


async def _page(request: Request, template: str, *, on_paper: bool) -> Response:
    looking = _looking(request.path_params["patient"], request.query_params)
    frame, page = await _read(request, AccessRecord(looking, doors_of(request).seal, on_paper))
    return html(template, frame, TITLE, 200, **_values(looking, page, context_of(request)))


def _values(looking: Looking, page: RecordPage, context: Context) -> dict[str, object]:
    asked = {"from": looking.since, "to": looking.until, "show": looking.show}
    chosen = {name: value for name, value in asked.items() if value}
    period = {name: value for name, value in chosen.items() if name != "show"}
    here = f"/access-record/{looking.patient}"
    return {
        "page": page,
        "days": told(page),
        "chosen": chosen,
        "choices": [(words, code, _link(here, {**period, "show": code})) for code, words in SHOWS.items()],
        "on_paper": _link(f"{here}/print", chosen),
        "following": _link(here, {**chosen, "before": page.next}) if page.next else "",
        "following_on_paper": _link(f"{here}/print", {**chosen, "before": page.next}) if page.next else "",
        "here": here,
        "back": _link(here, chosen),
        "findings": FINDINGS,
        "now": instant(context.now),
    }


def _link(path: str, asked: Mapping[str, str]) -> str:
    said = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{said}" if said else path


def _looking(patient: str, asked: Mapping[str, str]) -> Looking:
    show = asked.get("show", "")
    if show not in SHOWS:
        raise Malformed(f"There is no such choice: {show!r}.")
    return Looking(patient, asked.get("from", ""), asked.get("to", ""), show, asked.get("before", ""))


def _for_the_resident(request: Request) -> Credential:
    """The session at the desk, for what the resident asks for (PATRQT): so it stands in the log."""
    return replace(credential(request), purpose="PATRQT")


async def _read(request: Request, question: Question[T]) -> tuple[Frame, T]:
    return await doors_of(request).read(_for_the_resident(request), Framed(question), context_of(request))
