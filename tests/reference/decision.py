"""CONSENT.md §4 a second time: which rule decides whether a caller sees one resource, in plain loops over facts.

This shares no code with the product, so that the two can be held against each other.  Read it beside the table of §4:
one function a rule.  The facts are those of a case file of tests/cases/consent (docs/consent.md), with its ``policy``
written out and ``known``: the organisations, people and proxies of the city.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.reference.dates import JAPAN, Span, covers, span, surely_later
from tests.reference.reading import SPACES, Object, Reading, is_share_rule, read

Outcome = tuple[bool, str]

MEDICATION = ["prescription", "injection", "dispensing", "medication-use"]
EMERGENCY_SET = [
    *["demographics", "emergency-contact", "care-team", "allergy", "problem", *MEDICATION, "device", "acp"],
    *["emergency-plan", "ltc-certification"],
]
RECENT = ["laboratory", "vital-signs"]
DISASTER_SET = [
    *["demographics", "emergency-contact", "care-team", "allergy", *MEDICATION, "device", "service-use"],
    "ltc-certification",
]
ALWAYS_IN_AN_EMERGENCY = ["emergency-contact", "acp"]
MEDICAL_SPACE_ONLY = ["UNINFORMED", "UNDELIVERED"]
NEVER_SHARED = ["other", "consent", "directory"]


class City:
    """The facts of one case, each under its name."""

    def __init__(self, case: Object) -> None:
        self.now = datetime.fromisoformat(str(case["now"]))
        [self.asker] = rows([case["asker"]])
        [self.policy] = rows([case["policy"]])
        self.relations = rows(case.get("relations"))
        self.emergencies = rows(case.get("emergencies"))
        self.disasters = rows(case.get("disasters"))
        self.token_allows = case.get("token-allows", True)
        self.organisation = self.asker["organisation"]
        self.kind = self.asker["organisation-kind"]
        self.person = self.asker.get("person")
        self.profession = self.asker.get("profession")
        self.purpose = self.asker["purpose"]
        [known] = rows([case["known"]])
        self.consents: dict[str, list[Reading]] = {}
        for consent in rows(case.get("consents")):
            if is_share_rule(consent):
                patient = consent["patient"]
                assert isinstance(patient, Mapping)
                self.consents.setdefault(str(patient["reference"]).removeprefix("Patient/"), []).append(
                    read(consent, known)
                )


def decide(city: City, resource: Object) -> Outcome:
    """Rules 1 to 12 of §4 for one resource: the first that decides, decides."""
    for rule in (rule_1, rule_2, rule_3, rule_4, no_patient):
        outcome = rule(city, resource)
        if outcome is not None:
            return outcome
    outcomes = [decide_for(city, patient, resource) for patient in words(resource.get("patients"))]
    refusals = [outcome for outcome in outcomes if not outcome[0]]
    return refusals[0] if refusals else outcomes[0]  # a resource about several patients needs every one of them


def decide_for(city: City, patient: str, resource: Object) -> Outcome:
    """Rules 5 to 12, for one of the patients of a resource."""
    for rule in (rule_5, rule_6, rule_7, rule_8, rule_9, rule_10, rule_11):
        outcome = rule(city, patient, resource)
        if outcome is not None:
            return outcome
    return True, "consent"  # rule 12


def rule_1(city: City, resource: Object) -> Outcome | None:
    """The caller's token scope does not allow this type and action."""
    return None if city.token_allows else (False, "scope")


def rule_2(city: City, resource: Object) -> Outcome | None:
    """The caller's role or organisation is not in force at now."""
    for times in (city.asker.get("role"), city.asker.get("member")):
        if isinstance(times, Mapping) and not covers(times.get("from"), times.get("to"), city.now):
            return False, "not-in-force"
    return None


def rule_3(city: City, resource: Object) -> Outcome | None:
    """The caller's organisation is the resource's source; an auditor never reads clinical content (§2)."""
    if city.organisation == resource["source"] and not audits(city):
        return True, "own"
    return None


def rule_4(city: City, resource: Object) -> Outcome | None:
    """The resource was entered in error, or carries the label SOURCE-ONLY."""
    if resource.get("entered-in-error") or "SOURCE-ONLY" in words(resource.get("labels")):
        return False, "withheld-by-source"
    return None


def no_patient(city: City, resource: Object) -> Outcome | None:
    """A resource with no patient is readable by every member, when it is of the directory."""
    if words(resource.get("patients")):
        return None
    return (True, "directory") if resource.get("directory") else (False, "not-shared")


def rule_5(city: City, patient: str, resource: Object) -> Outcome | None:
    """An emergency access of this caller for this patient, in the emergency set, not forbidden by the patient."""
    if audits(city) or not any(is_mine(city, emergency, patient) for emergency in city.emergencies):
        return None
    category = resource["category"]
    if category not in EMERGENCY_SET and not (category in RECENT and is_recent(city, resource)):
        return None
    if category not in ALWAYS_IN_AN_EMERGENCY and emergency_is_forbidden(city, patient, resource):
        return None
    return True, "emergency"


