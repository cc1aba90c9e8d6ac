"""One resident, one Patient: what links, what only raises a doubt, and what nobody learns (DESIGN §3)."""

from itertools import count

import httpx2
import pytest

from hub.access.caller import authenticate
from hub.auth import fingerprint
from hub.context import Context, Credential
from hub.identity import residents
from hub.identity.match import MEMBER_ID, key
from hub.store import identity
from profiles.canonical import KAIGO_INSURED_NO, NAME_REPRESENTATION
from tests.hub_in_test import BASE_URL, MR, NOON, Body, City, entry, observation, patient, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
HOSPITALS_OWN = "http://hosp.test/patient"


@pytest.fixture
def number(city: City) -> str:
    """A number that nobody had before; it is noon."""
    city.clock.now = NOON
    return f"{next(NUMBERS):06d}"


def someone(system: str, value: str, *, birth: str = "1940-05-01", sex: str = "female", name: str = "") -> Body:
    """A person by one number, with a name that no other test uses."""
    resource = patient(name=name or f"試験 {value}", birth=birth, gender=sex)
    return {**resource, "identifier": [{"system": system, "value": value}]}


def insured(number: str, **more: str) -> Body:
    return someone(MEMBER_ID, f"06012345:記号:{number}:01", **more)


def pushed(city: City, who: str, resource: Body) -> str:
    """The hub's id for a person whom ``who`` pushes."""
    return str(city.created(who, resource)["id"])


def doubts(city: City, *people: str) -> set[tuple[frozenset[str], str]]:
    """The pairs in the secretariat's queue that concern these people, each with its reason."""
    rows = city.store.lane.do(lambda tx: identity.candidates(tx))
    pairs = {(frozenset((row.patient, row.other)), str(row.why)) for row in rows}
    return {pair for pair in pairs if pair[0] & set(people)}


def shape(answer: httpx2.Response, *names: str) -> str:
    """An answer without what is another one for every person."""
    text = f"{answer.status_code} {sorted(answer.headers.keys())} {answer.text}"
    stored = answer.json()
    for name in (stored["id"], stored["meta"]["versionId"], *names):
        text = text.replace(name, "?")
    return text


# -- what links


def test_the_same_insurance_birth_date_and_sex_is_one_person(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number))
    assert pushed(city, "clinic-emr", insured(number, name="別名 花子")) == one
    assert doubts(city, one) == set()


@pytest.mark.parametrize(
    "other", [{"birth": "1940-05-02"}, {"sex": "male"}, {"birth": "1940-05"}, {"sex": "unknown"}], ids=str
)
def test_insurance_alone_raises_a_doubt_and_links_nothing(city: City, number: str, other: dict[str, str]) -> None:
    one = pushed(city, "hosp-ehr", insured(number))
    another = pushed(city, "clinic-emr", insured(number, **other))
    assert one != another
    assert doubts(city, one) == {(frozenset((one, another)), "same number, but birth date or sex differ")}
    # Each source goes on meaning the person whom it meant: a file sent again makes nobody new.
    assert pushed(city, "clinic-emr", insured(number, **other)) == another
    assert pushed(city, "hosp-ehr", insured(number)) == one
    assert len(doubts(city, one, another)) == 1


def test_long_term_care_insurance_needs_the_birth_date_but_not_the_sex(city: City, number: str) -> None:
    care = f"011234-{number}"
    one = pushed(city, "city-registry", someone(KAIGO_INSURED_NO, care))
    assert pushed(city, "care-plan-app", someone(KAIGO_INSURED_NO, care, sex="unknown")) == one
    assert pushed(city, "pharm-rx", someone(KAIGO_INSURED_NO, care, birth="1941-05-01")) != one


def test_a_corrected_birth_date_leaves_both_sources_with_the_person_they_had(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number))
    assert pushed(city, "clinic-emr", insured(number)) == one
    corrected = insured(number, birth="1940-05-11")
    assert pushed(city, "hosp-ehr", corrected) == one
    assert pushed(city, "clinic-emr", insured(number)) == one
    assert pushed(city, "clinic-emr", corrected) == one


