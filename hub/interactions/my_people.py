"""担当している方: everybody whom the caller looks after, those with news first (U2)."""

import re
from dataclasses import dataclass, replace
from datetime import date

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import NOT_FOR_ROLE, Refused
from hub.interactions.search import asked_by
from hub.interactions.stretches import Walk
from hub.interactions.wanted import Wanted, narrowed
from hub.projections.describe import SEXES
from hub.projections.wording import person_name
from hub.question import Shown
from hub.store import fence, search, timeline
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import MANY, Row, in_list
from profiles import BadParameter, parse_query
from profiles.canonical import NAME_REPRESENTATION
from profiles.json import read_json
from profiles.resource import Json, as_object, as_text, objects

ON_A_PAGE = 50
EVERYBODY = 1 << 31


@dataclass(frozen=True, slots=True)
class Person:
    """A resident as the caller may see them; ``name`` is empty when it may not be shown.

    ``born`` is the FHIR date as written, ``record`` the versioned reference of the Patient that says all this.
    """

    id: str
    name: str = ""
    kana: str = ""
    born: str = ""
    age: int | None = None
    sex: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Mine:
    """One person on the list: the newest thing known about them, and how much the caller has not seen.

    ``occurred`` is empty for something that has no date of its own.
    """

    person: Person
    unseen: int
    title: str = ""
    occurred: str = ""
    recorded: str = ""
    organisation_name: str = ""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the list: of ``total`` people ``with_news`` have something new; None where nobody counts them.

    ``too_many``: of those with the name there are more than these.
    """

    people: list[Mine]
    total: int | None
    with_news: int | None
    number: int
    pages: int
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class MyPeople:
    """``GET /people``; ``number`` is the page, from 1, ``name`` the beginning of a name or of how it is read.

    Whose organisation looks after thousands is shown those of whom there is something, the newest first.
    """

    only_news: bool = False
    number: int = 1
    name: str = ""
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        named = f"&name={self.name}" if self.name else ""
        return f"people?news={int(self.only_news)}&page={self.number}{named}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[PeoplePage]:
        caller, reader = grant.caller, reader_of(grant)
        with fence.lifted(tx):  # whose rules are needed is known before there is a grant
            listed = self._listed(tx, Walk(caller, self.interaction, Wanted(), context), reader)
            with fence.reaching(tx, caller.organisation, listed.grant.reach):
                return self._page(tx, listed, reader, today(context))

    def _listed(self, tx: Tx, walk: Walk, reader: str) -> "_Listed":
        if self.name:
            return named(tx, walk, self.name)
        if not walk.is_of_many(tx):
            grant = walk.about(tx, None)
            return _Listed(grant, grant.patients)
        last = self.number * ON_A_PAGE
        found = walk.lately(tx, reader, only_news=self.only_news, count=last + 1)
        here = tuple(found[last - ON_A_PAGE : last])
        return _Listed(walk.about(tx, here), here, self.number, more=len(found) > last)

    def _page(self, tx: Tx, listed: "_Listed", reader: str, day: date) -> Shown[PeoplePage]:
        grant = listed.grant
        predicate, parameters = narrowed(grant, Wanted())
        assert predicate is not None
        news = {row.patient: row for row in timeline.newest(tx, predicate, parameters, reader)}
        ordered = sorted(listed.people, key=lambda patient: _place(patient, news), reverse=True)
        wanted = [one for one in ordered if not self.only_news or (one in news and news[one].unseen)]
        pages = max(1, -(-len(wanted) // ON_A_PAGE))
        number = min(self.number, pages)
        on_page = wanted[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        people = shown_people(tx, grant, on_page, day)
        marks, bound = in_list("mp", on_page)
        here = f"({predicate}) AND t.patient IN ({marks})"
        newest = {row.patient: row for row in timeline.headlines(tx, here, {**parameters, **bound}, reader)}
        page = PeoplePage(
            people=[_mine(people[one], news.get(one), newest.get(one)) for one in on_page],
            total=len(ordered),
            with_news=sum(1 for one in ordered if one in news and news[one].unseen),
            number=number,
            pages=pages,
            too_many=listed.too_many,
        )
        if listed.number:
            more = listed.number + listed.more
            page = replace(page, total=None, with_news=None, number=listed.number, pages=more)
        return Shown(page, {one: _references(people[one], newest.get(one)) for one in on_page}, grant=grant)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Who is on the list, and the grant that knows them; only those of page ``number``, where it is not 0.

    ``more``: others follow.  ``too_many``: and others with that name.
    """

    grant: Grant
    people: tuple[str, ...]
    number: int = 0
    more: bool = False
    too_many: bool = False


