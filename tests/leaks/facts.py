"""The hidden facts.  World B has the fact, world A has not (or has another in its place); all else is equal."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.identity.match import MEMBER_ID
from tests.hub_in_test import Body, care_team, note
from tests.leaks import ground
from tests.leaks.ground import DATE, NUMBER, PHONE, POST_CODE, STREET, WORD, labelled, push, registered, secrets
from tests.leaks.world import World
from tests.receiver_in_test import PATIENT_CHANGED, subscription

Things = list[tuple[str, str, str]]


def nothing(world: World) -> Things:
    """World A: the fact is not there."""
    return []


@dataclass(frozen=True, slots=True)
class Fact:
    """``put`` makes the fact and gives what is hidden as (type, id, version); ``instead`` is what world A has.

    It is about the resident whom the ground calls by the fact's ``id``.  ``system`` asks, for an organisation that
    must not learn of it; ``kind`` is by what channels choose.  One fact of each asker ``asks_for_all`` what names no
    fact: all of them stand in one world.
    """

    id: str
    kind: str
    what: str
    put: Callable[[World], Things]
    instead: Callable[[World], Things] = nothing
    system: str = "clinic-emr"
    asks_for_all: bool = False


def _of(person: str) -> Callable[[World], Things]:
    return lambda world: [*_visit(world, person), *push(world, secrets(world.people[person]))]


def _visit(world: World, who: str) -> Things:
    """The visit that others name in plain view, and may not see, says something now."""
    place, person = f"Encounter/{world.kept[f'visit of {who}']}", world.people[who]
    said = ground.encounter(person, "in-progress", period={"start": DATE}, reasonCode=[ground.code()])
    number = {"identifier": [{"system": ground.SYSTEM, "value": NUMBER}]}
    stored = world.city.put("hosp-ehr", f"/fhir/{place}", said | number | {"id": place.partition("/")[2]})
    assert stored.status_code == 200, stored.text
    return []


def _category(world: World, who: str = "category") -> Things:
    visit = {"encounter": {"reference": f"Encounter/{world.kept[f'visit of {who}']}"}}
    return [*_visit(world, who), *push(world, ground.of_no_shared_category(world.people[who], **visit))]


LABELS = ("R", "V", "UNINFORMED", "UNDELIVERED", "WELFARE", "PSY", "HIV", "MASKED", "SOURCE-ONLY")


def _labelled(world: World) -> Things:
    """Each label alone: the care managers are cleared for none."""
    person = world.people["label"]
    return [
        one for label in LABELS for one in push(world, [secrets(person, **labelled(label))[kind] for kind in (0, 2, 4)])
    ]


def _withheld(world: World) -> Things:
    things = secrets(world.people["withheld"])
    wrong = "entered-in-error"
    for one in things:
        one["status" if "status" in one else "verificationStatus"] = (
            wrong
            if "status" in one
            else {"coding": [{"system": f"{ground.TERMINOLOGY}/condition-ver-status", "code": wrong}]}
        )
    return push(world, things)


def _deleted(world: World) -> Things:
    things = push(world, secrets(world.people["deleted"], **labelled("V")))
    for type_, id_, _ in reversed(things):
        assert world.city.delete("hosp-ehr", f"/fhir/{type_}/{id_}").status_code == 204
    return things


def _nobody_known(world: World, who: str = "no-relation", *team: str) -> Things:
    """A whole resident, of whom nobody but the hospital and the ``team`` has ever heard."""
    city = world.city
    stored = city.created("city-registry", registered("0000007391"))
    person = world.people[who] = str(stored["id"])
    city.team(person, "Organization/hosp", *team)
    city.consent(person)
    return [("Patient", person, str(stored["meta"]["versionId"])), *push(world, secrets(person))]


def _address(world: World, **more: object) -> Things:
    person = world.people["address"]
    stored: Body = world.city.get("city-registry", f"/fhir/Patient/{person}").json()
    changed = world.city.put(
        "city-registry", f"/fhir/Patient/{person}", stored | {"maritalStatus": {"text": "独身"}, **more}
    )
    assert changed.status_code == 200, changed.text
    return [("Patient", person, str(changed.json()["meta"]["versionId"]))]


def _with_address(world: World) -> Things:
    where = {"text": STREET, "postalCode": POST_CODE, "line": [STREET], "city": "秘密市"}
    said = f'<div xmlns="http://www.w3.org/1999/xhtml">{STREET}</div>'
    return _address(
        world,
        address=[where],
        telecom=[{"system": "phone", "value": PHONE}],
        text={"status": "generated", "div": said},
        contained=[{"resourceType": "Location", "id": "home", "address": where}],
        extension=[
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"text": STREET}},
            {"url": "http://example.org/home", "valueReference": {"reference": "#home"}},
        ],
        contact=[{"telecom": [{"system": "phone", "value": PHONE}], "address": {"text": STREET}}],
    )


def _renamed(world: World, **said: object) -> Things:
    """The city writes down once more who somebody is of whom there is no consent."""
    person = world.people["unnamed"]
    stored: Body = world.city.get("city-registry", f"/fhir/Patient/{person}").json()
    changed = world.city.put(
        "city-registry", f"/fhir/Patient/{person}", stored | {"maritalStatus": {"text": "独身"}, **said}
    )
    assert changed.status_code == 200, changed.text
    return [("Patient", person, str(changed.json()["meta"]["versionId"]))]


def _unnamed(world: World) -> Things:
    hidden = registered(ground.numbered("unnamed"))
    return _renamed(world, name=hidden["name"], birthDate=hidden["birthDate"])


def _demographics(world: World) -> Things:
    """What the hospital wrote down about somebody whose record the city shows."""
    person = world.people["demographics"]
    own = registered(ground.numbered("demographics")) | {"id": person}
    stored = world.city.put("hosp-ehr", f"/fhir/Patient/{person}", own)
    assert stored.status_code == 201, stored.text
    return [("Patient", person, str(stored.json()["meta"]["versionId"]))]


def _doings(world: World) -> Things:
    """What the hospital does for itself: an export, a subscription, a request under a key, a look at a record."""
    city, person = world.city, world.people["doings"]
    job = city.get("hosp-ehr", "/fhir/Patient/$export", prefer="respond-async").headers["Content-Location"]
    asked = city.created("hosp-ehr", subscription(f"{world.receiver.url}/other", PATIENT_CHANGED))
    sent = city.post("hosp-ehr", "/fhir/Encounter", ground.encounter(person), idempotency_key=ground.KEY)
    assert sent.status_code == 201
    assert city.get("dr-sato", f"/fhir/Patient/{person}").status_code == 200
    return [("$export", job.rpartition("/")[2], "1"), ("Subscription", str(asked["id"]), "1")]


def _once_labelled(world: World) -> Things:
    """What is shown now was hidden at first."""
    city, person = world.city, world.people["earlier-version"]
    stored = city.created("hosp-ehr", note(person, WORD, **labelled("V")))
    city.clock.move(seconds=1)
    world.ids.begin()
    world.ids()  # that of a new resource
    shown = city.put("hosp-ehr", f"/fhir/Communication/{stored['id']}", _note(person) | {"id": stored["id"]}).json()
    return _met_by_chance(world, shown)


def _never_labelled(world: World) -> Things:
    world.city.clock.move(seconds=1)
    world.ids.begin()
    return _met_by_chance(world, world.city.created("hosp-ehr", _note(world.people["earlier-version"])))


def _note(person: str) -> Body:
    return note(person, "見せてよいことになりました")


def _met_by_chance(world: World, stored: Body) -> Things:
    """Both worlds show it under an id that begins with the time of its first version: a number that says nothing."""
    id_ = world.kept["once hidden"] = str(stored["id"])
    world.by_chance[id_] = None
    return [("Communication", id_, str(stored["meta"]["versionId"]))]


def _emergency(world: World) -> Things:
    """Paramedics look at somebody whom the asker does not look after: the team is told, nobody else."""
    city, person = world.city, world.people["emergency"]
    ground.declare_emergency(world, "emergency")
    assert city.get("pm-hori", f"/fhir/Patient/{person}").status_code == 200
    told = city.get("hosp-ehr", f"/fhir/Communication?patient={person}&_sort=-_lastUpdated&_count=1").json()
    notice = told["entry"][0]["resource"]
    return [("Communication", str(notice["id"]), str(notice["meta"]["versionId"]))]


def _circle(world: World) -> Things:
    """Somebody's daughter, and a team of theirs: labelled, of somebody whom the asker looks after."""
    person = world.people["circle"]
    code = {"identifier": [{"system": ground.SYSTEM, "value": NUMBER}], **labelled("V")}
    daughter: Body = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": f"Patient/{person}"},
        "name": [{"text": WORD}],
        "telecom": [{"system": "phone", "value": PHONE}],
        "birthDate": ground.BORN,
        **code,
    }
    team = care_team(person, "Organization/hosp") | {"name": WORD, "period": {"start": DATE}, **code}
    found = []
    for one in (daughter, team):
        stored = world.city.created("hosp-ehr" if one is daughter else "city-registry", one)
        found.append((str(stored["resourceType"]), str(stored["id"]), str(stored["meta"]["versionId"])))
    return found


