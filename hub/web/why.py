"""The pages of why: of an entry of the log, and of what somebody may see now (CONSENT.md §9)."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.edge import doors_of
from hub.interactions.access_questions import NOTHING, FindResident
from hub.interactions.why import ASKERS, READERS_OF_THE_LOG, SYSTEM, Verdict, WhyNow, WhyPage, WhyThen
from hub.projections.audit_event import AuditRecord
from hub.projections.professions import PROFESSIONS
from hub.web.audit_words import sentence, why
from hub.web.find_resident import again, typed
from hub.web.rendering import html
from hub.web.session import form, read
from hub.web.sign_in import SCOPES, usual_purpose
from hub.web.why_words import FORBIDDEN, IF_DECLARED, NO_EMERGENCY, Step, heading, named, path_of, steps
from hub.web.words import PURPOSES
from profiles.categories import category_names

TITLE = "見られる理由"
_EMERGENCY = "ETREAT"
_READS_NOTHING = "その職務（監査）は、アクセスの記録だけを読み、住民の方の情報は読みません。"
_PURPOSES = ("TREAT", "CAREMGT", "COC", _EMERGENCY)
_UNPUBLISHED = frozenset({"consent", "directory", "other"})


async def then(request: Request) -> Response:
    """``GET /why/{id}``: why somebody could see, or could not, what an entry of the log tells of."""
    frame, explained = await read(request, WhyThen(request.path_params["id"]))
    record, profession = explained.record, frame.caller.profession if frame.caller else ""
    path = path_of(record)
    return html(
        "why_then.html",
        frame,
        TITLE,
        record=record,
        said=sentence(record),
        heading=heading(record, path),
        steps=path,
        is_short=len(path) < max((one.number for one in path), default=0),
        otherwise=" ".join(why(record)) if not path else "",
        rules=named(explained.rules, record.rules),
        opens_consents=profession == "consent-desk",
        reads_the_log=profession in READERS_OF_THE_LOG,
        now=_now_of(record) if profession in ASKERS else "",
    )


async def now(request: Request) -> Response:
    """``GET /why``: choose a resident, somebody, and a category; what they may see now, and why."""
    asked = {name: request.query_params.get(name, "") for name in ("patient", "who", "category", "purpose")}
    in_emergency, usual = asked["purpose"] == _EMERGENCY, usual_purpose(asked["who"].rpartition("/")[2])
    purpose = asked["purpose"] if asked["purpose"] in _PURPOSES and not in_emergency else usual
    whole = bool(asked["patient"] and asked["who"] and asked["category"])
    question = WhyNow(
        asked["patient"],
        asked["who"] if whole else "",
        asked["category"] if whole else "",
        SCOPES,
        purpose,
        in_emergency,
    )
    frame, page = await read(request, question)
    sealed = "" if page.person else request.query_params.get("typed", "")
    looking = FindResident(doors_of(request).seal, sealed=sealed, query="why")
    before = (await read(request, looking))[1].typed if sealed else NOTHING
    return html(
        "why_now.html",
        frame,
        TITLE,
        page=page,
        asked=asked,
        missing=bool(sealed),
        typed=before,
        roles=_roles(page),
        categories={code: name for code, name in category_names().items() if code not in _UNPUBLISHED},
        purposes={code: PURPOSES[code] for code in _PURPOSES},
        in_emergency=in_emergency,
        reads_nothing=_READS_NOTHING,
        verdicts=_verdicts(page),
        rules=page.now.rules if page.now else {},
        named=named,
        opens_consents=frame.caller is not None and frame.caller.profession == "consent-desk",
        incomplete=bool(whole and page.now and not page.now.complete),
        half=bool(asked["patient"] and (asked["who"] or asked["category"])) and not whole,
        professions=PROFESSIONS,
    )


async def find(request: Request) -> Response:
    """``POST /why``: to the page of the one resident of whom all that was typed is true."""
    fields = await form(request, "operation:find-resident")
    _, found = await read(request, FindResident(doors_of(request).seal, typed(fields), query="why"))
    if found.patient:
        return RedirectResponse(f"/why?{urlencode({'patient': found.patient})}", 303)
    return again("/why", found)


def _now_of(record: AuditRecord) -> str:
    """The link to the same question as of now; "" where the entry does not name a resident and who asked."""
    who = f"{SYSTEM}/{record.system}" if record.system else ""
    if record.person:
        who = f"{record.person}/{record.organisation}/{record.profession or ''}"
    if not record.patient or not who:
        return ""
    asked = {"patient": record.patient, "who": who, "category": record.category}
    purpose = {"purpose": _EMERGENCY} if record.purpose == _EMERGENCY else {}
    return f"/why?{urlencode({**asked, **purpose})}"


def _roles(page: WhyPage) -> dict[str, list[tuple[str, str, bool]]]:
    """Organisation → (value, name and profession, whether in use) of those who work there, and of its systems."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for row in page.roles:
        value = f"{row.person}/{row.organisation}/{row.profession}"
        words = f"{row.name}（{PROFESSIONS.get(row.profession, row.profession)}）"
        found.setdefault(row.organisation_name, []).append((value, words, True))
    for row in page.systems:
        reads = f"{PROFESSIONS.get(row.profession, row.profession)}として読む" if row.profession else "職種なし"
        words = f"システム「{row.id}」（{reads if row.enabled else '止めているため、何も読めません'}）"
        found.setdefault(row.organisation_name, []).append((f"{SYSTEM}/{row.id}", words, bool(row.enabled)))
    return found


def _verdicts(page: WhyPage) -> list[tuple[Verdict, str, list[Step]]]:
    """Each verdict with its source's name and its steps, what is shown first."""
    if page.now is None:
        return []
    found = [
        (one, page.organisations.get(one.source, one.source), _steps(one, supposed=page.now.supposed))
        for one in page.now.verdicts
    ]
    return sorted(found, key=lambda told: (not told[0].permit, told[0].source))


def _steps(verdict: Verdict, *, supposed: bool) -> list[Step]:
    if verdict.decision is None:
        return []
    decision, answers = verdict.decision, dict[int, str]()
    if supposed:
        otherwise = FORBIDDEN if verdict.refusing else NO_EMERGENCY
        answers[5] = IF_DECLARED if decision.reason == "emergency" else otherwise
    return steps(decision.reason, permit=decision.permit, now=True, whole=not verdict.source, answers=answers)