def rule_6(city: City, patient: str, resource: Object) -> Outcome | None:
    """A disaster declaration covers caller's organisation and the patient's area, and the category is in its set."""
    if reads_own_only(city) or resource["category"] not in DISASTER_SET:
        return None
    for disaster in city.disasters:
        concerned = city.organisation in words(disaster["organisations"]) and patient in words(disaster["residents"])
        if concerned and covers(disaster.get("from"), disaster.get("to"), city.now):
            return True, "disaster"
    return None


def rule_7(city: City, patient: str, resource: Object) -> Outcome | None:
    """Neither the caller nor its organisation is in the patient's care team at now."""
    for relation in city.relations:
        organisation, person = relation.get("organisation"), relation.get("person")
        of_caller = organisation == city.organisation and person is None
        if person is not None and person == city.person:  # at one organisation, or wherever the person works
            of_caller = organisation in (None, city.organisation)
        in_time = covers(relation.get("from"), relation.get("to"), city.now) and not relation.get("pending")
        if relation["patient"] == patient and of_caller and in_time and not audits(city):
            return None
    return False, "no-relation"


def rule_8(city: City, patient: str, resource: Object) -> Outcome | None:
    """No space that the policy publishes it into and that the caller's role reads is open."""
    spaces = [space for space in published(city, resource) if space in read_by(city)]
    if not spaces:
        return False, "not-shared"
    if not any(is_open(city, patient, space, resource) for space in spaces):
        return False, "no-consent"
    return None


def rule_9(city: City, patient: str, resource: Object) -> Outcome | None:
    """The role's row excludes the category."""
    for row in rows_of_role(city):
        if resource["category"] in words(row.get("exclude")):
            return False, "role"
    return None


def rule_10(city: City, patient: str, resource: Object) -> Outcome | None:
    """A deny exception of any consent of the resident in force matches, whichever space that consent is for."""
    for exception in denies(city, patient):
        if matches(city, exception, resource, city.purpose):
            return False, "resident-denied"
    return None


def rule_11(city: City, patient: str, resource: Object) -> Outcome | None:
    """A label that the role is not cleared for, and no permit exception names the label and the caller."""
    for label in words(resource.get("labels")):
        if not is_cleared(city, label) and not is_permitted(city, patient, label, resource):
            return False, "label"
    return None


# §2 Share policy


def audits(city: City) -> bool:
    """An auditor reads the access log, never clinical content; nor does anybody for the purpose of an audit."""
    return city.profession == "auditor" or city.purpose == "AUDIT"


def reads_own_only(city: City) -> bool:
    """A system that has no profession reads what its own organisation published; an auditor not even that."""
    return city.profession is None or audits(city)


def published(city: City, resource: Object) -> list[object]:
    """publish: (publisher kind, category) → spaces.  A wildcard does not reach what is no category of §4."""
    spaces = []
    for row in rows(city.policy.get("publish")):
        names_kind = row["publisher"] in ("*", resource["source-kind"])
        names_category = row["category"] in ("*", resource["category"])
        if names_kind and names_category and resource["category"] not in NEVER_SHARED:
            spaces.append(row["space"])
    return spaces


def rows_of_role(city: City) -> list[Object]:
    """read: the rows for the caller's profession at its kind of organisation; a paramedic has none."""
    found = []
    for row in rows(city.policy.get("read")):
        professions, kinds = words(row["profession"]), words(row["organisation-kind"])
        names_profession = city.profession in professions or "*" in professions
        names_kind = city.kind in kinds or "*" in kinds
        if names_profession and names_kind and not reads_own_only(city) and city.profession != "paramedic":
            found.append(row)
    return found


def read_by(city: City) -> list[str]:
    return [space for row in rows_of_role(city) for space in words(row["spaces"])]


def is_cleared(city: City, label: str) -> bool:
    """Labels need all to be cleared; 未告知 and 未提供 are closed to everyone outside the medical space."""
    if label in MEDICAL_SPACE_ONLY and "medical" in read_by(city):
        return True
    return any(label in words(row.get("labels")) for row in rows_of_role(city))


# §3 Consent


def of_space(city: City, patient: str, space: str) -> list[Reading]:
    return [consent for consent in city.consents.get(patient, []) if space in words(consent["spaces"])]


def latest(city: City, patient: str, space: str) -> list[Reading]:
    """Not superseded by a later dateTime for the same space; several, when their dates leave open which is later."""
    found = []
    for consent in of_space(city, patient, space):
        others = of_space(city, patient, space)
        if not any(surely_later(other["dateTime"], consent["dateTime"]) for other in others):
            found.append(consent)
    return found


def has_begun(city: City, consent: Reading) -> bool:
    """Whether the time has come from which it is signed, and from which it is to hold."""
    return covers(consent["dateTime"], None, city.now) and covers(consent["start"], None, city.now)


def is_in_force(city: City, consent: Reading) -> bool:
    """Can be read, status active, root period covers now."""
    active = consent["status"] == "active" and consent["understood"] is True
    return active and has_begun(city, consent) and covers(None, consent["end"], city.now)


