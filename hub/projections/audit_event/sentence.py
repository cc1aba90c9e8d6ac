"""An audit record as one Japanese sentence, for the municipality's auditor and the resident."""

from hub.errors import NOT_FOR_ROLE
from hub.projections.audit_event.kinds import kind_of
from hub.projections.audit_event.record import AuditRecord
from hub.projections.audit_event.refusals import DELETED, UNTOLD, reason_of
from hub.projections.professions import PROFESSIONS
from hub.projections.wording import minute, plain
from profiles import category_name

TYPES = {
    "AllergyIntolerance": "アレルギー", "CarePlan": "ケアプラン", "CareTeam": "担当者", "Communication": "申し送り",
    "Composition": "文書", "Condition": "病名", "Consent": "同意", "Coverage": "保険・介護認定", "Device": "医療機器",
    "DiagnosticReport": "検査報告", "DocumentReference": "文書", "Encounter": "受診・入退院", "Goal": "目標",
    "ImagingStudy": "画像", "Immunization": "予防接種", "MedicationAdministration": "投薬",
    "MedicationDispense": "調剤", "MedicationRequest": "処方", "MedicationStatement": "服薬状況",
    "Observation": "検査・測定値", "Patient": "基本情報", "Procedure": "処置・手術", "QuestionnaireResponse": "記入票",
    "RelatedPerson": "緊急連絡先", "ServiceRequest": "依頼・利用サービス", "AuditEvent": "アクセスの記録",
    "Subscription": "通知の登録",
}  # fmt: skip

