"""Channels of search: counts, pages, what comes along, what is followed, sorted and guessed."""

from datetime import date, timedelta

from tests.leaks.asking import Asking

FIRST, LAST = date(1964, 1, 1), date(2027, 1, 1)
ORACLES = (
    "Patient?_id={p}&_has:Condition:patient:onset-date=ge{when}",
    "Observation?patient={p}&encounter.date=ge{when}",
    "Observation?patient={p}&code={system}|{number}&date=ge{when}",
    "Communication?patient={p}&patient.birthdate=ge{when}",
)


def bisection(ask: Asking) -> None:
    """The script of HAPI #6065: ask "from this day on?" again and again, until only one day is left."""
    for oracle in ORACLES:
        low, high = FIRST, LAST
        while high - low > timedelta(days=1):
            middle = low + (high - low) // 2
            asked = ask.fill(oracle.replace("{when}", middle.isoformat()))
            answer = ask.send("GET", f"{asked}&_summary=count")
            low, high = (middle, high) if answer.json().get("total") else (low, middle)
        ask.say(f"{oracle} gives the day {low}")


def pages(ask: Asking) -> None:
    """Every page to the last, of every kind of list."""
    for start in ask.filled(
        ("Communication?patient={p}&_count=1", "?_type=Communication,Observation&patient={p}&_count=2&_total=accurate",
         "Observation?_sort=-date&_count=3", "Patient/{p}/_history?_count=1", "Patient/{p}/$everything?_count=3",
         "Communication/_history?_count=1")
    ):  # fmt: skip
        path = start
        for _ in range(30):
            answer = ask.send("GET", path)
            path = ask.next_of(answer.json()) if answer.status_code == 200 else ""
            if not path:
                break


def by_post(ask: Asking) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    for type_ in ask.filled(("{t}",)):
        for fields in ("patient={p}&_total=accurate", "identifier={system}|{number}", "_id={i}"):
            asked = ask.fill(fields, next(one for one in ask.matter.hidden if one[0] == type_))
            name = asked.replace("patient", "_id") if type_ == "Patient" else asked
            ask.send("POST", f"{type_}/_search", name.encode(), **form)