def _to_a_first_contact(world: World) -> Things:
    """Things of others, and that the city knows the person under another number as well."""
    city, person = world.city, world.people["pending"]
    stored = city.get("city-registry", f"/fhir/Patient/{person}").json()
    known = stored | {"identifier": [*stored["identifier"], {"system": MEMBER_ID, "value": ground.INSURED}]}
    assert city.put("city-registry", f"/fhir/Patient/{person}", known).status_code == 200
    return push(world, secrets(person))


def _in_an_emergency(world: World) -> Things:
    return push(world, secrets(world.people["rescued"], **labelled("SOURCE-ONLY")))


def _saying(number: str, word: str, date: str) -> Callable[[World], Things]:
    return lambda world: push(world, secrets(world.people["content"], number, word, date, **labelled("V")))


FACTS = (
    Fact("category", "thing", "記録の種類が、だれにも共有されない種類", _category, asks_for_all=True),
    Fact(
        "label",
        "thing",
        "ラベル（R、V、UNINFORMED、PSY など九つ）のある記録",
        _labelled,
        system="care-plan-app",
        asks_for_all=True,
    ),
    Fact("no-consent", "thing", "同意のない人の記録", _of("no-consent")),
    Fact("revoked", "thing", "同意を取り消した人の、取り消す前の記録", _of("revoked")),
    Fact("no-relation", "thing", "担当していない人が、いること", _nobody_known),
    Fact("stranger", "thing", "担当していない人に、増えた記録", _of("stranger")),
    Fact("denied", "thing", "本人が「見せない」と決めた記録", _of("denied")),
    Fact("withheld", "thing", "出した機関が誤りとした記録", _withheld),
    Fact("deleted", "thing", "見えないまま消された記録", _deleted),
    Fact("address", "person", "守られている住所（DV等支援措置）", _with_address, _address),
    Fact("demographics", "person", "ほかの機関が書いた氏名・生年月日・住所", _demographics),
    Fact("unnamed", "person", "担当していて同意のない人の、市が書いた氏名・生年月日", _unnamed, _renamed),
    Fact("emergency", "thing", "ほかの人の緊急閲覧", _emergency),
    Fact("circle", "thing", "ラベルのある、家族と支援チーム", _circle),
    Fact("pending", "thing", "はじめて会い、まだ確かめられていない機関に、ほかの機関の記録と番号", _to_a_first_contact),
    Fact("rescued", "thing", "救急で開いても見えない記録", _in_an_emergency, system="pm-hori", asks_for_all=True),
    Fact("earlier-version", "version", "いま見えるものの、見えなかった前の版", _once_labelled, _never_labelled),
    Fact("doings", "doing", "ほかの機関がしたこと（書き出し、通知の登録、鍵つきの要求）", _doings),
)

