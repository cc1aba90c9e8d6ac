"""One person's timeline as a page: what happened, newest first, and what is new since the reader last looked (U2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context
from hub.errors import Malformed, not_found
from hub.interactions.hidden import line_for_staff
from hub.interactions.my_people import Person, reader_of, shown_people, today
from hub.interactions.wanted import Wanted, narrowed
from hub.projections.wording import care_level, day
from hub.question import Shown, by_patient
from hub.store import registry, resources, timeline
from hub.store.database import Tx
from hub.store.sql import Row, Value
from profiles.canonical import LTC_ITEM
from profiles.json import read_json
from profiles.resource import as_object, as_text, codings

ON_A_PAGE = 30
Professions: TypeAlias = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Looking:
    """What of a timeline is asked for: ``filters`` by category, scene, organisation, one value each.

    ``mark`` is the sealed place up to which the reader had read before this view began, ``cursor`` the sealed
    place after which the page starts; both come from an earlier page.
    """

    patient: str
    filters: tuple[tuple[str, str], ...] = ()
    only_new: bool = False
    mark: str = ""
    cursor: str = ""

    @property
    def whole(self) -> bool:
        """Whether the top of everything is asked for: what is shown then counts as seen."""
        return not (self.filters or self.only_new or self.cursor)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the timeline; ``profession`` is the author's by the city file, ``link`` only http or https.

    Moments are FHIR dates or dateTimes.  ``dated`` says whether the thing has a date of its own; else it stands
    where it was recorded.
    """

    category: str
    scene: str
    change: str
    is_new: bool
    dated: bool
    occurred: str
    recorded: str
    organisation_name: str
    organisation_kind: str
    profession: str
    author: str
    title: str
    text: str
    changed: str
    link: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day in Japan (``2026-11-20``, or less precise as it was written) and what happened on it."""

    date: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """By what the timeline can be narrowed: (code or id, name or "", number of items)."""

    categories: tuple[tuple[str, str, int], ...]
    scenes: tuple[tuple[str, str, int], ...]
    organisations: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page; ``new`` of all ``items`` are those that the reader had not seen.

    ``care_level`` is (要介護度, its last day) when it may be shown, ``hidden`` the line about what may not, or "".
    """

    person: Person
    care_level: tuple[str, str] | None
    days: list[Day]
    items: int
    new: int
    choices: Choices
    mark: str
    next: str | None
    hidden: str


@dataclass(frozen=True, slots=True)
class PersonTimeline:
    """``GET /people/{id}``."""

    looking: Looking
    seal: Seal
    interaction: str = "page"
    type: str = "*"

    @property
    def query(self) -> str:
        narrowing = [*self.looking.filters, *([("new", "1")] if self.looking.only_new else [])]
        return f"Patient/{self.looking.patient}/timeline?" + "&".join(f"{name}={value}" for name, value in narrowing)

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.looking.patient,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[TimelinePage]:
        reader, patient = reader_of(grant), self.looking.patient
        predicate, parameters = narrowed(grant, Wanted(patient))
        if predicate is None:
            raise not_found("no-relation")
        mark = self._mark(grant, timeline.seen(tx, reader, patient))
        tally = timeline.tally(tx, predicate, parameters, mark)
        rows, following = self._page(tx, grant, mark)
        person = shown_people(tx, grant, [patient], today(context))[patient]
        certified = _certified(tx, grant, patient)
        if self.looking.whole and tally:
            timeline.mark_seen(tx, reader, patient, max(int(row.newest) for row in tally))
        page = TimelinePage(
            person=person,
            care_level=_care_level(certified),
            days=_days(rows, mark, registry.professions(tx, {row.author_name for row in rows if row.author_name})),
            items=sum(int(row.items) for row in tally),
            new=sum(int(row.newer) for row in tally),
            choices=_choices(tally),
            mark=self.seal.close(str(mark), grant.caller.key, f"seen {patient}"),
            next=following,
            hidden=line_for_staff(tx, grant, patient),
        )
        told = [*rows, *([certified] if certified is not None else [])]
        references = by_patient(told).get(patient, ()) + ((person.record,) if person.record else ())
        return Shown(page, {patient: references}, rows=told)

    def _page(self, tx: Tx, grant: Grant, mark: int) -> tuple[list[Row], str | None]:
        """The rows of the page and, when there are more, the sealed place to go on from."""
        filters = tuple((name, (value,)) for name, value in self.looking.filters)
        predicate, parameters = narrowed(grant, Wanted(self.looking.patient, filters))
        assert predicate is not None
        if self.looking.only_new:
            predicate, parameters = f"({predicate}) AND t.position > :newer_than", {**parameters, "newer_than": mark}
        found = timeline.happened(tx, predicate, parameters, before=self._opened(grant), count=ON_A_PAGE + 1)
        rows = list(found[:ON_A_PAGE])
        if len(found) <= ON_A_PAGE:
            return rows, None
        return rows, self.seal.close(f"{rows[-1].position} {rows[-1].occurred}", grant.caller.key, self.query)

    def _opened(self, grant: Grant) -> tuple[str, int] | None:
        if not self.looking.cursor:
            return None
        try:
            position, _, occurred = self.seal.open(self.looking.cursor, grant.caller.key, self.query).partition(" ")
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this timeline.") from error
        return occurred, int(position)

    def _mark(self, grant: Grant, seen: int) -> int:
        if not self.looking.mark:
            return seen
        try:
            return int(self.seal.open(self.looking.mark, grant.caller.key, f"seen {self.looking.patient}"))
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this timeline.") from error


