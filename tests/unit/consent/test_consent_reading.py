"""CONSENT §3: what is read, and that whatever is not understood denies."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from consent import ConsentRecord, Known, Match, read_consent
from consent.vocabulary import (
    ACT_CODE_SYSTEM,
    ACT_REASON_SYSTEM,
    CATEGORY_SYSTEM,
    CONFIDENTIALITY_SYSTEM,
    CONSENT_SCOPE_SYSTEM,
    LABEL_SYSTEM,
    PARTICIPATION_SYSTEM,
    PROFESSION_SYSTEM,
    SPACE_SYSTEM,
)
from tests.unit.consent.strategies import Json, actor, concept

KNOWN = Known({"hosp", "clinic"}, {"dr-sato"}, {("hana", "guardian")})
RECIPIENT, AUTHOR = (PARTICIPATION_SYSTEM, "IRCP"), (PARTICIPATION_SYSTEM, "AUT")
EXCEPTION: Json = {
    "type": "deny",
    "period": {"end": "2026-12-31"},
    "actor": [
        actor(RECIPIENT, "Organization/hosp"),
        actor(RECIPIENT, "Practitioner/dr-sato"),
        actor((PROFESSION_SYSTEM, "nurse"), ""),
        actor(AUTHOR, "Organization/clinic"),
    ],
    "class": [{"system": CATEGORY_SYSTEM, "code": "problem", "display": "病名"}],
    "purpose": [{"system": ACT_REASON_SYSTEM, "code": "COC"}],
    "securityLabel": [
        {"system": LABEL_SYSTEM, "code": "WELFARE"},
        *({"system": CONFIDENTIALITY_SYSTEM, "code": code} for code in ("R", "V")),
        *({"system": ACT_CODE_SYSTEM, "code": code} for code in ("PSY", "HIV")),
    ],
    "dataPeriod": {"start": "2026-05", "end": "2026-06-10"},
    "data": [{"meaning": "instance", "reference": {"reference": "Condition/c1"}}],
}


def consent(**changes: object) -> Json:
    """A consent that can be read, with some of its fields changed; None takes one away."""
    made: Json = {
        "resourceType": "Consent",
        "id": "c1",
        "meta": {"versionId": "v7"},
        "status": "active",
        "scope": concept(CONSENT_SCOPE_SYSTEM, "patient-privacy"),
        "category": [{"coding": [{"system": SPACE_SYSTEM, "code": "team"}, {"system": "http://loinc.org"}]}],
        "patient": {"reference": "Patient/hana", "display": "雪野 花"},
        "dateTime": "2026-04-01",
        "performer": [{"reference": "Patient/hana"}],
        "policyRule": concept(ACT_CODE_SYSTEM, "OPTIN"),
        "provision": {"type": "permit", "provision": [deepcopy(EXCEPTION)]},
    }
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def read(resource: Json) -> ConsentRecord:
    record = read_consent(resource, KNOWN)
    assert record is not None
    return record


def with_exception(**changes: object) -> Json:
    """A consent whose one exception is changed."""
    return consent(provision={"type": "permit", "provision": [{**deepcopy(EXCEPTION), **changes}]})


def test_everything_that_the_encoding_has_is_read() -> None:
    record = read(consent())
    assert record.unreadable is None
    assert (record.id, record.version, record.patient) == ("Consent/c1", "v7", "hana")
    assert (record.spaces, record.permits, record.revoked) == (frozenset({"team"}), True, False)
    (rule,) = record.exceptions
    assert not rule.permits
    assert rule.organisations == {"hosp"}
    assert rule.persons == {"dr-sato"}
    assert rule.professions == {"nurse"}
    assert rule.purposes == {"COC"}
    assert rule.match == Match(
        sources=frozenset({"clinic"}),
        categories=frozenset({"problem"}),
        labels=frozenset({"WELFARE", "R", "V", "PSY", "HIV"}),
        references=frozenset({"Condition/c1"}),
        clinical_from="2026-05-01",
        clinical_to="2026-06-10",
        undated=True,
    )


BESIDE: Json = {
    **{"language": "ja", "text": {"status": "generated"}, "extension": [], "identifier": [{"value": "紙 1"}]},
    **{"organization": [{"reference": "Organization/city"}], "sourceAttachment": {"title": "同意書"}},
    **{"sourceReference": {"reference": "DocumentReference/d1"}, "policy": [{"uri": "https://example.org/policy"}]},
    "verification": [{"verified": True}],
}


def test_what_stands_beside_a_rule_changes_nothing() -> None:
    assert read(_decorated(consent(**BESIDE))) == read(consent())


def _decorated(value: Json) -> Json:
    """With what each data type of FHIR may say besides: ids, versions, words for people."""
    made = {name: _decorated_part(name, part) for name, part in value.items()}
    if "system" in value:
        made |= {"id": "a", "version": "1", "display": "符号", "userSelected": True}
    elif "coding" in value:
        made |= {"id": "b", "text": "語"}
    elif "reference" in value and isinstance(value["reference"], str):
        made |= {"id": "c", "type": value["reference"].partition("/")[0], "display": "名前"}
    elif "resourceType" not in value:
        made |= {"id": "d"}
    return made


def _decorated_part(name: str, part: object) -> object:
    if name in BESIDE or name == "meta":
        return part
    if isinstance(part, list):
        return [_decorated(one) for one in part]
    return _decorated(part) if isinstance(part, dict) else part


def test_a_category_may_stand_in_code() -> None:
    exception = {"type": "deny", "code": [concept(CATEGORY_SYSTEM, "acp")]}
    record = read(consent(provision={"type": "permit", "provision": [exception]}))
    assert record.unreadable is None
    assert record.exceptions[0].match.categories == {"acp"}


@pytest.mark.parametrize("status", ["inactive", "rejected"])
def test_what_is_taken_back_is_read(status: str) -> None:
    record = read(consent(status=status))
    assert (record.revoked, record.unreadable) == (True, None)


@pytest.mark.parametrize("status", ["draft", "proposed", "entered-in-error"])
def test_what_was_never_agreed_is_no_rule(status: str) -> None:
    assert read_consent(consent(status=status), KNOWN) is None


@pytest.mark.parametrize("scope", ["adr", "research", "treatment"])
def test_a_consent_to_something_else_is_no_rule(scope: str) -> None:
    assert read_consent(consent(scope=concept(CONSENT_SCOPE_SYSTEM, scope)), KNOWN) is None


UNLESS: Json = {"url": "https://example.org/unless", "valueBoolean": True}
UNREADABLE: dict[str, Json] = {
    "implicit rules": consent(implicitRules="https://example.org/rules"),
    "modifier extension": consent(modifierExtension=[]),
    "no status": consent(status=None),
    "unknown status": consent(status="sleeping"),
    "no scope": consent(scope=None),
    "a scope that is a word": consent(scope={"coding": ["adr"]}),
    "a scope that says two things": consent(
        scope={"coding": [{"system": CONSENT_SCOPE_SYSTEM, "code": code} for code in ("adr", "patient-privacy")]}
    ),
    "unknown scope": consent(scope=concept(CONSENT_SCOPE_SYSTEM, "everything")),
    "no patient": consent(patient=None),
    "a group for a patient": consent(patient={"reference": "Group/hana"}),
    "a patient elsewhere": consent(patient={"reference": "https://example.org/fhir/Patient/hana"}),
    "no performer": consent(performer=None),
    "another patient as performer": consent(performer=[{"reference": "Patient/taro"}]),
    "an unknown proxy": consent(performer=[{"reference": "RelatedPerson/neighbour"}]),
    "one good and one unknown performer": consent(
        performer=[{"reference": "Patient/hana"}, {"reference": "RelatedPerson/neighbour"}]
    ),
    "no date": consent(dateTime=None),
    "an impossible date": consent(dateTime="2026-02-30"),
    "an instant without a zone": consent(dateTime="2026-02-20T10:00:00"),
    "no provision": consent(provision=None),
    "a root of no type": consent(provision={}),
    "a root of an unknown type": consent(policyRule=None, provision={"type": "maybe"}),
    "a root for one category": consent(provision={"type": "permit", "class": EXCEPTION["class"]}),
    "a root period that is empty": consent(provision={"type": "permit", "period": {"start": "2027", "end": "2026"}}),
    "a policy rule that says the opposite": consent(policyRule=concept(ACT_CODE_SYSTEM, "OPTOUT")),
    "a policy rule of another system": consent(policyRule=concept("https://example.org/rules", "OPTIN")),
    "an unknown policy rule": consent(policyRule=concept(ACT_CODE_SYSTEM, "OPTMAYBE")),
    "an empty list of exceptions": consent(provision={"type": "permit", "provision": []}),
    "an exception of no type": with_exception(type=None),
    "an exception in an exception": with_exception(provision=[{"type": "permit"}]),
    "an extension": with_exception(extension=[]),
    "an action": with_exception(action=[concept("http://terminology.hl7.org/CodeSystem/consentaction", "access")]),
    "a category of another system": with_exception(**{"class": [{"system": "http://loinc.org", "code": "problem"}]}),
    "an unclassified category": with_exception(**{"class": [{"system": CATEGORY_SYSTEM, "code": "other"}]}),
    "two words for the category": with_exception(code=[concept(CATEGORY_SYSTEM, "problem")]),
    "an unknown label": with_exception(securityLabel=[{"system": LABEL_SYSTEM, "code": "UNKNOWN-LABEL"}]),
    "an unknown purpose": with_exception(purpose=[{"system": ACT_REASON_SYSTEM, "code": "HMARKT"}]),
    "an unknown organisation": with_exception(actor=[actor(RECIPIENT, "Organization/nobody")]),
    "an unknown profession": with_exception(actor=[actor((PROFESSION_SYSTEM, "wizard"), "")]),
    "a person as author": with_exception(actor=[actor(AUTHOR, "Practitioner/dr-sato")]),
    "a person as author, called like an organisation": with_exception(actor=[actor(AUTHOR, "Practitioner/hosp")]),
    "a system as recipient": with_exception(actor=[actor(RECIPIENT, "Device/dr-sato")]),
    "an organisation as keeper": with_exception(actor=[actor((PARTICIPATION_SYSTEM, "CST"), "Organization/hosp")]),
    "an actor without a role": with_exception(actor=[{"reference": {"reference": "Organization/hosp"}}]),
    "an actor in the consent itself": with_exception(actor=[actor(RECIPIENT, "#hosp")]),
    "a profession and an organisation in one actor": with_exception(
        actor=[{"role": concept(PROFESSION_SYSTEM, "nurse"), "reference": {"reference": "Organization/hosp"}}]
    ),
    "a role of two codings": with_exception(
        actor=[{**actor(RECIPIENT, "Organization/hosp"), "role": {"coding": [{"system": "a", "code": "b"}] * 2}}]
    ),
    "everything that hangs together with a resource": with_exception(
        data=[{"meaning": "related", "reference": {"reference": "Condition/c1"}}]
    ),
    "an empty data period": with_exception(dataPeriod={}),
    "an actor that is a word": with_exception(actor="hosp"),
    "an actor that is a number": with_exception(actor=1),
    "a coding with an extension": with_exception(
        purpose=[{"system": ACT_REASON_SYSTEM, "code": "COC", "extension": [UNLESS]}]
    ),
    "a concept of two codings": consent(policyRule={"coding": [{"system": ACT_CODE_SYSTEM, "code": "OPTIN"}] * 2}),
    "a concept with an extension": consent(
        policyRule={**concept(ACT_CODE_SYSTEM, "OPTIN"), "extension": [UNLESS]},
    ),
    "a reference with an identifier": consent(performer=[{"reference": "Patient/hana", "identifier": {}}]),
    "a reference without a kind": consent(performer=[{"reference": "/hana"}]),
    "a reference to one version": with_exception(actor=[actor(RECIPIENT, "Organization/hosp/_history/1")]),
    "an actor with an extension": with_exception(
        actor=[{**actor(RECIPIENT, "Organization/hosp"), "extension": [UNLESS]}]
    ),
    "a profession with an identifier": with_exception(
        actor=[{**actor((PROFESSION_SYSTEM, "nurse"), ""), "reference": {"identifier": {}}}]
    ),
    "data with an extension": with_exception(
        data=[{"meaning": "instance", "reference": {"reference": "Condition/c1"}, "extension": [UNLESS]}]
    ),
    **{
        f"data that is {what}": with_exception(data=[{"meaning": "instance", "reference": {"reference": text}}])
        for what, text in {
            **{"of one version": "Condition/c1/_history/1", "of no kind": "/c1", "of no id": "Condition/"},
            **{"in the bundle": "urn:uuid/c1", "in the consent": "#Condition/c1", "nothing": ""},
        }.items()
    },
    "a period with an extension": with_exception(period={"end": "2026", "extension": [UNLESS]}),
    "a period that is a word": with_exception(period="2026"),
    "an instant for an exception without a zone": with_exception(period={"end": "2026-02-20T10:00:00"}),
    "an end that is a number": with_exception(period={"end": 2026}),
}


@pytest.mark.parametrize("resource", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_not_understood_denies(resource: Json) -> None:
    record = read(resource)
    assert record.unreadable
    assert not record.permits
    assert not any(rule.permits for rule in record.exceptions)


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (consent(modifierExtension=[]), "Consent.modifierExtension is not understood in a rule"),
        (consent(provision={"type": "permit", "class": []}), "Consent.provision.class is not understood in a rule"),
        (consent(provision={"type": "permit", "provision": "?"}), "provision is not a list of objects"),
        (
            consent(policyRule=concept(ACT_CODE_SYSTEM, "OPTOUT"), provision={"type": "maybe"}),
            "Consent.provision.type is neither permit nor deny",
        ),
        (
            with_exception(provision=[{"type": "deny"}]),
            "provision 1 has a provision inside: only one level is understood",
        ),
        (
            with_exception(data=[], actor=[actor(RECIPIENT, "Organization/nobody")]),
            "provision 1.data is not a list of objects; provision 1.actor: Organization/nobody is not known",
        ),
    ],
)
def test_the_secretariat_is_told_where_and_why_once(resource: Json, why: str) -> None:
    assert read(resource).unreadable == why


def test_only_the_exception_that_names_a_stranger_loses_its_actors() -> None:
    named = [{"type": "deny", "actor": [actor(RECIPIENT, f"Organization/{one}")]} for one in ("hosp", "nobody")]
    record = read(consent(provision={"type": "permit", "provision": [*named, {"type": "deny"}]}))
    assert record.unreadable
    assert [rule.organisations for rule in record.exceptions] == [{"hosp"}, set(), set()]


@pytest.mark.parametrize("category", [None, [], [concept(SPACE_SYSTEM, "street")], [concept(CATEGORY_SYSTEM, "team")]])
def test_a_space_that_cannot_be_read_means_both(category: object) -> None:
    record = read(consent(category=category))
    assert record.unreadable
    assert record.spaces == {"medical", "team"}


WIDER: dict[str, tuple[Json, Callable[[ConsentRecord], bool]]] = {
    "actor": (with_exception(actor=[{}]), lambda record: not record.exceptions[0].organisations),
    "period": (with_exception(period={}), lambda record: record.exceptions[0].period.end is None),
    "purpose": (with_exception(purpose=[{}]), lambda record: "ETREAT" in record.exceptions[0].purposes),
    "label": (with_exception(securityLabel=[{}]), lambda record: not record.exceptions[0].match.labels),
    "list": (
        consent(provision={"type": "permit", "provision": "?"}),
        lambda record: [rule.permits for rule in record.exceptions] == [False],
    ),
    "type": (with_exception(type="maybe"), lambda record: not record.exceptions[0].permits),
    "depth": (
        consent(provision={"type": "permit", "provision": [{"type": "permit", "provision": [EXCEPTION]}]}),
        lambda record: [rule.number for rule in record.exceptions] == ["1.1"],
    ),
    "root period": (
        consent(implicitRules="x", provision={"type": "permit", "period": {"end": "2026"}}),
        lambda record: record.period.end is None,
    ),
}


@pytest.mark.parametrize(("resource", "is_wider"), WIDER.values(), ids=WIDER.keys())
def test_a_deny_that_is_read_in_part_denies_more(resource: Json, is_wider: Callable[[ConsentRecord], bool]) -> None:
    record = read(resource)
    assert record.unreadable
    assert is_wider(record)
