"""What was typed of a paper consent, read: its terms, or what is still missing, in Japanese.  Pure.

The fields of the form are ``signer`` ("patient", "RelatedPerson/x" or "new"), ``proxy-*`` of a new proxy,
``signed`` and ``signed-time``, ``medical`` and ``team``, ``root``, ``no-emergency``, ``since``, ``until``, and for
each exception ``x1-type``, ``x1-who``, ``x1-category``, ``x1-source``, ``x1-since``, ``x1-until``, ``x1-after``,
``x1-before``, and the boxes ``x1-label-PSY`` …, ``x1-purpose-TREAT`` …, ``x1-record-Observation/y`` ….
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product

from hub.projections.agreement import LABELS, PURPOSES
from hub.projections.consent_form import EMERGENCY, SPACES, Proxy, Rule, Terms
from profiles.instants import JAPAN

EMPTY_ROWS, MOST_ROWS = 3, 30
_CELL = re.compile(
    r"x([1-9][0-9]?)-(type|who|category|source|since|until|after|before"
    rf"|label-(?:{'|'.join(LABELS)})|purpose-(?:{'|'.join(PURPOSES)})|record-[A-Za-z]+/[A-Za-z0-9.-]+)"
)
_RECORD = "record-"
BASES = (
    "成年後見人",
    "保佐人（代理権の付与あり）",
    "補助人（代理権の付与あり）",
    "任意後見人",
    "親権者・未成年後見人",
)
OTHER_BASIS = "other"
LONGEST = 200

Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What a form may name: recipients as in ``Rule``, categories, ids of organisations, references of proxies.

    ``records`` are the references of the single records, among those that were typed, that may be named.

    ``own`` are the recipients whom no exception may favour: those who take the paper, except at the municipality
    (CONSENT.md §3.5).  ``may_add_proxy``: whether a proxy who is recorded here counts (the municipality's do).
    """

    recipients: Collection[str]
    categories: Collection[str]
    sources: Collection[str]
    proxies: Collection[str]
    records: Collection[str]
    own: Collection[str]
    may_add_proxy: bool


@dataclass(slots=True)
class Read:
    """``signer`` is "" for the resident or the reference of a known proxy; ``problems`` are by field, in its order."""

    terms: Terms
    signer: str = ""
    proxy: Proxy | None = None
    problems: dict[str, str] = field(default_factory=dict)


def read_terms(typed: Typed, known: Known, made: datetime) -> Read:
    """The paper that was typed at ``made``."""
    problems: dict[str, str] = {}
    signer, proxy = _signer(typed, known, problems)
    signed = signed_at(typed, made, problems)
    spaces = tuple(space for space in SPACES if typed.get(space))
    if not spaces:
        problems["medical"] = "どの場の同意か、一つ以上選んでください。"
    if typed.get("root") not in ("permit", "deny"):
        problems["root"] = "「参加する」か「参加しない」かを選んでください。"
    rules = [*_rules(typed, known, problems)]
    if typed.get("no-emergency"):
        rules.append(Rule(False, purposes=(EMERGENCY,)))
    since, until = _days(typed, "since", "until", problems)
    if until and until < made.astimezone(JAPAN).date().isoformat() and "until" not in problems:
        problems["until"] = "終わりの日が、きょうより前です。もう終わった同意は登録できません。"
    return Read(
        Terms(signed, spaces, typed.get("root") == "permit", tuple(rules), since, until), signer, proxy, problems
    )


def signed_at(typed: Typed, made: datetime, problems: dict[str, str], called: str = "署名の日") -> str:
    """The FHIR dateTime of the signature; of a paper that was signed today at no said time, the moment of typing.

    ``called`` is the word for the day in what is said of it.
    """
    day, time, now = typed.get("signed", ""), typed.get("signed-time", ""), made.astimezone(JAPAN)
    if not day:
        problems["signed"] = f"用紙に書かれた{called}を入れてください。"
        return ""
    try:
        when = datetime.fromisoformat(f"{day}T{time or '00:00'}:00+09:00")
    except ValueError:
        problems["signed"] = f"{called}の書き方を確かめてください。"
        return ""
    if when > now:
        problems["signed"] = f"{called}が、いまより先です。用紙を確かめてください。"
    elif when.year < 1900:
        problems["signed"] = f"{called}の年を確かめてください。"
    if time:
        return when.isoformat()
    return now.replace(microsecond=0).isoformat() if when.date() == now.date() else when.date().isoformat()


def exceptions(typed: Typed) -> dict[int, dict[str, str]]:
    """What was typed of the exceptions: by the number of its row, and without the number, what is not empty."""
    rows = defaultdict[int, dict[str, str]](dict)
    for name, value in sorted(typed.items()):
        cell = _CELL.fullmatch(name)
        if cell and value and int(cell[1]) <= MOST_ROWS:
            rows[int(cell[1])][cell[2]] = value
    return rows


def records_typed(typed: Typed) -> set[str]:
    """The references of the single records that the exceptions name."""
    return {record for row in exceptions(typed).values() for record in records_of(row)}


def records_of(row: Typed) -> tuple[str, ...]:
    """The references of the single records that one exception names, by its cells."""
    return tuple(name.removeprefix(_RECORD) for name in row if name.startswith(_RECORD))


def rows_of(typed: Typed) -> int:
    """How many rows of exceptions the form has: three empty ones at the end, or as many as were asked for."""
    asked = typed.get("rows", "")
    wanted = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else EMPTY_ROWS
    return min(MOST_ROWS, max(wanted, max(exceptions(typed), default=0)))


