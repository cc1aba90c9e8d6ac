"""The words and the dates of the pages, in Japanese.  Pure; the templates use them as filters."""

import re
from collections.abc import Mapping
from datetime import date

from hub.projections.professions import PROFESSIONS
from hub.projections.wording import day, local
from profiles import category_name

KINDS = {
    "hospital": "病院", "clinic": "診療所", "dental-clinic": "歯科", "pharmacy": "薬局", "home-nursing": "訪問看護",
    "care-management": "居宅介護支援", "care-service": "介護サービス", "care-facility": "介護施設",
    "support-center": "地域包括支援センター", "municipality": "市役所", "fire-department": "消防",
}  # fmt: skip
SCENES = {
    "daily": "日ごろの療養", "admission-discharge": "入退院", "emergency": "急変時", "end-of-life": "看取り",
    "dementia": "認知症", "infection": "感染症", "disaster": "災害",
}  # fmt: skip
CHANGES = {"amended": "変更", "retracted": "取り消し"}
PURPOSES = {
    "TREAT": "診療・治療", "CAREMGT": "介護・生活の支援", "COC": "連携の調整", "ETREAT": "救急",
    "DISASTER": "災害時の支援", "AUDIT": "監査", "PATRQT": "ご本人の求め",
    "HCOMPL": "決まりが守られたかの確認",
}  # fmt: skip
WHY_A_PAIR = {
    "same name, birth date and sex": "氏名・生年月日・性別が同じです",
    "identifiers name two people": "番号が、二人の方を指しています",
    "same number, but birth date or sex differ": "番号は同じですが、生年月日か性別が違います",
}

# A colour says at a glance what the words of the chip say: medicines, measurements, visits, care, wishes, insurance.
_GROUPS = {
    "medicine": "prescription injection dispensing medication-use allergy immunization",
    "measure": "laboratory vital-signs imaging",
    "visit": "encounter clinical-document problem nursing-report physician-opinion update-notice",
    "care": "face-sheet assessment care-plan service-plan daily-record progress-note service-use care-team device",
    "wish": "acp emergency-plan",
    "cover": "coverage ltc-certification emergency-contact",
}
_GROUP_OF = {category: group for group, categories in _GROUPS.items() for category in categories.split()}
_WEEKDAYS = "月火水木金土日"


def kind(code: str) -> str:
    """An organisation kind, as people call it."""
    return KINDS.get(code, "")


def profession(code: str | None) -> str:
    """A profession, as people call it."""
    return PROFESSIONS.get(code or "", "")


def scene(code: str) -> str:
    """A scene of the shared work."""
    return SCENES.get(code, code)


def purpose(code: str) -> str:
    """A purpose of use."""
    return PURPOSES.get(code, code)


def headline(title: str, category: str) -> str:
    """The title without the category's name before it, where the chip has said it."""
    return title.removeprefix(f"{category_name(category)}：")


def group(category: str) -> str:
    """The colour group of a category: a word for the stylesheet."""
    return _GROUP_OF.get(category, "other")


def plain_day(moment: str) -> str:
    """``2026年11月20日`` in Japan; a less precise date stays so."""
    parts = day(moment).split("-")
    if not all(part.isdecimal() for part in parts):
        return day(moment)
    return "".join(f"{int(part)}{unit}" for part, unit in zip(parts, "年月日", strict=False))


def long_day(moment: str) -> str:
    """``2026年11月20日（金）`` in Japan."""
    try:
        then = date.fromisoformat(day(moment))
    except ValueError:
        return plain_day(moment)
    return f"{plain_day(moment)}（{_WEEKDAYS[then.weekday()]}）"


def clock(moment: str) -> str:
    """``10:31`` in Japan, empty for a date."""
    then = local(moment)
    return f"{then.hour}:{then.minute:02d}" if then else ""


def long_time(moment: str) -> str:
    """``2026年11月20日（金）10:31``."""
    return f"{long_day(moment)}{clock(moment)}"


def short_time(moment: str) -> str:
    """``2026年11月20日 10:31`` in Japan."""
    return f"{plain_day(moment)} {clock(moment)}" if local(moment) else long_day(moment)


_TELEPHONE = re.compile(r"(?:電話 |^)(0\d[\d-]{7,12})(?!\d)")


def dial(text: str) -> str:
    """The telephone number that a line names, for a link that calls it; empty for none."""
    found = _TELEPHONE.search(text)
    return found[1].replace("-", "") if found else ""


FILTERS: Mapping[str, object] = {
    "category": category_name,
    "clock": clock,
    "dial": dial,
    "group": group,
    "headline": headline,
    "kind": kind,
    "long_day": long_day,
    "long_time": long_time,
    "plain_day": plain_day,
    "profession": profession,
    "purpose": purpose,
    "scene": scene,
    "short_time": short_time,
}
