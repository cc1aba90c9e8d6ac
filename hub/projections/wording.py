"""FHIR datatypes as plain Japanese text: one line, no markup, nothing hidden in it.

The results are text, never HTML: whoever shows them on a page escapes them.
"""

import re
import unicodedata
from datetime import datetime

from hub.projections.professions import PROFESSIONS
from profiles.instants import JAPAN
from profiles.resource import FhirDecimal, Json, Resource, as_list, as_object, as_text, objects

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff01-\uff9d]")  # written as in Japan: also "ＨｂＡ１ｃ"
_DATE_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?")
_UNITS = {"mm[Hg]": "mmHg", "/min": "回/分", "{beats}/min": "回/分", "Cel": "℃", "d": "日", "wk": "週", "mo": "か月"}
# Codes that arrive without a Japanese name in most exports.
_KNOWN = PROFESSIONS | {
    "85354-9": "血圧", "8480-6": "収縮期血圧", "8462-4": "拡張期血圧", "8867-4": "脈拍", "8310-5": "体温",
    "9279-1": "呼吸数", "59408-5": "SpO2", "2708-6": "SpO2", "29463-7": "体重", "8302-2": "身長",
    "39156-5": "BMI", "4548-4": "HbA1c", "18842-5": "退院時サマリー", "57133-1": "診療情報提供書",
}  # fmt: skip
_CARE_LEVELS = {
    "01": "非該当", "06": "事業対象者", "11": "経過的要介護", "12": "要支援1", "13": "要支援2",
    "21": "要介護1", "22": "要介護2", "23": "要介護3", "24": "要介護4", "25": "要介護5",
}  # fmt: skip


def plain(text: str, limit: int | None = None) -> str:
    """One line of ``text`` without control and direction marks, ended with … beyond ``limit`` characters."""
    shown = " ".join((text if text.isprintable() else _visible(text)).split())
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def _visible(text: str) -> str:
    spaced = (" " if character.isspace() else character for character in text)
    return "".join(character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf"))


def local(moment: str) -> datetime | None:
    """A FHIR dateTime or instant with a time of day, in Japan's time; ``None`` for dates and anything else.

    So it is for the first and the last hours of the calendar, which in another zone are in no year ("without end").
    """
    if "T" not in moment or not _DATE_TIME.fullmatch(moment):
        return None
    try:
        return datetime.fromisoformat(moment).astimezone(JAPAN)
    except (ValueError, OverflowError):
        return None


def is_moment(text: str) -> bool:
    """Whether ``text`` has the form of a FHIR date, dateTime or instant."""
    return _DATE_TIME.fullmatch(text) is not None


def day(moment: str) -> str:
    """The date in Japan of a FHIR date or dateTime, as precise as it was written (``2026``, ``2026-11-20``)."""
    then = local(moment)
    return then.date().isoformat() if then else moment[:10]


def minute(moment: str) -> str:
    """``2026-11-20 10:31`` in Japan; a date stays a date."""
    then = local(moment)
    return then.strftime("%Y-%m-%d %H:%M") if then else moment[:10]


def number(value: Json) -> str:
    """A number with the digits it was written in."""
    return value.text if isinstance(value, FhirDecimal) else str(value)


def concept(value: Json) -> str:
    """A CodeableConcept, Coding or code as a name, the Japanese one first; of an array, its first."""
    if isinstance(value, str):
        return _KNOWN.get(value, value)
    for one in objects(value):
        listed = objects(one.get("coding")) or [one]
        named = [as_text(one.get("text")), *(as_text(coding.get("display")) for coding in listed)]
        codes = [as_text(coding.get("code")) for coding in listed]
        known = [_KNOWN[code] for code in codes if code in _KNOWN]
        japanese = [name for name in named if _JAPANESE.search(name)]
        found = next((name for name in [*japanese, *known, *named, *codes] if name.strip()), "")
        if found:
            return plain(found)
    return ""


def care_level(value: Json) -> str:
    """要介護状態区分 of a CodeableConcept by the national codes (06, 12, 13, 21 to 25), else its own name."""
    for one in objects(value):
        for coding in objects(one.get("coding")):
            if as_text(coding.get("code")) in _CARE_LEVELS:
                return _CARE_LEVELS[as_text(coding.get("code"))]
    return concept(value)


def quantity(value: Json) -> str:
    """``7.2 %``, ``<0.5 mg/dL``, ``28日``."""
    one = as_object(value)
    if one.get("value") is None:
        return ""
    unit = as_text(one.get("unit")) or as_text(one.get("code"))
    unit = _UNITS.get(unit, unit)
    space = " " if unit and unit[0].isascii() else ""
    return plain(f"{as_text(one.get('comparator'))}{number(one.get('value'))}{space}{unit}")


def period(value: Json) -> str:
    """``2026-11-01～2026-11-30``; an open end stays open."""
    one = as_object(value)
    start, end = day(as_text(one.get("start"))), day(as_text(one.get("end")))
    return f"{start}～{end}" if start != end else start


def person_name(names: Json) -> str:
    """The written name of a person: the kanji form where there is one."""
    written = [name for name in objects(names) if "SYL" not in str(name.get("extension"))] or objects(names)
    for name in written:
        given = " ".join(as_text(part) for part in as_list(name.get("given")))
        found = as_text(name.get("text")) or f"{as_text(name.get('family'))} {given}"
        if found.strip():
            return plain(found)
    return ""


def referred(value: Json, within: Resource) -> str:
    """What a Reference calls its target: its display, or the name of the contained resource it points to."""
    one = as_object(value)
    if as_text(one.get("display")):
        return plain(as_text(one.get("display")))
    target = as_text(one.get("reference"))
    for contained in objects(within.get("contained")):
        if target == f"#{as_text(contained.get('id'))}":
            name = contained.get("name")
            return plain(name) if isinstance(name, str) else person_name(name) or concept(contained.get("code"))
    return ""


def text_of(value: Json) -> str:
    """Any datatype by its shape; ``""`` for what has no short form."""
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, str):
        return minute(value) if local(value) else plain(value)
    if isinstance(value, list):
        return "、".join(text for text in map(text_of, value) if text)
    if not isinstance(value, dict):
        return "" if value is None else number(value)
    return _object_text(value)


def _object_text(value: Resource) -> str:
    keys = value.keys()
    if {"family", "given"} & keys:
        return person_name(value)
    if {"numerator", "denominator"} & keys:
        return f"{quantity(value.get('numerator'))}／{quantity(value.get('denominator'))}"
    if {"low", "high"} & keys:
        return f"{quantity(value.get('low'))}～{quantity(value.get('high'))}"
    if {"start", "end"} & keys:
        return period(value)
    if "value" in keys:
        held = value["value"]
        return plain(held) if isinstance(held, str) else quantity(value)
    if "reference" in keys or "identifier" in keys:
        return plain(as_text(value.get("display")))
    if {"title", "contentType", "url"} & keys:
        return plain(as_text(value.get("title")))
    return concept(value)


def choice(resource: Resource, name: str) -> Json:
    """The value of a choice element ``name[x]``, whichever type it has."""
    for key, value in resource.items():
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return value
    return None
