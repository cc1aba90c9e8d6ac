"""A decision step by step, in the order of the rules of CONSENT.md §4.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.access.explaining import Reason, explain_reason
from hub.interactions.deciding import NamedRule


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
_WOULD = (("お見せしました", "お見せします"), ("お見せしていません", "お見せしません"))


def steps(reason: str, *, permit: bool, now: bool = False) -> list[Step]:
    """Rule by rule up to the one that decided; empty for a reason that no rule of §4 gives.

    ``now``: nobody has looked, somebody would.
    """
    number = next((number for known, number in _DECIDING.items() if known == reason), 0)
    if not number:
        return []
    (said,) = explain_reason(reason, permit=permit)
    for done, would in _WOULD if now else ():
        said = said.replace(done, would)
    # Who may ask at all is found out in one step: that a rule before it let the caller pass, nobody said.
    passed = 0 if number <= 2 else number - 1
    way = [Step(place, *_RULES[place - 1]) for place in range(1, passed + 1)]
    return [*way, Step(number, _RULES[number - 1][0], said, decides=True)]


def named(rules: Mapping[str, NamedRule], ids: tuple[str, ...]) -> list[NamedRule]:
    """What decided, each once, in the order of the decision."""
    return [rules[rule] for rule in dict.fromkeys(ids)]
