"""CONSENT.md §3 for the reference decision: what a Consent says, and whether all of it can be understood.

A reading is a dict: ``understood``; ``status``; ``dateTime``; ``spaces``; ``type``, ``start``, ``end`` of the root; and
``exceptions``.  Each of these is a dict with ``type``, ``start``, ``end`` and those tests that it has: ``recipients``,
``authors``, ``classes``, ``purposes``, ``labels``, ``data``, ``data-start`` and ``data-end``.  A test that cannot be
understood is not in it: what it denies is denied without that test.  ``purpose-lost`` says that it was the purpose.
"""

from collections.abc import Callable, Mapping

from tests.reference.dates import span

Object = Mapping[str, object]
Reading = dict[str, object]

OURS = "https://renkei.example/fhir/CodeSystem"
HL7 = "http://terminology.hl7.org/CodeSystem"
SPACES = ["medical", "team"]
PURPOSES = ["TREAT", "CAREMGT", "COC", "ETREAT", "DISASTER"]
CATEGORIES = [
    *["demographics", "emergency-contact", "coverage", "ltc-certification", "physician-opinion", "care-team"],
    *["service-use", "prescription", "injection", "dispensing", "medication-use", "laboratory", "vital-signs"],
    *["imaging", "clinical-document", "problem", "allergy", "immunization", "encounter", "face-sheet", "assessment"],
    *["care-plan", "service-plan", "nursing-report", "daily-record", "progress-note", "acp", "emergency-plan"],
    *["device", "update-notice"],
]
LABELS = [
    *[(f"{OURS}/label", code) for code in ("SOURCE-ONLY", "UNINFORMED", "UNDELIVERED", "WELFARE", "PSY", "HIV")],
    *[(f"{OURS}/label", code) for code in ("ADDRESS-PROTECTED", "R", "V")],
    *[(f"{HL7}/v3-Confidentiality", code) for code in ("R", "V")],
    *[(f"{HL7}/v3-ActCode", code) for code in ("PSY", "HIV")],
]
PROFESSIONS = [
    *["physician", "dentist", "pharmacist", "nurse", "public-health-nurse", "physical-therapist"],
    *["occupational-therapist", "speech-therapist", "dietitian", "dental-hygienist", "medical-social-worker"],
    *["social-worker", "care-manager", "care-worker", "paramedic", "clerk", "coordinator", "secretariat"],
    *["consent-desk", "municipal-care-staff", "municipal-officer", "auditor"],
]
CONSENT_FIELDS = [
    *["resourceType", "id", "meta", "language", "text", "extension", "identifier", "status", "scope", "category"],
    *["patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy"],
    *["policyRule", "verification", "provision"],
]
ROOT_FIELDS = ["id", "type", "period", "provision"]
EXCEPTION_FIELDS = [
    *["id", "type", "period", "actor", "class", "code", "purpose", "securityLabel", "dataPeriod", "data"],
]
CODING_FIELDS = ["id", "system", "version", "code", "display", "userSelected"]


class NotUnderstoodError(Exception):
    """A part of a Consent that this hub has no rule for."""


def is_share_rule(consent: Object) -> bool:
    """§3: the scope ``patient-privacy``; advance directives, research and treatment are no rules about sharing.

    Neither is what was only drafted, and what was entered in error was never said.
    """
    if consent.get("status") in ["draft", "proposed", "entered-in-error"]:
        return False
    scope = consent.get("scope")
    codings = scope.get("coding") if isinstance(scope, Mapping) else None
    if not isinstance(codings, list) or not codings:
        return True
    codes = [one.get("code") for one in codings if one.get("system") == f"{HL7}/consentscope"]
    return "patient-privacy" in codes or not any(code in ["adr", "research", "treatment"] for code in codes)


