"""Random cities in the form of a case file (docs/consent.md), most of them near the edge of some rule.

Hypothesis draws the seed of a city, and what it is made of comes evenly from there: so that a thousand cities are a
thousand different ones, at a tenth of the time.  What fails is made small by ``tests/reference/smallest.py``.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from tests.reference.reading import HL7, OURS, SPACES
from tests.reference.spoiling import AUTHOR, RECIPIENT, SPOILINGS, Json, actor, concept

ORGANISATIONS = {
    **{"hosp": "hospital", "clinic": "clinic", "kyotaku": "care-management", "fire": "fire-department"},
    "city": "municipality",
}
PEOPLE = ["sato", "abe"]
PATIENTS = ["hana", "taro"]
KNOWN: Json = {
    "organisations": list(ORGANISATIONS),
    "people": PEOPLE,
    "proxies": [{"patient": "hana", "proxy": "guardian"}],
}
CATEGORIES = ["prescription", "problem", "laboratory", "acp", "progress-note", "demographics", "service-use"]
PROFESSIONS = ["physician", "nurse", "care-manager", "paramedic", "municipal-care-staff"]
PURPOSES = ["TREAT", "CAREMGT", "COC", "ETREAT", "DISASTER"]
LABELS = ["HIV", "PSY", "R", "V", "WELFARE", "UNINFORMED", "UNDELIVERED", "ADDRESS-PROTECTED"]
REFERENCES = ["Observation/1", "Condition/2", "MedicationRequest/3", "Composition/4", "Patient/hana"]
INSTANTS = [
    "2026-11-20T10:00:00+09:00",
    "2026-11-20T00:00:00+09:00",
    "2026-11-19T23:59:59.999999+09:00",
    "2026-11-19T15:00:00.000001+00:00",
    "2026-11-30T23:59:59+09:00",
]
PERIODS: list[dict[str, str]] = [
    *[{"start": "2026-11-20"}, {"end": "2026-11-19"}, {"end": "2026-11-20"}, {"start": "2026-11-21"}],
    *[{"start": "2026-11-20", "end": "2026-11"}, {"start": "2026-12"}, {"end": "2026-10"}, {"end": "9999-12-31"}],
    *[{"start": "2026-11-20T10:00:00+09:00"}, {"start": "2026-11-20T01:00:00.000001Z"}, {"end": "2025"}],
    *[{"end": "2026-11-20T10:00:00+09:00"}, {"end": "2026-11-20T09:59:59+09:00"}, {"start": "2026-11-19T15:00:00Z"}],
]
DAYS: list[dict[str, str]] = [{}, {}, {}, {"to": "2026-11-19"}, {"from": "2026-11-20"}, {"from": "2026-11-21"}]
SIGNED = [
    *["2026-01-01", "2026-02-01", "2026-03-01", "2026-03-02", "2026-04-01T09:00:00+09:00", "2026-04-02"] * 3,
    *["2026-03", "2026-03-01T09:00:00+09:00", "2026", "2025-12"] * 2,
    *["2026-11-19", "2026-11-20", "2026-11-20T10:00:00+09:00", "2026-11-20T10:00:00.000001+09:00", "2026-12"],
]
CLINICAL_DATES = ["2026-05-10", "2026-08-21", "2026-08-22", "2026-09-01", "2026-11-19", "2026-11-20", None]
DATA_PERIODS: list[dict[str, str]] = [
    *[{"start": "2026-08-22"}, {"end": "2026-08-21"}, {"start": "2026-05", "end": "2026-09-01"}, {"end": "2026-05-09"}],
    *[{"start": "2026-08-22T12:00:00+09:00"}, {"end": "2026-11-19T14:59:59Z"}, {"end": "2026-11-19T15:00:00Z"}],
]
ACTORS = [
    *[actor(RECIPIENT, f"Organization/{one}") for one in ORGANISATIONS],
    *[actor(RECIPIENT, f"Practitioner/{one}") for one in PEOPLE],
    *[actor(AUTHOR, f"Organization/{one}") for one in ("hosp", "clinic")],
    *[actor((f"{OURS}/profession", one), "") for one in PROFESSIONS],
]
EVERYTHING: list[Json] = [{"publisher": "*", "category": "*", "space": space} for space in SPACES]


@dataclass(frozen=True, slots=True)
class Question:
    """A city, its askers and its resources; ``spoilings``: how consents of it were made unreadable."""

    city: Json
    askers: tuple[Json, ...]
    resources: tuple[Json, ...]
    spoilings: tuple[str, ...] = ()

    def case(self, asker: Json) -> Json:
        """The content of a case file, without the resource."""
        return {**self.city, **asker}


T = TypeVar("T")


def some(dice: Random, words: Sequence[T], most: int = 2, least: int = 1) -> list[T]:
    """Different ones of the words."""
    return list(dict.fromkeys(dice.choices(words, k=dice.randint(least, most))))


def once_in(dice: Random, chances: int) -> bool:
    return dice.randrange(chances) == 0


CLASS_CODES = [(f"{OURS}/information-category", code) for code in CATEGORIES]
PURPOSE_CODES = [(f"{HL7}/v3-ActReason", code) for code in PURPOSES]
LABEL_CODES = [
    *[(f"{OURS}/label", code) for code in ("SOURCE-ONLY", *LABELS)],
    *[(f"{HL7}/v3-Confidentiality", "V"), (f"{HL7}/v3-ActCode", "HIV")],
]


def codings(dice: Random, codes: list[tuple[str, str]]) -> list[Json]:
    return [{"system": system, "code": code} for system, code in some(dice, codes)]


FIELDS: dict[str, Callable[[Random], object]] = {
    "period": lambda dice: dice.choice(PERIODS),
    "actor": lambda dice: some_actors(dice),
    "class": lambda dice: codings(dice, CLASS_CODES),
    "code": lambda dice: [{"coding": [each]} for each in codings(dice, CLASS_CODES)],
    "purpose": lambda dice: codings(dice, PURPOSE_CODES),
    "securityLabel": lambda dice: codings(dice, LABEL_CODES),
    "dataPeriod": lambda dice: dice.choice(DATA_PERIODS),
    "data": lambda dice: [{"meaning": "instance", "reference": {"reference": one}} for one in some(dice, REFERENCES)],
}


def some_actors(dice: Random) -> list[Json]:
    return dice.sample(ACTORS, dice.randint(1, 2))


def exception(dice: Random) -> Json:
    """A nested provision that can be read, of up to three tests."""
    made: Json = {"type": dice.choice(["permit", "deny"])}
    kind = dice.randrange(8)
    names = dice.sample(sorted(FIELDS), dice.randint(0 if kind == 0 else 1, 3))
    if kind == 1:  # forbids emergency access
        made = {"type": "deny", "purpose": [{"system": f"{HL7}/v3-ActReason", "code": "ETREAT"}]}
        names = [name for name in names[:1] if name != "purpose"]
    if kind in (2, 3):  # names a label and a caller
        names = ["securityLabel", "actor", *names[:1]]
    for name in names:
        made[name] = FIELDS[name](dice)
    if "class" in made:
        made.pop("code", None)
    return made


def consent(dice: Random, patient: str) -> Json:
    """A consent that can be read."""
    root: Json = {"type": dice.choice(["permit", "permit", "permit", "deny"])}
    nested = [exception(dice) for _ in range(dice.choice([0, 0, 1, 1, 2, 3]))]
    if nested:
        root["provision"] = nested
    if once_in(dice, 6):
        root["period"] = dice.choice(PERIODS)
    spaces = dice.choice([SPACES, SPACES, *([space] for space in SPACES)])
    performer = "RelatedPerson/guardian" if patient == "hana" and once_in(dice, 5) else f"Patient/{patient}"
    made: Json = {
        "resourceType": "Consent",
        "status": dice.choice([*["active"] * 16, "inactive", "rejected", "draft", "entered-in-error"]),
        "scope": concept(f"{HL7}/consentscope", "adr" if once_in(dice, 20) else "patient-privacy"),
        "category": [concept("http://loinc.org", "59284-0"), *(concept(f"{OURS}/space", space) for space in spaces)],
        "patient": {"reference": f"Patient/{patient}"},
        "performer": [{"reference": performer}],
        "dateTime": dice.choice(SIGNED),
        "provision": root,
    }
    if once_in(dice, 2):
        made["policyRule"] = concept(f"{HL7}/v3-ActCode", "OPTIN" if root["type"] == "permit" else "OPTOUT")
    return made


def policy(dice: Random) -> Json:
    """Wildcards, excluded categories, cleared labels; mostly a table that shares everything."""
    publish = EVERYTHING
    if once_in(dice, 4):
        publish = [publish_row(dice) for _ in range(dice.randint(2, 6))]
    return {"publish": publish, "read": [read_row(dice) for _ in range(dice.randint(1, 3))], "write": []}


def publish_row(dice: Random) -> Json:
    return {
        "publisher": dice.choice(["*", "clinic", "clinic", *ORGANISATIONS.values()]),
        "category": dice.choice(["*", "*", *CATEGORIES]),
        "space": dice.choice(SPACES),
    }


def read_row(dice: Random) -> Json:
    everybody, spaces = dice.random() < 0.75, some(dice, SPACES, 3)
    clearable = LABELS if "medical" in spaces else [one for one in LABELS if not one.startswith("UN")]
    professions = [one for one in PROFESSIONS if one != "paramedic"]
    return {
        "profession": ["*"] if everybody else some(dice, [*professions, "*"]),
        "organisation-kind": ["*"] if everybody else some(dice, [*ORGANISATIONS.values(), "*"]),
        "spaces": spaces,
        "exclude": some(dice, CATEGORIES) if once_in(dice, 4) else [],
        "labels": some(dice, clearable, 3, 0),
    }


def relation(dice: Random, organisation: object) -> Json:
    """A member of a care team: mostly the asker's organisation."""
    made: Json = {"patient": dice.choice(PATIENTS), **dice.choice(DAYS)}
    made["organisation"] = dice.choice([organisation, organisation, *ORGANISATIONS])
    if once_in(dice, 3):
        made["person"] = dice.choice(PEOPLE)
        if once_in(dice, 4):
            del made["organisation"]
    if once_in(dice, 6):
        made["pending"] = True
    return made


