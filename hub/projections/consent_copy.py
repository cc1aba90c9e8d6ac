"""What the resident's copy says, sentence by sentence, so that none contradicts another (CONSENT.md §3).  Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from hub.projections.agreement import STATES, Agreement, written_day
from hub.projections.consent_form import EMERGENCY, SPACES, Rule, Terms
from hub.projections.wording import local

Refusal: TypeAlias = Literal["none", "some", "all"]

DENY_WINS = "「見せない」と「見せる」が重なるところでは、「見せない」が勝ちます。"
_DISASTER = "「見せない」と決めたものも含めて、例外として見られることがあります。"
_NEEDED = "命を守るのに必要な情報が、"
_EXCEPTIONS: dict[Refusal, str] = {
    "none": f"救急や災害のときには、{_NEEDED}{_DISASTER}",
    "some": f"救急のときには、{_NEEDED}救急のときも「見せない」と決めたものを除いて、例外として見られることがあります。"
    f"災害のときには、{_NEEDED}{_DISASTER}",
    "all": "救急のときに例外として見られるのは、緊急連絡先と、人生の最終段階の希望だけです。"
    f"災害のときには、{_NEEDED}{_DISASTER}",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """A revocation: when it was asked for and by whom ("" where a system sent it), and who received it when.

    ``asked`` is a FHIR date or dateTime, ``recorded`` an instant.
    """

    recorded: str
    organisation: str
    person: str = ""
    asked: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A consent in words; ``spoken`` are those that are true of the spaces for which it speaks.

    ``only_ends``: it never was anything but the revocation of another.
    """

    agreement: Agreement
    words: list[str]
    signer: str
    taker: str
    spoken: Sequence[str] = ()
    ending: Ending | None = None
    only_ends: bool = False


def became(one: Told, others: Mapping[str, Told]) -> list[tuple[str, str, str]]:
    """For each space of a consent: the space, what became of it there, and the id of the one that replaced it, or "".

    ``others`` are those that may be told of, by their ids.
    """
    agreement, found = one.agreement, []
    for space in agreement.terms.spaces:
        after = others.get(agreement.replaced.get(space, ""))
        if space in agreement.speaks or agreement.state in ("revoked", "over", "unreadable"):
            found.append((space, STATES[agreement.state], ""))
        elif after is None:
            found.append((space, STATES["replaced"], ""))
        else:
            what = "取り消し" if after.only_ends else "同意"
            found.append(
                (space, f"{written_day(after.agreement.terms.signed)}の{what}に置き換わりました", after.agreement.id)
            )
    return found


def closed_until(terms: Terms, speaks: Iterable[str], today: str) -> str:
    """Of a consent that begins later, what it closes until then; "" for any other.  ``today`` is an ISO date."""
    spaces = [space for space in SPACES if space in speaks]
    if not spaces or terms.since <= today:
        return ""
    return f"この同意は、{written_day(terms.since)}に始まります。それまで、{_closed(spaces)}"


@dataclass(frozen=True, slots=True)
class Section:
    """What was decided for some spaces: ``paper`` says when, by whom, and who took it."""

    spaces: str
    paper: str
    sentences: list[str]


def sections(told: Iterable[Told], *, of_the_city: bool) -> list[Section]:
    """One for each consent that speaks, and, where all are known, one for the spaces without any."""
    spoken = [one for one in told if one.agreement.speaks]
    found = [Section(_named(one.agreement.speaks, "・"), _paper(one), [*_sentences(one)]) for one in spoken]
    silent = [space for space in SPACES if all(space not in one.agreement.speaks for one in spoken)]
    if not of_the_city:
        nothing = "この机で受け付けた、いま有効な同意はありません。"
        return found or [Section(_named(SPACES, "・"), "", [nothing])]
    if silent:
        found.append(Section(_named(silent, "・"), "", [f"同意はありません。{_closed(silent)}"]))
    return found


def refusal(agreements: Iterable[Agreement], today: str) -> Refusal:
    """How much of what an emergency opens the resident has refused (CONSENT.md §3.6); ``today`` is an ISO date."""
    refusing = [
        rule
        for one in agreements
        if one.counts
        for rule in one.terms.rules
        if not rule.permits and EMERGENCY in rule.purposes and (rule.since or today) <= today <= (rule.until or today)
    ]
    if any(_of_everything(rule) for rule in refusing):
        return "all"
    return "some" if refusing else "none"


def exceptions(refused: Refusal, *, complete: bool) -> str:
    """What may be seen besides.  Not ``complete``: somebody else may have taken a refusal that is not told here."""
    said = _EXCEPTIONS[refused if complete or refused == "all" else "some"]
    return f"{said}見た人はすべて記録され、市が後で確かめます。"


def ending_in_words(ending: Ending) -> str:
    """「2026年4月1日に取り消しの申し出（ご本人）があり、…」."""
    moment = local(ending.recorded)
    received = f"{written_day(ending.recorded)} {moment:%H:%M}" if moment else written_day(ending.recorded)
    if not ending.asked:
        return f"取り消しが、{received}に{ending.organisation}から届きました。"
    who = f"{ending.organisation}（担当 {ending.person}）" if ending.person else ending.organisation
    return f"{written_day(ending.asked)}に取り消しの申し出（{ending.by}）があり、{received}に{who}が受け付けました。"


def _sentences(one: Told) -> Iterator[str]:
    agreement = one.agreement
    closed = _closed(agreement.speaks)
    match agreement.state:
        case "in-force":
            yield from one.spoken
        case "to-come":
            yield f"まだ始まっていません。それまで、{closed}始まると、つぎのとおりになります。"
            yield from one.spoken
        case "unclear":
            yield f"{STATES['unclear']}。窓口で、新しい用紙に書き直せます。"
        case "revoked":
            yield f"取り消されています。{ending_in_words(one.ending) if one.ending else ''}{closed}"
        case "over":
            yield f"{written_day(agreement.terms.until)}で期間が終わりました。{closed}"
        case _:
            yield f"記録を最後まで読めないため、「見せない」として扱っています。{closed}窓口で書き直せます。"
    rules = agreement.terms.rules if agreement.state in ("in-force", "to-come") else ()
    if any(rule.permits for rule in rules) and any(not rule.permits for rule in rules):
        yield DENY_WINS


def _paper(one: Told) -> str:
    if one.only_ends:
        return ""
    return f"{written_day(one.agreement.terms.signed)}の用紙、署名：{one.signer}、受付：{one.taker or '—'}"


def _closed(spaces: Iterable[str]) -> str:
    return f"{_named(spaces, 'と')}では、ほかの機関が出した情報は共有されません。"


def _named(spaces: Iterable[str], between: str) -> str:
    return between.join(SPACES[one] for one in spaces)


def _of_everything(rule: Rule) -> bool:
    return replace(rule, purposes=(), since="", until="") == Rule(False)