def read(consent: Object, known: Object) -> Reading:
    """§3: a Consent in plain words; ``known`` are the ``organisations``, ``people`` and ``proxies`` of the city."""
    reading: Reading = {"understood": True, "exceptions": []}

    def field(name: str, reader: Callable[[object], object], lost: object) -> None:
        try:
            reading[name] = reader(consent)
        except NotUnderstoodError:
            reading[name], reading["understood"] = lost, False

    field("fields", lambda _: only(consent, CONSENT_FIELDS), None)
    field("scope", lambda _: one_of(concept(consent.get("scope")), [(f"{HL7}/consentscope", "patient-privacy")]), None)
    field("status", lambda _: word(consent.get("status"), ["active", "inactive", "rejected"]), "active")
    field("dateTime", lambda _: date(consent.get("dateTime")), None)
    field("performer", lambda _: performers(consent, known), None)
    field("spaces", lambda _: spaces(consent.get("category")), SPACES)  # it is for both when that cannot be read
    root = consent.get("provision")
    if not isinstance(root, Mapping):
        reading["understood"], root = False, {}
    field("root", lambda _: only(root, ROOT_FIELDS), None)
    field("type", lambda _: word(root.get("type"), ["permit", "deny"]), "deny")
    field("policyRule", lambda _: policy_rule(consent, reading["type"]), None)
    field("period", lambda _: period(root["period"]) if "period" in root else (None, None), (None, None))
    period_read = reading["period"]
    assert isinstance(period_read, tuple)
    reading["start"], reading["end"] = period_read
    if "provision" in root:
        exceptions, understood = read_exceptions(root["provision"], known)
        reading["exceptions"], reading["understood"] = exceptions, reading["understood"] and understood
    return reading


def read_exceptions(nested: object, known: Object) -> tuple[list[Reading], bool]:
    """The exceptions to the root, and whether they were understood in full: one level, no more.

    What stands deeper is read so that what it denies stays denied; a list that is none denies everything.
    """
    found: list[Reading] = []
    understood = True
    try:
        listed = objects(nested)
    except NotUnderstoodError:
        return [{"type": "deny", "start": None, "end": None}], False
    for one in listed:
        exception, whole = read_exception(one, known)
        found.append(exception)
        understood = understood and whole
        if "provision" in one:
            found += read_exceptions(one["provision"], known)[0]
            understood = False
    return found, understood


def read_exception(one: Object, known: Object) -> tuple[Reading, bool]:
    """One exception, without the tests that cannot be understood; and whether all of it could be."""
    exception: Reading = {"type": one.get("type"), "start": None, "end": None}
    understood = all(name in EXCEPTION_FIELDS for name in one)
    if one.get("type") not in ["permit", "deny"]:
        exception["type"], understood = "deny", False  # it may be one
    readers: dict[str, Callable[[object], Reading]] = {
        "period": lambda value: dict(zip(["start", "end"], period(value), strict=True)),
        "actor": lambda value: actors(value, known),
        "class": lambda value: {"classes": classes([coding(each) for each in objects(value)])},
        "code": lambda value: {"classes": classes([concept(each) for each in objects(value)])},
        "purpose": lambda value: {"purposes": purposes(value)},
        "securityLabel": lambda value: {"labels": [one_of(coding(each), LABELS) for each in objects(value)]},
        "dataPeriod": lambda value: dict(zip(["data-start", "data-end"], period(value), strict=True)),
        "data": lambda value: {"data": [instance(each) for each in objects(value)]},
    }
    for name, reader in readers.items():
        if name in one:
            try:
                exception.update(reader(one[name]))
            except NotUnderstoodError:
                understood = False
                if name == "purpose":
                    exception["purpose-lost"] = True
    if "class" in one and "code" in one:  # whether both or either is meant, nobody can tell
        exception.pop("classes", None)
        understood = False
    return exception, understood


# The fields, each by the encoding of §3


def performers(consent: Object, known: Object) -> None:
    """The patient, or a RelatedPerson that is recorded as proxy with the legal basis."""
    patient = reference(consent.get("patient"))
    speakers = [patient]
    for proxy in objects(known["proxies"]) if known["proxies"] else []:
        if f"Patient/{proxy['patient']}" == patient:
            speakers.append(f"RelatedPerson/{proxy['proxy']}")
    for one in objects(consent.get("performer")):
        word(reference(one), speakers)


def spaces(category: object) -> list[str]:
    """Consent.category says the space; other codings there say other things."""
    found = []
    for one in objects(category):
        for each in objects(one.get("coding")):
            if each.get("system") == f"{OURS}/space":
                found.append(word(each.get("code"), SPACES))
    if not found:
        raise NotUnderstoodError
    return found


def policy_rule(consent: Object, root_type: object) -> None:
    """OPTIN goes with a root that permits, OPTOUT with one that denies."""
    if "policyRule" in consent:
        code = "OPTIN" if root_type == "permit" else "OPTOUT"
        one_of(concept(consent["policyRule"]), [(f"{HL7}/v3-ActCode", code)])


