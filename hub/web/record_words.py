"""An entry of a resident's record of access, in the words in which it is told to the resident.  Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.access.explaining import explain_reason
from hub.interactions.access_record import Day, Entry, Machines, RecordPage
from hub.projections.audit_event import AuditRecord
from hub.projections.audit_event.kinds import acts, kind_of
from hub.projections.audit_event.refusals import is_refused_look, reason_of
from hub.projections.audit_event.sentence import TYPES, without_object
from hub.projections.professions import PROFESSIONS
from hub.projections.wording import plain
from hub.web.audit_words import KINDS, why
from hub.web.reason_words import FAILED, MISTAKES, REFUSED, of_an_act
from hub.web.words import KINDS as ORGANISATION_KINDS
from hub.web.words import PURPOSES
from profiles.categories import OTHER, category_names

MOST_KINDS = 8
SPECIAL = {"emergency": "緊急時", "disaster": "災害時"}
FINDINGS = {
    "": "確かめています",
    "answered": "お答えしました",
    "justified": "正しい利用でした",
    "not-justified": "正しくない利用でした",
    "unclear": "はっきりしませんでした",
}
_DEEDS = {
    "create": "登録しました", "update": "書き直しました", "patch": "書き直しました", "delete": "取り消しました",
    "history-instance": "変更の履歴を見ました", "operation:access-record": "開きました",
    "operation:access-record-print": "印刷しました", "operation:ask-about-access": "市に届けました",
    "operation:emergency-sheet": "緊急時の情報として見ました", "operation:disaster-sheet": "災害時の情報として見ました",
}  # fmt: skip
_OBJECTS = {
    "operation:access-record": "この、アクセスの記録",
    "operation:access-record-print": "この、アクセスの記録",
    "operation:ask-about-access": "アクセスについてのあなたの質問",
    "operation:handoff": "入院のときに渡す書類（入院時情報提供書）",
    "operation:find-resident": "窓口に来られた方の記録",
    "operation:why": "見られた・見られなかった理由",
    "operation:review-close": "あなたの情報の見られ方",
    "operation:review-reopen": "あなたの情報の見られ方",
}
_DEEDS_BY_KIND = {
    "look": "画面や一覧で見ました", "read": "一件ずつ読みました", "handoff": "作りました",
    "everything": "まとめて読みました", "match": "同じ方のものか確かめました", "check": "確かめました",
    "export": "まとめて受け取りました", "write": "まとめて登録しました", "notify": "知らせとして受け取りました",
    "disaster": "助けるために見ました", "review": "市の責任者が確かめました",
    "desk": "市の窓口で確かめました", "record": "調べました",
}  # fmt: skip
_WANTED_TO_WRITE, _WANTED_TO_SEE = "登録しようとしました", "見ようとしました"
_OTHER_REASONS = {
    "record": "あなた（または代わりの方）の求めで、市の窓口が開きました。",
    "desk": "市の窓口の仕事として行いました。",
    "audit": "市の監査の仕事として行いました。",
}
_PAGES = {"care-teams": "あなたの支援チームのページ", "consents": "あなたの同意の受付のページ"}
_WRITTEN = "その機関が、自分の仕事の記録として登録しました。"


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: who did what, for which purpose, and why it was possible or not.

    ``said`` is what was done to what, as a sentence; ``mark`` says in a word that it was not done.
    ``again`` are earlier ones of the day that are told in the same words; nobody has asked about any of them.
    """

    entry: Entry
    who: str
    said: str
    purpose: str
    why: str
    special: str
    mark: str
    again: tuple["Told", ...] = ()

    @property
    def times(self) -> int:
        """How often it happened on the day."""
        return 1 + len(self.again)


@dataclass(frozen=True, slots=True)
class Summed:
    """What the systems of an organisation did on a day: (what and deed, how often), and one by one."""

    name: str
    total: int
    sums: tuple[tuple[str, int], ...]
    each: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class ToldDay:
    date: str
    people: tuple[Told, ...]
    machines: tuple[Summed, ...]
    refused: tuple[Told, ...]
    undone: tuple[Told, ...]


def told(page: RecordPage) -> list[ToldDay]:
    """The days of the record in words."""

    def tell(entry: Entry) -> Told:
        return _told(entry, page)

    return [_day(one, tell) for one in page.days]


def each(days: Sequence[ToldDay]) -> list[Told]:
    """Every entry of these days, of each day the people's first."""
    found: list[Told] = []
    for day in days:
        told_once = [*day.people, *day.refused, *day.undone, *(one for of in day.machines for one in of.each)]
        found += [each_ for one in told_once for each_ in (one, *one.again)]
    return found