def named(tx: Tx, walk: Walk, name: str) -> _Listed:
    """Of those whom the caller looks after, those whose name begins so, where the caller may see the name.

    They are decided about by and by, until there are more than a page has: what is hidden changes nothing of that.
    """
    try:
        parsed = parse_query("Patient", [("name", re.sub(r"([\\,|$])", r"\\\1", name))])  # typed: no separators
    except BadParameter:  # not one letter
        return _Listed(walk.about(tx, ()), ())
    near = search.Near(walk.caller.organisation, walk.caller.person or "")
    candidates, found = search.whose(tx, parsed, near, count=EVERYBODY), list[str]()
    for start in range(0, len(candidates), MANY):
        grant = walk.about(tx, candidates[start : start + MANY])
        known = sorted(grant.related.intersection(candidates[start : start + MANY]))
        if known:
            rows = search.find(tx, parsed, asked_by(grant, tuple(known)), count=len(known))
            found += dict.fromkeys(row.id for row in rows)
        if len(found) > ON_A_PAGE:
            break
    here = tuple(found[:ON_A_PAGE])
    return _Listed(walk.about(tx, here), here, too_many=len(found) > ON_A_PAGE)


def reader_of(grant: Grant) -> str:
    """The id of the person who reads a page about residents.

    Raises ``Refused`` for systems, and for auditors, who read the log and never its subjects.
    """
    if grant.caller.person is None or grant.caller.purpose == "AUDIT":
        raise Refused("This page is for the people who look after residents.", reason=NOT_FOR_ROLE)
    return grant.caller.person


def today(context: Context) -> date:
    """The day of the request in Japan."""
    return context.now.astimezone(JST).date()


def shown_people(tx: Tx, grant: Grant, patients: list[str], day: date, source: str = "") -> dict[str, Person]:
    """Each of ``patients``, with what their Patient record says where the caller may see one.

    ``source`` narrows to the records of one organisation.  ``day`` is the day on which ages are counted.
    """
    sql, parameters = grant.predicate("r", patient_records=not source)
    marks, bound = in_list("pp", patients)
    where = f"r.patient IN ({marks}) AND {sql}"
    if source:
        where, bound = f"{where} AND r.source = :source_", {**bound, "source_": source}
    rows = search.patient_records(tx, where, {**parameters, **bound})
    return {one: Person(one) for one in patients} | {row.id: _person(row, day) for row in rows}


def _place(patient: str, news: dict[str, Row]) -> tuple[bool, str, int]:
    """What is new comes first, then what happened last."""
    row = news.get(patient)
    return (bool(row.unseen), row.occurred, int(row.position)) if row is not None else (False, "", 0)


def _mine(person: Person, news: Row | None, newest: Row | None) -> Mine:
    if news is None or newest is None:
        return Mine(person, 0)
    occurred = newest.occurred if newest.clinical_date else ""
    return Mine(person, news.unseen, newest.title, occurred, newest.recorded, newest.organisation_name)


def _references(person: Person, newest: Row | None) -> tuple[str, ...]:
    item = f"{newest.type}/{newest.id}/_history/{newest.version}" if newest is not None else ""
    return tuple(one for one in (person.record, item) if one)


def _person(row: Row, day: date) -> Person:
    patient = as_object(read_json(row.body))
    born = as_text(patient.get("birthDate"))
    return Person(
        id=row.id,
        name=person_name(patient.get("name")),
        kana=_kana(patient.get("name")),
        born=born,
        age=_age(born, day),
        sex=SEXES.get(as_text(patient.get("gender")), ""),
        record=f"Patient/{row.id}/_history/{row.version}",
    )


def _kana(names: Json) -> str:
    for name in objects(names):
        written = [one for one in objects(name.get("extension")) if one.get("url") == NAME_REPRESENTATION]
        if any(one.get("valueCode") == "SYL" for one in written):
            return person_name(name)
    return ""


def _age(born: str, day: date) -> int | None:
    if len(born) != len("1940-03-02"):
        return None
    birth = date.fromisoformat(born)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
