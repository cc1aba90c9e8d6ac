"""Declaring and ending a disaster (CONSENT.md §7): nothing opens, and nothing ends early, by one officer alone."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hub.access.caller import authenticate
from hub.context import Caller, Context, Credential, instant
from hub.errors import NOT_FOR_ROLE, Conflict, Malformed, Problem, Refused, not_found
from hub.projections.rows import record
from hub.store import audit, disasters, registry, reviews
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import Row

OFFICER, AUDITOR = "municipal-officer", "auditor"
AHEAD = timedelta(days=14)
"""So far ahead at most may the end of a declaration be: who needs longer declares again."""
LONGEST, MOST_AREAS = 100, 20
USUAL_KINDS = frozenset(
    {"hospital", "clinic", "pharmacy", "home-nursing", "support-center", "fire-department", "municipality"}
)
"""The kinds of organisations that help unless the officer chooses otherwise."""
CASE = "disaster"

Act = Literal["confirm", "withdraw", "end", "go-on"]
Done = Literal["confirm", "withdraw", "end-wish", "end", "go-on"]
Trouble = Literal["name", "area", "organisations", "period", "too-long", "over"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an officer wants to declare.  ``areas`` as in ``hub.access.area``; ``organisations`` are ids."""

    name: str
    areas: tuple[str, ...]
    organisations: tuple[str, ...]
    starts: datetime | None
    ends: datetime | None


def troubles(wanted: Wanted, known: Collection[str], now: datetime) -> list[Trouble]:
    """What is wrong with it; nothing when it can be declared."""
    starts, ends = wanted.starts, wanted.ends
    found: dict[Trouble, bool] = {
        "name": not wanted.name.strip() or len(wanted.name) > LONGEST,
        "area": not _are_areas(wanted.areas),
        "organisations": not wanted.organisations or not set(wanted.organisations) <= set(known),
        "period": starts is None or ends is None or ends <= starts,
        "over": ends is not None and ends <= now,
        "too-long": ends is not None and ends > now + AHEAD,
    }
    return [trouble for trouble, is_so in found.items() if is_so]


def declare(tx: Tx, credential: Credential, wanted: Wanted, context: Context) -> str:
    """Keep a declaration, which waits for the second officer and opens nothing; gives its id.

    Raises ``Refused`` for everybody but a municipal officer, ``Malformed`` for what cannot be declared.
    """
    caller = _officer(tx, credential, context)
    wrong = troubles(wanted, members(tx, context), context.now)
    if wrong or wanted.starts is None or wanted.ends is None:
        problems = [Problem("error", "value", one, "This is missing, or cannot be.") for one in wrong]
        raise Malformed("This disaster cannot be declared.", problems=problems)
    id_, now, by = context.new_id(), instant(context.now), caller.person or ""
    period = {"starts": instant(wanted.starts), "ends": instant(wanted.ends)}
    later = dict.fromkeys(("confirmed", "confirmed_by", "ending", "ending_by", "ended", "ended_by"), "")
    told = {"id": id_, "name": wanted.name.strip(), **period, "declared": now, "declared_by": by, **later}
    disasters.put(tx, told, wanted.areas, wanted.organisations)
    _log(tx, caller, "declare", id_, context)
    return id_


def act(tx: Tx, credential: Credential, id_: str, step: Act, context: Context) -> Done:
    """Confirm a declaration, withdraw it, end it, or take back the wish to end it; gives what became of it.

    ``end`` is a wish when the first officer says it, and the end when a second one does.  Raises ``Refused`` for the
    wrong officer, ``NotFound`` for what nobody declared, ``Conflict`` when it does not stand so any more.
    """
    caller = _officer(tx, credential, context)
    disaster = disasters.one(tx, id_)
    if disaster is None:
        raise not_found()
    done = _ACTS[step](tx, disaster, caller, context)
    if done is None:
        raise Conflict("This declaration was decided meanwhile, or has run out.", reason="decided")
    _log(tx, caller, done, id_, context)
    return done


def _confirm(tx: Tx, disaster: Row, caller: Caller, context: Context) -> Done | None:
    _another(caller, disaster.declared_by)
    if not disasters.confirm(tx, disaster.id, instant(context.now), caller.person or ""):
        return None
    _ask_for_review(tx, disaster, caller, context)
    return "confirm"