def _day(day: Day, tell: Callable[[Entry], Told]) -> ToldDay:
    machines = tuple(_summed(one, tell) for one in day.machines)
    people, refused, undone = (_gathered(map(tell, part)) for part in (day.people, day.refused, day.undone))
    return ToldDay(day.date, people, machines, refused, undone)


def _gathered(entries: Iterable[Told]) -> tuple[Told, ...]:
    """Each thing that is told once, at its newest: somebody opens the same list ten times a day."""
    alike: dict[tuple[str, ...], list[Told]] = {}
    for one in entries:
        stands_alone = (one.entry.record.id,) if one.special or one.entry.asked else ()
        alike.setdefault((one.who, one.said, one.purpose, one.why, one.mark, *stands_alone), []).append(one)
    return tuple(replace(newest, again=tuple(again)) for newest, *again in alike.values())


def _summed(machines: Machines, tell: Callable[[Entry], Told]) -> Summed:
    entries = tuple(map(tell, machines.entries))
    sums = Counter(one.said for one in entries)
    name = plain(machines.organisation_name) or "連携ハブ"
    return Summed(name, len(entries), tuple(sums.most_common()), entries)


def _told(entry: Entry, page: RecordPage) -> Told:
    record = entry.record
    names = {rule: page.rules[rule, record.recorded].name for rule in record.rules}
    return Told(
        entry=entry,
        who=_who(record, page.kinds),
        said=without_object(record) or f"{_object(entry)}を{_deed(record)}",
        purpose=PURPOSES.get(record.purpose, ""),
        why=" ".join(_why(record, names)),
        special=SPECIAL.get(entry.special, ""),
        mark=_mark(record),
    )


def _mark(record: AuditRecord) -> str:
    if record.succeeded:
        return ""
    return "お見せしていません" if is_refused_look(record.interaction, record.outcome) else "行われていません"


def _object(entry: Entry) -> str:
    record = entry.record
    page = "" if record.succeeded else _PAGES.get(record.query.partition("/")[0], "")
    if page and record.query.endswith("/hand-over"):
        page = "担当の引き継ぎで変わること"
    return page or _OBJECTS.get(record.interaction) or _what(entry.kinds)


def _who(record: AuditRecord, kinds: Mapping[str, str]) -> str:
    place, kind = plain(record.organisation_name), ORGANISATION_KINDS.get(kinds.get(record.organisation, ""), "")
    where = f"{place}（{kind}）" if kind and kind not in place else place
    if record.person:
        who = f"{PROFESSIONS.get(record.profession or '', '職員')} {plain(record.person_name) or record.person}"
        return f"{where}の{who}" if where else who
    return f"{where}のシステム" if where else "連携ハブのシステム"


def _what(kinds: Sequence[str]) -> str:
    shown = kind_names(kinds)
    return f"あなたの{shown}" if shown else "あなたの情報"


def kind_names(kinds: Sequence[str]) -> str:
    """Categories and resource types in words, each once; "" where none has a name."""
    named = {**TYPES, **category_names(), OTHER: "そのほかの情報"}
    words = list(dict.fromkeys(named[one] for one in kinds if one in named))
    return "・".join(words[:MOST_KINDS]) + ("など" if len(words) > MOST_KINDS else "")


def _deed(record: AuditRecord) -> str:
    if not record.succeeded:
        return _WANTED_TO_WRITE if kind_of(record.interaction).writes else _WANTED_TO_SEE
    kind, words = next(
        ((name, words) for name, (words, interactions) in KINDS.items() if record.interaction in interactions), ("", "")
    )
    known = _DEEDS.get(record.interaction) or _DEEDS_BY_KIND.get(kind)
    return known or (f"使って、手続きをしました（{words}）" if words else "使いました")


def _why(record: AuditRecord, names: Mapping[str, str]) -> list[str]:
    if record.reason in _OTHER_REASONS:
        return [_OTHER_REASONS[record.reason]]
    if record.succeeded and kind_of(record.interaction).writes:
        return [_WRITTEN]
    reason = reason_of(record)
    if not record.succeeded and (plainly := REFUSED.get(reason) or MISTAKES.get(reason)):
        return [plainly]
    said = explain_reason(reason, record.rules, permit=record.succeeded, audience="resident", words=names)
    if acts(record.interaction):
        said = [of_an_act(one) for one in said]
    return said or [*why(record), *names.values()] or ([] if record.succeeded else [FAILED])
