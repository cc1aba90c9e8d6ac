"""The timeline as a feed (DESIGN §6): of one patient, or of everybody whom the caller looks after."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Caller, Context
from hub.errors import Malformed, not_found
from hub.interactions.stretches import Walk
from hub.interactions.wanted import Wanted, narrowed
from hub.question import Shown, by_patient
from hub.store import fence, registry, resources, timeline
from hub.store.database import Tx
from hub.store.sql import Row
from hub.store.timeline import Span
from profiles.resource import Resource, as_list, as_object, as_text, objects


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

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.wanted.patient,)) if self.wanted.patient else ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[FeedPage]:
        after = self._opened(grant)
        if not self.wanted.patient:
            with fence.lifted(tx):
                return self._of_all(tx, grant.caller, context, after)
        predicate, parameters = narrowed(grant, self.wanted)
        if predicate is None:
            raise not_found("no-relation")
        if after is None:  # now: after what the caller may see, since any later place would tell of what is hidden
            after = timeline.last(tx, predicate, parameters)
        rows = timeline.page(tx, predicate, parameters, count=self.wanted.count + 1, span=Span(after))
        return self._shown(tx, grant, rows, after)

    def _of_all(self, tx: Tx, caller: Caller, context: Context, after: int | None) -> Shown[FeedPage]:
        walk = Walk(caller, self.interaction, self.wanted, context)
        if after is None:
            after = walk.newest(tx)
        rows, grant = walk.page(tx, after=after, count=self.wanted.count + 1)
        with fence.reaching(tx, caller.organisation, grant.reach):
            return self._shown(tx, grant, rows, after)

    def _shown(self, tx: Tx, grant: Grant, rows: Sequence[Row], after: int) -> Shown[FeedPage]:
        """The page that ``rows`` make, which begin after a place and may be one more than are wanted."""
        page, more = list(rows[: self.wanted.count]), len(rows) > self.wanted.count
        names = shown_names(tx, grant, {row.patient for row in page})
        places = [row.position for row in page]
        following = self.cursor(places[-1] if page else after, grant.caller.key)
        authors = registry.professions(tx, {row.author_name for row in page if row.author_name})
        items = [item(row, names.get(row.patient), authors.get((row.source, row.author_name))) for row in page]
        return Shown(FeedPage(items, places, following, more), by_patient(page), rows=page, grant=grant)

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


def shown_names(tx: Tx, grant: Grant, patients: set[str]) -> dict[str, str]:
    """The names of these patients, of those whose Patient record the caller may see."""
    records: dict[str, list[Row]] = {}
    for row in resources.records_of(tx, sorted(patients)):
        records.setdefault(row.id, []).append(row)
    names: dict[str, str] = {}
    for patient, found in records.items():
        for row in grant.standing(found):
            if patient not in names and grant.permits(row, ()).permit:
                names[patient] = _name_in(bytes(row.body))
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
