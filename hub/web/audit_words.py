"""A record of the access log in words: one sentence, and field by field.  Pure."""

from urllib.parse import parse_qs

from hub.access.explaining import explain_reason
from hub.projections.audit_event import AuditRecord, explain
from hub.projections.audit_event.kinds import acts
from hub.projections.audit_event.refusals import reason_of
from hub.projections.professions import PROFESSIONS
from hub.projections.wording import minute, plain
from hub.web.reason_words import MISTAKES, REFUSED, of_an_act
from hub.web.words import long_time, purpose
from profiles import category_name

# By what the auditor narrows the log: the kind of access, and the interactions that it is made of.
KINDS = {
    "look": (
        "画面や一覧で見た",
        ("page", "feed", "search-type", "search-system", "history-type", "history-system"),
    ),
    "read": ("一件を読んだ", ("read", "vread", "history-instance", "operation:meta")),
    "handoff": ("入院時情報提供書を作った", ("operation:handoff",)),
    "emergency": (
        "緊急アクセス",
        (
            "operation:declare-emergency", "operation:emergency-sheet", "operation:end-emergency",
            "operation:allow-emergency",
        ),
    ),
    "everything": ("一人の記録をまとめて読んだ", ("operation:everything",)),
    "match": ("同じかもしれない方を探した", ("operation:match",)),
    "check": (
        "確かめた・調べた",
        ("operation:validate", "operation:expand", "operation:lookup", "operation:validate-code"),
    ),
    "export": (
        "まとめて書き出した",
        ("operation:export", "operation:export-file", "operation:export-status", "operation:export-cancel"),
    ),
    "write": ("登録・修正・削除した", ("create", "update", "patch", "delete", "transaction", "batch", "ingest")),
    "notify": ("通知を受けた", ("notification", "notification-status")),
    "sign-in": ("サインイン・接続", ("sign-in", "sign-out", "token")),
    "desk": (
        "事務局の判断",
        (
            "operation:desk-pair-different", "operation:desk-pair-hold", "operation:desk-pair-undo",
            "operation:desk-contact-confirm", "operation:desk-contact-undo",
            "operation:desk-contact-refuse", "operation:desk-contact-wait",
        ),
    ),
    "disaster": (
        "災害の宣言と、災害時の支援",
        (
            "operation:disaster-declare", "operation:disaster-confirm", "operation:disaster-withdraw",
            "operation:disaster-end-wish", "operation:disaster-end", "operation:disaster-go-on",
            "operation:disaster-act", "operation:disaster-find", "operation:disaster-sheet",
        ),
    ),
    "review": ("市の確認", ("operation:review-close", "operation:review-reopen", "operation:review-act")),
    "care-team": (
        "支援チームの変更",
        (
            "operation:care-team-add", "operation:care-team-end", "operation:care-team-hand-over",
            "operation:care-team-undo",
        ),
    ),
    "consents": (
        "同意の受付",
        (
            "operation:consent-draft", "operation:consent-discard", "operation:consent-register",
            "operation:consent-revoke",
        ),
    ),
    "record": (
        "ご本人のためのアクセスの記録",
        (
            "operation:access-record", "operation:access-record-print", "operation:find-resident",
            "operation:ask-about-access", "operation:why",
        ),
    ),
}  # fmt: skip
_DESK = {
    "operation:consent-draft": "の、同意の用紙の内容を入力しました",
    "operation:consent-discard": "の、同意の用紙の入力を取りやめました",
    "operation:desk-pair-different": "と、同じ方かもしれない記録を「別の人」と判断しました",
    "operation:desk-pair-hold": "の、同じ方かもしれない記録の判断を保留にしました",
    "operation:desk-pair-undo": "の、同じ方かもしれない記録の判断を取り消しました",
    "operation:desk-contact-confirm": "の支援チームに、はじめての連絡をした機関が加わることを確かめました",
    "operation:desk-contact-undo": "の支援チームに機関が加わるという確認を取り消しました",
    "operation:desk-contact-refuse": "の情報をはじめて送ってきた機関が、支援チームに加わることを断りました",
    "operation:desk-contact-wait": "の支援チームに機関が加わることを断ったのを、取り消しました",
    "operation:care-team-add": "の支援チームに、機関か人を加えました",
    "operation:care-team-end": "の支援チームで、機関か人の終わりの日を決めました",
    "operation:care-team-hand-over": "のケアマネジメントの担当を引き継ぎました",
    "operation:care-team-undo": "の支援チームの変更を、元に戻しました",
}
_OUTCOMES = {"0": "認められました", "4": "受け付けられませんでした", "8": "断られました", "12": "重大な失敗"}
LOOKING = frozenset({"operation:emergency-sheet", "operation:disaster-find", "operation:disaster-sheet"}) | frozenset(
    one for kind in ("look", "read", "handoff", "everything", "match", "export") for one in KINDS[kind][1]
)
_OWN_REASONS = {
    "no-name": "用紙と照らし合わせるお名前を見せられないため、受け付けませんでした。",
    "audit": "市の監査の権限で、アクセスの記録を見ました。",
    "desk": "市の事務局の権限で行いました。",
    "care-manager": "この方のケアマネジメントの担当として行いました。",
    "record": "ご本人の求めにより、市の窓口が開きました。",
    "why": "判断の理由を調べる、市の権限で行いました。",
    "review": "市の責任者の権限で行いました。",
    "officer": "市の責任者・監査担当者の権限で行いました。",
    "same-officer": "二人目の責任者が要るところで、同じ方が操作したため、受け付けませんでした。",
    "not-the-declarer": "申し出た責任者だけができる取り下げのため、受け付けませんでした。",
    "own-case": "ご自身についての確認のため、受け付けませんでした。",
    "declared": "緊急アクセスが宣言されたためです。",
    "unmatched": "あてはまる方がいないか、二人以上いたため、開きませんでした。",
    "sign-in-again": "サインインから5分がたっていたため、もう一度のサインインを求めました。",
    "emergency-stop": "短いあいだに多くの方への宣言があったため、止めていました。",
    "handshake": "通知の送り先が答えることを確かめました。",
    "heartbeat": "変わりがないことを知らせました。",
    "active": "通知が始まりました。",
    "error": "通知が止まりました。送り先を直してから、登録しなおすと続きが届きます。",
    "off": "通知を終えました。",
    "demo": "実演用の入り口から入りました。",
    "operator": "運用担当者が発行しました。",
    "token": "登録された鍵による署名を確かめました。",
    "cross-site": "このハブのページではないところから送られた操作のため、受け付けませんでした。",
    "not-local": "実演用の入り口は、このハブが動いている機械の中からだけ使えるため、受け付けませんでした。",
    "no-demo": "この市では、実演用の入り口を使わないと決めています。",
}


