"""The sheets of an emergency and of a disaster: what the hub holds of their sets (CONSENT.md §4), as it is needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.projections.handoff import Held, Item, patient_lines
from hub.projections.handoff.choose import current, in_force, latest, serving
from hub.projections.handoff.gather import Line, gather
from hub.projections.handoff.held import body, form_or_sentence, team
from hub.projections.handoff.items import Feed
from profiles.instants import JAPAN
from profiles.resource import Resource

RECENT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the sheet; ``more`` is how many lines were left out."""

    code: str
    title: str
    lines: tuple[Line, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """``patient`` are (name of the field, value) pairs, none when the record itself may not be shown."""

    patient: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def emergency_sheet(patient: Resource | None, entries: Iterable[Held], now: datetime) -> Sheet:
    """The sheet of what a reader may see of a person; ``patient`` is none when their record is not among it."""
    return _sheet(patient, entries, now, _SECTIONS)


def disaster_sheet(patient: Resource | None, entries: Iterable[Held], now: datetime) -> Sheet:
    """The same for a disaster."""
    return _sheet(patient, entries, now, _IN_A_DISASTER)


def _sheet(patient: Resource | None, entries: Iterable[Held], now: datetime, items: Sequence[Item]) -> Sheet:
    today = now.astimezone(JAPAN).date().isoformat()
    sections = (Section(one.item.code, one.item.title, one.lines, one.left_out) for one in gather(entries, now, items))
    return Sheet(tuple(patient_lines(patient, today)) if patient is not None else (), tuple(sections))


def _recent(held: Iterable[Held], now: datetime) -> list[Held]:
    """Of each thing that is measured, the newest value, if it is not too old."""
    first = (now - RECENT).astimezone(JAPAN).date().isoformat()
    return [one for one in latest(held, now) if one.moment >= first]


# The codes are those of the shared items (hub/projections/handoff/items.py) where a form may name them.
_SECTIONS = (
    Item(1, "allergy", "アレルギー", (Feed(("allergy",), tell=body, most=20),)),
    Item(2, "problem", "病名・病歴", (
        Feed(("problem",), types=("Condition",), tell=body, most=15),
        Feed(("problem",), types=("Procedure",), tell=body, most=5),
    )),
    Item(3, "medication", "薬", (
        Feed(("prescription", "dispensing", "medication-use", "injection"), choose=current, tell=body, most=30),
    )),
    Item(4, "device", "医療機器", (Feed(("device",), tell=body),)),
    Item(5, "expected-changes", "急変時の取り決め", (Feed(("emergency-plan",), tell=form_or_sentence),)),
    Item(6, "end-of-life", "人生の最終段階の希望", (Feed(("acp",), tell=form_or_sentence),)),
    Item(7, "contact", "緊急連絡先・家族", (Feed(("emergency-contact",), tell=body),)),
    Item(8, "team", "担当者", (Feed(("care-team",), choose=serving, tell=team, most=15),)),
    Item(9, "vital-signs", "最近のバイタル", (Feed(("vital-signs",), choose=_recent, tell=body, most=12),)),
    Item(10, "laboratory", "最近の検査", (
        Feed(("laboratory",), types=("Observation",), choose=_recent, tell=body, most=20),
    )),
    # The care level and the grades of independence before the insurance cards, of which several sources send theirs.
    Item(11, "ltc-certification", "介護認定", (
        Feed(("ltc-certification",), types=("Observation",), choose=latest, tell=body, most=4),
        Feed(("ltc-certification",), types=("Coverage",), choose=latest, tell=body, most=2),
    )),
)  # fmt: skip
_IN_A_DISASTER = (
    *(one for one in _SECTIONS if one.code in ("allergy", "medication", "device", "contact", "team")),
    Item(12, "service-use", "利用している介護サービス", (Feed(("service-use",), choose=in_force, tell=body, most=15),)),
    *(one for one in _SECTIONS if one.code == "ltc-certification"),
)
