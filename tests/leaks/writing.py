"""Channels of writing: what a create, a condition, a reference or a retry tells of what others have."""

from hub.identity.match import MEMBER_ID
from profiles.canonical import KAIGO_INSURED_NO
from tests.hub_in_test import Body, entry, note, observation, patient, transaction
from tests.leaks import ground
from tests.leaks.asking import NEVER_USED, Asking
from tests.leaks.ground import NUMBER, SYSTEM, WORD

MERGE = "application/merge-patch+json"


def _own(ask: Asking, **more: object) -> Body:
    """Something that the asker may write about the person; of a stranger, about somebody else."""
    known = (
        ask.matter.person
        if ask.matter.fact.id not in ("no-relation", "stranger", "emergency")
        else ask.world.people["open"]
    )
    return note(known, "写し", identifier=[{"system": "http://clinic.test/own", "value": "1"}], **more)


def by_condition(ask: Asking) -> None:
    """If-None-Exist, and PUT, PATCH, DELETE by a condition that only what is hidden meets."""
    for type_ in ask.filled(("{t}",)):
        condition = (
            f"identifier={SYSTEM}|{NUMBER}" if type_ not in ("Provenance", "Patient") else "_id=" + _id(ask, type_)
        )
        body = _own(ask) if type_ == "Communication" else {**observation(ask.matter.person), "resourceType": type_}
        ask.send("DELETE", f"{type_}?{condition}")
        ask.send("PATCH", f"{type_}?{condition}", {"status": "unknown"}, content_type=MERGE)
        if type_ in ("Observation", "Communication"):
            ask.send("POST", type_, body, if_none_exist=condition)
            ask.send("PUT", f"{type_}?{condition}", {**body, "status": "unknown"})
    ask.send("POST", "Communication", _own(ask), if_none_exist=f"patient={ask.matter.person}&identifier={NUMBER}")


def _id(ask: Asking, type_: str) -> str:
    return next(one[1] for one in ask.matter.hidden if one[0] == type_)


def by_id(ask: Asking) -> None:
    """PUT, PATCH, DELETE of what is hidden, with and without the right version."""
    for type_, id_, version in ask.matter.of_each_type():
        if type_ == "Patient" and ask.matter.fact.kind == "person":
            continue  # the person is known, and each source has a record of its own
        body: Body = {**observation(ask.matter.person), "resourceType": type_, "id": id_}
        for if_match in ({}, {"if_match": f'W/"{version}"'}, {"if_match": f'W/"{NEVER_USED}"'}):
            ask.send(
                "PUT", f"{type_}/{id_}", body if type_ != "Patient" else ground.registered("0000007392"), **if_match
            )
            ask.send("PATCH", f"{type_}/{id_}", {"status": "x"}, content_type=MERGE, **if_match)
            ask.send("DELETE", f"{type_}/{id_}", **if_match)


def references(ask: Asking) -> None:
    """What points at something hidden is taken, or refused, as what points at nothing."""
    for type_, id_, version in ask.matter.of_each_type():
        for target in (f"{type_}/{id_}", f"{type_}/{id_}/_history/{version}", f"http://hub.test/fhir/{type_}/{id_}"):
            ask.send("POST", "Communication", _own(ask, about=[{"reference": target}]))
            ask.send("POST", "Communication/$validate", _own(ask, about=[{"reference": target}]))
        told: Body = {
            "resourceType": "Provenance",
            "target": [{"reference": f"{type_}/{id_}"}],
            "recorded": "2026-11-22T12:00:00+09:00",
            "agent": [{"who": {"reference": "Organization/clinic"}}],
        }
        ask.send("POST", "Provenance", told)
    about = ask.matter.person
    ask.send("POST", "Observation", observation(about))
    ask.send("POST", "Observation/$validate", observation(about))
    ask.send("POST", "Communication", note("x") | {"subject": {"reference": f"Patient?identifier={SYSTEM}|{NUMBER}"}})
    for system, number in ((KAIGO_INSURED_NO, "011234-0000007391"), (MEMBER_ID, ground.INSURED)):
        wanted = {"reference": f"Patient?identifier={system}|{number}"}
        ask.send("POST", "/fhir", transaction(entry(note("x") | {"subject": wanted})))
        ask.send("POST", "Communication", note("x") | {"subject": {"identifier": {"system": system, "value": number}}})
    for condition in (f"Observation?identifier={SYSTEM}|{NUMBER}", f"Condition?code={NUMBER}"):
        ask.send("POST", "/fhir", transaction(entry(_own(ask, about=[{"reference": condition}]))))


def same_number(ask: Asking) -> None:
    """The same business identifier twice is nobody else's matter."""
    number = [{"system": SYSTEM, "value": NUMBER}]
    ask.send("POST", "Communication", {**_own(ask), "identifier": number})
    ask.send(
        "POST", "/fhir", transaction(entry({**_own(ask), "identifier": number}, ifNoneExist=f"identifier={NUMBER}"))
    )
    full = f"http://hosp.test/fhir/Observation/{NUMBER}"
    ask.send("POST", "/fhir", transaction(entry(_own(ask), full_url=full)))


def registering(ask: Asking) -> None:
    """Somebody whom others know already is registered as somebody new is: the id alone is another number by chance."""
    for number, name in (("0000007391", "秘蔵 花子"), ("0000007391", "別人 太郎")):
        answer = ask.send("POST", "Patient", patient(number, name=name, birth=ground.BORN))
        known = str(answer.json().get("id", ""))
        if answer.status_code == 201:
            ask.world.by_chance[known] = None
        for path in (
            f"Patient/{known}",
            f"Patient/{known}/_history",
            f"Patient/{known}/$everything",
            f"Observation?patient={known}",
        ):
            ask.send("GET", path)
    ask.send("GET", "Patient?identifier=011234-0000007391&_total=accurate")
    ask.send("POST", "Patient/$validate", patient("0000007391"))


def match(ask: Asking) -> None:
    asked = {**ground.registered("0000007391"), "name": [{"text": "秘蔵 花子"}]}
    ask.send("POST", "Patient/$match", asked)
    ask.send("POST", "Patient/$match", {"resourceType": "Patient", "birthDate": ground.BORN, "name": asked["name"]})


def faulty(ask: Asking) -> None:
    """Whatever is wrong, the text names nothing of others: the word, the number, an id."""
    for type_, id_, _ in ask.matter.of_each_type():
        wrong: Body = {
            "resourceType": type_,
            "id": id_,
            "status": "nonsense",
            "subject": {"reference": f"Patient/{ask.matter.person}"},
        }
        for asked in (
            ask.send("POST", type_, wrong),
            ask.send("PUT", f"{type_}/{id_}", {**wrong, "id": NEVER_USED}),
            ask.send("GET", f"{type_}/{id_}?nonsense=1"),
            ask.send("GET", f"{type_}?_sort=nonsense&_id={id_}"),
            ask.send("GET", f"{type_}/{id_}/_history/nonsense"),
            ask.send("POST", "/fhir", transaction(entry(wrong, "PUT", f"{type_}/{id_}"))),
        ):
            ask.say(f"names the word: {WORD in asked.text}")


def retry(ask: Asking) -> None:
    """The key of somebody else's request means nothing here."""
    body = ground.encounter(ask.matter.person)
    for key in (ground.KEY, "clinic-key"):
        ask.send("POST", "Encounter", body, idempotency_key=key)
        ask.send("POST", "Encounter", body, idempotency_key=key)
        ask.send("POST", "Encounter", {**body, "status": "planned"}, idempotency_key=key)
