"""CONSENT.md §9: what is told before a consent is signed is what happens when it is written."""

from collections import Counter
from itertools import count
from typing import TypeAlias

import pytest

from hub.auth import fingerprint
from hub.context import Context, Credential
from hub.errors import HubError, NotFound, Refused
from hub.interactions.what_if import Change, Difference, WhatIf
from hub.read_path import read
from hub.store import registry, resources
from profiles.canonical import INFORMATION_CATEGORY, LABEL, PROFESSION
from tests.hub_in_test import BASE_URL, Body, City, care_team, consent, note, observation, patient

pytestmark = pytest.mark.one_hub

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/kyotaku", "Organization/day", "Organization/city")
# Who reads anything: where, as what, and the purposes that are looked at.
READERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "dr-sato": ("hosp", "physician", ("CAREMGT", "TREAT", "COC")),
    "ns-abe": ("hosp", "nurse", ("TREAT",)),
    "cm-ito": ("kyotaku", "care-manager", ("CAREMGT",)),
    "cw-suzuki": ("day", "care-worker", ("CAREMGT",)),
    "hosp-ehr": ("hosp", "physician", ("TREAT",)),
    "clinic-emr": ("clinic", "physician", ("TREAT",)),
    "care-plan-app": ("kyotaku", "care-manager", ("CAREMGT",)),
}
NUMBERS = count(5_000_000_001)
Seen: TypeAlias = set[tuple[str, str, str]]  # reader, purpose, reference
Tally: TypeAlias = Counter[tuple[str, str, str]]  # reader, purpose, category


def organisation(name: str, part: str = "IRCP") -> Body:
    role = {"coding": [{"system": PARTICIPATION, "code": part}]}
    return {"role": role, "reference": {"reference": f"Organization/{name}"}}


def person(name: str) -> Body:
    role = {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}
    return {"role": role, "reference": {"reference": f"Practitioner/{name}"}}


def nurses() -> Body:
    return {"role": {"coding": [{"system": PROFESSION, "code": "nurse"}]}, "reference": {"display": "看護師"}}