def typed_of(terms: Terms, signer: str) -> tuple[dict[str, str], int]:
    """The fields that say the same as a consent does, to write it anew; not the date of the signature.

    Alternatives of whom, what and whose become rows of their own.  With it, how many exceptions found no row.
    """
    typed = dict.fromkeys(terms.spaces, "1")
    typed |= {"signer": signer or "patient", "root": "permit" if terms.permits else "deny"}
    typed |= {"since": terms.since, "until": terms.until}
    rows, left_out = list[dict[str, str]](), 0
    for rule in terms.rules:
        alike = list(_alike(rule))
        if rule.forbids_emergency:
            typed["no-emergency"] = "1"
        elif len(rows) + len(alike) > MOST_ROWS:
            left_out += 1
        else:
            rows += alike
    for number, row in enumerate(rows, 1):
        typed |= {f"x{number}-{cell}": value for cell, value in row.items() if value}
    return typed | {"rows": str(len(rows) + EMPTY_ROWS)}, left_out


def _alike(rule: Rule) -> Iterator[dict[str, str]]:
    """The rows that together say the same as an exception."""
    row = {"type": "permit" if rule.permits else "deny", "since": rule.since, "until": rule.until}
    row |= {"after": rule.data_since, "before": rule.data_until}
    row |= {f"label-{one}": "1" for one in rule.labels} | {f"purpose-{one}": "1" for one in rule.purposes}
    row |= {f"{_RECORD}{one}": "1" for one in rule.records}
    for who, category, source in product(rule.recipients or ("",), rule.categories or ("",), rule.sources or ("",)):
        yield row | {"who": who, "category": category, "source": source}


def _signer(typed: Typed, known: Known, problems: dict[str, str]) -> tuple[str, Proxy | None]:
    said = typed.get("signer", "")
    if said == "patient":
        return "", None
    if said == "new" and known.may_add_proxy:
        return "", _proxy(typed, problems)
    if said not in known.proxies:
        problems["signer"] = "署名したのがどなたかを選んでください。"
    return said, None


def _proxy(typed: Typed, problems: dict[str, str]) -> Proxy:
    basis = typed.get("proxy-basis", "")
    if basis == OTHER_BASIS:
        basis = typed.get("proxy-basis-text", "").strip()
    elif basis not in BASES:
        basis = ""
    name, kana, relationship = (typed.get(f"proxy-{one}", "").strip() for one in ("name", "kana", "relationship"))
    proxy = Proxy(name, kana, relationship, basis)
    if not proxy.name:
        problems["proxy-name"] = "代理の方のお名前を入れてください。"
    if not proxy.relationship:
        problems["proxy-relationship"] = "ご本人との続柄や間柄を入れてください（長女、司法書士など）。"
    if not proxy.basis:
        problems["proxy-basis"] = "代わりに署名できる根拠を選んでください。根拠のない署名では登録できません。"
    return proxy


def _rules(typed: Typed, known: Known, problems: dict[str, str]) -> Iterator[Rule]:
    for number, row in sorted(exceptions(typed).items()):
        yield _rule(f"x{number}", row, known, problems)


def _rule(place: str, row: Typed, known: Known, problems: dict[str, str]) -> Rule:
    names = {"who": known.recipients, "category": known.categories, "source": known.sources}
    for name, choices in names.items():
        if name in row and row[name] not in choices:
            problems[f"{place}-{name}"] = "この中から選び直してください。"
    records = records_of(row)
    if any(one not in known.records for one in records):
        problems[f"{place}-records"] = "もう選べない記録がありました。並んでいる中から選び直してください。"
    if row.get("type") not in ("permit", "deny"):
        problems[f"{place}-type"] = "「見せない」か「見せる」かを選んでください。使わない行は、すべて空にしてください。"
    elif row.keys() <= {"type", "since", "until"}:
        problems[f"{place}-who"] = "だれに・何を・どこの・いつの情報か・何のためかのうち、一つ以上を選んでください。"
    elif row["type"] == "permit" and row.get("who") in known.own:
        problems[f"{place}-who"] = "自分の機関や職員に「見せる」例外は、市の同意受付でだけ登録できます。"
    elif row["type"] == "permit" and "who" not in row and any(name.startswith("label-") for name in row):
        problems[f"{place}-who"] = "印のついた情報を「見せる」ときは、だれに見せるかを選んでください。"
    dated = {f"{place}-{name}": value for name, value in row.items()}
    since, until = _days(dated, f"{place}-since", f"{place}-until", problems)
    after, before = _days(dated, f"{place}-after", f"{place}-before", problems)
    who, category, source = ((row[name],) if name in row else () for name in names)
    return Rule(
        row.get("type") == "permit",
        who,
        category,
        source,
        since,
        until,
        after,
        before,
        purposes=tuple(one for one in PURPOSES if f"purpose-{one}" in row),
        labels=tuple(one for one in LABELS if f"label-{one}" in row),
        records=records,
    )


def _days(typed: Typed, since: str, until: str, problems: dict[str, str]) -> tuple[str, str]:
    first, last = _day(typed, since, problems), _day(typed, until, problems)
    if first and last and last < first:
        problems[until] = "終わりの日が、始まりの日より前です。"
    return first, last


def _day(typed: Typed, name: str, problems: dict[str, str]) -> str:
    said = typed.get(name, "")
    try:
        return date.fromisoformat(said).isoformat() if said else ""
    except ValueError:
        problems[name] = "日付の書き方を確かめてください（例：2026-04-01）。"
        return ""
