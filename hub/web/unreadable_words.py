"""What of a consent could not be read, in Japanese; the engine says it in English (CONSENT.md §3.4).  Pure."""

import re
from collections.abc import Mapping

from hub.access.compiled import CORRUPT

_PLACE = re.compile(
    r"(?:Consent\.provision|Consent|provision)(?: (?P<number>[\d.]*\d))?(?:\[\d+\])?(?:\.(?P<field>\w+))?"
)
_OF_CONSENT: Mapping[str, str] = {
    "status": "状態", "scope": "何についての同意か", "patient": "だれの同意か", "performer": "署名した人",
    "dateTime": "署名した日", "category": "医療と介護のどちらの共有か", "policyRule": "見せるか見せないか",
    "type": "見せるか見せないか", "period": "いつからいつまでか", "provision": "例外",
}  # fmt: skip
_OF_EXCEPTION: Mapping[str, str] = {
    "actor": "だれに、またはだれの記録を", "class": "情報の種類", "code": "情報の種類", "dataPeriod": "いつの記録か",
    "period": "いつからいつまでか", "purpose": "目的", "securityLabel": "特に守る印", "data": "どの記録か",
    "type": "見せるか見せないか",
}  # fmt: skip
_UNKNOWN = "決まりにない書き方が含まれています。"


def in_japanese(problem: str) -> tuple[str, ...]:
    """A sentence for each thing that could not be read, each once."""
    if problem == CORRUPT:
        return ("ハブの中の控えが壊れています。用紙から、もう一度登録してください。",)
    return tuple(dict.fromkeys(_sentence(part) for part in problem.split("; ")))


def _sentence(part: str) -> str:
    if " is not a FHIR date" in part or " is not a date: " in part:
        return "日付が読みとれません。"
    place = _PLACE.match(part)
    if place is None:
        return _UNKNOWN
    number, field = place["number"], place["field"] or ""
    if number is None:
        return _of_consent(part, field)
    return f"例外{number}：{_of_exception(part, field)}"


def _of_consent(part: str, field: str) -> str:
    if part.endswith("nor a proxy on a legal basis"):
        return "署名した人が、ご本人でも、法的な根拠を登録してある代理の方でもありません。"
    what = _OF_CONSENT.get(field) if part.startswith("Consent") else "例外"
    return f"「{what}」が読みとれません。" if what else _UNKNOWN


def _of_exception(part: str, field: str) -> str:
    if " has a provision inside" in part:
        return "例外の中に、さらに例外が書かれています。"
    if " names its category twice" in part:
        return "「情報の種類」が二とおりに書かれています。"
    if field == "actor" and part.endswith(" is not known") and "#" not in part:
        return "この市に登録されていない機関か人が書かれています。"
    what = _OF_EXCEPTION.get(field)
    return f"「{what}」が読みとれません。" if what else _UNKNOWN
