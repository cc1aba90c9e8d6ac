"""How likely it is that a record is of somebody: the grades of ``$match`` (DESIGN §3).  Pure.

``certain`` is what the hub itself acts on when a record is pushed: identifiers, never a name.  Names, birth date and
sex make somebody ``probable`` or ``possible``: for a person to look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.identity.match import Link, Match, Person

Grade = Literal["certain", "probable", "possible"]
SCORES: dict[Grade, float] = {"certain": 1.0, "probable": 0.8, "possible": 0.4}


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody born on the same day, as one source says it."""

    patient: str
    name: str
    sex: str


def grades(
    asked: Person,
    links: Sequence[Link],
    matched: Match,
    namesakes: Iterable[Namesake],
    queued: Iterable[tuple[str, str]],
) -> dict[str, Grade]:
    """The grade of everybody who may be ``asked``, the likeliest first.

    ``links`` and ``matched`` are those of the identifiers; ``namesakes`` were born on the day that ``asked`` names;
    ``queued`` are pairs that nobody has decided: who may be the same as somebody certain or probable is possible.
    """
    found: dict[str, Grade] = {}
    if matched.patient:
        found[matched.patient] = "certain" if _fits(asked, links, matched.patient) else "probable"
    likely = [patient for patient, _ in matched.doubts]
    likely += [one.patient for one in namesakes if one.name in asked.names and asked.sex and one.sex == asked.sex]
    for patient in likely:
        found.setdefault(patient, "probable")
    less = [one.patient for one in namesakes if one.name in asked.names]
    less += [other for pair in queued for one, other in (pair, pair[::-1]) if one in found]
    for patient in less:
        found.setdefault(patient, "possible")
    return dict(sorted(found.items(), key=lambda one: (-SCORES[one[1]], one[0])))


def _fits(asked: Person, links: Sequence[Link], patient: str) -> bool:
    """Whether birth date and sex, where both sides say them, do not speak against the identifiers."""
    said = [link for link in links if link.patient == patient]
    return all(
        not mine or all(theirs in ("", mine) for theirs in others)
        for mine, others in (
            (asked.birth_date, [link.birth_date for link in said]),
            (asked.sex, [link.sex for link in said]),
        )
    )