def _certified(tx: Tx, grant: Grant, patient: str) -> Row | None:
    """The newest 要介護状態区分 that the caller may see."""
    predicate, parameters = grant.predicate("r")
    narrow: dict[str, Value] = {**parameters, "ltc_": "ltc-certification"}
    rows = resources.compartment(
        tx, patient, f"({predicate}) AND r.category = :ltc_ AND r.type = 'Observation'", narrow, 20
    )
    levels = [row for row in rows if (LTC_ITEM, "care-level") in codings(as_object(read_json(row.body)).get("code"))]
    return max(levels, key=lambda row: row.clinical_date or "", default=None)


def _care_level(row: Row | None) -> tuple[str, str] | None:
    if row is None:
        return None
    observation = as_object(read_json(row.body))
    until = day(as_text(as_object(observation.get("effectivePeriod")).get("end")))
    return care_level(observation.get("valueCodeableConcept")), until


def _days(rows: Sequence[Row], mark: int, professions: Professions) -> list[Day]:
    return [
        Day(date, tuple(_entry(row, mark, professions) for row in group))
        for date, group in groupby(rows, key=lambda row: day(row.occurred))
    ]


def _entry(row: Row, mark: int, professions: Professions) -> Entry:
    link = row.link or ""
    author = row.author_name if row.author_name and row.author_name != row.organisation_name else ""
    return Entry(
        category=row.category,
        scene=row.scene,
        change=row.change,
        is_new=row.position > mark,
        dated=bool(row.clinical_date),
        occurred=row.occurred,
        recorded=row.recorded,
        organisation_name=row.organisation_name,
        organisation_kind=row.organisation_kind,
        # What the item itself says is the role of the system that pushed it, not that of the author.
        profession=professions.get((row.source, author), ""),
        author=author,
        title=row.title,
        text=row.text,
        changed=row.changed,
        link=link if link.startswith(("https://", "http://")) else "",
    )


def _choices(tally: Sequence[Row]) -> Choices:
    names = {row.source: row.organisation_name for row in tally}
    return Choices(
        categories=_counted(tally, "category", {}),
        scenes=_counted(tally, "scene", {}),
        organisations=_counted(tally, "source", names),
    )


def _counted(tally: Sequence[Row], column: str, names: dict[str, str]) -> tuple[tuple[str, str, int], ...]:
    counts: dict[str, int] = {}
    for row in tally:
        value = row._mapping[column]
        counts[value] = counts.get(value, 0) + int(row.items)
    return tuple((value, names.get(value, ""), counts[value]) for value in sorted(counts, key=lambda one: -counts[one]))
