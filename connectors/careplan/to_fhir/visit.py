"""Visits that were made (第6表 実績): one Encounter for each person, office, service kind, day and time."""

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.careplan.layouts import service_kinds
from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import office, service, service_kind
from connectors.careplan.to_fhir.record import Entry, Origin
from profiles.canonical import ACT_CODE
from profiles.resource import Resource

_ONE_DAY = 24 * 60
_CLASSES = {"HH": "home health", "AMB": "ambulatory", "IMP": "inpatient encounter"}
_Slot = tuple[str, str, str, str]


def encounters(rows: list[Row], sheet: str, origin: Origin) -> Iterator[Entry]:
    """The Encounters of rows of one sheet; an addition without a time belongs to the first visit of its day."""
    slots: dict[_Slot, list[Row]] = {}
    for row in rows:
        slots.setdefault(_slot(row), []).append(row)
    timed: dict[tuple[str, str], _Slot] = {}
    for slot in sorted(slots):
        if _is_timed(slot):
            timed.setdefault(slot[:2], slot)
    visits: dict[_Slot, list[Row]] = {}
    for slot, its in slots.items():
        visits.setdefault(slot if _is_timed(slot) else timed.get(slot[:2], slot), []).extend(its)
    for slot, its in visits.items():
        yield origin.record("Encounter", sheet, *slot).put(its[0].line, _encounter(slot, its, origin))


def _slot(row: Row) -> _Slot:
    return row["サテライト枝番"], row["サービス利用日"], row["サービス開始時刻"], row["サービス終了時刻"]


def _is_timed(slot: _Slot) -> bool:
    return any(slot[2:])


def _encounter(slot: _Slot, rows: list[Row], origin: Origin) -> Resource:
    satellite, day, start, end = slot
    first = rows[0]
    kind = service_kinds().get(first["サービスコード"][:2])
    reach = kind.reach if kind else "AMB"
    names = "・".join(dict.fromkeys(row["サービス事業所名"] for row in rows if row["サービス事業所名"]))
    place = names + (f"（サテライト {satellite}）" if satellite else "")
    return {
        "status": "finished",
        "class": {"system": ACT_CODE, "code": reach, "display": _CLASSES[reach]},
        "type": [_service(row) for row in rows],
        "serviceType": {"coding": [service_kind(first["サービスコード"])], "text": kind.display if kind else ""},
        "subject": origin.patient(first),
        "period": {"start": moment(day, start), "end": _end(day, start, end)},
        "serviceProvider": office(first["サービス事業者コード"], place),
    }


def _service(row: Row) -> Resource:
    found = service(row["サービスコード"])
    times = row["サービス回数"].lstrip("0")
    return found if times == "1" else {**found, "text": f"{found['text']} {times or 0}回"}


def moment(day: str, time: str) -> str:
    """A FHIR dateTime of a Japanese clock; the day alone when there is no time.  24:00 is the next day's midnight."""
    if not time:
        return day
    if time == "24:00":
        return moment(_next(day), "00:00")
    return f"{day}T{time}:00+09:00"


def minutes_between(start: str, end: str) -> int:
    """Minutes from ``start`` to ``end``, over midnight when the end is the earlier; 0 when one is missing."""
    return (_minutes(end) - _minutes(start)) % _ONE_DAY if start and end else 0


def _end(day: str, start: str, end: str) -> str:
    over_midnight = start and end and _minutes(end) < _minutes(start)
    return moment(_next(day) if over_midnight else day, end)


def _next(day: str) -> str:
    """The following day; the last of the calendar has none."""
    known = date.fromisoformat(day)
    return (known + timedelta(days=1)).isoformat() if known < date.max else day


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])
