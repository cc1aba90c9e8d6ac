"""When two records are the same person: exact and deterministic, or not at all (DESIGN §3).  Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from profiles import canonical_identifier, fold_name
from profiles.canonical import KAIGO_INSURED_NO
from profiles.resource import Resource, as_text, objects

MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
_INSTITUTION_NUMBER = re.compile(r"urn:oid:1\.2\.392\.100495\.20\.3\.51\.1\d{10}")


@dataclass(frozen=True, slots=True)
class Key:
    """An identifier in its canonical form.

    ``issuer`` is empty for numbers that mean the same to everybody (insurance, long-term care, a
    patient number under its institution's own OID); any other number is its source's alone.
    """

    system: str
    value: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Person:
    """What a Patient resource says of who it is: keys, birth date, sex, folded names."""

    keys: tuple[Key, ...]
    birth_date: str
    sex: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """A stored key: whose it is, who linked it, with what birth date and sex."""

    key: Key
    patient: str
    source: str
    birth_date: str
    sex: str


@dataclass(frozen=True, slots=True)
class Match:
    """``patient`` when the links name one person beyond doubt; ``doubts`` are people to look at."""

    patient: str | None
    doubts: tuple[tuple[str, str], ...]


def person(resource: Resource, source: str) -> Person:
    """Read a Patient resource that ``source`` pushes."""
    return Person(
        keys=tuple(
            dict.fromkeys(
                key(as_text(one.get("system")), as_text(one.get("value")), source)
                for one in objects(resource.get("identifier"))
                if one.get("value") and one.get("use") != "old"
            )
        ),
        birth_date=as_text(resource.get("birthDate")),
        sex=as_text(resource.get("gender")),
        names=frozenset(filter(None, (_folded(name) for name in objects(resource.get("name"))))),
    )


def key(system: str, value: str, source: str) -> Key:
    """The canonical key of one identifier."""
    shared = system in (MEMBER_ID, KAIGO_INSURED_NO) or _INSTITUTION_NUMBER.fullmatch(system) is not None
    return Key(system, canonical_identifier(system, value), "" if shared else source)


def match(pushed: Person, links: Sequence[Link], source: str, apart: frozenset[str] = frozenset()) -> Match:
    """Which patient the links of ``pushed``'s keys name; ``links`` are in the order of the keys.

    A link that ``source`` made itself needs nothing more, and the first of them decides.  Another's link needs the
    same birth date, for insurance the same sex too, and that the secretariat has not set the two ``apart``.  All
    others whom the links name are doubts.
    """
    own = [link.patient for link in links if link.source == source]
    agreed = {link.patient for link in links if link.patient not in apart and _agrees(pushed, link)}
    named = set(own[:1]) or agreed
    patient = next(iter(named)) if len(named) == 1 else None
    why = "identifiers name two people" if named else "same number, but birth date or sex differ"
    others = {link.patient for link in links} - {patient} - apart
    return Match(patient, tuple((other, why) for other in sorted(others)))


def _agrees(pushed: Person, link: Link) -> bool:
    if not pushed.birth_date or pushed.birth_date != link.birth_date:
        return False
    return link.key.system != MEMBER_ID or (pushed.sex != "" and pushed.sex == link.sex)


def _folded(name: Resource) -> str:
    given = "".join(as_text(one) for one in given_names) if isinstance(given_names := name.get("given"), list) else ""
    return fold_name(as_text(name.get("family")) + given or as_text(name.get("text")))