# Done, and tried in vain.
_LOOKED = ("を閲覧しました", "を閲覧しようとしましたが", "表示しませんでした")
_ENTERED = ("を登録しました", "を登録しようとしましたが", "受け付けませんでした")
_ASKED = ("を調べました", "を調べようとしましたが", "答えませんでした")
_DEEDS = {
    "history-instance": ("の変更の履歴を閲覧しました", "の変更の履歴を閲覧しようとしましたが", "表示しませんでした"),
    "history-type": ("の書き込みの履歴を調べました", "の書き込みの履歴を調べようとしましたが", "表示しませんでした"),
    "update": ("を修正しました", "を修正しようとしましたが", "受け付けませんでした"),
    "patch": ("を修正しました", "を修正しようとしましたが", "受け付けませんでした"),
    "delete": ("を削除しました", "を削除しようとしましたが", "受け付けませんでした"),
    "operation:handoff": ("を作りました", "を作ろうとしましたが", "作りませんでした"),
    "operation:access-record-print": ("を印刷しました", "を印刷しようとしましたが", "印刷しませんでした"),
    "operation:ask-about-access": ("を届けました", "を届けようとしましたが", "受け付けませんでした"),
    "operation:find-resident": ("を探しました", "を探そうとしましたが", "探しませんでした"),
    "operation:disaster-find": ("を探しました", "を探そうとしましたが", "表示しませんでした"),
    "operation:why": _ASKED,
    "operation:match": ("を探しました", "を探そうとしましたが", "探しませんでした"),
    "operation:validate": ("を確かめました", "を確かめようとしましたが", "確かめませんでした"),
    "operation:expand": _ASKED,
    "operation:lookup": _ASKED,
    "operation:validate-code": _ASKED,
    "operation:export-file": ("を書き出しました", "を書き出そうとしましたが", "書き出しませんでした"),
    "notification": ("の通知を受けました", "の通知を受けるところでしたが", "送りませんでした"),
    "refusal": ("を利用しようとしました", "を利用しようとしましたが", "お断りしました"),
}  # fmt: skip
_OBJECTS = {
    "operation:handoff": "入院時情報提供書",
    "operation:emergency-sheet": "緊急時の情報",
    "operation:disaster-sheet": "災害時の情報",
    "operation:disaster-find": "災害で助けの要る方",
    "operation:access-record": "アクセスの記録",
    "operation:access-record-print": "アクセスの記録",
    "operation:ask-about-access": "アクセスについての質問",
    "operation:find-resident": "窓口に来られた方",
    "operation:why": "判断の理由",
    "operation:everything": "記録のすべて",
    "operation:match": "同じかもしれない方",
    "operation:expand": "コードの一覧",
    "operation:lookup": "コードの意味",
    "operation:validate-code": "コードの正しさ",
}
_WITHOUT_OBJECT = {
    "history-system": ("書き込みの履歴を調べました", "書き込みの履歴を調べようとしましたが", "表示しませんでした"),
    "operation:export": ("情報の書き出しを始めました", "情報の書き出しを始めようとしましたが", "始めませんでした"),
    "operation:export-status": ("書き出しの進みを尋ねました", "書き出しの進みを尋ねましたが", "答えませんでした"),
    "operation:export-cancel": ("書き出しをやめました", "書き出しをやめようとしましたが", "受け付けませんでした"),
    "token": ("接続の許可を受けました", "接続の許可を求めましたが", "許可しませんでした"),
    "sign-in": ("サインインしました", "サインインしようとしましたが", "受け付けませんでした"),
    "sign-out": ("サインアウトしました", "サインアウトしようとしましたが", "受け付けませんでした"),
    "clock-step": ("時計が一秒以上動かされたことに気づきました", "", ""),
    "city-apply": ("市の設定を替えました", "", ""),
    "identity-link": ("番号のつながりを戻しました", "", ""),
    "identity-unlink": ("番号のつながりを外しました", "", ""),
    "store-restored": ("バックアップから戻したデータを、確かめたものとしました", "", ""),
    "notification-status": (
        "通知の登録の状態が変わりました",
        "通知の登録の状態が変わるところでしたが",
        "変わりませんでした",
    ),
    "operation:declare-emergency": (
        "緊急アクセスを宣言しました",
        "緊急アクセスを宣言しようとしましたが",
        "認めませんでした",
    ),
    "operation:end-emergency": (
        "緊急アクセスを終えました",
        "緊急アクセスを終えようとしましたが",
        "受け付けませんでした",
    ),
    **{
        f"operation:{act}": (f"{noun}{done}", f"{noun}{tried}が", "受け付けませんでした")
        for act, noun, done, tried in (
            ("disaster-declare", "災害", "を宣言しました", "を宣言しようとしました"),
            ("disaster-confirm", "災害の宣言", "を、二人目として確かめました", "を確かめようとしました"),
            ("disaster-withdraw", "災害の宣言", "を取り下げました", "を取り下げようとしました"),
            ("disaster-end-wish", "災害の宣言", "を終えたいと申し出ました", "を終えたいと申し出ようとしました"),
            ("disaster-end", "災害の宣言", "を、二人目として終えました", "を終えようとしました"),
            ("disaster-go-on", "災害の宣言", "を続けることにしました", "を続けようとしました"),
            ("disaster-act", "災害の宣言", "を操作しました", "を操作しようとしました"),
            ("review-close", "市の確認", "を終えました", "を終えようとしました"),
            ("review-reopen", "市の確認", "をやり直すことにしました", "をやり直そうとしました"),
            ("review-act", "市の確認", "を操作しました", "を操作しようとしました"),
            ("care-team-add", "支援チームに、機関か人", "を加えました", "を加えようとしました"),
            ("care-team-end", "支援チームの担当の終わり", "を記録しました", "を記録しようとしました"),
            ("care-team-hand-over", "ケアマネジメントの担当の引き継ぎ", "を記録しました", "を記録しようとしました"),
            ("care-team-undo", "支援チームの変更", "を元に戻しました", "を元に戻そうとしました"),
            ("desk-contact-confirm", "はじめての連絡をした機関", "を確かめました", "を確かめようとしました"),
            ("desk-contact-undo", "はじめての連絡の確認", "を取り消しました", "を取り消そうとしました"),
            ("desk-contact-refuse", "はじめての連絡をした機関", "を断りました", "を断ろうとしました"),
            ("desk-contact-wait", "はじめての連絡への断り", "を取り消しました", "を取り消そうとしました"),
            ("desk-pair-different", "同じ方かもしれない記録", "を別の人と決めました", "を別の人と決めようとしました"),
            ("desk-pair-hold", "同じ方かもしれない記録の判断", "を保留にしました", "を保留にしようとしました"),
            ("desk-pair-undo", "同じ方かもしれない記録の判断", "を取り消しました", "を取り消そうとしました"),
            ("consent-draft", "同意の用紙の内容", "を入力しました", "を入力しようとしました"),
            ("consent-discard", "同意の用紙の入力", "を取りやめました", "を取りやめようとしました"),
            ("consent-register", "同意の用紙", "を登録しました", "を登録しようとしました"),
            ("consent-revoke", "同意の取り消し", "を登録しました", "を登録しようとしました"),
        )
    },
    "operation:allow-emergency": (
        "緊急アクセスの宣言を、ふたたび許しました",
        "緊急アクセスの宣言を、ふたたび許そうとしましたが",
        "受け付けませんでした",
    ),
}

