"""CONSENT §5: a protected address is taken out of every form of a Patient, and nothing tells that it was there."""

import pytest

from hub.access.redact import without_address, without_addresses_within
from profiles.json import read_json, write_json
from profiles.resource import Json, Resource

HOME: Resource = {"text": "雪見市北町１丁目"}
PHONE: Resource = {"system": "phone", "value": "0165-00-0001"}
BORN_AT = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
SHOWN: Resource = {
    "resourceType": "Patient",
    "id": "p1",
    "active": False,
    "name": [{"text": "雪野 花", "family": "雪野", "given": ["花"]}],
    "extension": [{"url": "https://example.org/race", "valueCode": "x"}],
}


def left_of(patient: Json) -> Json:
    return read_json(without_address(write_json(patient)))


def test_what_tells_no_address_stays_as_it_is() -> None:
    assert left_of(SHOWN) == SHOWN
    with_marker: Resource = {**SHOWN, "extension": [{"url": "https://example.org/marker"}]}
    assert left_of(with_marker) == with_marker


@pytest.mark.parametrize(
    "hidden",
    [
        {"address": [HOME]},
        {"telecom": [PHONE]},
        {"text": {"status": "generated", "div": "<div>雪見市北町</div>"}},
        {"contained": [{"resourceType": "RelatedPerson", "id": "r", "address": [HOME]}]},
        {"contact": [{"address": HOME}]},
        {"contact": [{"telecom": [PHONE]}]},
        {"managingOrganization": {"reference": "#o"}},
        {"link": [{"other": {"reference": "#o"}}]},
        {"_birthDate": {"extension": [{"url": BORN_AT, "valueAddress": HOME}]}},
        {"_birthDate": {"extension": [{"url": BORN_AT, "valueContactPoint": PHONE}]}},
        {"_birthDate": {"extension": [{"url": BORN_AT, "extension": [{"url": "place", "valueAddress": HOME}]}]}},
    ],
)
def test_nothing_is_left_of_what_would_tell(hidden: Resource) -> None:
    assert left_of({**SHOWN, **hidden}) == SHOWN


def test_what_stands_beside_it_is_left() -> None:
    contact: Resource = {"name": {"text": "雪野 太郎"}, "gender": "male"}
    place: Resource = {"url": BORN_AT, "extension": [{"url": "since", "valueDate": "1940"}]}
    organisation: Resource = {"managingOrganization": {"reference": "Organization/hosp"}}
    shown: Resource = {**SHOWN, **organisation, "contact": [contact], "extension": [place]}
    extensions: list[Json] = [{"url": "place", "valueAddress": HOME}, {"url": "since", "valueDate": "1940"}]
    full: Resource = {
        **shown,
        "contact": [{**contact, "address": HOME}, {"telecom": [PHONE]}],
        "extension": [{**place, "extension": extensions}],
    }
    assert left_of(full) == shown


HIDDEN_WITHIN: Resource = {
    "address": [HOME],
    "telecom": [PHONE],
    "text": {"status": "generated", "div": "<div>北町</div>"},
}


def test_a_patient_within_another_resource_tells_none_either() -> None:
    """Nor does what stands beside it change: it may be an address of an organisation."""
    doctor: Resource = {"resourceType": "Practitioner", "id": "d", "telecom": [PHONE]}
    observation: Resource = {"resourceType": "Observation", "contained": [doctor, SHOWN], "note": [{"text": "北町"}]}
    full: Resource = {**observation, "contained": [doctor, {**SHOWN, **HIDDEN_WITHIN}]}
    assert read_json(without_addresses_within(write_json(full))) == observation
