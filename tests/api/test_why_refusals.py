"""What a refusal was: by a rule about the resident's information, of a page or an operation, or a thing not done."""

import json

import pytest

from hub.store import audit
from tests.api.changing import change_city
from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    SECRETARIAT,
    browser_of,
    looked_after,
    words,
)
from tests.hub_in_test import City, observation

OFFICER = "off-murata/city/municipal-officer"
TEAM_ROW = 'organisation-kind = ["care-management", "care-service"]\nspaces = ["team"]'
NOT_FOR_ROLE = "その役割（職種、機関の種類、名のった目的）では使えないページか操作のため、断りました。"
UNTOLD = "この古い記録からは分かりません。"


@pytest.fixture
def person(city: City) -> str:
    return looked_after(city, "Organization/hosp", "Practitioner/cm-ito")


def newest(city: City, person: str = "") -> str:
    """The id of the newest entry about the resident, or of all."""
    return str(city.log(**({"patient": person} if person else {}))[0]["id"])


def as_before(city: City, id_: str) -> str:
    """The same entry as it was kept before ``not-for-role`` was told apart from rule 9, and a named purpose kept."""
    (row,) = city.store.lane.do(lambda tx: audit.find(tx, {"id": id_}, count=1))
    kept = audit.record_of(row, "")
    usual = "CAREMGT" if kept.person == "cm-ito" else kept.purpose
    old = kept._replace(id=id_[::-1], reason="role", rules=(), purpose=usual)
    city.store.lane.do(lambda tx: audit.put(tx, [old]))
    return old.id


def why(city: City, id_: str, role: str = OFFICER) -> str:
    return words(browser_of(city, role).page(f"/why/{id_}"))


def record(city: City, person: str) -> str:
    """The resident's record, and after it the paper."""
    desk, here = browser_of(city, SECRETARIAT), f"/access-record/{person}"
    return words(desk.page(f"{here}?show=refused")) + words(desk.page(f"{here}/print?show=refused"))


# -- a page or an operation that is not for the role


@pytest.mark.promise("no-rule-is-invented")
def test_a_page_that_is_not_for_the_role_is_no_rule_about_the_resident(city: City, person: str) -> None:
    browser_of(city, CARE_MANAGER).get(f"/access-record/{person}")
    for id_ in (newest(city, person), as_before(city, newest(city, person))):
        text = why(city, id_)
        assert "ページや操作を断った記録" in text
        assert NOT_FOR_ROLE in text
        assert "決まりの順に" not in text
        assert "この役割では使えないページか操作であるため" in text
    told = record(city, person)
    assert told.count(NOT_FOR_ROLE) == 4
    assert "市の取り決めで" not in told


@pytest.mark.promise("no-rule-is-invented")
@pytest.mark.parametrize(
    ("who", "purpose", "told_of_old"), [("aud-kondo", "", NOT_FOR_ROLE), ("cm-ito", "AUDIT", UNTOLD)]
)
def test_who_audits_is_refused_as_who_they_are(
    city: City, person: str, who: str, purpose: str, told_of_old: str
) -> None:
    one = city.created("hosp-ehr", observation(person))
    named = {"X_Purpose_Of_Use": purpose} if purpose else {}
    assert city.get(who, f"/fhir/Observation/{one['id']}", **named).status_code == 403
    new = newest(city, person)
    for id_, told in ((new, NOT_FOR_ROLE), (as_before(city, new), told_of_old)):
        assert told in why(city, id_)
        assert "決まりの順に" not in why(city, id_)
        assert told in record(city, person)


@pytest.mark.promise("no-rule-is-invented")
def test_rule_9_is_told_as_rule_9(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    change_city(city, (TEAM_ROW, f'{TEAM_ROW}\nexclude = ["laboratory"]'))
    assert city.get("cm-ito", f"/fhir/Observation/{one['id']}").status_code == 404
    (row, *_) = city.log(patient=person)
    assert (row["reason"], json.loads(row["rules"])) == ("role", ["policy:read"])
    text = why(city, row["id"])
    assert "見られなかった理由" in text
    assert "8 市の取り決めと、ご本人の同意が、この情報を開いているか 開いています" in text
    assert "9 この職種から除かれている種類の情報か 市の共有の取り決めで" in text
    assert "決め手となったもの： 市の共有の取り決め" in text
    assert "市の取り決めで、その職種には見せない種類の情報です。" in record(city, person)
    assert UNTOLD in why(city, as_before(city, row["id"])), "an old entry does not say which it was"


# -- as far as rules were applied


@pytest.mark.promise("no-rule-is-invented")
def test_a_whole_page_is_refused_before_the_rules_about_one_resource(city: City, person: str) -> None:
    browser_of(city, CARE_WORKER).get(f"/people/{person}")
    text = why(city, newest(city, person))
    assert "2 職務と、機関の参加は有効か 有効です 7 この人か機関は、いま支援チームに入っているか この方の" in text
    assert "一件ごとに当てはめる決まりは、ここにはありません" in text


@pytest.mark.promise("no-rule-is-invented")
def test_of_one_resource_rule_4_is_not_said_to_have_been_asked(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    city.get("clinic-emr", f"/fhir/Observation/{one['id']}")
    text = why(city, newest(city, person))
    assert "3 その人の機関が、自分で出した情報か ほかの機関が出した情報です 4 出した機関が取り消したか" in text
    assert "いいえか、当てはめるまでもありませんでした" in text
    assert "一件ずつの情報を見る前に" not in text


@pytest.mark.promise("no-rule-is-invented")
def test_acts_and_writes_have_no_rules_of_reading(city: City, person: str) -> None:
    act = {"member": "day/", "starts": "2026-11-22", "base": ""}
    browser_of(city, "cm-ueda/tonari/care-manager").post(f"/care-teams/{person}/members", act)
    text = why(city, newest(city, person))
    assert "支援チームに、機関か人を加えようとしましたが" in text
    assert "この方の支援チームに、利用者もその所属機関も入っていないため、受け付けていません。" in text
    assert "決まりの順に" not in text
    city.team(person, "Organization/pharm")
    city.post("pharm-rx", "/fhir/Observation", observation(person))
    text = why(city, newest(city), AUDITOR)
    assert "その機関が登録することのできない種類の情報のため、受け付けていません。" in text
    assert "決まりの順に" not in text


@pytest.mark.promise("no-rule-is-invented")
def test_what_its_source_deleted_was_not_shown(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    city.delete("hosp-ehr", f"/fhir/Observation/{one['id']}")
    assert city.get("hosp-ehr", f"/fhir/Observation/{one['id']}").status_code == 410
    text = why(city, newest(city, person))
    assert "登録した機関が取り消した情報のため、お見せしていません。" in text
    assert "行われなかった操作の記録" in text
    assert "お見せしました" not in text
