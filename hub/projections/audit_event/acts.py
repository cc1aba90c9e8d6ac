"""Entries of the log that are no look at anything: what was to be done, and why it was not (CONSENT.md §9).  Pure."""

from collections.abc import Mapping

from hub.errors import NOT_FOR_ROLE
from hub.projections.audit_event.kinds import kind_of
from hub.projections.audit_event.record import AuditRecord

# Done, and tried in vain; whose it is stands before: 「あなたの支援チームに…」「住民 …さんの支援チームに…」.
ACTS = {
    "operation:consent-draft": (
        "の、同意の用紙の内容を入力しました",
        "の、同意の用紙の内容を入力しようとしました",
    ),
    "operation:consent-discard": (
        "の、同意の用紙の入力を取りやめました",
        "の、同意の用紙の入力を取りやめようとしました",
    ),
    "operation:consent-register": ("の同意を登録しました", "の同意を登録しようとしました"),
    "operation:consent-revoke": ("の同意の取り消しを登録しました", "の同意の取り消しを登録しようとしました"),
    "operation:desk-pair": (
        "と、同じ方かもしれない記録について判断しました",
        "と、同じ方かもしれない記録について判断しようとしました",
    ),
    "operation:desk-pair-different": (
        "と、同じ方かもしれない記録を「別の人」と判断しました",
        "と、同じ方かもしれない記録を「別の人」と判断しようとしました",
    ),
    "operation:desk-pair-hold": (
        "の、同じ方かもしれない記録の判断を保留にしました",
        "の、同じ方かもしれない記録の判断を保留にしようとしました",
    ),
    "operation:desk-pair-undo": (
        "の、同じ方かもしれない記録の判断を取り消しました",
        "の、同じ方かもしれない記録の判断を取り消そうとしました",
    ),
    "operation:desk-contact": (
        "の情報をはじめて送ってきた機関について判断しました",
        "の情報をはじめて送ってきた機関について判断しようとしました",
    ),
    "operation:desk-contact-confirm": (
        "の支援チームに、はじめての連絡をした機関が加わることを確かめました",
        "の支援チームに、はじめての連絡をした機関が加わることを確かめようとしました",
    ),
    "operation:desk-contact-undo": (
        "の支援チームに機関が加わるという確認を取り消しました",
        "の支援チームに機関が加わるという確認を取り消そうとしました",
    ),
    "operation:desk-contact-refuse": (
        "の情報をはじめて送ってきた機関が、支援チームに加わることを断りました",
        "の情報をはじめて送ってきた機関が、支援チームに加わることを断ろうとしました",
    ),
    "operation:desk-contact-wait": (
        "の支援チームに機関が加わることを断ったのを、取り消しました",
        "の支援チームに機関が加わることを断ったのを、取り消そうとしました",
    ),
    "operation:care-team-add": (
        "の支援チームに、機関か人を加えました",
        "の支援チームに、機関か人を加えようとしました",
    ),
    "operation:care-team-end": (
        "の支援チームで、機関か人の終わりの日を決めました",
        "の支援チームで、機関か人の終わりの日を決めようとしました",
    ),
    "operation:care-team-hand-over": (
        "のケアマネジメントの担当を引き継ぎました",
        "のケアマネジメントの担当を引き継ごうとしました",
    ),
    "operation:care-team-undo": (
        "の支援チームの変更を、元に戻しました",
        "の支援チームの変更を、元に戻そうとしました",
    ),
}
_NO_LOOK = ("operation:review-", "operation:disaster-", "sign-", "operation:export-cancel", "notification-status")
_LOOKS_ALL_THE_SAME = ("operation:disaster-find", "operation:disaster-sheet")
_NO_LOOKS = frozenset(
    {
        *("operation:ask-about-access", "operation:declare-emergency", "operation:end-emergency"),
        *("operation:allow-emergency", "token", "clock-step"),
    }
)

