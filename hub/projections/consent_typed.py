"""What was typed of a paper consent, read: its terms, or what is still missing, in Japanese.  Pure.

The fields of the form are ``signer`` ("patient", "RelatedPerson/x" or "new"), ``proxy-*`` of a new proxy,
``signed`` and ``signed-time``, ``medical`` and ``team``, ``root``, ``no-emergency``, ``since``, ``until``, and for
each exception ``x1-type``, ``x1-who``, ``x1-category``, ``x1-source``, ``x1-since``, ``x1-until``, ``x1-before``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product

from hub.projections.consent_form import EMERGENCY, SPACES, Proxy, Rule, Terms
from profiles.instants import JAPAN

EMPTY_ROWS, MOST_ROWS = 3, 30
ROW = ("type", "who", "category", "source", "since", "until", "before")
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

    ``own`` are the recipients whom no exception may favour: those who take the paper, except at the municipality
    (CONSENT.md §3.5).  ``may_add_proxy``: whether a proxy who is recorded here counts (the municipality's do).
    """

    recipients: Collection[str]
    categories: Collection[str]
    sources: Collection[str]
    proxies: Collection[str]
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


def signed_at(typed: Typed, made: datetime, problems: dict[str, str]) -> str:
    """The FHIR dateTime of the signature; of a paper that was signed today at no said time, the moment of typing."""
    day, time, now = typed.get("signed", ""), typed.get("signed-time", ""), made.astimezone(JAPAN)
    if not day:
        problems["signed"] = "用紙に書かれた署名の日を入れてください。"
        return ""
    try:
        when = datetime.fromisoformat(f"{day}T{time or '00:00'}:00+09:00")
    except ValueError:
        problems["signed"] = "署名の日（と時刻）の書き方を確かめてください。"
        return ""
    if when > now:
        problems["signed"] = "署名の日（と時刻）が、いまより先です。用紙を確かめてください。"
    elif when.year < 1900:
        problems["signed"] = "署名の日の年を確かめてください。"
    if time:
        return when.isoformat()
    return now.replace(microsecond=0).isoformat() if when.date() == now.date() else when.date().isoformat()


def rows_of(typed: Typed) -> int:
    """How many rows of exceptions the form has: three empty ones at the end, or as many as were asked for."""
    used = [number for number in range(1, MOST_ROWS + 1) if any(typed.get(f"x{number}-{name}") for name in ROW)]
    asked = typed.get("rows", "")
    wanted = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else EMPTY_ROWS
    return min(MOST_ROWS, max(wanted, max(used, default=0)))


def typed_of(terms: Terms, signer: str) -> dict[str, str]:
    """The fields that say the same as a consent does, to write it anew; not the date of the signature.

    Alternatives become rows of their own.  What the form has no field for is left out: ``expressible`` tells.
    """
    typed = dict.fromkeys(terms.spaces, "1")
    typed |= {"signer": signer or "patient", "root": "permit" if terms.permits else "deny"}
    typed |= {"since": terms.since, "until": terms.until}
    number = 0
    for rule in terms.rules:
        if rule.forbids_emergency:
            typed["no-emergency"] = "1"
        elif expressible(rule):
            for who, category, source in product(
                rule.recipients or ("",), rule.categories or ("",), rule.sources or ("",)
            ):
                number += 1
                cells = ("permit" if rule.permits else "deny", who, category, source)
                values = (*cells, rule.since, rule.until, rule.data_until)
                typed |= {f"x{number}-{name}": value for name, value in zip(ROW, values, strict=True) if value}
    return typed | {"rows": str(number + EMPTY_ROWS)}


def expressible(rule: Rule) -> bool:
    """Whether the form has a field for everything that an exception says."""
    return rule.forbids_emergency or not (rule.purposes or rule.labels or rule.data or rule.data_since)


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
    for number in range(1, rows_of(typed) + 1):
        row = {name: typed.get(f"x{number}-{name}", "") for name in ROW}
        if any(row.values()):
            yield _rule(f"x{number}", row, known, problems)


def _rule(place: str, row: Typed, known: Known, problems: dict[str, str]) -> Rule:
    names = {"who": known.recipients, "category": known.categories, "source": known.sources}
    for name, choices in names.items():
        if row[name] and row[name] not in choices:
            problems[f"{place}-{name}"] = "この中から選び直してください。"
    if row["type"] not in ("permit", "deny"):
        problems[f"{place}-type"] = "「見せない」か「見せる」かを選んでください。使わない行は、すべて空にしてください。"
    elif not any(row[name] for name in (*names, "before")):
        problems[f"{place}-who"] = "だれに・何を・どこの・いつまでの情報かのうち、一つ以上を選んでください。"
    elif row["type"] == "permit" and row["who"] in known.own:
        problems[f"{place}-who"] = "自分の機関や職員に「見せる」例外は、市の同意受付でだけ登録できます。"
    dated = {f"{place}-{name}": row[name] for name in ("since", "until", "before")}
    since, until = _days(dated, f"{place}-since", f"{place}-until", problems)
    before = _day(dated, f"{place}-before", problems)
    who, category, source = ((row[name],) if row[name] else () for name in names)
    return Rule(row["type"] == "permit", who, category, source, since, until, data_until=before)


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