def test_the_hospitals_number_under_its_oid_links_and_under_its_own_name_does_not(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", someone(MR, number))
    assert pushed(city, "clinic-emr", someone(MR, number)) == one
    own = pushed(city, "hosp-ehr", someone(HOSPITALS_OWN, number, name="自院 一"))
    other = pushed(city, "clinic-emr", someone(HOSPITALS_OWN, number, name="他院 二"))
    assert own != other
    assert doubts(city, own, other) == set()
    assert pushed(city, "hosp-ehr", someone(HOSPITALS_OWN, number, name="自院 一", birth="1950-01-01")) == own


@pytest.mark.parametrize(
    "written",
    ["011234-{n}", "０１１２３４－{n}", "11234-{n}", "011234-{short}", "011234ー{n}", " 011234-{n} ", "011234-{wide}"],
)
def test_a_number_is_one_however_it_is_written(city: City, number: str, written: str) -> None:
    full = f"{int(number):010d}"
    wide = full.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    one = pushed(city, "city-registry", someone(KAIGO_INSURED_NO, f"011234-{full}"))
    value = written.format(n=full, short=number.lstrip("0"), wide=wide)
    stored = city.created("hosp-ehr", someone(KAIGO_INSURED_NO, value))
    assert stored["id"] == one
    assert stored["identifier"][0]["value"] == value  # and is kept as it was written


def test_one_number_of_several_is_enough_and_links_the_others(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number))
    both = insured(number)
    both["identifier"].append({"system": KAIGO_INSURED_NO, "value": f"011234-{number}"})
    assert pushed(city, "clinic-emr", both) == one
    assert pushed(city, "care-plan-app", someone(KAIGO_INSURED_NO, f"011234-{number}")) == one


def test_numbers_of_two_people_link_nobody_and_are_shown_to_the_secretariat(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number, name="一人 目"))
    two = pushed(city, "hosp-ehr", someone(KAIGO_INSURED_NO, f"011234-{number}", name="二人 目"))
    both = insured(number, name="三人 目")
    both["identifier"].append({"system": KAIGO_INSURED_NO, "value": f"011234-{number}"})
    third = pushed(city, "clinic-emr", both)
    assert third not in (one, two)
    assert {pair for pair, _ in doubts(city, third)} == {frozenset((third, one)), frozenset((third, two))}
    assert pushed(city, "clinic-emr", both) == third


def test_a_source_that_joins_two_of_its_own_stays_with_the_first(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number, name="旧番 甲"))
    two = pushed(city, "hosp-ehr", someone(MR, number, name="新番 甲"))
    joined = insured(number, name="旧番 甲")
    joined["identifier"].append({"system": MR, "value": number})
    assert pushed(city, "hosp-ehr", joined) == pushed(city, "hosp-ehr", joined) == one
    assert {pair for pair, _ in doubts(city, one)} == {frozenset((one, two))}


def test_an_old_number_links_nothing(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number))
    moved = someone(MR, number)
    moved["identifier"].append({"use": "old", **insured(number)["identifier"][0]})
    assert pushed(city, "clinic-emr", moved) != one


def test_without_a_number_nobody_can_be_recognised(city: City) -> None:
    answer = city.post("hosp-ehr", "/fhir/Patient", {**patient(), "identifier": []} | {"identifier": [{"system": "x"}]})
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"][0].startswith("Patient.identifier")


# -- what is only a candidate


def kana(resource: Body, text: str) -> Body:
    family, _, given = text.partition(" ")
    phonetic = {"extension": [{"url": NAME_REPRESENTATION, "valueCode": "SYL"}], "family": family, "given": [given]}
    return {**resource, "name": [*resource["name"], phonetic]}


