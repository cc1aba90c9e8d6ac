"""The entrance of the demo city: choose who you are.  On this machine only, and only where the city file says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.auth import fingerprint, new_token
from hub.context import Caller, Context, Credential, instant
from hub.edge import context_of, doors_of
from hub.errors import Refused, Unauthenticated
from hub.projections.rows import record
from hub.store import audit, registry
from hub.store.database import Tx
from hub.store.lane import RULES
from hub.store.sql import Row
from hub.web import emergency
from hub.web.frame import AUDITORS, Frame, frame_of, home, home_of
from hub.web.rendering import html
from hub.web.session import COOKIE, LIFETIME, forget, form, is_local, keep, noting, refuse
from hub.web.words import KINDS

SIGN_IN, SIGN_OUT = "sign-in", "sign-out"
SCOPES = (
    "user/*.rs user/CareTeam.cu user/Consent.cu user/DocumentReference.c user/Binary.c user/Provenance.c"
    " user/RelatedPerson.c"
)
"""A session reads what its role may; what it may write are the papers of the desks, as the policy allows."""
_CLINICIANS = frozenset(
    {
        "physician", "dentist", "pharmacist", "nurse", "public-health-nurse", "physical-therapist",
        "occupational-therapist", "speech-therapist", "dietitian", "dental-hygienist", "paramedic",
    }
)  # fmt: skip
# What a role sees, where it is not the people whom one looks after.
_SEEN_THERE = {
    "/emergency": "宣言したときだけ、救急に要る情報を60分",
    "/desk": "はじめての連絡、同じ方かもしれない記録、読めない同意",
    "/audit": "だれが・だれの・何を見たかの記録",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A person in a role; ``value`` names both in the form.

    ``ended`` is the last day of a role that is over, ``begins`` the first day of one that is to come, else empty.
    """

    value: str
    name: str
    profession: str
    sees: str
    ended: str
    begins: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """The choices at one organisation."""

    name: str
    kind: str
    choices: tuple[Choice, ...]


async def start(request: Request) -> Response:
    """``GET /``: to the page where one's work begins, or to the entrance."""
    secret, context = request.cookies.get(COOKIE, ""), context_of(request)
    known = Credential(fingerprint(secret), kind="session")
    caller = await doors_of(request).run(lambda tx: registry.caller(tx, known, context.now)) if secret else None
    return RedirectResponse(home(caller) if caller is not None else "/sign-in", 303)


async def show(request: Request) -> Response:
    """``GET /sign-in``: everybody of the city file, by organisation."""
    await _at_the_entrance(request)
    context = context_of(request)

    def ask(tx: Tx) -> tuple[Frame, list[Organisation]]:
        _open(tx)
        return frame_of(tx, None), _choices(registry.people(tx), _today(context))

    frame, organisations = await doors_of(request).run(ask, noting(request, SIGN_IN), urgent=True)
    return html("sign_in.html", frame, "入り口", organisations=organisations)


async def sign_in(request: Request) -> Response:
    """``POST /sign-in``: a new session for the chosen person, in the chosen role.

    Whoever declares an emergency signs in first: it has a place where there is none, and it claims no ``RULES`` for
    the earlier session that it ends, because it may wait for nobody's answers, and that session was this browser's own.
    """
    await _at_the_entrance(request)
    fields = await form(request, SIGN_IN)
    chosen = fields.get("role", "")
    doors, context = doors_of(request), context_of(request)
    secret, before = new_token(doors.random), request.cookies.get(COOKIE, "")

    def work(tx: Tx) -> Caller:
        _open(tx)
        return begin(tx, chosen, secret, before, context)

    caller = await doors.run(work, noting(request, SIGN_IN, chosen), urgent=True)
    response: Response = RedirectResponse(home(caller), 303)
    if fields.get("then") == "emergency":  # who was asked to show once more who they are goes on where they were
        response = await emergency.go_on(request, Credential(fingerprint(secret), kind="session"), fields)
    keep(response, secret, secure=_secure(request))
    return response


