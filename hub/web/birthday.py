"""A birth date as people write it → an ISO date.  Pure."""

import re
from datetime import date
from unicodedata import normalize

# The year before the first of each era.
_ERAS = {"M": 1867, "明治": 1867, "T": 1911, "大正": 1911, "S": 1925, "昭和": 1925,
         "H": 1988, "平成": 1988, "R": 2018, "令和": 2018}  # fmt: skip
_WRITTEN = re.compile(r"([A-Z]|\D\D)?(\d{1,4}|元)[年./-]?(\d{1,2})[月./-]?(\d{1,2})日?")
_RUN_ON = re.compile(r"([A-Z]|\D\D)?(\d{2,4})(\d\d)(\d\d)")


def birthday(written: str) -> str:
    """The ISO date of ``1940-05-01``, ``19400501``, ``昭和15年5月1日``, ``S15.5.1``; anything else as it is."""
    text = normalize("NFKC", written).replace(" ", "").upper()
    found = _RUN_ON.fullmatch(text) or _WRITTEN.fullmatch(text)
    if found is None:
        return written.strip()
    era, year, month, day = found.groups()
    counted = 1 if year == "元" else int(year)
    if (era is None) != (len(year) == 4) or (era is not None and era not in _ERAS):
        return written.strip()
    try:
        return date(counted + (_ERAS[era] if era else 0), int(month), int(day)).isoformat()
    except ValueError:
        return written.strip()