def asker(dice: Random, now: datetime) -> Json:
    """Who asks, with what only concerns them: relations, emergencies, disasters, the token."""
    organisation = dice.choice(["hosp", "hosp", *ORGANISATIONS])
    who: Json = {"organisation": organisation, "organisation-kind": ORGANISATIONS[organisation]}
    if not once_in(dice, 6):
        who["person"] = dice.choice(PEOPLE)
    if "person" in who or not once_in(dice, 3):
        who["profession"] = dice.choice([*["physician", "nurse"] * 8, *PROFESSIONS, "auditor"])
    who["purpose"] = dice.choice([*["TREAT", "CAREMGT"] * 8, *PURPOSES, "AUDIT", "PATRQT"])
    if once_in(dice, 16):
        who["member"] = dice.choice(DAYS)
    if "person" in who and once_in(dice, 16):
        who["role"] = dice.choice(DAYS)
    near = [{"patient": patient, "organisation": organisation} for patient in PATIENTS if not once_in(dice, 6)]
    further = [relation(dice, organisation) for _ in range(dice.randint(0, 2))]
    made: Json = {"asker": who, "token-allows": not once_in(dice, 40), "relations": [*near, *further]}
    if once_in(dice, 3):
        made["emergencies"] = [emergency(dice, who, now)]
    if once_in(dice, 4):
        helping = dice.choice([[organisation], [organisation, "clinic"], ["clinic"]])
        residents = dice.choice([["hana"], PATIENTS, []])
        made["disasters"] = [{"organisations": helping, "residents": residents, **dice.choice(DAYS)}]
    return made