def test_the_same_name_birth_date_and_sex_is_a_candidate_and_never_a_merge(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", insured(number, name="佐々木 候補", birth="1931-01-01"))
    written = {**someone(MR, number, birth="1931-01-01"), "name": [{"text": "佐々木　候補"}]}
    other = pushed(city, "clinic-emr", written)
    assert one != other
    assert doubts(city, one) == {(frozenset((one, other)), "same name, birth date and sex")}


def test_the_same_kana_is_a_candidate_too(city: City, number: str) -> None:
    one = pushed(city, "hosp-ehr", kana(insured(number, name="渡辺 恵", birth="1931-02-01"), "ワタナベ メグミ"))
    written = kana(someone(MR, number, name="渡邉 惠", birth="1931-02-01"), "ﾜﾀﾅﾍﾞ めぐみ")
    other = pushed(city, "clinic-emr", written)
    assert {pair for pair, _ in doubts(city, one)} == {frozenset((one, other))}


@pytest.mark.parametrize("other", [{"birth": "1931-03-02"}, {"sex": "male"}, {"name": "高橋 候補"}], ids=str)
def test_less_than_that_is_no_candidate(city: City, number: str, other: dict[str, str]) -> None:
    said = {"name": f"髙橋 候補{number}", "birth": "1931-03-01"}
    one = pushed(city, "hosp-ehr", insured(number, **said))
    wanted = {**said, **other}
    if "name" in other:
        wanted["name"] = f"高橋 候補{number}"  # 髙 and 高 are two characters
    assert pushed(city, "clinic-emr", someone(MR, number, **wanted)) != one
    assert doubts(city, one) == set()


def test_names_keep_their_characters(city: City, number: str) -> None:
    stored = city.created("hosp-ehr", insured(number, name="髙﨑 渚󠄀"))
    read = city.get("hosp-ehr", f"/fhir/Patient/{stored['id']}").json()
    assert read["name"][0]["text"] == "髙﨑 渚󠄀"


# -- what nobody learns


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_known_person_is_answered_as_a_new_one(city: City, number: str) -> None:
    city.consent(pushed(city, "city-registry", insured(number, name="既知 人")))
    known = city.post("hosp-ehr", "/fhir/Patient", insured(number, name="既知 人"))
    new = city.post("hosp-ehr", "/fhir/Patient", insured(f"{number}9", name="既知 人"))
    again = city.post("hosp-ehr", "/fhir/Patient", insured(f"{number}9", name="既知 人"))
    assert known.status_code == new.status_code == again.status_code == 201
    assert shape(known, number) == shape(new, f"{number}9") == shape(again, f"{number}9")


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_number_of_somebody_hidden_is_taken_in_silence(city: City, number: str) -> None:
    hidden = pushed(city, "hosp-ehr", insured(number, name="知らない 人"))
    own = city.created("clinic-emr", someone(MR, number, name="自分の 人"))
    with_number = {**own, "identifier": [*own["identifier"], *insured(number)["identifier"]]}
    taken = city.put("clinic-emr", f"/fhir/Patient/{own['id']}", with_number)
    assert (taken.status_code, taken.json()["id"]) == (200, own["id"])
    assert {pair for pair, _ in doubts(city, hidden)} == {frozenset((hidden, own["id"]))}
    assert city.get("clinic-emr", f"/fhir/Patient/{hidden}").status_code == 404
    third = city.created("clinic-emr", someone(MR, f"{number}8", name="三人目の 人"))
    instead = {**third, "identifier": insured(f"{number}6")["identifier"]}
    other = pushed(city, "hosp-ehr", insured(f"{number}6", name="また別の 人"))
    taken = city.put("clinic-emr", f"/fhir/Patient/{third['id']}", instead)
    assert (taken.status_code, taken.json()["id"]) == (200, third["id"])
    assert {pair for pair, _ in doubts(city, other)} == {frozenset((other, third["id"]))}
    # Of two people of one's own it may be said.
    second = city.created("clinic-emr", someone(MR, f"{number}7", name="もう一人 の人"))
    mixed = {**second, "identifier": own["identifier"]}
    assert city.put("clinic-emr", f"/fhir/Patient/{second['id']}", mixed).status_code == 409


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_person_whom_one_does_not_know_is_not_found_by_a_put(city: City, number: str) -> None:
    hidden = pushed(city, "hosp-ehr", insured(number))
    body = someone(MR, number)
    refused = [
        city.put("clinic-emr", f"/fhir/Patient/{id_}", {**body, "id": id_}, **more)
        for id_ in (hidden, "0" * 32)
        for more in ({}, {"if_match": 'W/"1"'})
    ]
    assert [one.status_code for one in refused] == [404, 412, 404, 412]
    assert [one.text.replace(hidden, "0" * 32) for one in refused[:2]] == [one.text for one in refused[2:]]


# -- whose record is shown


def names(city: City, who: str, person: str) -> list[str]:
    """What a caller sees of a person's name, by reading and by searching: both must agree."""
    answer = city.get(who, f"/fhir/Patient/{person}")
    found = city.get(who, f"/fhir/Patient?_id={person}").json().get("entry", [])
    assert [one["resource"] for one in found] == ([answer.json()] if answer.status_code == 200 else [])
    return [one["resource"]["name"][0]["text"] for one in found]


def test_the_citys_record_is_shown_where_it_is_open_else_ones_own_else_none(city: City, number: str) -> None:
    person = pushed(city, "city-registry", insured(number, name="市の 記録"))
    pushed(city, "hosp-ehr", insured(number, name="病院の 記録"))
    pushed(city, "pharm-rx", insured(number, name="薬局の 記録"))
    seen = {who: names(city, who, person) for who in ("city-registry", "hosp-ehr", "pharm-rx", "clinic-emr", "cm-ito")}
    assert seen == {
        "city-registry": ["市の 記録"],
        "hosp-ehr": ["病院の 記録"],
        "pharm-rx": ["薬局の 記録"],
        "clinic-emr": [],
        "cm-ito": [],
    }
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    city.consent(person)
    assert names(city, "hosp-ehr", person) == names(city, "cm-ito", person) == ["市の 記録"]
    assert names(city, "pharm-rx", person) == ["薬局の 記録"]  # no profession: it reads only its own


@pytest.mark.promise("only-the-source-changes-its-own")
def test_another_name_is_no_overwriting(city: City, number: str) -> None:
    person = pushed(city, "city-registry", insured(number, name="市の 記録"))
    city.team(person, "Organization/hosp")
    city.consent(person)
    for _ in range(2):
        pushed(city, "hosp-ehr", insured(number, name="病院の 記録"))
    assert names(city, "city-registry", person) == names(city, "hosp-ehr", person) == ["市の 記録"]


@pytest.mark.promise("only-the-source-changes-its-own")
def test_the_records_of_all_sources_have_their_own_versions(city: City, number: str) -> None:
    first = city.created("hosp-ehr", insured(number, name="病院の 記録"))
    person = first["id"]
    other = city.created("clinic-emr", insured(number, name="診療所の 記録"))
    version = f"/fhir/Patient/{person}/_history/{other['meta']['versionId']}"
    assert city.get("clinic-emr", version).status_code == 200
    assert city.get("hosp-ehr", version).status_code == 404
    assert (
        city.put("hosp-ehr", f"/fhir/Patient/{person}", first, if_match=f'W/"{other["meta"]["versionId"]}"').status_code
        == 412
    )
    assert city.delete("hosp-ehr", f"/fhir/Patient/{person}").status_code == 204
    assert city.get("hosp-ehr", f"/fhir/Patient/{person}").status_code == 410
    assert names(city, "clinic-emr", person) == ["診療所の 記録"]
    assert pushed(city, "hosp-ehr", insured(number)) == person


# -- link and unlink


def unlink(city: City, person: str, resource: Body, source: str, system: str) -> bool:
    """The secretariat takes an identifier away that ``system`` of ``source`` linked."""
    one = resource["identifier"][0]
    credential = Credential(fingerprint(city.token("city-registry")))
    context = Context(city.clock.now, "r", lambda: "", BASE_URL)
    return city.store.lane.do(
        lambda tx: residents.unlink(
            tx, person, key(one["system"], one["value"], source), source, authenticate(tx, credential, context), context
        )
    )


@pytest.mark.promise("a-link-gives-no-right")
def test_unlinking_ends_at_once_what_the_link_gave_and_can_be_taken_back(city: City, number: str) -> None:
    person = pushed(city, "city-registry", insured(number))
    assert pushed(city, "hosp-ehr", insured(number)) == pushed(city, "clinic-emr", insured(number)) == person
    assert city.post("clinic-emr", "/fhir/Observation", observation(person)).status_code == 201
    assert unlink(city, person, insured(number), "clinic", "clinic-emr")
    assert not unlink(city, person, insured(number), "clinic", "clinic-emr")
    assert city.post("clinic-emr", "/fhir/Observation", observation(person)).status_code == 422
    other = pushed(city, "clinic-emr", insured(number))
    assert other != person
    assert pushed(city, "clinic-emr", insured(number)) == other
    assert pushed(city, "hosp-ehr", insured(number)) == person
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201
    assert {pair for pair, _ in doubts(city, person)} == {frozenset((person, other))}
    # The municipality puts the clinic back into the care team: under that id it may publish again.
    city.team(person, "Organization/clinic")
    assert city.put("clinic-emr", f"/fhir/Patient/{person}", {**someone(MR, number), "id": person}).status_code == 200
    assert city.post("clinic-emr", "/fhir/Observation", observation(person)).status_code == 201


def test_a_source_keeps_its_right_while_any_number_of_its_own_remains(city: City, number: str) -> None:
    both = insured(number)
    both["identifier"].append({"system": MR, "value": number})
    person = pushed(city, "hosp-ehr", both)
    assert unlink(city, person, insured(number), "hosp", "hosp-ehr")
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201


# -- within a push


def test_a_push_files_everything_under_the_person_whom_it_names(city: City, number: str) -> None:
    person = pushed(city, "hosp-ehr", insured(number))
    name = "urn:uuid:11111111-2222-4333-8444-555555555555"
    answer = city.post(
        "clinic-emr",
        "/fhir",
        transaction(entry(insured(number), full_url=name), entry(observation("", subject={"reference": name}))),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"][0]["response"]["location"].split("/")[1] == person
    stored = city.get("clinic-emr", f"/fhir/Observation?patient={person}").json()["entry"]
    assert [one["resource"]["subject"]["reference"] for one in stored] == [f"Patient/{person}"]
