"""Errors as pages: what happened and what to do, never a detail (CONSENT.md §5)."""

from starlette.requests import Request
from starlette.responses import Response

from hub.auth import fingerprint
from hub.context import Credential
from hub.edge import context_of, doors_of
from hub.errors import HubError, TooMany
from hub.store import registry
from hub.store.database import Tx
from hub.web.frame import Frame, frame_of
from hub.web.page import Endpoint
from hub.web.rendering import html
from hub.web.session import COOKIE

# Status → what happened, what to do.
_WORDS = {
    400: (
        "このページは開けません",
        "リンクが古いか、条件の書き方が正しくありません。はじめのページからやり直してください。",
    ),
    401: (
        "サインインしてください",
        "まだサインインしていないか、サインインから八時間がたちました。入り口から、もう一度お入りください。",
    ),
    403: (
        "このページは使えません",
        "いまの役割では使えないページです。必要なときは、市の事務局にご相談ください。",
    ),
    404: ("見つかりません", "このページはないか、いまはご覧になれません。はじめのページからお探しください。"),
    405: ("この方法では開けません", "ページの中のボタンやリンクからお使いください。"),
    409: ("ほかの人が先に処理しました", "何も変えていません。いまの状態を確かめてから、要るときだけ、もう一度どうぞ。"),
    413: ("送られた内容が大きすぎます", "内容を短くして、もう一度お試しください。"),
    429: ("少し時間をおいてください", "短いあいだに、何度も試されました。しばらくしてから、もう一度お試しください。"),
    503: ("いま、混み合っています", "何も失われていません。少し待ってから、もう一度お試しください。"),
}
# By the reason, where what to do is another thing; none tells anything about a resident.
_REASONS = {
    "not-in-force": (
        "この役割では、いま入れません",
        "役割の期間が終わっているか、まだ始まっていません。所属先か市の事務局にお確かめください。",
    ),
    "emergency-over": (
        "緊急アクセスは終わりました",
        "宣言から60分がたったか、途中で終えられました。まだ要るときは、緊急アクセスのページから、もう一度宣言してください。",
    ),
    "emergency-stop": (
        "いまは宣言できません",
        "短いあいだに、多くの方への緊急アクセスが宣言されました。市の責任者が許すまで、お待ちください。急ぐときは、市の事務局へお電話ください。",
    ),
    "no-name": (
        "お名前を確かめられないため、ここでは受け付けられません",
        "この方のお名前は、いまこの机にお見せできません。用紙と照らし合わせられないので、別の方の同意にしてしまうおそれがあります。市の同意受付にお願いしてください。この机で受け付けるには、さきに、この機関のシステムから患者の基本情報（氏名・生年月日・番号）を送ってください。",
    ),
    "not-local": (
        "ここからは入れません",
        "実演用の入り口は、連携ハブが動いている機械の中（127.0.0.1）からだけ使えます。",
    ),
    "no-demo": (
        "実演用の入り口は閉じています",
        "この市では、名前を選ぶだけの入り口は使えません。市の事務局にご相談ください。",
    ),
    "cross-site": (
        "この操作は受け付けられません",
        "ほかのサイトから送られた操作のようです。連携ハブのページを開き直して、もう一度お試しください。",
    ),
}


def page_of_error(request: Request, error: HubError) -> Response:
    """An error as a page, for where nothing more can be asked of the store."""
    return _page(request, error, Frame(demo=bool(getattr(request.app.state, "demo", False))))


def with_errors(endpoint: Endpoint) -> Endpoint:
    """The endpoint, whose errors are pages in the reader's own frame."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HubError as error:
            return _page(request, error, await _frame(request))

    return answered


async def _frame(request: Request) -> Frame:
    """Who is signed in, if the store can still say it."""
    secret, context = request.cookies.get(COOKIE, ""), context_of(request)
    known = Credential(fingerprint(secret), kind="session")

    def ask(tx: Tx) -> Frame:
        return frame_of(tx, registry.caller(tx, known, context.now) if secret else None)

    try:
        frame = await doors_of(request).run(ask)
    except HubError:
        return Frame(demo=bool(getattr(request.app.state, "demo", False)))
    request.app.state.demo = frame.demo
    return frame


def _page(request: Request, error: HubError, frame: Frame) -> Response:
    happened, do = _REASONS.get(error.reason) or _WORDS.get(error.status) or _WORDS[503]
    number = context_of(request).request_id
    response = html(
        "error.html",
        frame,
        happened,
        error.status,
        advice=do,
        number=number,
        signed_out=error.status == 401,
        back=_back(request, frame) if error.status == 409 else None,
    )
    if isinstance(error, TooMany):
        response.headers.update(error.headers)
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _back(request: Request, frame: Frame) -> tuple[str, str] | None:
    """(path, name) of the page whose form was sent too late: there it is seen what others did meanwhile."""
    return next(((path, name) for path, name in frame.tabs if request.url.path.startswith(f"{path}/")), None)
