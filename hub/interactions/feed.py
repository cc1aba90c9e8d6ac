"""The timeline as a feed (DESIGN §6): of one patient, or of everybody whom the caller looks after."""

from dataclasses import dataclass
from functools import lru_cache

import orjson

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context
from hub.errors import Malformed, not_found
from hub.question import Shown, by_patient
from hub.store import registry, resources, timeline
from hub.store.database import Tx
from hub.store.sql import Row, Value, in_list
from profiles.resource import Resource, as_list, as_object, as_text, objects

FILTERS = {"category", "scene", "organisation", "change"}
_COLUMNS = {"category": "t.category", "scene": "t.scene", "organisation": "t.source", "change": "t.change"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the timeline is asked for; within one filter values are alternatives.

    ``since`` is a cursor of an earlier answer, "" for the beginning, None for now.
    ``from_`` and ``to`` bound when it happened.
    """

    patient: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    from_: str = ""
    to: str = ""
    since: str | None = ""
    count: int = 20


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Items as DESIGN §6 shapes them, their places, the cursor to go on from, and whether more is there already."""

    items: list[Resource]
    places: list[int]
    next: str
    more: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """``GET /feed``: oldest first after ``since``; each committed item is seen exactly once."""

    wanted: Wanted
    query: str
    seal: Seal
    interaction: str = "feed"
    type: str = "*"

    def patients(self, tx: Tx) -> tuple[str, ...] | None:
        return resources.with_further(tx, (self.wanted.patient,)) if self.wanted.patient else None

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[FeedPage]:
        after = self._opened(grant)
        predicate, parameters = narrowed(grant, self.wanted)
        if predicate is None:
            raise not_found("no-relation")
        if after is None:  # now: after what the caller may see, since any later place would tell of what is hidden
            after = timeline.last(tx, predicate, parameters)
        count = self.wanted.count
        rows = timeline.page(tx, predicate, parameters, after=after, count=count + 1)
        page, more = list(rows[:count]), len(rows) > count
        names = shown_names(tx, grant, {row.patient for row in page})
        places = [row.position for row in page]
        following = self.cursor(places[-1] if page else after, grant.caller.key)
        authors = registry.professions(tx, {row.author_name for row in page if row.author_name})
        items = [item(row, names.get(row.patient), authors.get((row.source, row.author_name))) for row in page]
        return Shown(FeedPage(items, places, following, more), by_patient(page), rows=page)

    def cursor(self, place: int, whose: str) -> str:
        """What one caller (``Caller.key``) goes on from after an item's place."""
        return self.seal.close(str(place), whose, self._bound())

    def _opened(self, grant: Grant) -> int | None:
        if not self.wanted.since:
            return 0 if self.wanted.since == "" else None
        try:
            return int(self.seal.open(self.wanted.since, grant.caller.key, self._bound()))
        except BrokenSeal as error:
            raise Malformed("This cursor is not yours, or not of this feed. Start again without since.") from error

    def _bound(self) -> str:
        """A cursor belongs to one person's feed or to that of all; filters may change on the way."""
        return f"feed {self.wanted.patient}"


def narrowed(grant: Grant, wanted: Wanted) -> tuple[str | None, dict[str, Value]]:
    """The predicate over ``t`` of what is wanted, under the grant; none for a patient with no relation."""
    sql, parameters = grant.predicate("t")
    clauses = [sql]
    patients = (wanted.patient,) if wanted.patient else grant.patients
    if wanted.patient and wanted.patient not in grant.patients:
        return None, {}
    marks, bound = in_list("fp", patients)
    clauses.append(f"t.patient IN ({marks})")
    parameters |= bound
    for position, (name, values) in enumerate(wanted.filters):
        marks, bound = in_list(f"f{position}_", values)
        clauses.append(f"{_COLUMNS[name]} IN ({marks})")
        parameters |= bound
    if wanted.from_:
        clauses.append("t.occurred >= :occurred_from")
        parameters["occurred_from"] = wanted.from_
    if wanted.to:
        # As of a FHIR Period: the end is included, with everything that its precision covers.
        clauses.append("t.occurred < :occurred_to")
        parameters["occurred_to"] = f"{wanted.to}~"
    return " AND ".join(f"({clause})" for clause in clauses), parameters


def shown_names(tx: Tx, grant: Grant, patients: set[str]) -> dict[str, str]:
    """The names of these patients, of those whose Patient record the caller may see: another's before the own."""
    rows = resources.records_of(tx, sorted(patients))
    own_last = sorted(rows, key=lambda row: row.source == grant.caller.organisation)
    names: dict[str, str] = {}
    for row in own_last:
        if row.id not in names and grant.permits(row, ()).permit:
            names[row.id] = _name_in(bytes(row.body))
    return names


@lru_cache(maxsize=4096)
def _name_in(body: bytes) -> str:
    """The name in the bytes of a Patient record, which never change."""
    return display_name(as_object(orjson.loads(body)))


def display_name(patient: Resource) -> str:
    """The name as written: the ideographic one before the kana (FACTS §1.4)."""
    for name in objects(patient.get("name")):
        if not any(one.get("valueCode") in ("SYL", "ABC") for one in objects(name.get("extension"))):
            given = "".join(as_text(one) for one in as_list(name.get("given")))
            return as_text(name.get("text")) or f"{as_text(name.get('family'))} {given}".strip()
    return ""


def _with_change(changed: str, text: str) -> str:
    return f"変更：{changed}／{text}" if text else f"変更：{changed}"


def item(row: Row, name: str | None, profession: str | None) -> Resource:
    """One item of the feed (DESIGN §6)."""
    return {
        "id": row.event,
        "patient": {"id": row.patient, "name": name},
        "category": row.category,
        "scene": row.scene,
        "change": row.change,
        "occurred": row.occurred,
        "recorded": row.recorded,
        "organisation": {"id": row.source, "name": row.organisation_name, "kind": row.organisation_kind},
        "author": {"profession": row.author_profession or profession, "name": row.author_name},
        "title": row.title,
        "text": _with_change(row.changed, row.text) if row.changed else row.text,
        "resource": f"{row.type}/{row.id}/_history/{row.version}",
        "link": row.link,
    }
