"""A decision step by step, in the order of the rules of CONSENT.md §4.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.access.explaining import Reason, explain_reason
from hub.interactions.deciding import NamedRule
from hub.projections.audit_event import AuditRecord
from hub.projections.audit_event.kinds import acts
from hub.projections.audit_event.refusals import JUDGING, UNTOLD, is_refused_look, reason_of
from hub.web.audit_words import LOOKING


@dataclass(frozen=True, slots=True)
class Step:
    """A rule on the way: what it asks, and what it answered.  ``decides`` for the one that decided."""

    number: int
    asks: str
    answers: str
    decides: bool = False


# What each rule asks, and what the answer was where it did not decide.
_RULES = (
    ("操作の許可の範囲に入っているか", "入っています"),
    ("職務と、機関の参加は有効か", "有効です"),
    ("その人の機関が、自分で出した情報か", "ほかの機関が出した情報です"),
    ("出した機関が取り消したか、外に出さないと決めたか", "いいえ"),
    ("この人の緊急時の利用が申告されていて、それで見られる情報か", "いいえ"),
    ("この機関に災害時の利用が宣言されていて、それで見られる情報か", "いいえ"),
    ("この人か機関は、いま支援チームに入っているか", "入っています"),
    ("市の取り決めと、ご本人の同意が、この情報を開いているか", "開いています"),
    ("この職種から除かれている種類の情報か", "いいえ"),
    ("ご本人が「見せない」と決めた情報か", "いいえ"),
    ("特に注意する印があり、この職種に認められていないか", "いいえ"),
    ("ここまでのどれにも止められない", ""),
)
_DECIDING: Mapping[Reason, int] = {
    "scope": 1,
    "not-in-force": 2,
    "own": 3,
    "withheld-by-source": 4,
    "emergency": 5,
    "disaster": 6,
    "no-relation": 7,
    "no-consent": 8,
    "not-shared": 8,
    "role": 9,
    "resident-denied": 10,
    "label": 11,
    "consent": 12,
}
_WOULD = (
    ("されていたため", "されているため"),
    ("お見せしました", "お見せします"),
    ("お見せしていません", "お見せしません"),
)
IF_DECLARED = "緊急アクセスを宣言すれば、緊急時に必要な情報としてお見せします。"
FORBIDDEN = "申告しても、ご本人が、緊急時の利用でもお見せしないと決めています"
NO_EMERGENCY = "申告しても、緊急時にお見せする情報ではありません"
_NO_OTHER: Mapping[int, str] = {}


_FENCED = "いいえか、当てはめるまでもありませんでした"
"""Rule 4 for somebody without a relation: behind the second fence there is nothing that it could be applied to."""


def path_of(record: AuditRecord) -> list[Step]:
    """The way of a recorded decision about a resident's information; empty for what was no such decision.

    Where everything was refused before any single resource was looked at, the rules about one are left out.
    """
    if acts(record.interaction) or (not record.succeeded and not is_refused_look(record.interaction, record.outcome)):
        return []
    judging = record.succeeded or record.interaction in JUDGING
    if not judging and record.interaction not in LOOKING:
        return []
    reason = reason_of(record)
    answers = {4: _FENCED} if reason == "no-relation" else {}
    return steps(reason, permit=record.succeeded, whole=not judging, answers=answers)


def heading(record: AuditRecord, way: list[Step]) -> str:
    """What the page of an entry is about."""
    if record.succeeded:
        return "見られた理由" if way else "見る・見ないの判断ではない記録"
    if way or reason_of(record) == UNTOLD:
        return "見られなかった理由"
    return "行われなかった操作の記録" if record.outcome == "4" else "ページや操作を断った記録"


def steps(
    reason: str, *, permit: bool, now: bool = False, whole: bool = False, answers: Mapping[int, str] = _NO_OTHER
) -> list[Step]:
    """Rule by rule up to the one that decided; empty for a reason that no rule of §4 gives.

    ``now``: nobody has looked, somebody would.  ``whole``: all was decided before any single resource was looked at.
    ``answers``: by rule, what it answered where that is not the usual.
    """
    number = next((number for known, number in _DECIDING.items() if known == reason), 0)
    if not number:
        return []
    said = answers.get(number) or "".join(explain_reason(reason, permit=permit))
    for done, would in _WOULD if now else ():
        said = said.replace(done, would)
    passed = 2 if whole and number > 2 else number - 1
    way = [Step(place, asks, answers.get(place, usual)) for place, (asks, usual) in enumerate(_RULES[:passed], 1)]
    return [*way, Step(number, _RULES[number - 1][0], said, decides=True)]


def named(rules: Mapping[str, NamedRule], ids: tuple[str, ...]) -> list[NamedRule]:
    """What decided, each once, in the order of the decision."""
    return [rules[rule] for rule in dict.fromkeys(ids)]
