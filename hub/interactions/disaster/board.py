"""What the municipality's officers see of disasters, before and during: what opens for whom, and of how many people.

No resident is named here: they are counted, slice by slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hub.access.area import is_protected, lives_in
from hub.access.decide import Grant
from hub.context import Context, instant
from hub.interactions.disaster.declare import Trouble, Wanted, is_officer, may_look, members, refuse_others, troubles
from hub.question import Shown
from hub.store import disasters, registry
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import as_object

PAST = 20
SLICE = 1000

State = Literal["waiting", "coming", "in-force", "over", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration; ``helpers`` are (name, kind), people are named, moments are instants, "" for what was not."""

    id: str
    name: str
    state: State
    areas: tuple[str, ...]
    helpers: tuple[tuple[str, str], ...]
    starts: str
    ends: str
    declared: str
    declared_by: str
    confirmed: str
    confirmed_by: str
    ending: str
    ending_by: str
    ended: str
    ended_by: str
    mine: bool
    my_wish: bool


@dataclass(frozen=True, slots=True)
class BoardPage:
    """``acts``: whether the reader decides here, rather than looks."""

    standing: list[Declaration]
    past: list[Declaration]
    acts: bool


@dataclass(frozen=True, slots=True)
class Board:
    """``GET /disaster``."""

    interaction: str = "page"
    type: str = ""
    query: str = "disaster"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[BoardPage]:
        refuse_others(grant.caller, who=may_look)
        now = instant(context.now)
        organisations = {row.id: (row.name, row.kind) for row in registry.organisations(tx)}
        names = registry.person_names(tx)

        def told(rows: Sequence[Row]) -> list[Declaration]:
            return [_declaration(row, organisations, names, grant.caller.person or "", now) for row in rows]

        page = BoardPage(
            told(disasters.standing(tx, now)), told(disasters.over(tx, now, PAST)), is_officer(grant.caller)
        )
        return Shown(page, {}, "officer")


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The organisations to choose from (id → name, kind), and what is wrong with what was typed."""

    members: dict[str, tuple[str, str]]
    troubles: list[Trouble]


@dataclass(frozen=True, slots=True)
class Draft:
    """``GET /disaster/new``: ``wanted`` is what was typed so far, none for an empty form."""

    wanted: Wanted | None
    interaction: str = "page"
    type: str = ""
    query: str = "disaster/new"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[DraftPage]:
        refuse_others(grant.caller)
        choice = members(tx, context)
        wrong = troubles(self.wanted, choice, context.now) if self.wanted else []
        return Shown(DraftPage(choice, wrong), {}, "officer")


@dataclass(frozen=True, slots=True)
class Residents:
    """How many live in an area; ``protected`` of the whole city have a protected address, and count in none."""

    here: int = 0
    protected: int = 0

    def plus(self, more: "Residents") -> "Residents":
        """Both together."""
        return Residents(self.here + more.here, self.protected + more.protected)


def count_slice(tx: Tx, areas: Sequence[Sequence[str]], after: str) -> tuple[list[Residents], str | None]:
    """Of each area the residents among the next ``SLICE`` after an id, and the id to go on from, if any."""
    rows = disasters.city_records(tx, registry.municipality(tx), after, SLICE)
    residents = [as_object(read_json(row.body)) for row in rows]
    protected = sum(map(is_protected, residents))
    counts = [Residents(sum(lives_in(one, area) for one in residents), protected) for area in areas]
    return counts, (rows[-1].id if len(rows) == SLICE else None)


def _declaration(
    row: Row, organisations: dict[str, tuple[str, str]], names: dict[str, str], reader: str, now: str
) -> Declaration:
    by = {f"{step}_by": names.get(row._mapping[f"{step}_by"], row._mapping[f"{step}_by"]) for step in _STEPS}
    return Declaration(
        id=row.id,
        name=row.name,
        state=_state(row, now),
        areas=disasters.areas(row),
        helpers=tuple(organisations.get(one, (one, "")) for one in disasters.organisations(row)),
        starts=row.starts,
        ends=row.ends,
        **{step: row._mapping[step] for step in _STEPS},
        **by,
        mine=row.declared_by == reader,
        my_wish=row.ending_by == reader,
    )


_STEPS = ("declared", "confirmed", "ending", "ended")


def _state(row: Row, now: str) -> State:
    if not row.confirmed:
        return "withdrawn" if row.ended else "waiting" if row.ends > now else "lapsed"
    if row.ended or row.ends <= now:
        return "over"
    return "coming" if row.starts > now else "in-force"
