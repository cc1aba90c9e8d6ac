"""A nested provision of a FHIR Consent → ``ConsentRule`` (CONSENT §3).

What cannot be read is noted as a problem and its test is left out: a deny rule with fewer tests denies
more, and the permit rules of a consent with a problem are not used at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from consent.fhir import Fields, UnreadableError, coding, concept, mapping, objects, only, reference, text
from consent.model import NOBODY, ConsentRule, Match
from consent.period import ALWAYS, first_day, last_day, period_of
from consent.vocabulary import (
    ACT_CODE_SYSTEM,
    ACT_REASON_SYSTEM,
    CATEGORIES,
    CATEGORY_SYSTEM,
    CONFIDENTIALITY_SYSTEM,
    CONSENT_PURPOSES,
    LABEL_SYSTEM,
    LABELS,
    PARTICIPATION_SYSTEM,
    PROFESSION_SYSTEM,
    PROFESSIONS,
    PURPOSES,
    UNKNOWN_LABEL,
)

FIELDS = (
    *("id", "type", "period", "actor", "class", "code", "purpose", "securityLabel", "dataPeriod", "data"),
    "provision",  # read by ``read_rules``, as a problem
)
_LABEL_CODES = {
    LABEL_SYSTEM: LABELS - {UNKNOWN_LABEL},
    CONFIDENTIALITY_SYSTEM: frozenset({"R", "V"}),
    ACT_CODE_SYSTEM: frozenset({"PSY", "HIV"}),
}


UNDATED: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Actors:
    """The actors of a provision, which count as two fields: recipients and authors (§3)."""

    organisations: frozenset[str] = NOBODY
    persons: frozenset[str] = NOBODY
    professions: frozenset[str] = NOBODY
    authors: frozenset[str] = NOBODY


def read_rules(value: object, problems: list[str], above: str = "") -> list[ConsentRule]:
    """The exceptions in ``Consent.provision.provision``; what cannot be read is added to ``problems``.

    A provision inside one of them is a problem too, and is read so that its deny stays in force.
    """
    rules: list[ConsentRule] = []
    try:
        provisions = objects(value, "provision")
    except UnreadableError as problem:
        problems.append(str(problem))
        return [ConsentRule(f"{above}1", permits=False, match=Match(undated=True))]
    for count, raw in enumerate(provisions, 1):
        number = f"{above}{count}"
        rules.append(_read_rule(raw, number, problems))
        if "provision" in raw:
            problems.append(f"provision {number} has a provision inside: only one level is understood")
            rules += read_rules(raw["provision"], problems, f"{number}.")
    return rules


def _read_rule(raw: Mapping[str, object], number: str, problems: list[str]) -> ConsentRule:
    fields = Fields(raw, f"provision {number}", problems)
    permits = raw.get("type") == "permit"
    if raw.get("type") not in ("permit", "deny"):
        problems.append(f"provision {number}.type is neither permit nor deny")
    named_twice = "class" in raw and "code" in raw
    if named_twice:
        problems.append(f"provision {number} names its category twice, in class and in code")
    fields.only(FIELDS)
    actors = fields.read("actor", _actors, Actors(), Actors())
    of_class, of_code = fields.read("class", _classes, NOBODY, NOBODY), fields.read("code", _codes, NOBODY, NOBODY)
    clinical_from, clinical_to = fields.read("dataPeriod", _days, UNDATED, UNDATED)
    return ConsentRule(
        number,
        permits,
        period=fields.read("period", period_of, ALWAYS, ALWAYS),
        organisations=actors.organisations,
        persons=actors.persons,
        professions=actors.professions,
        purposes=fields.read("purpose", _purposes, NOBODY, unread=PURPOSES),
        match=Match(
            sources=actors.authors,
            categories=NOBODY if named_twice else of_class | of_code,
            labels=fields.read("securityLabel", _labels, NOBODY, NOBODY),
            references=fields.read("data", _references, NOBODY, NOBODY),
            clinical_from=clinical_from,
            clinical_to=clinical_to,
            undated=not permits,
        ),
    )


def _actors(value: object, place: str) -> Actors:
    organisations, persons, professions, authors = set[str](), set[str](), set[str](), set[str]()
    for actor in objects(value, place):
        only(actor, ("id", "role", "reference"), place)
        role = concept(actor.get("role"), f"{place}.role")
        if role[0] == PROFESSION_SYSTEM:
            # Whoever has the profession: no one of them is referred to.
            only(mapping(actor.get("reference"), f"{place}.reference"), ("id", "display"), f"{place}.reference")
            professions.add(_known_code(role, {PROFESSION_SYSTEM: PROFESSIONS}, f"{place}.role"))
            continue
        kind, name = reference(actor.get("reference"), f"{place}.reference")
        if role == (PARTICIPATION_SYSTEM, "IRCP") and kind == "Organization":
            organisations.add(name)
        elif role == (PARTICIPATION_SYSTEM, "IRCP") and kind == "Practitioner":
            persons.add(name)
        elif role == (PARTICIPATION_SYSTEM, "AUT") and kind == "Organization":
            authors.add(name)
        else:
            raise UnreadableError(f"{place}: {kind}/{name} as {role[1]} is no actor of a rule")
    return Actors(frozenset(organisations), frozenset(persons), frozenset(professions), frozenset(authors))


def _classes(value: object, place: str) -> frozenset[str]:
    found = [coding(one, place) for one in objects(value, place)]
    return _code_set(found, {CATEGORY_SYSTEM: CATEGORIES}, place)


def _codes(value: object, place: str) -> frozenset[str]:
    found = [concept(one, place) for one in objects(value, place)]
    return _code_set(found, {CATEGORY_SYSTEM: CATEGORIES}, place)


def _purposes(value: object, place: str) -> frozenset[str]:
    found = [coding(one, place) for one in objects(value, place)]
    return _code_set(found, {ACT_REASON_SYSTEM: CONSENT_PURPOSES}, place)


def _labels(value: object, place: str) -> frozenset[str]:
    found = [coding(one, place) for one in objects(value, place)]
    return _code_set(found, _LABEL_CODES, place)


def _references(value: object, place: str) -> frozenset[str]:
    found = set()
    for one in objects(value, place):
        only(one, ("id", "meaning", "reference"), place)
        if text(one.get("meaning"), f"{place}.meaning") != "instance":
            raise UnreadableError(f"{place}.meaning is understood only as 'instance'")
        found.add("/".join(reference(one.get("reference"), f"{place}.reference")))
    return frozenset(found)


def _days(value: object, place: str) -> tuple[str | None, str | None]:
    period = period_of(value, place)
    return first_day(period), last_day(period)


def _code_set(found: list[tuple[str, str]], known: Mapping[str, frozenset[str]], place: str) -> frozenset[str]:
    return frozenset(_known_code(one, known, place) for one in found)


def _known_code(found: tuple[str, str], known: Mapping[str, frozenset[str]], place: str) -> str:
    system, code = found
    if code not in known.get(system, NOBODY):
        raise UnreadableError(f"{place}: {system}#{code} is not known")
    return code