# Why not (CONSENT §4), and what no rule of it decides.
_REASONS = {
    "scope": "システムに許された範囲を超える",
    "not-in-force": "職務または所属が有効でない",
    "withheld-by-source": "情報の提供元が公開していない",
    "no-relation": "この方の担当として登録されていない",
    "no-consent": "同意がない",
    "not-shared": "共有の対象になっていない",
    "role": "この職種には見せない情報である",
    "resident-denied": "ご本人が見せないことを希望している",
    "label": "特に慎重な扱いが必要な情報である",
    NOT_FOR_ROLE: "この役割では使えないページか操作である",
    UNTOLD: "この役割には見せない",
    DELETED: "取り消された情報である",
    "not-publishable": "この機関が登録できない種類の情報である",
}


def explain(record: AuditRecord, *, patient: str = "", rule: str = "") -> str:
    """Who did what with whose information, when, and why they could or could not.

    ``patient`` is how the reader may see the person named (「佐藤 ハナ 様」), empty when nobody is to be named;
    ``rule`` is a sentence that explains the rules which decided, without its full stop.
    """
    done, tried, answered = _deed(record)
    whole = f"{minute(record.recorded)} {_who(record)} が {_whose(record, patient)}"
    if record.succeeded:
        return whole + done + (f"。{plain(rule)}" if rule else "")
    code, reason = f"（{plain(record.reason)}）" if record.reason else "", reason_of(record)
    why = f"{_REASONS[reason]}ため" if reason in _REASONS else "処理できなかったため"
    return f"{whole}{tried}、{why}{answered}{code}" + (f"。{plain(rule)}" if rule else "")


def without_object(record: AuditRecord) -> str:
    """What was done, or tried, that is done to nothing: 「緊急アクセスを宣言しました」; "" for what has an object."""
    if record.interaction not in _WITHOUT_OBJECT:
        return ""
    done, tried, _ = _WITHOUT_OBJECT[record.interaction]
    return done if record.succeeded else tried.removesuffix("が")


def _deed(record: AuditRecord) -> tuple[str, str, str]:
    words = _WITHOUT_OBJECT.get(record.interaction) or _DEEDS.get(record.interaction)
    return words or (_ENTERED if kind_of(record.interaction).writes else _LOOKED)


def _who(record: AuditRecord) -> str:
    place = plain(record.organisation_name) or "所属不明"
    if record.person:
        profession = PROFESSIONS.get(record.profession or "", "職員")
        return f"{place}の{profession} {plain(record.person_name) or record.person}"
    return f"{place}のシステム「{plain(record.system)}」" if record.system else place


def _whose(record: AuditRecord, patient: str) -> str:
    if record.interaction in _WITHOUT_OBJECT:
        return f"{patient}について " if patient else ""
    return (f"{patient}の" if patient else "") + _what(record) + " "


def _what(record: AuditRecord) -> str:
    """The kinds of information, never the information."""
    if record.interaction in _OBJECTS:
        return _OBJECTS[record.interaction]
    if record.category:
        return category_name(record.category)
    if record.interaction == "notification" and not record.what:
        return "接続の確認"
    named = record.what if record.interaction == "notification" else [*record.what, record.query]
    types = dict.fromkeys(one.partition("/")[0].partition("?")[0] for one in named)
    return "・".join(dict.fromkeys(TYPES[one] for one in types if one in TYPES)) or "情報"