def _withdraw(tx: Tx, disaster: Row, caller: Caller, context: Context) -> Done | None:
    if caller.person != disaster.declared_by:
        raise Refused("A declaration is withdrawn by the officer who made it.", reason="not-the-declarer")
    if disaster.confirmed:
        return None
    return "withdraw" if disasters.end(tx, disaster.id, instant(context.now), caller.person or "") else None


def _end(tx: Tx, disaster: Row, caller: Caller, context: Context) -> Done | None:
    now, by = instant(context.now), caller.person or ""
    if not disaster.ending:
        return "end-wish" if disasters.ask_to_end(tx, disaster.id, now, by) else None
    _another(caller, disaster.ending_by)
    return "end" if disasters.end(tx, disaster.id, now, by) else None


def _go_on(tx: Tx, disaster: Row, caller: Caller, context: Context) -> Done | None:
    if disaster.ending and caller.person != disaster.ending_by:
        raise Refused("The wish to end it is taken back by the officer whose it is.", reason="not-the-declarer")
    return "go-on" if disasters.go_on(tx, disaster.id) else None


_ACTS: dict[Act, Callable[[Tx, Row, Caller, Context], Done | None]] = {
    "confirm": _confirm,
    "withdraw": _withdraw,
    "end": _end,
    "go-on": _go_on,
}


def may_look(caller: Caller) -> bool:
    """Whether the caller is one of the municipality's officers and auditors, in force."""
    at_home = caller.organisation_kind == "municipality" and caller.in_force
    return at_home and caller.profession in (OFFICER, AUDITOR)


def is_officer(caller: Caller) -> bool:
    """Whether the caller is a municipal officer, a person, in force."""
    return may_look(caller) and caller.profession == OFFICER and caller.person is not None


def may_help(caller: Caller) -> bool:
    """Whether the caller is a person who may find residents in a disaster, if the organisation helps in one.

    Nobody opens and reviews what they then look at: officers and auditors do not help.
    """
    return caller.person is not None and caller.profession not in (OFFICER, AUDITOR)


def refuse_others(caller: Caller, *, who: Callable[[Caller], bool] = is_officer) -> None:
    """Raises ``Refused`` for whom this is not."""
    if not who(caller):
        reason = NOT_FOR_ROLE if caller.in_force else "not-in-force"
        raise Refused("This is for the municipality's officers.", reason=reason)


def members(tx: Tx, context: Context) -> dict[str, tuple[str, str]]:
    """Id → (name, kind) of the organisations whose membership is in force."""
    today = context.now.astimezone(JST).date().isoformat()
    rows = registry.file_rows(tx, "organisation")
    open_now = [row for row in rows if row.starts <= today and (not row.ends or row.ends >= today)]
    return {row.id: (row.name, row.kind) for row in sorted(open_now, key=lambda row: (row.kind, row.id))}


def _officer(tx: Tx, credential: Credential, context: Context) -> Caller:
    caller = authenticate(tx, credential, context)
    refuse_others(caller)
    return caller


def _another(caller: Caller, first: str) -> None:
    if caller.person == first:
        raise Refused("A second officer does this, who is somebody else.", reason="same-officer")


def _are_areas(areas: Sequence[str]) -> bool:
    return 0 < len(areas) <= MOST_AREAS and all(0 < len(area.strip()) <= LONGEST for area in areas)


def _ask_for_review(tx: Tx, disaster: Row, caller: Caller, context: Context) -> None:
    """What was opened is looked at afterwards: by an officer who did not declare it."""
    case = {"patient": "", "id": context.new_id(), "kind": CASE, "subject": f"Disaster/{disaster.id}"}
    opened = {"opened": instant(context.now), "organisation": caller.organisation, "person": disaster.declared_by}
    still = {"finding": "", "note": "", "closed": "", "closed_by": ""}
    reviews.put(tx, {**case, "text": disaster.name, **opened, **still})


def _log(tx: Tx, caller: Caller, step: str, id_: str, context: Context) -> None:
    name, about = f"operation:disaster-{step}", f"Disaster/{id_}"
    audit.put(tx, [record(caller, context, interaction=name, what=(about,), query=about, reason="officer")])