CONTENT = Fact(
    "content", "content", "隠れた記録の中身（同じ種類、同じ人の、ちがう言葉と数）", _saying(NUMBER, WORD, DATE),
    instead=_saying("ANOTHER-204", "ほかの所見", "2026-07-07"), asks_for_all=True,
)  # fmt: skip
"""In worlds of its own: everybody may know that there is something, and nobody what it says."""


def open_(world: World) -> Things:
    """The opposite of a hidden fact: the same things in plain view.  A channel that does not notice it is blind."""
    return push(world, secrets(world.people["open"]))


def _open_visit(world: World) -> Things:
    """What is shared with nobody, or labelled, in plain view of who published it."""
    city, person = world.city, world.people["open-visit"]
    stored = city.get("city-registry", f"/fhir/Patient/{person}").json()
    changed = city.put("city-registry", f"/fhir/Patient/{person}", stored | {"birthDate": ground.BORN})
    assert changed.status_code == 200, changed.text
    return [*_category(world, "open-visit"), *push(world, secrets(person, **labelled("V")))]


def _open_person(world: World) -> Things:
    """A name, a birth date and an address that the city shows."""
    person = world.people["open-person"]
    said = registered(ground.numbered("open-person")) | {"id": person}
    stored = world.city.put("city-registry", f"/fhir/Patient/{person}", said)
    assert stored.status_code == 200, stored.text
    return [("Patient", person, str(stored.json()["meta"]["versionId"]))]


def _open_newcomer(world: World) -> Things:
    return _nobody_known(world, "open-newcomer", "Organization/clinic")


OPEN = Fact("open", "thing", "隠されていない記録", open_, asks_for_all=True)
PLAIN = (
    OPEN,
    Fact("open-visit", "thing", "出した機関から見える受診", _open_visit, system="hosp-ehr", asks_for_all=True),
    Fact("open-person", "person", "市が見せる氏名・生年月日・住所", _open_person, asks_for_all=True),
    Fact("open-newcomer", "thing", "担当している人が、増えること", _open_newcomer, asks_for_all=True),
)
"""What is hidden elsewhere, in plain view: things, things of a category that is not shared, who somebody is and that
there is somebody."""