WELFARE = {"system": LABEL, "code": "WELFARE"}
# Exceptions of the consent that is drafted; {one} is the id of one note.
DRAFTS: dict[str, Body] = {
    "not one organisation": {"type": "deny", "actor": [organisation("clinic")]},
    "not one category": {"type": "deny", "class": [{"system": INFORMATION_CATEGORY, "code": "progress-note"}]},
    "not one person": {"type": "deny", "actor": [person("dr-sato")]},
    "not one profession": {"type": "deny", "actor": [nurses()]},
    "not one source": {"type": "deny", "actor": [organisation("kyotaku", "AUT")]},
    "not for treatment": {"type": "deny", "purpose": [{"system": REASON, "code": "TREAT"}]},
    "not what is old": {"type": "deny", "dataPeriod": {"end": "2026-06-30"}},
    "not what is new": {"type": "deny", "dataPeriod": {"start": "2026-11-20"}},
    "not one note": {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": "Communication/-"}}]},
    "what is marked, to one": {"type": "permit", "actor": [person("cm-ito")], "securityLabel": [WELFARE]},
    "what cannot be read": {"type": "deny", "action": [{"text": "?"}]},
}


def resident(city: City) -> tuple[str, str]:
    """Somebody of whom four organisations sent things that rules can tell apart; and one of these, a note."""
    number = f"{next(NUMBERS):010d}"
    one = str(city.created("city-registry", patient(number, name=f"試験 {number}"))["id"])
    city.created("city-registry", care_team(one, *TEAM))
    for moment in ("2026-11-20T09:00:00+09:00", "2026-06-30T23:00:00+09:00", "2026-07-01T00:00:00+09:00"):
        city.created("hosp-ehr", observation(one, effectiveDateTime=moment))
    city.created("hosp-ehr", note(one, "暮らしのこと", meta={"security": [WELFARE]}))
    city.created("care-plan-app", note(one, "ケアプランの相談"))
    city.created("city-registry", note(one, "訪問", sent="2025-01-01T10:00:00+09:00"))
    return one, str(city.created("clinic-emr", note(one, "往診"))["id"])


def about_two(city: City, one: str) -> None:
    """A note of the hospital about this resident and another, who shares with everybody."""
    number = f"{next(NUMBERS):010d}"
    other = str(city.created("city-registry", patient(number, name=f"家族 {number}"))["id"])
    city.created("city-registry", care_team(other, *TEAM))
    city.consent(other)
    city.created("hosp-ehr", note(one, "二人のこと", recipient=[{"reference": f"Patient/{other}"}]))


def asked(city: City, who: str, about: str, draft: Body) -> Difference:
    """The answer of the question, asked as a page asks it."""
    context = Context(city.clock.now, "what-if", lambda: "0" * 32, BASE_URL)
    credential = Credential(fingerprint(city.token(who)))
    return city.store.lane.do(lambda tx: read(tx, credential, WhatIf(about, draft), context).answer)


def seen(city: City, about: str) -> Seen:
    """What every reader finds by searches."""
    found: Seen = set()
    for who, (_, _, purposes) in READERS.items():
        for purpose in purposes:
            path = f"/fhir?_type=Observation,Communication,CareTeam&patient=Patient/{about}&_count=100"
            answer = city.get(who, path, x_purpose_of_use=purpose)
            assert answer.status_code == 200, answer.text
            resources_ = [each["resource"] for each in answer.json().get("entry", [])]
            found |= {(who, purpose, f"{each['resourceType']}/{each['id']}") for each in resources_}
    return found


def counted(city: City, found: Seen) -> Tally:
    def category(reference: str) -> str:
        type_, _, id_ = reference.partition("/")
        return str(city.store.lane.do(lambda tx: resources.current(tx, type_, id_))[0].category)

    return Counter((who, purpose, category(reference)) for who, purpose, reference in found)


def told(city: City, changes: tuple[Change, ...]) -> Tally:
    """What a difference says, reader by reader; who the resident is, is looked at elsewhere."""
    names = city.store.lane.do(registry.person_names)
    said: Tally = Counter()
    for one in changes:
        for who, (place, profession, purposes) in READERS.items():
            concerned = not one.people or names.get(who, who) in one.people
            if (place, profession) == (one.organisation, one.profession) and concerned:
                for purpose in purposes:
                    if (not one.purposes or purpose in one.purposes) and one.category != "demographics":
                        said[who, purpose, one.category] += one.count
    return said


def exceptions(name: str, one: str) -> list[Body]:
    if name not in DRAFTS:
        return []
    exception = dict(DRAFTS[name])
    if "data" in exception:
        exception["data"] = [{"meaning": "instance", "reference": {"reference": f"Communication/{one}"}}]
    return [exception]


@pytest.mark.promise("what-if-is-what-happens")
@pytest.mark.parametrize("name", ["everything", "revoked", *DRAFTS])
@pytest.mark.parametrize("before", ["nothing", "everything"])
def test_what_is_told_before_is_what_happens(city: City, before: str, name: str) -> None:
    about, one = resident(city)
    about_two(city, about)
    if before == "everything":
        city.consent(about)
    city.clock.move(minutes=1)
    status = "inactive" if name == "revoked" else "active"
    draft = consent(about, "medical", "team", when=city.clock.now, exceptions=exceptions(name, one), status=status)
    difference = asked(city, "sec-noda", about, draft)
    was = seen(city, about)
    city.created("city-registry", draft)
    now = seen(city, about)
    assert told(city, difference.gains) == counted(city, now - was)
    assert told(city, difference.losses) == counted(city, was - now)
    assert bool(difference.unreadable) == (name == "what cannot be read")
    assert difference.gains or difference.losses or before == ("everything" if name == "everything" else "nothing")


def test_it_is_told_by_organisation_profession_and_category(city: City) -> None:
    about, _ = resident(city)
    draft = consent(about, "team", when=city.clock.now, exceptions=exceptions("not one person", ""))
    gains = {
        (one.organisation_name, one.kind, one.profession, one.category): one
        for one in asked(city, "sec-noda", about, draft).gains
    }
    assert gains["試験デイサービス", "care-service", "care-worker", "laboratory"].count == 3
    assert gains["試験市立病院", "hospital", "nurse", "progress-note"].people == ()
    assert gains["試験市立病院", "hospital", "physician", "progress-note"].people == ("hosp-ehr",)


def test_nothing_is_written_and_the_question_is_in_the_log(city: City) -> None:
    about, _ = resident(city)
    asked(city, "sec-noda", about, consent(about, "team", when=city.clock.now))
    assert city.get("city-registry", f"/fhir/Consent?patient=Patient/{about}").json()["total"] == 0
    (row,) = city.log(patient=about, interaction="operation:what-if")
    assert (row["person"], row["outcome"], row["reason"]) == ("sec-noda", "0", "desk")


def test_another_organisation_is_told_only_of_what_it_sees_itself(city: City) -> None:
    """A count of the rest would tell what there is of the resident."""
    about, _ = resident(city)
    taker = [{"reference": "Organization/clinic"}]
    draft = consent(about, "medical", "team", when=city.clock.now, organization=taker)
    difference = asked(city, "clinic-emr", about, draft)
    assert not difference.complete
    assert {(one.category, one.count) for one in difference.gains} == {("progress-note", 1)}
    assert {one.organisation for one in difference.gains} == {"hosp", "kyotaku", "day"}


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        ("dr-sato", Refused),
        ("clinic-emr", Refused),
        ("aud-kondo", Refused),
        ("off-murata", Refused),
        ("pharm-rx", NotFound),
    ],
)
def test_who_may_not_write_it_is_told_nothing(city: City, who: str, kind: type[HubError]) -> None:
    about, _ = resident(city)
    taker = "Organization/pharm" if who == "pharm-rx" else "Organization/city"
    draft = consent(about, "team", when=city.clock.now, organization=[{"reference": taker}])
    with pytest.raises(kind):
        asked(city, who, about, draft)


def test_of_somebody_unknown_nothing_is_told(city: City) -> None:
    with pytest.raises(NotFound):
        asked(city, "sec-noda", "nobody", consent("nobody", "team", when=city.clock.now))
