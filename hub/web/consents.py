"""The consent desk: find a resident, register a paper consent, see what it would change, save, revoke, print."""

from collections.abc import Iterable
from itertools import groupby
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.edge import context_of, doors_of
from hub.errors import Malformed, Stale
from hub.interactions.consent_desk.desk import AtTheDesk, ResidentConsents
from hub.interactions.consent_desk.draft import DRAFT, Posted, keep
from hub.interactions.consent_desk.find import FindResidents
from hub.interactions.consent_desk.form import OpenForm
from hub.interactions.consent_desk.paper import ResidentCopy, SignedForm
from hub.interactions.consent_desk.review import Review
from hub.interactions.consent_desk.save import DISCARD, REGISTER, discard, draft_of, load, settle
from hub.interactions.what_if import Change
from hub.projections.agreement import LABELS, PURPOSES, STATES
from hub.projections.consent_copy import became
from hub.projections.consent_form import SPACES, Scan
from hub.projections.consent_typed import BASES, LONGEST, MOST_ROWS, OTHER_BASIS, exceptions, rows_of
from hub.web.multipart import File, form_with_file
from hub.web.rendering import html
from hub.web.session import credential, form, noting, read
from hub.web.words import kind, profession, purpose
from profiles import category_name

TITLE = "同意の受付"
MAX_SCAN = 10 * 1024 * 1024
MORE_ROWS = 3
# By the first bytes of a file, whatever it is called.
_SCANS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_NO_SCAN = "用紙のファイルは、PDF・PNG・JPEG のどれかにしてください。ほかの形のファイルは付けられません。"
_EMPTY_SCAN = "用紙のファイルが空です（0バイト）。読み取りなおしたファイルを選んでください。"
_LARGE_SCAN = (
    "用紙のファイルが大きすぎます。10メガバイトまでにしてください（読み取りの解像度を下げると小さくなります）。"
)
_DONE = {
    "registered": "同意を登録しました。つぎの操作から、そのとおりになります。",
    "revoked": "同意を取り消しました。つぎの操作から、もう見られません。",
    "already": (
        "この入力は、さきに登録されています。あとから送られた内容は、登録していません。"
        "直すときは、下の「新しい用紙で書き直す」から入れてください。"
    ),
    "discarded": "入力を取りやめました。何も登録していません。",
}
_FIELDS = frozenset(
    {
        "signer", "proxy-name", "proxy-kana", "proxy-relationship", "proxy-basis", "proxy-basis-text", "signed",
        "signed-time", "medical", "team", "root", "no-emergency", "since", "until", "why", "rows", "action",
    }
)  # fmt: skip


async def start(request: Request) -> Response:
    """``GET /consents``: whom is it about?"""
    frame, _ = await read(request, AtTheDesk())
    return html("consents.html", frame, TITLE, asked={}, found=None, more=False, missing=False)


async def find(request: Request) -> Response:
    """``POST /consents``: exactly this one.  Posted, so that no name stands in an address."""
    asked = {name: value.strip()[:LONGEST] for name, value in (await form(request, "page")).items()}
    name, born, number = (asked.get(one, "") for one in ("name", "born", "number"))
    if not (name or born or number):
        frame, _ = await read(request, AtTheDesk())
        return html("consents.html", frame, TITLE, asked=asked, found=None, more=False, missing=True)
    frame, (found, more) = await read(request, FindResidents(name, born, number))
    return html("consents.html", frame, TITLE, asked=asked, found=found, more=more, missing=False)


async def resident(request: Request) -> Response:
    """``GET /consents/{patient}``: what they agreed to, and what became of it."""
    patient = request.path_params["patient"]
    frame, page = await read(request, ResidentConsents(patient))
    done = request.query_params.get("done", "")
    others = {one.agreement.id: one for one in page.told}
    return html(
        "consents_resident.html",
        frame,
        TITLE,
        page=page,
        here=_here(patient),
        done=_DONE.get(done, ""),
        gives_copy=done in ("registered", "revoked"),
        states=STATES,
        standing={one.agreement.id: became(one, others) for one in page.told},
        space_names=SPACES,
    )


