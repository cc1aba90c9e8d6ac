"""How each page is opened and each form sent: as whoever may do it would, about the resident of the asker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode
from uuid import uuid4

from hub.context import instant
from hub.store import reviews
from tests.api import disasters
from tests.api.consent_desk import BOUNDARY, CONSENT_DESK, PAPER, drafted
from tests.api.emergencies import PLACE, REASON
from tests.api.looking import NEVER_USED
from tests.api.pages_city import CARE_MANAGER, rows
from tests.matrix.actors import ACTORS, Actor
from tests.matrix.world import World, name_of


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser sends.  ``secrets`` are the ids in it that never were for one who may not know of them.

    ``anew``: it ends the session, so it has one of its own.
    """

    path: str
    secrets: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    with_file: bool = False
    anew: bool = False

    def of_nobody(self) -> "Page":
        """The same about what never was."""

        def unnamed(text: str) -> str:
            for one in self.secrets:
                text = text.replace(one, NEVER_USED)
            return text

        return replace(
            self, path=unnamed(self.path), fields={name: unnamed(text) for name, text in self.fields.items()}
        )

    @property
    def body(self) -> tuple[bytes, str]:
        """The form, and its type."""
        if not self.with_file:
            return urlencode(self.fields).encode(), "application/x-www-form-urlencoded"
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in self.fields.items()
        ]
        return f"{''.join(parts)}--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


Prepare = Callable[[World, Actor], Page]


def _plain(path: str, **fields: str) -> Prepare:
    return lambda world, actor: Page(path, fields=fields)


def _about(path: str) -> Prepare:
    """A page about the resident of the asker."""

    def prepare(world: World, actor: Actor) -> Page:
        person = world.people[actor.about]
        return Page(path.format(id=person, patient=person), (person,))

    return prepare


# -- the secretariat


def _candidates(world: World, actor: Actor) -> Page:
    low, high = world.twins()
    return Page("/desk/candidates", (low, high), {"patient": low, "other": high, "decision": "hold"})


def _contacts(world: World, actor: Actor) -> Page:
    person = world.waiting()
    return Page("/desk/contacts", (person,), {"patient": person, "organisation": "clinic", "decision": "confirm"})


# -- care teams: what nobody has to prepare, so that whoever may act is told that somebody was faster


def _team(act: str, query: str = "", **fields: str) -> Prepare:
    def prepare(world: World, actor: Actor) -> Page:
        person = world.people[actor.about]
        return Page(f"/care-teams/{person}/{act}{query}", (person,), fields)

    return prepare


_HANDING = {"leaving": "kyotaku/", "coming": "tonari/", "last": "2026-11-22"}
_MEMBER = {"member": "tonari/", "starts": "2026-11-22", "base": "", "last": "2026-11-22", "origin": "desk"}


# -- emergencies, disasters


def _sheet(world: World, actor: Actor) -> Page:
    """The emergency of the one who declared it; of others, that of a nurse."""
    id_ = world.kept["emergency urgent" if actor.id == "emergency" else "emergency"]
    return Page(f"/emergency/{id_}", (id_,))


def _end(world: World, actor: Actor) -> Page:
    mine = actor.id == "emergency"
    id_ = world.emergency("pm-hori", "street") if mine else world.kept["emergency"]
    return Page(f"/emergency/{id_}", (id_,))


def _declare(world: World, actor: Actor) -> Page:
    return Page("/emergency", fields={"name": name_of("street"), "reason": REASON, "place": PLACE})


def _area(world: World, *, helpers: str = "pharm") -> dict[str, str]:
    """A declaration for an area in which nobody lives."""
    return disasters.fields(world.city, helpers, areas=("試験市 西町",))


def _disaster(world: World, actor: Actor) -> Page:
    """What the second officer declared, to be confirmed."""
    if "disaster" not in world.kept:
        disasters.declare(world.city, world.desk(disasters.SECOND), "pharm", areas=("試験市 西町",))
        found = rows(world.city, "SELECT id FROM disaster WHERE declared_by = 'off-chiba' AND ended = ''")
        world.kept["disaster"] = str(found[0]["id"])
    id_ = world.kept["disaster"]
    return Page(f"/disaster/{id_}", (id_,), {"act": "confirm"})


# -- consents


def _consent(path: str, **fields: str) -> Prepare:
    def prepare(world: World, actor: Actor) -> Page:
        person, thing = world.people[actor.about], world.thing("consent", actor.about)
        form = world.kept[f"form {actor.about}"]
        here = f"/consents/{person}{path}".format(consent=thing.id, form=form)
        return Page(here, (person, thing.id, form), fields, with_file=bool(fields))

    return prepare


def _draft(*, save: bool) -> Prepare:
    """What the desk typed, about to be saved, or thrown away."""

    def prepare(world: World, actor: Actor) -> Page:
        person = world.people[actor.about]
        kept = f"draft {actor.about}"
        if kept not in world.kept:
            world.kept[kept] = drafted(world.desk(CONSENT_DESK), person)
        id_ = world.kept[kept].rpartition("/")[2]
        return Page(f"/consents/{person}/drafts/{id_}", (person, id_), {"action": "discard"} if save else {})

    return prepare


