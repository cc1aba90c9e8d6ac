"""The review queue: what the municipality's officers are to look at, and the forms with what they found."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.context import Context, Credential
from hub.edge import context_of, doors_of
from hub.errors import Malformed
from hub.interactions.disaster.declare import is_officer
from hub.interactions.reviews import ANSWERED, JUDGED, ON_A_PAGE, Access, Reviews, allow, close, findings_of, reopen
from hub.store.database import Tx
from hub.web.audit_words import sentence
from hub.web.frame import Framed
from hub.web.record_words import kind_names
from hub.web.rendering import html
from hub.web.session import credential, form, noting

TITLE = "確認"
ACT = "operation:review-act"
_PURPOSE = "HCOMPL"
KINDS = {
    "emergency": "緊急アクセス",
    "emergency-alarm": "緊急アクセスの警報",
    "question": "ご本人からの質問",
    "disaster": "災害の宣言",
    "unreadable-consent": "読めない同意",
}
FINDINGS = {
    "justified": "正しい利用でした",
    "not-justified": "正しくない利用でした",
    "unclear": "はっきりしません",
    "answered": "答えました・対応しました",
}
_DONE = {
    **dict.fromkeys(JUDGED, "確認を終えました。下の「終えたもの」から、やり直すことができます。"),
    **dict.fromkeys(ANSWERED, "記録しました。ご本人からの質問への答えは、ご本人のアクセスの記録に出ます。"),
    "reopen": "確認を、もう一度待ちに戻しました。",
    "allow": "この方は、また緊急アクセスを宣言できます。",
}
_PROBLEMS = {"note-missing": "この結論には、わけ（質問には答え）が要ります。書いて、もう一度押してください。"}


async def reviews(request: Request) -> Response:
    """``GET /reviews``: what waits, alarms and the oldest first, and what was closed last."""
    asked = request.query_params
    return await _page(request, 200, asked.get("after", ""), _DONE.get(asked.get("done", ""), ""))


async def decided(request: Request) -> Response:
    """``POST /reviews/{id}``: a finding with its note, a case opened again, or an alarm answered."""
    fields, who, context = await form(request, ACT), credential(request), context_of(request)
    chosen, note, id_ = fields.get("act", ""), fields.get("note", ""), request.path_params["id"]
    after = fields.get("after", "")
    known = chosen in _ACTS
    name = "operation:allow-emergency" if chosen == "allow" else f"operation:review-{chosen if known else 'close'}"
    work = _ACTS.get(chosen) or _closing(chosen, note)
    try:
        # No ``RULES`` are claimed: no decision reads a finding, and to let somebody declare again takes no right away.
        await doors_of(request).run(lambda tx: work(tx, who, id_, context), noting(request, name, f"reviews/{id_}"))
    except Malformed as error:
        if error.reason not in _PROBLEMS:
            raise
        return await _page(request, error.status, after, problem=_PROBLEMS[error.reason], at=id_)
    return RedirectResponse(f"/reviews?{urlencode({'done': chosen} | ({'after': after} if after else {}))}", 303)


_Work = Callable[[Tx, Credential, str, Context], None]
_ACTS: dict[str, _Work] = {"reopen": reopen, "allow": allow}


def _closing(finding: str, note: str) -> _Work:
    def work(tx: Tx, who: Credential, id_: str, context: Context) -> None:
        close(tx, who, id_, finding, note, context)

    return work


async def _page(request: Request, status: int, after: str, done: str = "", problem: str = "", at: str = "") -> Response:
    doors, who, context = doors_of(request), credential(request), context_of(request)
    caller = await doors.caller(who, context, "page")
    # An officer's usual purpose here is to audit, and whoever audits is told nobody's name: a reviewer has to be.
    asking = replace(who, purpose=_PURPOSE) if is_officer(caller) else who
    frame, page = await doors.read(asking, Framed(Reviews(after)), context)
    return html(
        "reviews.html",
        frame,
        TITLE,
        status,
        page=page,
        after=after,
        most=ON_A_PAGE,
        kinds=KINDS,
        findings=FINDINGS,
        findings_of=findings_of,
        said=sentence,
        seen=_seen,
        done=done,
        problem=problem,
        at=at,
    )


def _seen(access: Access) -> str:
    """The kinds of what one access showed, in words."""
    return kind_names(access.kinds) if access.record.what else "何も表示されませんでした"
