"""Why something was not done, in words for everybody who reads the log: the municipality and the resident."""

from collections.abc import Mapping

from hub.errors import NOT_FOR_ROLE
from hub.projections.audit_event.refusals import DELETED, UNTOLD

REFUSED: Mapping[str, str] = {
    NOT_FOR_ROLE: "その役割（職種、機関の種類、名のった目的）では使えないページか操作のため、断りました。",
    UNTOLD: "その役割ではお見せしないため、断りました。情報の種類によるのか、操作そのものによるのかは、"
    "この古い記録からは分かりません。",
    DELETED: "登録した機関が取り消した情報のため、お見せしていません。",
    "unknown": "求められたものがないため、何もお見せしていません。",
    "unknown-version": "求められた版がないため、何もお見せしていません。",
    "no-disaster": "この方の地域に、その機関が支援する災害の宣言がないため、お見せしていません。",
    "emergency-over": "緊急アクセスの60分が終わっていたため、お見せしていません。",
    "not-publishable": "その機関が登録することのできない種類の情報のため、受け付けていません。",
}
"""Refusals that no rule of CONSENT.md §4 decides."""
MISTAKES: Mapping[str, str] = {
    "member": "加えようとした機関か人が、もう支援チームにいたため、記録していません。",
    "over": "その担当が、もう終わっていたため、記録していません。",
    "order": "終わりの日が始まりの日より前だったため、記録していません。",
    "past": "引き継ぎの最後の日が、もう過ぎた日だったため、記録していません。",
    "same": "引き継ぐ先が、それまでの担当と同じだったため、記録していません。",
    "nobody": "操作した人が終わりを決められる担当がなかったため、記録していません。",
    "own-office": "自分の事業所とその職員は市の事務局が加える決まりのため、記録していません。",
    "own-contact": "自分の機関の連絡はほかの人が確かめる決まりのため、記録していません。",
    "not-own": "ほかの機関が登録したものだったため、変えていません。",
    "stale": "ほかの人が先に変えていたため、記録していません。",
    "changed": "確かめたあとで同意か入力が変わっていたため、登録していません。",
    "decided": "もう決まっていたため、記録していません。",
    "day": "日付がないか、読めなかったため、記録していません。",
    "incomplete": "入力が足りなかったため、登録していません。",
    "finding": "結論が選ばれていないか、わけが長すぎたため、記録していません。",
    "note-missing": "結論のわけが書かれていなかったため、記録していません。",
    "question": "質問が空か、長すぎたため、届けていません。",
    "asked": "前の質問がまだ答えを待っているため、届けていません。",
    "conflict": "ほかの処理と重なったか、一つに決まらなかったため、何も行っていません。",
    "malformed": "求め方に誤りがあったため、何も行っていません。",
    "invalid": "書かれたことに誤りがあったため、何も行っていません。",
}
"""What was tried by mistake, or too late."""
FAILED = "処理できなかったため、何も行っていません。"


def of_an_act(said: str) -> str:
    """A sentence about a refused look, of an act."""
    return said.replace("お見せしていません", "受け付けていません").replace(
        "お見せしませんでした", "受け付けませんでした"
    )