async def sign_out(request: Request) -> Response:
    """``POST /sign-out``: the session is worth nothing from now on."""
    await form(request, SIGN_OUT)
    context, secret = context_of(request), request.cookies.get(COOKIE, "")
    known = Credential(fingerprint(secret), kind="session")

    def work(tx: Tx) -> None:
        caller = registry.caller(tx, known, context.now)
        if caller is not None:
            audit.put(tx, [record(caller, context, interaction=SIGN_OUT)])
            registry.end_token(tx, known.fingerprint)

    await doors_of(request).run(work, claims=lambda: (RULES,))
    response = RedirectResponse("/sign-in", 303)
    forget(response, secure=_secure(request))
    return response


def begin(tx: Tx, chosen: str, secret: str, before: str, context: Context) -> Caller:
    """Keep a session of ``chosen`` (person/organisation/profession), ending the browser's earlier one.

    Raises ``Unauthenticated`` for nobody of the city file, ``Refused`` for a role that is not in force.
    """
    person, _, rest = chosen.partition("/")
    organisation, _, profession = rest.partition("/")
    roles = [(row.person, row.organisation, row.profession) for row in registry.people(tx)]
    if (person, organisation, profession) not in roles:
        raise Unauthenticated("There is no such person in this city.", reason="unknown-person")
    earlier = Credential(fingerprint(before), kind="session")
    if before and registry.caller(tx, earlier, context.now) is not None:  # a cookie ends no access token
        registry.end_token(tx, earlier.fingerprint)
    token: dict[str, str | None] = {
        "fingerprint": fingerprint(secret),
        "kind": "session",
        "system": None,
        "person": person,
        "organisation": organisation,
        "profession": profession,
        "scopes": SCOPES,
        "purpose": usual_purpose(profession),
        "issued": instant(context.now),
        "expires": instant(context.now + LIFETIME),
        "proved": instant(context.now),
    }
    registry.put_token(tx, token)
    caller = registry.caller(tx, Credential(fingerprint(secret), kind="session"), context.now)
    if caller is None or not caller.in_force:
        raise Refused("This role, or the organisation's membership, is not in force.", reason="not-in-force")
    audit.put(tx, [record(caller, context, interaction=SIGN_IN, reason="demo")])
    return caller


async def _at_the_entrance(request: Request) -> None:
    """Raises ``Refused`` for everybody who is not at this machine."""
    if not is_local(request):
        await refuse(request, SIGN_IN, Refused("The demo sign-in is for this machine only.", reason="not-local"))


def _open(tx: Tx) -> None:
    city = registry.city(tx)
    if city is None or not city.demo_sign_in:
        raise Refused("This city has no demo sign-in.", reason="no-demo")


def usual_purpose(profession: str) -> str:
    """The purpose of use with which a role begins its work."""
    if profession in AUDITORS:
        return "AUDIT"
    return "TREAT" if profession in _CLINICIANS else "CAREMGT"


def _choices(rows: Sequence[Row], today: str) -> list[Organisation]:
    kinds = list(KINDS)
    ordered = sorted(rows, key=lambda row: (kinds.index(row.kind), row.organisation_name))
    grouped = groupby(ordered, key=lambda row: (row.organisation_name, row.kind))
    return [
        Organisation(name, kind, tuple(_choice(row, today) for row in members)) for (name, kind), members in grouped
    ]


def _choice(row: Row, today: str) -> Choice:
    return Choice(
        value=f"{row.person}/{row.organisation}/{row.profession}",
        name=row.name,
        profession=row.profession,
        sees=_SEEN_THERE.get(home_of(row.profession), ""),
        ended=row.ends if row.ends and row.ends < today else "",
        begins=row.starts if row.starts > today else "",
    )


def _today(context: Context) -> str:
    return context.now.astimezone(registry.JST).date().isoformat()


def _secure(request: Request) -> bool:
    return doors_of(request).base_url.startswith("https://")
