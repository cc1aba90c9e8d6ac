"""What changed between two versions of a resource, in one short Japanese sentence."""

from hub.projections.wording import plain, text_of
from profiles import is_entered_in_error
from profiles.resource import Json, Resource

# What the hub and the server's own bookkeeping write is no news to people.
_SILENT = {"resourceType", "id", "meta", "implicitRules", "text", "identifier", "language", "contained", "extension"}
_MOST = 4
_LONGEST = 40

_FIELDS = {
    "abatement": "治った日", "activity": "支援の内容", "address": "住所", "author": "作成者",
    "birthDate": "生年月日", "bodySite": "部位", "category": "分類", "class": "区分", "clinicalStatus": "経過",
    "code": "内容", "component": "測定値", "conclusion": "所見", "content": "添付", "criticality": "重さ",
    "date": "日付", "dateTime": "日付", "daysSupply": "日数", "description": "説明",
    "dispenseRequest": "調剤の指示", "dosage": "用法・用量", "dosageInstruction": "用法・用量",
    "effective": "日時", "gender": "性別", "goal": "目標", "interpretation": "判定", "intent": "意図",
    "item": "回答", "location": "場所", "medication": "薬", "name": "名前", "note": "備考", "occurrence": "日時",
    "onset": "発症", "participant": "担当者", "payload": "本文", "performed": "実施日", "performer": "実施者",
    "period": "期間", "presentedForm": "添付", "provision": "希望の内容", "quantity": "数量", "reaction": "反応",
    "reasonCode": "理由", "recordedDate": "記録日", "referenceRange": "基準値", "relationship": "続柄",
    "result": "検査項目", "section": "本文", "sent": "送信日時", "severity": "重さ", "status": "状態",
    "subject": "本人", "telecom": "連絡先", "title": "題名", "type": "種類", "value": "値",
    "verificationStatus": "確からしさ", "whenHandedOver": "渡した日", "serviceProvider": "機関",
    "authoredOn": "作成日",
}  # fmt: skip

_CHOICES = ("abatement", "effective", "medication", "occurrence", "onset", "performed", "value")

_STATES = {
    "active": "有効", "inactive": "無効", "completed": "完了", "finished": "終了", "in-progress": "実施中",
    "planned": "予定", "stopped": "中止", "on-hold": "休止中", "cancelled": "取り消し", "revoked": "取り消し",
    "final": "確定", "preliminary": "暫定", "amended": "修正済み", "corrected": "訂正済み", "registered": "受付",
    "draft": "下書き", "current": "最新", "superseded": "差し替え済み", "resolved": "治癒", "remission": "寛解",
    "recurrence": "再発", "confirmed": "確定", "provisional": "疑い", "refuted": "否定", "unconfirmed": "未確定",
    "not-done": "実施せず", "not-taken": "服用していない", "entered-in-error": "誤りのため取り消し",
    "male": "男性", "female": "女性", "low": "低い", "high": "高い",
}  # fmt: skip


def changed(old: Resource | None, new: Resource) -> str:
    """The fields of ``new`` that differ from ``old``: 「日数」を「28日」から「14日」に変更しました。

    ``old`` is ``None`` for a first version.  At most four fields are named; the rest are counted.
    """
    if old is None:
        return "新しく登録されました。"
    if is_entered_in_error(new) and not is_entered_in_error(old):
        return "誤りのため取り消されました。"
    before, after = _elements(old), _elements(new)
    parts = [
        _sentence(_FIELDS.get(name, "その他の項目"), before.get(name), after.get(name))
        for name in after | before
        if not _same(before.get(name), after.get(name))
    ]
    parts = list(dict.fromkeys(parts))
    if not parts:
        return "内容は変わっていません。"
    more = f"、ほか{len(parts) - _MOST}か所を変更" if len(parts) > _MOST else ""
    return "、".join(parts[:_MOST]) + more + "しました。"


def _elements(resource: Resource) -> dict[str, Json]:
    """What people may hear of, by element; ``valueQuantity`` and ``valueString`` are both ``value``."""
    told = {name: value for name, value in resource.items() if name not in _SILENT and not name.startswith("_")}
    return {_element(name): value for name, value in told.items()}


def _element(name: str) -> str:
    for choice in _CHOICES:
        if name.startswith(choice) and name[len(choice) :][:1].isupper():
            return choice
    return name


def _same(before: Json, after: Json) -> bool:
    # 7.1 and 7.10 are equal numbers, but not the same statement.
    return before == after and text_of(before) == text_of(after)


def _sentence(field: str, before: Json, after: Json) -> str:
    was, now = _short(before), _short(after)
    if before is None:
        return f"「{field}」に「{now}」を追加" if now else f"「{field}」を追加"
    if after is None:
        return f"「{field}」の「{was}」を削除" if was else f"「{field}」を削除"
    if was and now and was != now:
        return f"「{field}」を「{was}」から「{now}」に変更"
    return f"「{field}」を変更"


def _short(value: Json) -> str:
    """The value where it is short enough to be said, with the state words of FHIR in Japanese."""
    coded = value["coding"] if isinstance(value, dict) and "text" not in value and "coding" in value else None
    codes = [one.get("code") for one in coded if isinstance(one, dict)] if isinstance(coded, list) else [value]
    for code in codes:
        if isinstance(code, str) and code in _STATES:
            return _STATES[code]
    text = plain(text_of(value))
    return text if len(text) <= _LONGEST else ""
