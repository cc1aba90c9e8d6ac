"""One cell of the matrix: somebody knocks, and the answer becomes one word."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.api.looking import NEVER_USED
from tests.matrix.actors import Actor
from tests.matrix.answer import Answer
from tests.matrix.pages import PAGES
from tests.matrix.programs import ASKS, LOOK, Ask, names
from tests.matrix.things import BY_ID, Thing
from tests.matrix.world import World

OF_THE_SAME = {"cm-ito": "care-plan-app"}
"""By person: the system of their organisation."""
_JSON = {"content-type": "application/fhir+json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Door:
    """A row without its words: which door, and what is done there."""

    method: str
    path: str
    interaction: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.interaction}"

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return self.route in PAGES

    @property
    def ask(self) -> Ask:
        return ASKS.get(str(self)) or ASKS.get(self.route) or LOOK


def word_at(world: World, door: Door, actor: Actor, content: str) -> str:
    """What the hub answers, in a word of the table; a status in digits for what no word says."""
    return _at_a_page(world, door, actor) if door.is_page else _at_a_door(world, door, actor, content)


def status_of_head(world: World, door: Door, actor: Actor, content: str) -> tuple[int, int]:
    """The statuses of HEAD and of GET at the same door."""
    if door.is_page:
        prepared, headers = PAGES[door.route](world, actor), world.browsing(actor)
        one, other = (world.browse(method, prepared, headers).status for method in ("HEAD", "GET"))
        return one, other
    thing = world.thing(content, actor.about)
    more = dict(door.ask.more(world, thing)) if door.ask.more is not None else {}
    one, other = (
        _asked(world, replace(door, method=method), actor, thing, more, door.ask).status for method in ("HEAD", "GET")
    )
    return one, other


def _at_a_door(world: World, door: Door, actor: Actor, content: str) -> str:
    ask = door.ask
    mine = BY_ID[content].source in (actor.who, OF_THE_SAME.get(actor.who))
    fresh = ask.creates or (ask.fresh and mine)  # whose it is not must not change it
    thing = world.thing(content, actor.about, fresh=fresh)
    more = dict(ask.more(world, thing)) if ask.more is not None else {}
    answer = _asked(world, door, actor, thing, more)
    general = _general(answer)
    if general or ask.whole:
        return general or ("done" if answer.status in (200, 201, 202) else str(answer.status))
    number = f"never{next(world.numbers)}" if ask.fresh else "never"
    nobody = thing.of_nobody(number) if ask.inside or not ask.looks else thing.never(number)
    never = _asked(world, door, actor, nobody, dict.fromkeys(more, NEVER_USED))
    if answer.without(*thing.names, *more.values()) == never.without(*nobody.names):
        return "hidden"
    if not ask.looks:
        return "done" if answer.status in (200, 201, 202, 204) else str(answer.status)
    if answer.status != 200:
        return str(answer.status)
    marks = f'"id":"{thing.id}"', f'"{thing.type}/{thing.id}'
    if any(one in answer.text for one in marks):
        return "shown"
    return "hidden" if ask.inside else "200"


def _general(answer: Answer) -> str:
    if answer.status == 401 or (answer.status == 303 and answer.place == "/sign-in"):
        return "sign-in"
    return "refused" if answer.status == 403 else ""


def _asked(
    world: World, door: Door, actor: Actor, thing: Thing, more: Mapping[str, str], known_as: Ask | None = None
) -> Answer:
    """The answer; what only looks is asked once."""
    ask = known_as or door.ask
    known = {**names(thing), **more, "key": f"key{next(world.numbers)}"}
    path = (ask.path or door.path).format_map(known)
    body = ask.body(world, actor, thing) if ask.body is not None else b""
    if ask.entry:
        body = {"resourceType": "Bundle", "type": ask.entry, "entry": [body]}
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    said = {name.replace("_", "-"): value.format_map(known) for name, value in ask.headers.items()}
    headers = {**_JSON, **said, **world.headers(actor)}
    if door.path == "/oauth/token":
        return world.signed_in()
    key = (door.method, path, content, actor.id)
    once = not ask.fresh and (door.method == "GET" or ask.looks) and not ask.whole
    if once and key in world.answers:
        return world.answers[key]
    answer = world.send(door.method, path, headers, content)
    if answer.job:  # only so many may be under way
        world.send("DELETE", answer.job, headers)
    if ask.entry and answer.status == 200:
        answer = _of_entry(answer)
    if once:
        world.answers[key] = answer
    return answer


def _of_entry(answer: Answer) -> Answer:
    """The answer to the only entry of a Bundle."""
    bundle = json.loads(answer.text.partition("\n\n")[2])
    (entry,) = bundle["entry"]
    status = int(entry["response"]["status"][:3])
    return Answer(status, json.dumps(entry, ensure_ascii=False, separators=(",", ":")))


def _at_a_page(world: World, door: Door, actor: Actor) -> str:
    prepared = PAGES[door.route](world, actor)
    headers = {"accept-encoding": "identity", **world.browsing(actor, anew=prepared.anew)}
    answer = world.browse(door.method, prepared, headers)
    if general := _general(answer):
        return general
    if answer.status in (200, 303):
        return "page"
    never = world.browse(door.method, prepared.of_nobody(), headers)
    same = answer.without(*prepared.secrets) == never.without(NEVER_USED)
    return "hidden" if answer.status == 404 and same else str(answer.status)
