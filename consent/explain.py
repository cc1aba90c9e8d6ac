"""A decision in plain Japanese (CONSENT §9)."""

from collections.abc import Container, Mapping

from consent.scope import Decision, Reason

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
HIDDEN_BY_RESIDENT = "この方の一部の情報は、ご本人の意思により表示していません。"


def explain(decision: Decision) -> list[str]:
    """The whole explanation, for the municipality and the resident: the reason, and the rules that decided."""
    sentences = [SENTENCES[decision.reason]]
    if decision.rules:
        sentences.append(f"決め手となった定め：{'、'.join(decision.rules)}")
    return sentences


def explain_to_staff(decision: Decision, allowed: Container[Reason]) -> list[str]:
    """What staff may know of a refusal: a line that names no rule, only for reasons that the city file allows.

    Every reason gives the same line, so that it does not tell which one it was.
    """
    return [HIDDEN_BY_RESIDENT] if not decision.permit and decision.reason in allowed else []