def period(value: object) -> tuple[str | None, str | None]:
    """Start and end; one that contains no time at all is not understood."""
    if not isinstance(value, Mapping) or not value:
        raise NotUnderstoodError
    only(value, ["id", "start", "end"])
    start = date(value["start"]) if "start" in value else None
    end = date(value["end"]) if "end" in value else None
    begins, ends = span(start), span(end)
    if begins is not None and ends is not None and begins.first >= ends.after:
        raise NotUnderstoodError
    return start, end


def actors(value: object, known: Object) -> Reading:
    """Who receives (("organisation", id), ("person", id), ("profession", code)), and who wrote: two fields."""
    recipients: list[tuple[str, str]] = []
    authors: list[str] = []
    organisations, people = known["organisations"], known["people"]
    assert isinstance(organisations, list)
    assert isinstance(people, list)
    for actor in objects(value):
        only(actor, ["id", "role", "reference"])
        system, code = concept(actor.get("role"))
        if system == f"{OURS}/profession":  # whoever has it: nobody is referred to
            named = actor.get("reference")
            if not isinstance(named, Mapping):
                raise NotUnderstoodError
            only(named, ["id", "display"])
            recipients.append(("profession", word(code, PROFESSIONS)))
            continue
        takes_part = one_of((system, code), [(f"{HL7}/v3-ParticipationType", role) for role in ("IRCP", "AUT")])
        kind, _, name = reference(actor.get("reference")).partition("/")
        if takes_part == "IRCP" and kind == "Practitioner":
            recipients.append(("person", word(name, people)))
        elif takes_part == "IRCP" and kind == "Organization":
            recipients.append(("organisation", word(name, organisations)))
        elif takes_part == "AUT" and kind == "Organization":
            authors.append(word(name, organisations))
        else:
            raise NotUnderstoodError
    found: Reading = {}
    if recipients:
        found["recipients"] = recipients
    if authors:
        found["authors"] = authors
    return found


def classes(found: list[tuple[str, str]]) -> list[str]:
    return [one_of(each, [(f"{OURS}/information-category", code) for code in CATEGORIES]) for each in found]


def purposes(value: object) -> list[str]:
    known = [(f"{HL7}/v3-ActReason", code) for code in PURPOSES]
    return [one_of(coding(each), known) for each in objects(value)]


def instance(value: Object) -> str:
    """This one resource: not what hangs together with it."""
    only(value, ["id", "meaning", "reference"])
    word(value.get("meaning"), ["instance"])
    return reference(value.get("reference"))


# FHIR's data types


def objects(value: object) -> list[Object]:
    """A JSON array with something in it."""
    if not isinstance(value, list) or not value or not all(isinstance(one, Mapping) for one in value):
        raise NotUnderstoodError
    return value


def only(value: Object, names: list[str]) -> None:
    if not all(name in names for name in value):
        raise NotUnderstoodError


def word(value: object, words: list[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise NotUnderstoodError
    return value


def date(value: object) -> str:
    if not isinstance(value, str) or span(value) is None:
        raise NotUnderstoodError
    return value


def coding(value: object) -> tuple[str, str]:
    if not isinstance(value, Mapping):
        raise NotUnderstoodError
    only(value, CODING_FIELDS)
    system, code = value.get("system"), value.get("code")
    if not isinstance(system, str) or not isinstance(code, str):
        raise NotUnderstoodError
    return system, code


def concept(value: object) -> tuple[str, str]:
    """The one coding of a CodeableConcept."""
    if not isinstance(value, Mapping):
        raise NotUnderstoodError
    only(value, ["id", "coding", "text"])
    found = objects(value.get("coding"))
    if len(found) != 1:
        raise NotUnderstoodError
    return coding(found[0])


def one_of(found: tuple[str, str], known: list[tuple[str, str]]) -> str:
    """The code of a coding that is known."""
    if found not in known:
        raise NotUnderstoodError
    return found[1]


def reference(value: object) -> str:
    """A reference to a resource of this hub, "Type/id"."""
    if not isinstance(value, Mapping):
        raise NotUnderstoodError
    only(value, ["id", "reference", "type", "display"])
    text = value.get("reference")
    if not isinstance(text, str) or text.count("/") != 1 or text.startswith(("/", "#")) or text.endswith("/"):
        raise NotUnderstoodError
    return text
