"""Ways in which a Consent cannot be read (CONSENT.md §3.4): each changes one that can be."""

from collections.abc import Callable
from typing import TypeAlias

from tests.reference.reading import HL7, OURS

Json: TypeAlias = dict[str, object]


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def actor(role: tuple[str, str], reference: str) -> Json:
    """``role`` is (system, code); without ``reference`` it is whoever has the role."""
    target = {"reference": reference} if reference else {"display": role[1]}
    return {"role": concept(*role), "reference": target}


RECIPIENT, AUTHOR = (f"{HL7}/v3-ParticipationType", "IRCP"), (f"{HL7}/v3-ParticipationType", "AUT")
PRIVACY = [{"system": f"{HL7}/consentscope", "code": "patient-privacy"}]
ELSEWHERE = {"system": "https://example.org/words", "code": "problem"}

WHOLE: dict[str, Json] = {
    "a field that is no rule": {"action": [concept(f"{HL7}/consentaction", "access")]},
    "a modifier extension": {"modifierExtension": [{"url": "https://example.org/unless", "valueBoolean": True}]},
    "implicit rules": {"implicitRules": "https://example.org/rules"},
    "an unknown scope": {"scope": concept(f"{HL7}/consentscope", "everything")},
    "a scope that says two things": {
        "scope": {"coding": [{"system": f"{HL7}/consentscope", "code": "adr"}, *PRIVACY]},
    },
    "a scope in another system": {"scope": concept("https://example.org/words", "research")},
    "an unknown status": {"status": "sleeping"},
    "an unknown space": {"category": [concept(f"{OURS}/space", "medical"), concept(f"{OURS}/space", "square")]},
    "no space": {"category": [concept("http://loinc.org", "59284-0")]},
    "a space in words": {"category": [concept(f"{OURS}/space", "team"), {"text": "病院の側"}]},
    "another performer": {"performer": [{"reference": "Patient/ume"}]},
    "a proxy without a legal basis": {"performer": [{"reference": "RelatedPerson/neighbour"}]},
    "an organisation as performer": {"performer": [{"reference": "Organization/hosp"}]},
    "no date": {"dateTime": None},
    "an impossible date": {"dateTime": "2026-02-30"},
    "an hour without a zone": {"dateTime": "2026-11-20T10:00:00"},
    "an unknown policy rule": {"policyRule": concept(f"{HL7}/v3-ActCode", "OPTMAYBE")},
    "no provision": {"provision": None},
}
ROOT: dict[str, Json] = {
    "a root of no type": {"type": None},
    "a root for one purpose": {"purpose": [{"system": f"{HL7}/v3-ActReason", "code": "TREAT"}]},
    "a root for one category": {"class": [{"system": f"{OURS}/information-category", "code": "problem"}]},
    "a root period without an hour's zone": {"period": {"end": "2026-11-20T10:00"}},
    "a root period that is empty": {"period": {"start": "2027", "end": "2026"}},
    "no list of exceptions": {"provision": []},
}
EXCEPTION: dict[str, Json] = {
    "an exception of no type": {"type": None},
    "an exception for an action": {"action": [concept(f"{HL7}/consentaction", "access")]},
    "an exception with an extension": {"extension": [{"url": "https://example.org/unless", "valueBoolean": True}]},
    "an unknown category": {"class": [{"system": f"{OURS}/information-category", "code": "horoscope"}]},
    "a category of nobody's": {"class": [{"system": f"{OURS}/information-category", "code": "other"}]},
    "a category in another system": {"class": [ELSEWHERE]},
    "a category named twice": {
        "class": [{"system": f"{OURS}/information-category", "code": "problem"}],
        "code": [concept(f"{OURS}/information-category", "prescription")],
    },
    "an unknown purpose": {"purpose": [{"system": f"{HL7}/v3-ActReason", "code": "HMARKT"}]},
    "no purpose in the list": {"purpose": []},
    "an unknown label": {"securityLabel": [{"system": f"{OURS}/label", "code": "UNKNOWN-LABEL"}]},
    "an unknown organisation": {"actor": [actor(RECIPIENT, "Organization/nobody")]},
    "an unknown person": {"actor": [actor(RECIPIENT, "Practitioner/nobody")]},
    "an unknown profession": {"actor": [actor((f"{OURS}/profession", "wizard"), "")]},
    "an unknown author": {"actor": [actor(RECIPIENT, "Organization/hosp"), actor(AUTHOR, "Organization/nobody")]},
    "a person as author": {"actor": [actor(AUTHOR, "Practitioner/sato")]},
    "an actor of an unknown kind": {"actor": [actor(RECIPIENT, "Device/robot")]},
    "an actor in another role": {"actor": [actor((f"{HL7}/v3-ParticipationType", "WIT"), "Organization/hosp")]},
    "a profession of one person": {"actor": [actor((f"{OURS}/profession", "nurse"), "Practitioner/sato")]},
    "data of another meaning": {"data": [{"meaning": "related", "reference": {"reference": "Condition/2"}}]},
    "data elsewhere": {
        "data": [{"meaning": "instance", "reference": {"reference": "https://example.org/Condition/2"}}]
    },
    "an impossible data period": {"dataPeriod": {"start": "2026-13"}},
    "an impossible period": {"period": {"start": "yesterday"}},
}


def _changed(target: Json, change: Json) -> None:
    for name, value in change.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value


def _root(consent: Json) -> Json:
    root = consent["provision"]
    assert isinstance(root, dict)
    return root


def _exception(consent: Json) -> Json:
    """The first exception of a consent; one that denies everything when it has none."""
    nested = _root(consent).setdefault("provision", [{"type": "deny"}])
    assert isinstance(nested, list)
    first = nested[0]
    assert isinstance(first, dict)
    return first


def _nest(consent: Json) -> None:
    exceptions = _root(consent).setdefault("provision", [{"type": "deny"}])
    assert isinstance(exceptions, list)
    _root(consent)["provision"] = [{"type": "permit", "provision": exceptions}]


def _contradict(consent: Json) -> None:
    opposite = "OPTOUT" if _root(consent)["type"] == "permit" else "OPTIN"
    consent["policyRule"] = concept(f"{HL7}/v3-ActCode", opposite)


def _whole(change: Json) -> Callable[[Json], None]:
    return lambda consent: _changed(consent, change)


def _of_root(change: Json) -> Callable[[Json], None]:
    return lambda consent: _changed(_root(consent), change)


def _of_exception(change: Json) -> Callable[[Json], None]:
    return lambda consent: _changed(_exception(consent), change)


SPOILINGS: dict[str, Callable[[Json], None]] = {
    **{name: _whole(change) for name, change in WHOLE.items()},
    **{name: _of_root(change) for name, change in ROOT.items()},
    **{name: _of_exception(change) for name, change in EXCEPTION.items()},
    "nested twice": _nest,
    "a policy rule that says the opposite": _contradict,
}
"""By name: each makes a Consent that can be read unreadable."""
