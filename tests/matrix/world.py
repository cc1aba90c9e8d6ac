"""The one world that the whole matrix asks about: six residents, and of each one thing of every kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from hub.auth import fingerprint
from hub.context import instant
from tests.api import disasters, emergencies
from tests.api.consent_desk import PAPER, desk_of, registered
from tests.api.pages_city import CARE_MANAGER, PHYSICIAN, Browser, browser_of, change, rows
from tests.hub_in_test import Body, City, patient, sign_in, small_city
from tests.matrix.actors import ACTORS, Actor
from tests.matrix.answer import Answer, answer_of
from tests.matrix.things import BY_ID, CONTENTS, Content, Thing, written
from tests.receiver_in_test import ALLOWED
from tests.stream_in_test import streams_of

if TYPE_CHECKING:
    from tests.matrix.pages import Page

TEAM = ("Organization/hosp", "Organization/clinic", "Organization/kyotaku", "Organization/day", "Organization/pharm")
FEW = ("Organization/hosp", "Organization/kyotaku")
TEAMS = {"team": TEAM, "apart": FEW, "revoked": TEAM, "pending": FEW, "urgent": FEW, "area": FEW, "street": FEW}
PAPERS = {"urgent": {"root": "deny"}}
SYSTEMS = ("hosp-ehr", "clinic-emr", "pharm-rx", "city-registry")
SCOPES = "user/*.cruds"
"""A person's token may do all that a system's may: what a row refuses, no scope has refused before it."""
PAST = timedelta(hours=9)


_EMERGENCIES = "SELECT id FROM emergency WHERE person = :who AND patient = :p AND until > :now"


def name_of(about: str) -> str:
    return f"試験 {list(TEAMS).index(about) + 1}子"


@dataclass(slots=True)
class World:
    """A hub and what was put into it: residents by name, things by resident and content, whatever else by name."""

    city: City
    people: dict[str, str] = field(default_factory=dict)
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    desks: dict[str, Browser] = field(default_factory=dict)
    browser: Browser = field(init=False)
    answers: dict[object, Answer] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(9_000_000_100))

    def __post_init__(self) -> None:
        self.browser = Browser(self.city)

    # -- who asks

    def token(self, actor: Actor) -> str:
        """The access token of an actor; one that is over, a session's secret, or none."""
        if actor.id == "anonymous":
            return ""
        if actor.id == "expired":
            return self.kept["expired token"]
        if actor.id == "crossed":
            return self.session_of(PHYSICIAN)
        is_system = actor.who in SYSTEMS
        return self.city.token(actor.who) if is_system else self.city.token(actor.who, scopes=SCOPES)

    def headers(self, actor: Actor) -> dict[str, str]:
        """As a program sends them.  A cookie beside the token must not change anything."""
        token = self.token(actor)
        cookie = {"Cookie": f"renkei_session={token}"} if actor.id == "crossed" else {}
        return {**({"Authorization": f"Bearer {token}"} if token else {}), **cookie}

    def session_of(self, role: str) -> str:
        """The secret of a session, begun once for each role."""
        if role not in self.sessions:
            self.sessions[role] = browser_of(self.city, role).session
        return self.sessions[role]

    def desk(self, role: str) -> Browser:
        """The browser of one who prepares what others are tried with."""
        if role not in self.desks:
            self.desks[role] = browser_of(self.city, role)
        return self.desks[role]

    def browsing(self, actor: Actor, *, anew: bool = False) -> dict[str, str]:
        """As a browser sends them; whoever has no role shows an access token, as a cookie and as a token."""
        if actor.id == "expired":
            return {"Cookie": f"renkei_session={self.kept['expired session']}"}
        if actor.role:
            secret = browser_of(self.city, actor.role).session if anew else self.session_of(actor.role)
            return {"Cookie": f"renkei_session={secret}"}
        token = self.city.token("dr-sato", scopes=SCOPES) if actor.id == "crossed" else self.token(actor)
        return {"Cookie": f"renkei_session={token}", "Authorization": f"Bearer {token}"} if token else {}

    # -- asking

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """As a program asks."""
        return answer_of(self.city.client.request(method, path, content=body, headers=headers))

    def browse(self, method: str, page: "Page", headers: dict[str, str]) -> Answer:
        """As a browser asks, which follows nothing by itself and keeps no cookie of what it was told."""
        browser, (body, kind) = self.browser, page.body
        sent = {"Content-Type": kind, "Origin": browser.base} if method == "POST" else {}
        answer = answer_of(
            browser.client.request(method, page.path, content=body if sent else b"", headers={**headers, **sent})
        )
        browser.client.cookies.clear()
        return answer

    def signed_in(self) -> Answer:
        """A system's own sign-in, which nothing that is sent beside it changes."""
        return answer_of(sign_in(self.city, "hosp-ehr"))

    # -- what there is

    def thing(self, content: str, about: str, *, fresh: bool = False) -> Thing:
        """A thing of this kind about a resident; ``fresh``: one that nobody has touched."""
        known = self.things[content, about]
        return self.write(BY_ID[content], about) if fresh else known

    def write(self, content: Content, about: str) -> Thing:
        person, number = self.people[about], f"m{next(self.numbers)}"
        return self._known(
            content.id, self.city.created(content.source, written(content, person, number)), about, number
        )

    def _known(self, content: str, stored: Body, about: str, number: str = "") -> Thing:
        type_, id_, version = stored["resourceType"], stored["id"], stored["meta"]["versionId"]
        return Thing(content, type_, id_, version, self.people[about], number)

    def twins(self) -> tuple[str, str]:
        """Two who may be one."""
        if "twins" not in self.kept:
            found = sorted(self.city.resident(f"900000000{n}", name="双葉 花子", birth="1950-01-01") for n in (1, 2))
            self.kept["twins"] = " ".join(found)
        low, high = self.kept["twins"].split()
        return low, high

    def waiting(self) -> str:
        """Somebody whom the clinic sent something about, for the first time."""
        number = f"{next(self.numbers):010d}"
        self.city.created("clinic-emr", patient(number, name="待井 花子"))
        return self.city.resident(number, name="待井 花子")

    def events(self, person: str) -> list[str]:
        """Entries of the log about a resident."""
        if person not in self.logs:
            self.logs[person] = [str(row["id"]) for row in self.city.log(patient=person)]
        return self.logs[person]

    # -- making it

    def fill(self) -> None:
        """All residents, their teams and papers; then what is known of them; then who lost, waits and helps."""
        desk = desk_of(self.city)
        for number, (about, team) in enumerate(TEAMS.items(), 1):
            where = disasters.lives_at(disasters.HERE if about == "area" else disasters.ELSEWHERE)
            person = self.city.resident(f"{number:010d}", name=name_of(about), **where)
            self.people[about] = person
            stored = {"care-team": self.city.team(person, *team)}
            registered(desk, person, {**PAPER, **PAPERS.get(about, {})})
            stored["consent"] = self._one("Consent", person)
            stored["demographics"] = self._read(f"Patient/{person}")
            self.kept[f"form {about}"] = str(self._one("DocumentReference", person)["id"])
            self.things |= {(id_, about): self._known(id_, one, about) for id_, one in stored.items()}
            self.things |= {(one.id, about): self.write(one, about) for one in CONTENTS if one.make is not None}
        self._revoke("revoked")
        self.city.created("clinic-emr", patient(f"{list(TEAMS).index('pending') + 1:010d}", name=name_of("pending")))
        self.kept["emergency"] = self.emergency(emergencies.NURSE, "apart")
        self.kept["emergency urgent"] = self.emergency("pm-hori", "urgent")
        disasters.declared(self.city, "tonari")
        self._expire()

    def _read(self, path: str) -> Body:
        found: Body = self.city.get("city-registry", f"/fhir/{path}").json()
        return found

    def _one(self, type_: str, person: str) -> Body:
        (entry,) = self._read(f"{type_}?patient={person}")["entry"]
        found: Body = entry["resource"]
        return found

    def _revoke(self, about: str) -> None:
        thing = self.things["consent", about]
        self.city.clock.move(seconds=1)
        ended = {**self._read(f"Consent/{thing.id}"), "status": "inactive", "dateTime": self.city.clock.now.isoformat()}
        answer = self.city.put("city-registry", f"/fhir/Consent/{thing.id}", ended)
        assert answer.status_code == 200, answer.text
        self.things["consent", about] = replace(thing, version=answer.json()["meta"]["versionId"])

    def emergency(self, who: str, about: str) -> str:
        """An emergency access that is in force; gives its id."""
        emergencies.declared(self.city, who, name=name_of(about))
        found = rows(self.city, _EMERGENCIES, who=who, p=self.people[about], now=instant(self.city.clock.now))
        return str(found[0]["id"])

    def _expire(self) -> None:
        token = self.city.token("dr-sato")
        session = browser_of(self.city, CARE_MANAGER).session
        self.kept |= {"expired token": token, "expired session": session}
        over = instant(self.city.clock.now - timedelta(seconds=1))
        for secret in (token, session):
            change(
                self.city, "UPDATE token SET expires = :over WHERE fingerprint = :f", over=over, f=fingerprint(secret)
            )


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """The world, filled; its clock stands still."""
    with small_city(directory, ALLOWED) as city:
        streams_of(city).ending = True  # each says what there is, and ends
        made = World(city)
        made.fill()
        for actor in ACTORS:
            made.headers(actor)
        yield made