def is_open(city: City, patient: str, space: str, resource: Object) -> bool:
    """Rule 8: the consent in force for the space permits at its root, or by an exception under a root that denies.

    Where nobody can tell which of several is the latest, each of them must be in force, and the strictest decides.
    """
    consents = latest(city, patient, space)
    if not consents or not all(is_in_force(city, consent) for consent in consents):
        return False
    denying = [consent for consent in consents if consent["type"] == "deny"]
    if len(denying) > 1:
        return False  # none of them is the stricter
    for consent in denying:
        permits = [exception for exception in exceptions_of(consent) if exception["type"] == "permit"]
        return any(matches(city, exception, resource, city.purpose) for exception in permits)
    return True


def takes_the_place(city: City, consent: Reading) -> bool:
    """Whether it ends what an earlier one denies: it can be read, and its time has come."""
    return consent["understood"] is True and has_begun(city, consent)


def denies(city: City, patient: str) -> list[Reading]:
    """The deny exceptions of all consents in force; and those that an unreadable or future consent may not end."""
    found = []
    for space in SPACES:
        for consent in of_space(city, patient, space):
            replaced = False
            for other in of_space(city, patient, space):
                if takes_the_place(city, other) and surely_later(other["dateTime"], consent["dateTime"]):
                    replaced = True
            if not replaced and (not consent["understood"] or is_in_force(city, consent)):
                found += [exception for exception in exceptions_of(consent) if exception["type"] == "deny"]
    return found


def exceptions_of(consent: Reading) -> list[Reading]:
    exceptions = consent["exceptions"]
    assert isinstance(exceptions, list)
    return exceptions


def matches(city: City, exception: Reading, resource: Object, purpose: object) -> bool:
    """All of the tests of an exception together; within one, any value."""
    if not covers(exception["start"], exception["end"], city.now):
        return False
    if "recipients" in exception and not names_caller(city, exception):
        return False
    if "authors" in exception and resource["source"] not in words(exception["authors"]):
        return False
    if "classes" in exception and resource["category"] not in words(exception["classes"]):
        return False
    if "purposes" in exception and purpose not in words(exception["purposes"]):
        return False
    labels = words(resource.get("labels"))
    if "labels" in exception and not any(label in labels for label in words(exception["labels"])):
        return False
    if "data" in exception and resource["reference"] not in words(exception["data"]):
        return False
    return "data-start" not in exception or dates_match(exception, resource)


def names_caller(city: City, exception: Reading) -> bool:
    recipients = exception.get("recipients", [])
    assert isinstance(recipients, list)
    mine = [("organisation", city.organisation), ("person", city.person), ("profession", city.profession)]
    return any(recipient in mine for recipient in recipients)


def dates_match(exception: Reading, resource: Object) -> bool:
    """dataPeriod, by days: a resource of an unknown day is denied what the days deny, and not permitted."""
    day = resource.get("clinical-date")
    if day is None:
        return exception["type"] == "deny"
    date, first, last = span(day), span(exception["data-start"]), span(exception["data-end"])
    assert date is not None
    return (first is None or first.first < date.after) and (last is None or last.after > date.first)


def is_permitted(city: City, patient: str, label: str, resource: Object) -> bool:
    """Rule 11: a permit exception names the label and the caller, in a consent that is surely the latest."""
    for space in SPACES:
        consents = latest(city, patient, space)
        if len(consents) == 1 and is_in_force(city, consents[0]) and permits_label(city, consents[0], label, resource):
            return True
    return False


def permits_label(city: City, consent: Reading, label: str, resource: Object) -> bool:
    for exception in exceptions_of(consent):
        named = label in words(exception.get("labels")) and "recipients" in exception
        if exception["type"] == "permit" and named and matches(city, exception, resource, city.purpose):
            return True
    return False


# §6 Emergency


def is_mine(city: City, emergency: Object, patient: str) -> bool:
    """Declared by this person at this organisation for this patient, and not over."""
    until = datetime.fromisoformat(str(emergency["until"]))
    who = emergency["organisation"] == city.organisation and emergency["person"] == city.person
    return who and emergency["patient"] == patient and city.now < until


def is_recent(city: City, resource: Object) -> bool:
    """Laboratory and vital signs of the last 90 days."""
    day: Span | None = span(resource.get("clinical-date"))
    today = city.now.astimezone(JAPAN).replace(hour=0, minute=0, second=0, microsecond=0)
    return day is not None and day.first >= today - timedelta(days=90)


def emergency_is_forbidden(city: City, patient: str, resource: Object) -> bool:
    """§3.6: a deny for the purpose ETREAT, or for one that cannot be read and may be it."""
    for exception in denies(city, patient):
        named = "ETREAT" in words(exception.get("purposes")) or bool(exception.get("purpose-lost"))
        if named and matches(city, exception, resource, "ETREAT"):
            return True
    return False


def words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def rows(value: object) -> list[Object]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
