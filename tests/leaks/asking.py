"""Asking in a world, and keeping every answer whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2

from tests.hub_in_test import Body
from tests.leaks import ground
from tests.leaks.facts import Fact
from tests.leaks.world import World, answered

NEVER_USED = "0" * 32


@dataclass(frozen=True, slots=True)
class Matter:
    """A hidden fact as the asker names it: whom it is about, and what is hidden as (type, id, version)."""

    fact: Fact
    person: str
    hidden: tuple[tuple[str, str, str], ...]
    visit: str

    def of_each_type(self) -> list[tuple[str, str, str]]:
        """Hidden things to ask about one by one: of every type one, and of several such not always the first."""
        of: dict[str, list[tuple[str, str, str]]] = {}
        for one in self.hidden:
            of.setdefault(one[0], []).append(one)
        return [things[place % len(things)] for place, things in enumerate(of.values())]


@dataclass(slots=True)
class Asking:
    """One who must not learn, in one world, with the questions of one channel; ``answers`` are kept in their order."""

    world: World
    matter: Matter
    answers: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        return self.matter.fact.system

    def fill(self, template: str, hidden: tuple[str, str, str] = ("", "", "")) -> str:
        """A template with the names of the matter in it."""
        names: Mapping[str, str] = {
            "p": self.matter.person, "visit": self.matter.visit,
            "t": hidden[0], "i": hidden[1], "v": hidden[2], "never": NEVER_USED,
            "system": ground.SYSTEM, "number": ground.NUMBER, "word": ground.WORD, "value": str(ground.VALUE),
            "date": ground.DATE, "born": ground.BORN, "street": ground.STREET, "post": ground.POST_CODE,
            "phone": ground.PHONE,
        }  # fmt: skip
        return template.format_map(names)

    def filled(self, templates: tuple[str, ...]) -> list[str]:
        """Every template; one that names what is hidden, once for each type of what is.

        One that names nothing of the matter is the same question whatever the fact: one fact asks it for all.
        """
        found = []
        for template in templates:
            about = any(one in template for one in ("{t}", "{i}", "{v}"))
            if not about and "{p}" not in template and not self.matter.fact.asks_for_all:
                continue
            things = self.matter.of_each_type() if about else [("", "", "")]
            found += [self.fill(template, one) for one in things]
        return found

    def get_all(self, *templates: str, **headers: str) -> None:
        """GET each; a path without a slash at its start is below ``/fhir/``."""
        for path in self.filled(templates):
            self.send("GET", path, **headers)

    def send(self, method: str, path: str, body: object = None, *, who: str = "", **headers: str) -> httpx2.Response:
        """One request as ``who`` (the asker unless named); the answer is kept."""
        where = path if path.startswith(("/", "http://")) else f"/fhir/{path}"
        known = self.world.city.headers(who or self.who, **({"content_type": "application/fhir+json"} if body else {}))
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        sent = {
            "Accept-Encoding": "identity",
            **known,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.keep(f"{method} {path}", self.world.request(method, where, sent, content))

    def page(self, role: str, path: str) -> httpx2.Response:
        """A page for people, in the browser of ``role``."""
        return self.keep(f"page {path}", self.world.browser(role).get(path, accept_encoding="identity"))

    def form(self, role: str, path: str, fields: Mapping[str, str]) -> httpx2.Response:
        """A form of a page."""
        return self.keep(f"form {path}", self.world.browser(role).post(path, fields))

    def keep(self, asked: str, response: httpx2.Response) -> httpx2.Response:
        assert response.status_code < 500, asked  # two failures would be equal as well
        assert response.status_code != 429, asked
        self.answers.append(f"{asked}\n{answered(response)}")
        return response

    def say(self, text: str) -> None:
        """Something that the asker has found out, to be compared like an answer."""
        self.answers.append(text)

    def next_of(self, bundle: Body) -> str:
        """The path of a Bundle's next page, or ""."""
        links = [str(one["url"]) for one in bundle.get("link", ()) if one["relation"] == "next"]
        return links[0].removeprefix("http://hub.test") if links else ""

    @property
    def transcript(self) -> str:
        """All that was asked and answered, without what chance made of it."""
        return self.world.canonical("\n".join(self.answers))