async def new(request: Request) -> Response:
    """``GET /consents/{patient}/new``: the form; ``?from=`` an earlier consent, ``?draft=`` what was typed.

    ``?records=`` is the number of the exception for which single records are listed.
    """
    asked, patient = request.query_params, request.path_params["patient"]
    listed = _row(asked.get("records", ""))
    return await _form(request, OpenForm(patient, asked.get("draft", ""), asked.get("from", ""), listed=listed))


async def revoke(request: Request) -> Response:
    """``GET /consents/{patient}/revoke/{consent}``."""
    patient, consent = request.path_params["patient"], request.path_params["consent"]
    return await _form(request, OpenForm(patient, request.query_params.get("draft", ""), ends=consent))


async def _form(request: Request, question: OpenForm) -> Response:
    frame, page = await read(request, question)
    if page.saved:
        return _back(question.patient, "already")
    return html(
        "consents_revoke.html" if question.ends else "consents_form.html",
        frame,
        TITLE,
        page=page,
        here=_here(question.patient),
        rows=range(1, rows_of(page.typed) + 1),
        used=exceptions(page.typed),
        labels=LABELS,
        purposes=PURPOSES,
        can_add=rows_of(page.typed) < MOST_ROWS,
        bases=BASES,
        other_basis=OTHER_BASIS,
        size=_size(page.scan_size),
        space_names=SPACES,
    )


async def typed(request: Request) -> Response:
    """A form as it was typed is kept, with its file; then it is shown for review, or again with what is missing."""
    who, context = credential(request), context_of(request)
    patient, ends = request.path_params["patient"], request.path_params.get("consent", "")
    await doors_of(request).caller(who, context, DRAFT)  # before a large body is read
    fields, file = await form_with_file(request, DRAFT, min(MAX_SCAN, doors_of(request).max_body))
    known = {name: value[:LONGEST] for name, value in fields.items() if value and name in _FIELDS}
    known |= {
        f"x{row}-{cell}": value[:LONGEST] for row, cells in exceptions(fields).items() for cell, value in cells.items()
    }
    act, _, of = known.get("action", "").partition("-")
    if act == "add":
        known["rows"] = str(rows_of(known) + MORE_ROWS)
    scan, problem = _scan(file)
    if problem:
        known["scan-problem"] = problem
    posted = Posted(known, scan, fields.get("draft", ""), ends, fields.get("base", ""))
    draft = await doors_of(request).run(lambda tx: keep(tx, who, patient, posted, context), noting(request, DRAFT))
    if act == "add":
        return RedirectResponse(f"{_here(patient)}/new?{urlencode({'draft': draft})}#exceptions", 303)
    if act == "records":
        row = _row(of)
        return RedirectResponse(
            f"{_here(patient)}/new?{urlencode({'draft': draft, 'records': row})}#x{row}-records", 303
        )
    return RedirectResponse(f"{_here(patient)}/drafts/{quote(draft)}", 303)


async def review(request: Request) -> Response:
    """``GET /consents/{patient}/drafts/{draft}``: what would be saved, and who gains and who loses what."""
    return await _review(request)


async def _review(request: Request, *, changed: bool = False) -> Response:
    patient, draft = request.path_params["patient"], request.path_params["draft"]
    frame, page = await read(request, Review(patient, draft))
    if page.saved:
        return _back(patient, "already")
    ends = f"revoke/{quote(page.ends.id)}" if page.ends is not None else "new"
    back = f"{_here(patient)}/{ends}?{urlencode({'draft': draft})}"
    if page.problems:
        return RedirectResponse(f"{back}#problems", 303)
    return html(
        "consents_review.html",
        frame,
        TITLE,
        412 if changed else 200,
        page=page,
        here=_here(patient),
        back=back,
        changed=changed or page.others_changed,
        gains=_grouped(page.difference.gains),
        losses=_grouped(page.difference.losses),
        size=_size(page.scan_size),
        space_names=SPACES,
    )


