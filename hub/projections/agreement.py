"""A consent in plain Japanese: what was agreed, with every exception, for the desk and the resident's copy.  Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hub.projections.consent_form import SPACES, Rule, Terms
from hub.projections.professions import PROFESSIONS
from hub.projections.wording import day
from profiles import category_name

State: TypeAlias = Literal["in-force", "unclear", "to-come", "replaced", "revoked", "over", "unreadable"]
STATES: Mapping[State, str] = {
    "in-force": "いま有効です",
    "unclear": "同じ日の用紙と、どちらがあとかわからないため、はっきりするまで「見せない」として扱う場があります",
    "to-come": "まだ始まっていません",
    "replaced": "新しい同意に置き換わりました",
    "revoked": "取り消されました",
    "over": "期間が終わりました",
    "unreadable": "最後まで読めないため、「見せない」として扱っています",
}
PURPOSES = {
    "TREAT": "診療・治療",
    "CAREMGT": "介護・生活の支援",
    "COC": "連携の調整",
    "ETREAT": "救急",
    "DISASTER": "災害時の支援",
}
LABELS = {
    "SOURCE-ONLY": "出した機関だけの情報",
    "UNINFORMED": "ご本人に伝えていない情報",
    "UNDELIVERED": "ご本人に渡していない情報",
    "WELFARE": "生活保護の情報",
    "PSY": "精神科の情報",
    "HIV": "HIVの情報",
    "ADDRESS-PROTECTED": "住所を守る印のある情報",
    "R": "慎重に扱う情報（R）",
    "V": "とくに慎重に扱う情報（V）",
}
NO_EMERGENCY = "救急のときも、例外としての閲覧を認めません（緊急連絡先と、人生の最終段階の希望だけは見られます）。"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One stored privacy consent.

    ``taker`` is the organisation that took the paper, ``signer`` a reference, ``form`` the id of its
    DocumentReference or "".  ``speaks`` are the spaces for which no later one has taken its place, ``replaced`` says
    of the others by which consent (id).  ``counts``: its exceptions that deny count now.
    """

    id: str
    version: str
    recorded: str
    source: str
    taker: str
    signer: str
    form: str
    terms: Terms
    speaks: tuple[str, ...]
    state: State
    problem: str
    replaced: Mapping[str, str] = field(default_factory=dict)
    counts: bool = False

    @property
    def can_be_revoked(self) -> bool:
        """Whether there is anything left to take back."""
        return bool(self.speaks) and self.state != "revoked"


def in_words(terms: Terms, names: Mapping[str, str]) -> list[str]:
    """What a consent says: first whether the resident takes part, then sentence by sentence what is excepted."""
    return [_root(terms), *_time(terms), *(sentence(rule, names) for rule in terms.rules)]


def spaces(terms: Terms) -> str:
    """「医療側の場と介護側の場」."""
    return "と".join(SPACES[one] for one in terms.spaces)


def sentence(rule: Rule, names: Mapping[str, str]) -> str:
    """One exception.  ``names`` gives what is called what, by its reference: recipients, organisations, records."""
    if rule.forbids_emergency:
        return NO_EMERGENCY
    named = "、".join(_recipient(one, names) for one in rule.recipients)
    who = f"{named}に" if named else "参加する人みんなに" if rule.permits else "だれにも"
    text = f"{who}、{_what(rule, names)}を{'見せます' if rule.permits else '見せません'}"
    conditions = "、".join(_conditions(rule))
    return f"{text}（{conditions}）。" if conditions else f"{text}。"


def record(source: str, category: str, date: str, id_: str) -> str:
    """A single record, told apart from others and no more: ``date`` is ISO or "", ``id_`` the hub's."""
    return f"{source}の{category_name(category)}、{written_day(date) or '日付なし'}、番号の末尾{id_[-6:]}"


def _root(terms: Terms) -> str:
    if terms.permits:
        return f"{spaces(terms)}に参加し、市の取り決めのとおりに情報を共有することに同意します。"
    but = "下に「見せます」とあるもののほかは" if any(rule.permits for rule in terms.rules) else ""
    return f"{spaces(terms)}に参加しません。そこでは、ほかの機関が出した情報を、{but}共有しません。"


def _time(terms: Terms) -> Iterator[str]:
    if terms.since or terms.until:
        yield f"この同意の期間は、{_span(terms.since, terms.until)}です。"


def _recipient(reference: str, names: Mapping[str, str]) -> str:
    kind, _, code = reference.partition("/")
    if kind == "profession":
        return f"すべての{PROFESSIONS.get(code, code)}"
    return names.get(reference, reference)


def _what(rule: Rule, names: Mapping[str, str]) -> str:
    parts = []
    if rule.sources:
        parts.append("、".join(names.get(f"Organization/{one}", one) for one in rule.sources) + "が出した")
    if rule.data_since or rule.data_until:
        parts.append(f"{_span(rule.data_since, rule.data_until)}の日付の")
    named = "、".join(f"「{category_name(one)}」" for one in rule.categories)
    marked = "、".join(LABELS.get(one, one) for one in rule.labels)
    whole = [one for one in (marked, named) if one]
    if rule.records:
        told = "／".join(names[one] for one in rule.records if one in names)
        whole.append(f"指定した{len(rule.records)}件の情報" + (f"（{told}）" if told else ""))
    parts.append("のうち、".join(whole) or "すべての情報")
    return "".join(parts)


def _conditions(rule: Rule) -> Iterator[str]:
    if rule.purposes:
        yield f"目的が{'・'.join(PURPOSES.get(one, one) for one in rule.purposes)}のとき"
    if rule.since or rule.until:
        yield f"{_span(rule.since, rule.until)}のあいだ"


def _span(since: str, until: str) -> str:
    start, end = written_day(since), written_day(until)
    if start and end:
        return f"{start}から{end}まで"
    return f"{start}から" if start else f"{end}まで"


def written_day(written: str) -> str:
    """「2026年4月1日」 of a FHIR date or dateTime; "" for none."""
    parts = day(written).split("-") if written else []
    return "".join(f"{int(part)}{unit}" for part, unit in zip(parts, "年月日", strict=False))
