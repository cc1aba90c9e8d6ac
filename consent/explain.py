"""A decision in plain Japanese (CONSENT §9): for the municipality, the resident, and the staff who asked."""

from collections.abc import Container, Mapping
from typing import Literal, TypeAlias

from consent.model import ConsentRecord
from consent.period import JST
from consent.scope import Decision, Reason
from consent.vocabulary import MEDICAL, SPACES, TEAM

Audience: TypeAlias = Literal["municipality", "resident"]

SENTENCES: Mapping[Reason, str] = {
    "scope": "このシステムに認められた操作の範囲にないため、お見せしていません。",
    "not-in-force": "利用者の職務、または所属する機関の参加が、この時点では有効でないため、お見せしていません。",
    "own": "利用者の所属機関が自ら登録した情報のため、お見せしました。",
    "withheld-by-source": "登録した機関が取り消したか、機関の中だけで使うと定めた情報のため、お見せしていません。",
    "directory": "機関や職員などの名簿で、住民の情報を含まないため、お見せしました。",
    "emergency": "緊急時の利用が申告されていたため、緊急時に必要な情報としてお見せしました。",
    "disaster": "この地域に災害時の利用が宣言されていたため、災害時に必要な情報としてお見せしました。",
    "no-relation": "この方の支援チームに、利用者もその所属機関も入っていないため、お見せしていません。",
    "no-consent": "この情報の共有について、有効なご本人の同意がないため、お見せしていません。",
    "not-shared": "市の共有の取り決めで、利用者の職種には共有されない情報のため、お見せしていません。",
    "role": "市の共有の取り決めで、利用者の職種からは除かれている種類の情報のため、お見せしていません。",
    "resident-denied": "ご本人が見せないと決めた情報のため、お見せしていません。",
    "label": "特に注意して扱う印がついた情報で、利用者の職種には認められていないため、お見せしていません。",
    "consent": "ご本人の同意と市の共有の取り決めにより、お見せしました。",
}
TO_THE_RESIDENT: Mapping[Reason, str] = {
    "scope": "使われたシステムには、この操作が認められていません。お見せしませんでした。",
    "not-in-force": "そのとき、その人の職務か、その機関の参加が有効ではありませんでした。お見せしませんでした。",
    "own": "その機関が自分で登録した、あなたの情報です。登録した機関は、いつでも見ることができます。",
    "withheld-by-source": "登録した機関が取り消したか、機関の中だけで使うと決めた情報です。お見せしませんでした。",
    "directory": "機関や職員などの名簿で、あなたの情報は含まれていません。",
    "emergency": "命や体にかかわる緊急のときの利用が申告され、緊急時に必要な情報だけをお見せしました。",
    "disaster": "お住まいの地域に災害時の利用が宣言され、災害時に必要な情報だけをお見せしました。",
    "no-relation": "その人も、その機関も、あなたの支援チームに入っていません。お見せしませんでした。",
    "no-consent": "この情報の共有に、あなたの有効な同意がありません。お見せしませんでした。",
    "not-shared": "市の取り決めで、その職種には共有されない情報です。お見せしませんでした。",
    "role": "市の取り決めで、その職種には見せない種類の情報です。お見せしませんでした。",
    "resident-denied": "あなたが「見せない」と決めた情報です。お見せしませんでした。",
    "label": "特に注意して扱う印がついた情報で、その職種には認められていません。お見せしませんでした。",
    "consent": "あなたの同意と、市の共有の取り決めにより、お見せしました。",
}
HIDDEN_BY_RESIDENT = "この方の一部の情報は、ご本人の意思により表示していません。"
_SPACE_NAMES = {MEDICAL: "医療の場", TEAM: "介護の場"}


def explain(
    decision: Decision, audience: Audience = "municipality", words: Mapping[str, str] | None = None
) -> list[str]:
    """The explanation in full: the reason, and the rules that decided.  Staff get none: see ``explain_to_staff``.

    ``words`` has what rules are called, by their ids: the municipality is told the id of a rule without words, the
    resident is not.
    """
    named = words or {}
    if audience == "resident":
        sentences = [TO_THE_RESIDENT[decision.reason]]
        rules = [named[rule] for rule in decision.rules if rule in named]
    else:
        sentences = [SENTENCES[decision.reason]]
        rules = [named.get(rule, rule) for rule in decision.rules]
    return [*sentences, f"決め手となった定め：{'、'.join(dict.fromkeys(rules))}"] if rules else sentences


def explain_to_staff(decision: Decision, allowed: Container[Reason]) -> list[str]:
    """What staff may know of a refusal: a line that names no rule, only for reasons that the city file allows.

    Every reason gives the same line, so that it does not tell which one it was.
    """
    return [HIDDEN_BY_RESIDENT] if not decision.permit and decision.reason in allowed else []


def name_of_consent(record: ConsentRecord) -> str:
    """What people call a consent: 「2026年4月1日の同意（介護の場）」."""
    signed = record.signed.start.astimezone(JST) if record.signed.start else None
    day = f"{signed.year}年{signed.month}月{signed.day}日の" if signed else "日付のない、"
    if record.unreadable:
        what = "読み取れない同意"
    elif record.revoked:
        what = "同意の取り消し"
    else:
        what = "同意" if record.permits else "共有しないという意思"
    return f"{day}{what}（{'と'.join(_SPACE_NAMES[space] for space in SPACES if space in record.spaces)}）"
