"""A paper consent as FHIR (CONSENT.md §3): the Consent, its signed form, who stands in, and who took it.  Pure."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass

from profiles.canonical import (
    ACT_CODE,
    CONSENT_SCOPE,
    INFORMATION_CATEGORY,
    LABEL,
    NAME_REPRESENTATION,
    PROFESSION,
    PROXY_LEGAL_BASIS,
    SPACE,
)
from profiles.resource import Json, Resource

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
PROVENANCE_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
DATA_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SIGNATURE = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.7", "display": "Consent Signature"}
EMERGENCY = "ETREAT"
SPACES = {"medical": "医療側の場", "team": "介護側の場"}

# Where the parts of one registration point to each other, before they have ids.
PROXY_URL = "urn:uuid:00000000-0000-4000-8000-000000000001"
SCAN_URL = "urn:uuid:00000000-0000-4000-8000-000000000002"
FORM_URL = "urn:uuid:00000000-0000-4000-8000-000000000003"
CONSENT_URL = "urn:uuid:00000000-0000-4000-8000-000000000004"
PROVENANCE_URL = "urn:uuid:00000000-0000-4000-8000-000000000005"


@dataclass(frozen=True, slots=True)
class Rule:
    """One exception: all that is said must hold, within one field the values are alternatives.

    ``recipients`` are "Organization/x", "Practitioner/x" or "profession/x" (none: everybody), ``sources`` ids of
    organisations, ``records`` references of single ones; the dates are ISO, both ends included, "" for none: of the
    exception, then of the information.
    """

    permits: bool
    recipients: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    data_since: str = ""
    data_until: str = ""
    purposes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    records: tuple[str, ...] = ()

    @property
    def forbids_emergency(self) -> bool:
        """Whether it is the resident's no to every emergency access (CONSENT.md §3.6)."""
        return self == Rule(False, purposes=(EMERGENCY,))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a paper says.  ``signed`` is a FHIR dateTime; ``since`` and ``until`` are ISO dates or ""."""

    signed: str
    spaces: tuple[str, ...]
    permits: bool
    rules: tuple[Rule, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Somebody who signs in the resident's place; ``basis`` says by what right."""

    name: str
    kana: str
    relationship: str
    basis: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The scanned paper: its file name, its media type, its bytes."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """Who took a paper, and when: references with the name to show, and the instant of the entry.

    ``signer`` is the reference of the one who signed, ``signed`` the FHIR date or dateTime of the signature.
    """

    patient: str
    signer: str
    signed: str
    organisation: str
    organisation_name: str
    person: str
    person_name: str
    recorded: str

    @property
    def subject(self) -> Resource:
        return {"reference": f"Patient/{self.patient}"}

    @property
    def desk(self) -> Resource:
        return {"reference": f"Organization/{self.organisation}", "display": self.organisation_name}

    @property
    def enterer(self) -> Resource:
        return {"reference": f"Practitioner/{self.person}", "display": self.person_name}


def consent(terms: Terms, taken: Taken, form: str = "", status: str = "active") -> Resource:
    """The Consent that says what the paper says; ``form`` is the reference of its DocumentReference."""
    root: Resource = {"type": _type(terms.permits)}
    if terms.since or terms.until:
        root["period"] = _period(terms.since, terms.until)
    if terms.rules:
        root["provision"] = [_provision(rule) for rule in terms.rules]
    return {
        "resourceType": "Consent",
        "status": status,
        "scope": {"coding": [{"system": CONSENT_SCOPE, "code": "patient-privacy"}]},
        "category": [
            {"coding": [{"system": SPACE, "code": space, "display": SPACES[space]}]} for space in terms.spaces
        ],
        "patient": taken.subject,
        "dateTime": terms.signed,
        "performer": [{"reference": taken.signer}],
        "organization": [taken.desk],
        **({"sourceReference": {"reference": form}} if form else {}),
        "policyRule": {"coding": [{"system": ACT_CODE, "code": "OPTIN" if terms.permits else "OPTOUT"}]},
        "provision": root,
    }


def related_person(proxy: Proxy, taken: Taken) -> Resource:
    """The proxy, with the legal basis; of the category of consents, so that no list of relatives shows it."""
    names: list[Json] = [{"use": "official", "text": proxy.name, "extension": [_written("IDE")]}]
    if proxy.kana:
        names.append({"use": "official", "text": proxy.kana, "extension": [_written("SYL")]})
    return {
        "resourceType": "RelatedPerson",
        "meta": {"tag": [_own_category()]},
        "extension": [{"url": PROXY_LEGAL_BASIS, "valueString": proxy.basis}],
        "active": True,
        "patient": taken.subject,
        "relationship": [{"text": proxy.relationship}],
        "name": names,
    }


def scan(paper: Scan, taken: Taken) -> Resource:
    """The scanned paper itself."""
    return {
        "resourceType": "Binary",
        "meta": {"tag": [_own_category()]},
        "contentType": paper.type,
        "securityContext": taken.subject,
        "data": b64encode(paper.data).decode(),
    }


def document(paper: Scan, title: str, taken: Taken) -> Resource:
    """What leads to the scanned paper: of the category of consents, which is shared with nobody."""
    sum_of = hashlib.sha1(paper.data, usedforsecurity=False).digest()  # what FHIR's Attachment.hash is
    attachment: Resource = {
        "contentType": paper.type,
        "url": SCAN_URL,
        "size": len(paper.data),
        "hash": b64encode(sum_of).decode(),
        "title": paper.name or title,
    }
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "57016-8",
                    "display": "Privacy policy acknowledgment Document",
                }
            ],
            "text": title,
        },
        "category": [{"coding": [_own_category()]}],
        "subject": taken.subject,
        "date": taken.recorded,
        "author": [taken.desk],
        "custodian": taken.desk,
        "description": title,
        "content": [{"attachment": attachment}],
    }


def provenance(
    taken: Taken, targets: tuple[str, ...], *, form: str = "", activity: str = "CREATE", why: str = ""
) -> Resource:
    """Who signed, who took it and where, and from which paper (CONSENT.md §3.5)."""
    day = taken.signed[:10]
    signed = taken.signed if "T" in taken.signed else f"{day}T00:00:00+09:00"
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [_own_category()]},
        "target": [{"reference": one} for one in targets],
        "occurredDateTime": taken.signed,
        "recorded": taken.recorded,
        **({"reason": [{"text": why}]} if why else {}),
        "activity": {"coding": [{"system": DATA_OPERATION, "code": activity}]},
        "agent": [
            _agent("author", {"reference": taken.signer}),
            {**_agent("enterer", taken.enterer), "onBehalfOf": taken.desk},
            _agent("custodian", taken.desk),
        ],
        **({"entity": [{"role": "source", "what": {"reference": form}}]} if form else {}),
        "signature": [{"type": [dict(SIGNATURE)], "when": signed, "who": {"reference": taken.signer}}],
    }


def _agent(part: str, who: Resource) -> Resource:
    return {"type": {"coding": [{"system": PROVENANCE_AGENT, "code": part}]}, "who": who}


def _provision(rule: Rule) -> Resource:
    found: Resource = {"type": _type(rule.permits)}
    if rule.since or rule.until:
        found["period"] = _period(rule.since, rule.until)
    actors = [*map(_recipient, rule.recipients), *map(_author, rule.sources)]
    if actors:
        found["actor"] = actors
    if rule.purposes:
        found["purpose"] = [{"system": ACT_REASON, "code": one} for one in rule.purposes]
    if rule.categories:
        found["class"] = [{"system": INFORMATION_CATEGORY, "code": one} for one in rule.categories]
    if rule.labels:
        found["securityLabel"] = [_label(one) for one in rule.labels]
    if rule.data_since or rule.data_until:
        found["dataPeriod"] = _period(rule.data_since, rule.data_until)
    if rule.records:
        found["data"] = [{"meaning": "instance", "reference": {"reference": one}} for one in rule.records]
    return found


def _recipient(who: str) -> Json:
    kind, _, name = who.partition("/")
    if kind == "profession":
        return {"role": {"coding": [{"system": PROFESSION, "code": name}]}, "reference": {"display": name}}
    return {"role": {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}, "reference": {"reference": who}}


def _author(organisation: str) -> Json:
    return {
        "role": {"coding": [{"system": PARTICIPATION, "code": "AUT"}]},
        "reference": {"reference": f"Organization/{organisation}"},
    }


def _label(code: str) -> Json:
    return {"system": CONFIDENTIALITY if code in ("R", "V") else LABEL, "code": code}


def _period(since: str, until: str) -> Resource:
    return {name: day for name, day in (("start", since), ("end", until)) if day}


def _type(permits: bool) -> str:
    return "permit" if permits else "deny"


def _written(how: str) -> Json:
    return {"url": NAME_REPRESENTATION, "valueCode": how}


def _own_category() -> Json:
    return {"system": INFORMATION_CATEGORY, "code": "consent"}
