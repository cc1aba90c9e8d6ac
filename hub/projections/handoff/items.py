"""The 12 items that the national guide says must be shareable, and what feeds each of them.

The guide's words are the titles; the codes are ours (``CodeSystem/shared-information-item``).  Besides its feeds an
item takes whatever names it: an answer whose ``linkId`` is the code or begins with it and a dot, and a resource that
carries the code in its category, topic, code, type or reason.  docs/handoff.md shows how to push both.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.projections.handoff.choose import current, in_force, latest, serving
from hub.projections.handoff.held import Held, body, form_or_sentence, remarks, sentence, team
from profiles.canonical import BASE

SHARED_INFORMATION_ITEM = f"{BASE}/CodeSystem/shared-information-item"

MOST = 10


@dataclass(frozen=True, slots=True)
class Feed:
    """Resources of some categories (and types, when any are named), which of them, told how, and how many at most."""

    categories: tuple[str, ...]
    types: tuple[str, ...] = ()
    choose: Callable[[Iterable[Held], datetime], list[Held]] = in_force
    tell: Callable[[Held], Iterator[str]] = sentence
    most: int = MOST

    def takes(self, held: Held) -> bool:
        return held.category in self.categories and (not self.types or held.type in self.types)


@dataclass(frozen=True, slots=True)
class Item:
    """One of the 12: its number and title in the guide, its code, and its feeds in the order of their lines."""

    number: int
    code: str
    title: str
    feeds: tuple[Feed, ...]


_DRUGS = ("prescription", "dispensing", "medication-use", "injection")

ITEMS = (
    Item(1, "attending", "主治医や担当の介護支援専門員に関する情報（氏名・連絡先）", (
        Feed(("care-team",), choose=serving, tell=team),
        Feed(("directory",), types=("PractitionerRole",), tell=body, most=5),
    )),
    Item(2, "wishes", "患者・利用者とその家族の今後の療養や生活についての希望", (
        Feed(("care-plan", "acp"), types=("Goal",), most=5),
        Feed(("acp",), tell=form_or_sentence, most=5),
    )),
    Item(3, "condition", "介護提供時等に得られた患者・利用者の状況や体調の変化、服薬状況", (
        Feed(("progress-note",), most=5),
        Feed(("medication-use",), types=("MedicationStatement",), choose=current, most=5),
        Feed(("vital-signs",), choose=latest, most=5),
    )),
    Item(4, "adl", "患者・利用者の食事摂取状況、排泄状況等のADL", (
        Feed(("ltc-certification",), types=("Observation",), choose=latest, most=4),
        Feed(("ltc-certification",), types=("Coverage",), choose=latest, most=2),
        Feed(("assessment",), choose=latest, most=8),
        Feed(("daily-record",), choose=latest, most=4),
    )),
    Item(5, "house", "患者・利用者の家屋の状況", ()),
    Item(6, "family-care", "家族による介護の対応可能性", (
        Feed(("emergency-contact",), most=5),
    )),
    Item(7, "illness", "患者・利用者の疾病、使用薬剤等に関する情報", (
        # A list of allergies or drugs that is cut short is a danger: room for all that a person is likely to have.
        Feed(("allergy",), most=20),
        Feed(("problem",), types=("Condition",), most=15),
        Feed(_DRUGS, choose=current, most=30),
    )),
    Item(8, "explanation", "患者・利用者とその家族への病状の説明内容と受け止め方", ()),
    Item(9, "expected-changes",
         "予測される体調の変化及び対応方法、急変時に対応する医療機関、急変時の医療処置等に関する希望", (
        Feed(("emergency-plan",), tell=form_or_sentence),
    )),
    Item(10, "home-cautions", "在宅療養における注意点", (
        Feed(("nursing-report",), most=3),
        Feed(("clinical-document",), most=4),
        Feed(("care-plan", "service-plan"), types=("CarePlan",), tell=remarks, most=4),
    )),
    Item(11, "care-points", "在宅生活支援や介護の際の留意点", (
        Feed(("service-plan",), most=5),
        Feed(("care-plan",), types=("CarePlan", "DocumentReference", "Composition"), most=5),
    )),
    Item(12, "end-of-life", "人生の最終段階における医療・ケアの方針", (
        Feed(("acp",), tell=form_or_sentence),
    )),
)  # fmt: skip

CODES = frozenset(item.code for item in ITEMS)