def emergency(dice: Random, who: Json, now: datetime) -> Json:
    until = now + timedelta(microseconds=dice.choice([-1, 0, 1, 1, 3_000_000]))
    return {
        "patient": dice.choice(PATIENTS),
        "organisation": dice.choice([*[who["organisation"]] * 3, "clinic"]),
        "person": dice.choice([*[who.get("person", "sato")] * 2, *PEOPLE]),
        "until": until.isoformat(),
    }


PATIENTS_OF_ONE: list[list[str]] = [
    *[*[["hana"]] * 8, *[["hana", "taro"]] * 3, *[["taro"]] * 3, ["taro", "hana"], ["taro", "ume"], []],
]


def resource(dice: Random) -> Json:
    source = dice.choice([*["clinic"] * 6, *ORGANISATIONS])
    made: Json = {
        "patients": dice.choice(PATIENTS_OF_ONE),
        "source": source,
        "source-kind": ORGANISATIONS[source],
        "category": dice.choice([*CATEGORIES * 5, "other", "consent"]),
        "reference": dice.choice(REFERENCES),
        "clinical-date": dice.choice(CLINICAL_DATES),
    }
    if once_in(dice, 3):
        made["labels"] = some(dice, [*LABELS * 2, *["HIV", "V"] * 3, "SOURCE-ONLY", "UNKNOWN-LABEL"])
    if once_in(dice, 25):
        made["entered-in-error"] = True
    if once_in(dice, 8):
        made["deleted"] = True
    if not made["patients"] and once_in(dice, 2):
        made["directory"] = True
    return made


def question(dice: Random) -> Question:
    """A city with its askers and resources, where some consents cannot be read."""
    now = dice.choice([INSTANTS[0], *INSTANTS])
    further = dice.choices(PATIENTS, k=dice.choice([0, 0, 1, 2, 3]))
    made = [consent(dice, patient) for patient in (*PATIENTS, *further)]
    dice.shuffle(made)
    spoilings = []
    for number, one in enumerate(made, 1):
        one["id"] = f"c{number}"
        if once_in(dice, 7):
            spoilings.append(dice.choice(sorted(SPOILINGS)))
            SPOILINGS[spoilings[-1]](one)
    city: Json = {"now": now, "policy": policy(dice), "consents": deepcopy(made), "known": KNOWN}
    asking = [asker(dice, datetime.fromisoformat(now)) for _ in range(3)]
    asked: dict[object, Json] = {}
    for one in map(resource, [dice] * 12):
        patients = one["patients"]
        assert isinstance(patients, list)
        asked[(one["source"], one["reference"], *patients[:1])] = one  # its place in the store
    return Question(city, tuple(asking), tuple(asked.values()), tuple(spoilings))


QUESTIONS = st.randoms(use_true_random=True).map(question)