async def save(request: Request) -> Response:
    """``POST /consents/{patient}/drafts/{draft}``: save what was shown, or throw it away."""
    who, context, doors = credential(request), context_of(request), doors_of(request)
    patient, draft = request.path_params["patient"], request.path_params["draft"]
    fields = await form(request, REGISTER)
    action, mark = fields.get("action", ""), fields.get("mark", "")
    if action == "discard":
        await doors.run(lambda tx: discard(tx, who, patient, draft, context), noting(request, DISCARD))
        return _back(patient, "discarded")
    if action != "save":
        raise Malformed("The form says no decision.")
    reviewed = await doors.run(lambda tx: load(tx, who, patient, draft, mark, context), noting(request, REGISTER))
    if not reviewed.saved:
        push = draft_of(reviewed, context)
        try:
            await doors.write(who, push, context, lambda tx: settle(tx, who, reviewed, context))
        except Stale:
            return await _review(request, changed=True)
    return _back(patient, "revoked" if reviewed.paper.ends is not None else "registered")


async def copy(request: Request) -> Response:
    """``GET /consents/{patient}/copy``: the resident's copy, to print."""
    patient = request.path_params["patient"]
    frame, page = await read(request, ResidentCopy(patient))
    return html(
        "consents_copy.html",
        frame,
        TITLE,
        page=page,
        here=_here(patient),
        now=context_of(request).now.isoformat(),
        seen=_grouped(page.seen.losses),
    )


async def scan(request: Request) -> Response:
    """``GET /consents/{patient}/forms/{form}``: the scanned paper, to keep and open, never shown inside a page."""
    question = SignedForm(request.path_params["patient"], request.path_params["form"])
    _, (name, media_type, data) = await read(request, question)
    safe = media_type if media_type in _SCANS.values() else "application/octet-stream"
    sent = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name or 'consent')}"}
    return Response(data, media_type=safe, headers=sent)


def _here(patient: str) -> str:
    return f"/consents/{quote(patient)}"


def _row(text: str) -> int:
    """The number of an exception; 0 for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else 0


def _back(patient: str, done: str) -> Response:
    return RedirectResponse(f"{_here(patient)}?{urlencode({'done': done})}", 303)


def _scan(file: File | None) -> tuple[Scan | None, str]:
    """The chosen file, judged by its first bytes; or what is wrong with it."""
    if file is None:
        return None, ""
    if file.too_large:
        return None, _LARGE_SCAN
    if not file.data:
        return None, _EMPTY_SCAN
    media_type = next((one for start, one in _SCANS.items() if file.data.startswith(start)), "")
    return (Scan(file.name, media_type, file.data), "") if media_type else (None, _NO_SCAN)


def _grouped(changes: Iterable[Change]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each organisation and profession: its name, and the kinds of information with their counts."""
    ordered = sorted(changes, key=_of_whom)
    return [
        (_whom(who), [(_what(one), f"{one.count}件") for one in of_one]) for who, of_one in groupby(ordered, _of_whom)
    ]


def _of_whom(change: Change) -> tuple[str, str, str, tuple[str, ...]]:
    return change.organisation_name, change.kind, change.profession, change.people


def _whom(who: tuple[str, str, str, tuple[str, ...]]) -> str:
    organisation, of_kind, of_profession, people = who
    named = f"{organisation}（{kind(of_kind)}）の{profession(of_profession)}"
    return f"{named}（{'、'.join(people)}）" if people else named


def _what(change: Change) -> str:
    purposes = "・".join(purpose(one) for one in change.purposes)
    return category_name(change.category) + (f"（目的が{purposes}のとき）" if purposes else "")


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f}メガバイト" if count >= 1024 * 1024 else f"{max(1, count // 1024)}キロバイト"