def sentence(record: AuditRecord) -> str:
    """Who did what, of whom (by id alone), when, and by which rule."""
    patient = f"住民 {record.patient[:8]}…さん" if record.patient else ""
    if record.interaction in _DESK and record.succeeded:
        who = f"{plain(record.organisation_name)}の{PROFESSIONS.get(record.profession or '', '職員')}"
        return f"{minute(record.recorded)} {who} {plain(record.person_name)} が {patient}{_DESK[record.interaction]}。"
    because = why(record)[:1] if record.succeeded and record.interaction in LOOKING else []
    said = explain(record, patient=patient, rule=because[0].rstrip("。") if because else "")
    return said if said.endswith(("。", "）")) else f"{said}。"


def why(record: AuditRecord) -> list[str]:
    """The reason in words, and the rules that decided; empty for a reason that is only a code."""
    reason = reason_of(record)
    own = _OWN_REASONS.get(reason) or ("" if record.succeeded else REFUSED.get(reason) or MISTAKES.get(reason))
    if own:
        return [own]
    if record.succeeded and record.interaction not in LOOKING:
        return []
    said = explain_reason(reason, record.rules, permit=record.succeeded)
    return [of_an_act(one) for one in said] if acts(record.interaction) else said


def _kind(interaction: str) -> str:
    return next((words for words, interactions in KINDS.values() if interaction in interactions), "そのほか")


def fields(record: AuditRecord) -> list[tuple[str, str]]:
    """(what it is, what the record says), for people; of a question, what was asked about and never the values."""
    who = f"{record.person_name}（{record.person}）" if record.person else "（人ではなくシステム）"
    path, _, asked = record.query.rpartition("?") if "=" in record.query else (record.query, "", "")
    named = "、".join(dict.fromkeys(one.partition("=")[0] for one in asked.split("&") if one))
    declared = parse_qs(asked) if record.interaction == "operation:declare-emergency" else {}
    told = [
        ("いつ", f"{long_time(record.recorded)}（{record.recorded}）"),
        ("だれが", who),
        ("職種", PROFESSIONS.get(record.profession or "", "")),
        ("所属", f"{record.organisation_name}（{record.organisation}）" if record.organisation else ""),
        ("システム", record.system or ""),
        ("だれの", f"Patient/{record.patient}" if record.patient else "特定の住民の情報ではありません"),
        ("情報の種類", category_name(record.category) if record.category else ""),
        ("したこと", f"{_kind(record.interaction)}（{record.interaction}）"),
        ("たずねた先", path + (f"（条件：{named}）" if named else "")),
        ("目的", purpose(record.purpose)),
        ("結果", _OUTCOMES.get(record.outcome, record.outcome)),
        ("理由", " ".join(why(record)) or record.reason),
        ("申告された理由", "、".join(declared.get("reason", []))),
        ("申告された場所", "、".join(declared.get("place", []))),
        ("決め手の定め", "、".join(record.rules)),
        ("見た・書いたもの", "、".join(record.what)),
        ("使った接続の許可", record.token),
        ("相手のアドレス", record.address),
        ("要求の番号", record.request_id),
        ("記録の番号", record.id),
    ]
    return [(name, plain(value)) for name, value in told if value]
