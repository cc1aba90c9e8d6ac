"""What both worlds have in common: people with and without consent, and what may be seen of them.

One resident for each hidden fact.  All are looked after by the hospital (the source of what will be hidden), the
clinic, the care managers and the day service; but ``TEAMS`` says of whom not all of them know.
"""

from base64 import b64encode
from collections.abc import Collection
from uuid import NAMESPACE_URL, uuid5

from profiles.canonical import INFORMATION_CATEGORY, LABEL
from tests.api.looking import prescription
from tests.hub_in_test import NOON, Body, entry, note, observation, patient, transaction
from tests.leaks.world import World
from tests.receiver_in_test import PATIENT_CHANGED, subscription

NUMBER, WORD, VALUE, DATE = "SECRET-7391", "秘密の所見", 739.1, "2026-03-03"
"""What is hidden bears these: an identifier and a code, a text, a value, a date.  Nothing else does."""
BORN, STREET, POST_CODE, PHONE = "1971-10-30", "秘密町九丁目", "099-7777", "0165-99-7777"
INSURED = "00012345:あ12:07391:01"
"""A number of health insurance that only the city knows."""
KEY = "hosp-key-7391"
"""The hospital's Idempotency-Key."""
SYSTEM = "http://hosp.test/secret"
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/kyotaku", "Organization/day", "Practitioner/cm-ito")
PEOPLE = (
    "open", "category", "label", "no-consent", "revoked", "stranger", "denied", "withheld", "deleted", "address",
    "demographics", "earlier-version", "emergency", "doings", "content", "open-visit", "open-person",
    "circle", "pending", "rescued", "unnamed",
)  # fmt: skip
UNKNOWN = ("no-relation", "stranger", "emergency")
ALONE = ("stranger", "emergency", "pending", "rescued")
TEAMS = {"label": (TEAM[0], *TEAM[2:]), **dict.fromkeys(ALONE, TEAM[:1])}
DENIED = ("laboratory", "problem", "prescription", "clinical-document", "progress-note")
SUBSCRIBERS = ("clinic-emr", "care-plan-app", "hosp-ehr")
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def labelled(*codes: str) -> Body:
    """``meta`` with these labels."""
    elsewhere = {"R": "v3-Confidentiality", "V": "v3-Confidentiality", "MASKED": "v3-ActCode"}
    systems = {code: f"{TERMINOLOGY}/{elsewhere[code]}" if code in elsewhere else LABEL for code in codes}
    return {"meta": {"security": [{"system": systems[code], "code": code} for code in codes]}}


def _recipient(organisation: str) -> Body:
    role = {"coding": [{"system": f"{TERMINOLOGY}/v3-ParticipationType", "code": "IRCP"}]}
    return {"role": role, "reference": {"reference": f"Organization/{organisation}"}}


def lay(world: World, people: Collection[str]) -> None:
    """Some of the people of the ground, what is visible of them, and what their carers asked to be told."""
    city = world.city
    for who in people:
        more = {"meta": labelled("ADDRESS-PROTECTED")["meta"]} if who == "address" else {}
        number = PEOPLE.index(who) + 1
        person = city.resident(numbered(who), name=f"人{number} 花子", birth=f"1940-05-{number:02d}", **more)
        world.people[who] = person
        team = TEAMS.get(who, TEAM)
        city.team(person, *team)
        if who == "denied":
            _deny(world, person)
        elif who not in ("no-consent", "unnamed"):
            world.kept[f"consent of {who}"] = str(city.consent(person)["id"])
        _look_after(world, person, who, team)
        if who == "pending":
            own = patient(numbered(who), name=f"人{number} 花子", birth=f"1940-05-{number:02d}")
            assert city.created("clinic-emr", own)["id"] == person
        if who == "rescued":
            declare_emergency(world, who)
    for system in SUBSCRIBERS:
        wanted = subscription(f"{world.receiver.url}/{system}", PATIENT_CHANGED, content="full-resource")
        world.kept[f"subscription of {system}"] = str(city.created(system, wanted)["id"])
        world.post.deliver()
    city.clock.move(seconds=1)


def declare_emergency(world: World, who: str) -> None:
    """Paramedics open the records of one of the ground."""
    said = {"identifier": f"011234-{numbered(who)}", "reason": "自宅前で倒れていた", "place": "栄町"}
    parameters = [{"name": name, "valueString": value} for name, value in said.items()]
    asked = {"resourceType": "Parameters", "parameter": parameters}
    opened = world.city.post("pm-hori", "/fhir/Patient/$declare-emergency", asked)
    assert opened.status_code == 200, opened.text


def numbered(who: str) -> str:
    """The number under which the municipality knows one of the ground."""
    return f"{PEOPLE.index(who) + 1:010d}"


def _deny(world: World, person: str) -> None:
    away = [_recipient(one) for one in ("clinic", "kyotaku", "day")]
    classes = [{"system": INFORMATION_CATEGORY, "code": one} for one in DENIED]
    world.city.consent(person, exceptions=[{"type": "deny", "actor": away, "class": classes}])


def _look_after(world: World, person: str, who: str, team: tuple[str, ...]) -> None:
    """What is no secret, and names in plain view what the hospital alone may know: a visit."""
    city = world.city
    visit = city.created("hosp-ehr", encounter(person))
    there: Body = {"encounter": {"reference": f"Encounter/{visit['id']}"}}
    told = [note(person, f"お変わりありません（{number}）") for number in range(3)]
    stored = city.post("hosp-ehr", "/fhir", transaction(*map(entry, [*told, observation(person, **there)])))
    assert stored.status_code == 200, stored.text
    for organisation, system in (("clinic", "clinic-emr"), ("kyotaku", "care-plan-app")):
        if f"Organization/{organisation}" in team:
            city.created(system, note(person, "訪問しました", **there))
    world.kept[f"visit of {who}"] = str(visit["id"])


