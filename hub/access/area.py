"""Whether somebody lives in the area of a disaster (CONSENT.md §4 rule 6, §7).  Pure.

An area is a postal code ("098-1234"), or the beginning of an address as the municipality writes it, with or without
the prefecture ("雪見市 北町").  A protected address is in no area: that somebody is found there would tell it.
"""

import re
from collections.abc import Iterator, Sequence

from profiles import fold_name, labels_of
from profiles.resource import Json, Resource, as_list, as_text, objects

_POSTAL_CODE = re.compile(r"〒?(\d{3})-?(\d{4})")
_PREFECTURE = re.compile(r"(?:北海道|東京都|京都府|大阪府|[^市区町村]{2,3}県)")
_NOT_HOME = frozenset({"old", "billing"})


def is_protected(resident: Resource) -> bool:
    """Whether an order protects the address of this Patient."""
    return "ADDRESS-PROTECTED" in labels_of(resident)


def lives_in(resident: Resource, areas: Sequence[str]) -> bool:
    """Whether an address of this Patient, which is the municipality's record, lies in one of the areas."""
    if is_protected(resident):
        return False
    homes = [home for home in objects(resident.get("address")) if home.get("use") not in _NOT_HOME]
    return any(_lies_in(home, area) for area in areas for home in homes)


def _lies_in(home: Resource, area: str) -> bool:
    wanted = fold_name(area)
    code = _POSTAL_CODE.fullmatch(wanted)
    if code:
        written = _POSTAL_CODE.fullmatch(fold_name(as_text(home.get("postalCode"))))
        return written is not None and written.groups() == code.groups()
    return bool(wanted) and any(_begins(written, wanted) for written in _written(home))


def _begins(written: str, wanted: str) -> bool:
    """``北町1`` is the beginning of ``北町1丁目``, and not of ``北町10丁目``."""
    rest = written.removeprefix(wanted)
    cut = wanted[-1].isdecimal() and rest[:1].isdecimal()
    return written.startswith(wanted) and not cut


def _written(home: Resource) -> Iterator[str]:
    """The address in every way in which it is written: as one text, or part by part, and without the prefecture."""
    parts: list[Json] = [home.get("state"), home.get("city"), home.get("district"), *as_list(home.get("line"))]
    for whole in (as_text(home.get("text")), "".join(map(as_text, parts)), "".join(map(as_text, parts[1:]))):
        folded = fold_name(_POSTAL_CODE.sub("", whole))
        yield folded
        yield _PREFECTURE.sub("", folded, count=1) if _PREFECTURE.match(folded) else folded