_OF_ONE = frozenset({"read", "vread", "history-instance", "operation:meta", "operation:everything"}) | {
    "operation:handoff",
    "operation:validate",
}
"""What is decided about one resource, by all rules: only there may rule 9 be what decides."""
_OF_RULES = frozenset(
    {
        *("scope", "not-in-force", "withheld-by-source", "no-relation", "no-consent", "not-shared", "role"),
        *("resident-denied", "label"),
    }
)

# Why not, where no rule about looking decided: 「…ため、受け付けませんでした」.
_WHY_NOT: Mapping[str, str] = {
    NOT_FOR_ROLE: "その人の職務では使わないページか操作だった",
    "scope": "システムに許された範囲を超える",
    "not-in-force": "そのとき、その人の職務か、その機関の参加が有効でなかった",
    "no-relation": "その機関が支援チームに入っていなかった",
    "not-related": "その機関が支援チームに入っていることが、確かめられていなかった",
    "role": "その機関には、登録が認められていない種類の情報だった",
    "not-own": "ほかの機関が登録したものだった",
    "own-contact": "自分の機関の連絡は、ほかの人が確かめることになっている",
    "own-office": "自分の事業所とその職員は、市の事務局が加えることになっている",
    "member": "もう支援チームに入っていた",
    "over": "もう終わっていた",
    "order": "終わりの日が、始まりの日より前だった",
    "past": "最後の日が、もう過ぎた日だった",
    "same": "引き継ぐ人と、引き継がれる人が同じだった",
    "nobody": "終えられる担当がなかった",
    "day": "日付が書かれていないか、正しくなかった",
    "decided": "ほかの人が先に決めていた",
    "asked": "同じことについての質問に、まだ答えが出ていなかった",
    "question": "質問が書かれていないか、長すぎた",
    "finding": "確かめた結果が選ばれていないか、書いたことが長すぎた",
    "note-missing": "わけが書かれていなかった",
    "changed": "確かめているあいだに、内容が変わっていた",
    "stale": "書いているあいだに、ほかの人が先に変えていた",
    "incomplete": "書きかけのところがあった",
    "identity": "ほかの方の番号と重なっていた",
    "unresolvable": "指している先が見つからなかった",
    "conflict": "ほかの操作と重なった",
    "malformed": "書き方が正しくなかった",
    "invalid": "内容に正しくないところがあった",
    "toolarge": "大きすぎた",
    "throttled": "短いあいだに多すぎた",
    "busy": "ハブが混み合っていた",
    "turn": "ハブが混み合っていた",
    "exception": "ハブの中で失敗した",
    "unknown": "そのようなものがなかった",
    "gone": "もう取り消されたものだった",
}  # fmt: skip


def is_look(interaction: str) -> bool:
    """Whether it shows, or would have shown, something of a resident: neither a write nor an act at a desk."""
    if interaction in _LOOKS_ALL_THE_SAME:
        return True
    is_act = interaction in ACTS or interaction in _NO_LOOKS or interaction.startswith(_NO_LOOK)
    return not is_act and not kind_of(interaction).writes


def is_decision(record: AuditRecord) -> bool:
    """Whether the rules of CONSENT.md §4 decided about a look, in their order.

    The log once had the reason ``role`` for pages and operations too: where one resource was not decided about, and
    for auditors, who read none, it says no more than that.
    """
    if not is_look(record.interaction):
        return False
    if record.succeeded or record.reason != "role":
        return record.succeeded or record.reason in _OF_RULES
    return record.interaction in _OF_ONE and record.profession != "auditor" and record.purpose != "AUDIT"


def why_not(record: AuditRecord) -> str:
    """Why something was not done or shown that no rule about looking decided, as a clause; "" for what is not known."""
    reason = NOT_FOR_ROLE if record.reason == "role" and is_look(record.interaction) else record.reason
    return "" if is_decision(record) else _WHY_NOT.get(reason, "")