def begin(world: World) -> None:
    """What was begun before the revocation: pages, cursors, exports; of the asker, and of one who sees more."""
    person, kept = world.people["revoked"], world.kept
    for who in ("clinic-emr", "care-plan-app", "hosp-ehr"):
        search = world.city.get(who, f"/fhir/Communication?patient={person}&_sort=_lastUpdated&_count=1").json()
        kept[f"link search {who}"] = next(one["url"] for one in search["link"] if one["relation"] == "next")
        whole = world.city.get(who, f"/fhir/Patient/{person}/$everything?_count=2").json()
        kept[f"link everything {who}"] = next(one["url"] for one in whole["link"] if one["relation"] == "next")
        kept[f"link feed {who}"] = f"/feed?count=2&since={world.city.get(who, '/feed?count=2').json()['next']}"
        for use in ("counted later", "counted before"):
            job = world.city.get(who, "/fhir/Patient/$export?_type=Communication,Observation", prefer="respond-async")
            kept[f"export {use} {who}"] = place = job.headers["Content-Location"].removeprefix("http://hub.test")
            if use == "counted before":
                assert world.city.get(who, place).status_code == 200


def revoke(world: World) -> None:
    """The consent of ``revoked`` ends."""
    world.city.clock.move(seconds=1)
    id_ = world.kept["consent of revoked"]
    stored = world.city.get("city-registry", f"/fhir/Consent/{id_}").json()
    ended = {**stored, "status": "inactive", "dateTime": world.city.clock.now.isoformat()}
    assert world.city.put("city-registry", f"/fhir/Consent/{id_}", ended).status_code == 200


def encounter(person: str, status: str = "finished", **more: object) -> Body:
    """A visit: of a category that the city's policy shares with nobody."""
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{person}"},
        **more,
    }


def code(number: str = NUMBER, word: str = WORD) -> Body:
    """A code and a text that only what is hidden has."""
    return {"coding": [{"system": SYSTEM, "code": number, "display": word}], "text": word}


def secrets(person: str, number: str = NUMBER, word: str = WORD, date: str = DATE, **more: object) -> list[Body]:
    """One of each kind of thing that somebody may ask for: all bear the number, the word and the date."""
    subject = {"reference": f"Patient/{person}"}
    identifier = [{"system": SYSTEM, "value": number}]
    moment = f"{date}T09:00:00+09:00"
    said = f'<div xmlns="http://www.w3.org/1999/xhtml">{word}</div>'
    inside = [{"resourceType": "Practitioner", "id": "inside", "name": [{"text": word}]}]
    kept: Body = {"identifier": identifier, **more}
    shown: Body = {"text": {"status": "generated", "div": said}}
    measured = observation(
        person, VALUE, **kept, **shown, contained=inside, performer=[{"reference": "#inside", "display": word}]
    ) | {"code": code(number, word), "effectiveDateTime": moment}
    attached = {"contentType": "text/plain", "data": b64encode(word.encode()).decode(), "title": word}
    return [
        measured,
        {"resourceType": "Condition", "code": code(number, word), "subject": subject, "onsetDateTime": date, **kept},
        prescription(person, word, **kept) | {"authoredOn": moment},
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": subject,
            "date": moment,
            "content": [{"attachment": attached}],
            **kept,
        },
        note(person, word, **kept),
    ]


def of_no_shared_category(person: str, **there: object) -> list[Body]:
    """The same in categories that the policy shares with nobody; ``there`` is the visit at which it was measured."""
    subject = {"reference": f"Patient/{person}"}
    kept: Body = {"identifier": [{"system": SYSTEM, "value": NUMBER}]}
    vital = [{"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": "vital-signs"}]}]
    measured = observation(person, VALUE, **kept) | there
    measured |= {"code": code(), "category": vital, "effectiveDateTime": DATE}
    period = {"start": DATE}
    return [
        measured,
        encounter(person, "in-progress", period=period, reasonCode=[code()], **kept),
        {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": {"coding": [{"system": f"{TERMINOLOGY}/allergyintolerance-clinical", "code": "active"}]},
            "code": code(),
            "patient": subject,
            "onsetDateTime": DATE,
            **kept,
        },
    ]


def push(world: World, resources: list[Body], who: str = "hosp-ehr") -> list[tuple[str, str, str]]:
    """Store all at once, with a Provenance of the first; gives (type, id, version) of each."""
    urls = [f"urn:uuid:{uuid5(NAMESPACE_URL, str(place))}" for place in range(len(resources) + 1)]
    told: Body = {
        "resourceType": "Provenance",
        "target": [{"reference": urls[0]}],
        "recorded": NOON.isoformat(),
        "agent": [{"who": {"reference": "Organization/hosp", "display": WORD}}],
    }
    entries = [entry(one, full_url=url) for one, url in zip([*resources, told], urls, strict=True)]
    stored = world.city.post(who, "/fhir", transaction(*entries))
    assert stored.status_code == 200, stored.text
    found = []
    for one in stored.json()["entry"]:
        type_, id_, _, version = one["response"]["location"].split("/")[-4:]
        found.append((type_, id_, version))
    return found


def registered(number: str, **more: object) -> Body:
    """A Patient as the hospital registers it, with a birth date, a phone and an address of its own."""
    known: Body = {
        "birthDate": BORN,
        "address": [{"text": STREET, "postalCode": POST_CODE}],
        "telecom": [{"system": "phone", "value": PHONE}],
    }
    return patient(number, name="秘蔵 花子") | known | more