# -- the log, the reviews


def _event(path: str, **fields: str) -> Prepare:
    def prepare(world: World, actor: Actor) -> Page:
        person = world.people["team"]
        events = world.events(person)
        id_ = events[ACTORS.index(actor) % len(events)]
        return Page(path.format(patient=person, id=id_), (person, id_), fields)

    return prepare


def _case(world: World, actor: Actor) -> Page:
    if "case" not in world.kept:
        world.kept["case"] = id_ = uuid4().hex
        case = {"patient": world.people["team"], "id": id_, "kind": "question", "subject": "x", "text": "わけ"}
        by = {"opened": instant(world.city.clock.now), "organisation": "city", "person": "sec-noda"}
        still = {"finding": "", "note": "", "closed": "", "closed_by": ""}
        world.city.store.lane.do(lambda tx: reviews.put(tx, {**case, **by, **still}))
    id_ = world.kept["case"]
    return Page(f"/reviews/{id_}", (id_,), {"act": "answered", "note": "お答えしました"})


_WHO = {"name": name_of("area"), "birth": "1940-05-01", "number": ""}
_HOLDS = "/access-record/{patient}"

# By method and path.
PAGES: dict[str, Prepare] = {
    "GET /static/style.css": _plain("/static/style.css"),
    "GET /static/countdown.js": _plain("/static/countdown.js"),
    "GET /": _plain("/"),
    "GET /sign-in": _plain("/sign-in"),
    "POST /sign-in": lambda world, actor: Page("/sign-in", fields={"role": CARE_MANAGER}, anew=True),
    "POST /sign-out": lambda world, actor: Page("/sign-out", anew=True),
    "GET /people": _plain("/people"),
    "GET /people/{id}": _about("/people/{id}"),
    "GET /people/{id}/handoff": _about("/people/{id}/handoff"),
    "GET /desk": _plain("/desk"),
    "POST /desk/candidates": _candidates,
    "POST /desk/contacts": _contacts,
    "GET /care-teams": _plain("/care-teams"),
    "POST /care-teams": _plain("/care-teams", q=name_of("team")),
    "GET /care-teams/{id}": _about("/care-teams/{id}"),
    "POST /care-teams/{id}/members": _team("members", **_MEMBER),
    "POST /care-teams/{id}/ends": _team("ends", **_MEMBER),
    "GET /care-teams/{id}/hand-over": _team("hand-over", f"?{urlencode(_HANDING)}"),
    "POST /care-teams/{id}/hand-over": _team("hand-over", **_HANDING, state=""),
    "POST /care-teams/{id}/contacts": _team("contacts", organisation="clinic", decision="confirm"),
    "POST /care-teams/{id}/undo": _team("undo", undo="confirm:clinic:"),
    "GET /emergency": _plain("/emergency"),
    "POST /emergency": _declare,
    "GET /emergency/{id}": _sheet,
    "POST /emergency/{id}": _end,
    "GET /disaster": _plain("/disaster"),
    "POST /disaster": lambda world, actor: Page("/disaster", fields=_area(world)),
    "GET /disaster/new": _plain("/disaster/new"),
    "GET /disaster/people": _plain("/disaster/people"),
    "POST /disaster/people": _plain("/disaster/people", **_WHO),
    "GET /disaster/people/{id}": _about("/disaster/people/{id}"),
    "POST /disaster/{id}": _disaster,
    "GET /consents": _plain("/consents"),
    "POST /consents": _plain("/consents", name=name_of("team")),
    "GET /consents/{patient}": _about("/consents/{patient}"),
    "GET /consents/{patient}/new": _consent("/new"),
    "POST /consents/{patient}/new": _consent("/new", **PAPER, base=""),
    "GET /consents/{patient}/revoke/{consent}": _consent("/revoke/{consent}"),
    "POST /consents/{patient}/revoke/{consent}": _consent(
        "/revoke/{consent}", signer="patient", signed="2026-11-22", why="ご希望", action="check"
    ),
    "GET /consents/{patient}/drafts/{draft}": _draft(save=False),
    "POST /consents/{patient}/drafts/{draft}": _draft(save=True),
    "GET /consents/{patient}/copy": _about("/consents/{patient}/copy"),
    "GET /consents/{patient}/forms/{form}": _consent("/forms/{form}"),
    "GET /reviews": _plain("/reviews"),
    "POST /reviews/{id}": _case,
    "GET /audit": _plain("/audit"),
    "GET /audit/{id}": _event("/audit/{id}"),
    "GET /access-record": _plain("/access-record"),
    "POST /access-record": _plain("/access-record", **_WHO),
    "GET /access-record/{patient}": _event(_HOLDS),
    "GET /access-record/{patient}/print": _event(f"{_HOLDS}/print"),
    "GET /access-record/{patient}/entries/{id}": _event(f"{_HOLDS}/entries/{{id}}"),
    "POST /access-record/{patient}/entries/{id}": _event(f"{_HOLDS}/entries/{{id}}", text="どなたですか"),
    "GET /why": _plain("/why"),
    "POST /why": _plain("/why", **_WHO),
    "GET /why/{id}": _event("/why/{id}"),
    "GET /{path:path}": _plain("/no-such-page"),
}
