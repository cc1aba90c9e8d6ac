"""The residents' consents to share, in the encoding of CONSENT §3."""

from collections.abc import Iterator

from connectors.transaction import uuid_url
from hub.demo.chart import Chart, organisation, practitioner
from hub.demo.elements import HL7, coding, concept
from hub.demo.lives import PrivacyConsent, Rule
from profiles.canonical import ACT_CODE, CONSENT_SCOPE, INFORMATION_CATEGORY, LABEL, PROFESSION, SPACE
from profiles.resource import Json, Resource

_POLICY_RULE = {"permit": "OPTIN", "deny": "OPTOUT"}
_SPACES = {"medical": "医療側の場", "team": "介護側の場"}


def consents(chart: Chart) -> Iterator[Resource]:
    """An entry for each consent, oldest first."""
    for count, one in enumerate(chart.life.consents):
        yield chart.entry(_consent(chart, one), str(count))


def _consent(chart: Chart, one: PrivacyConsent) -> Resource:
    return {
        "resourceType": "Consent",
        "status": one.status,
        "scope": {"coding": [coding(CONSENT_SCOPE, "patient-privacy")]},
        "category": [{"coding": [coding(SPACE, space, _SPACES[space]) for space in one.spaces]}],
        "patient": chart.subject,
        "dateTime": chart.moment(one.day, "10:00"),
        "performer": [_performer(chart, one.performer)],
        "organization": [organisation(chart.demo.city.organisation_of(one.taken_by))],
        "sourceAttachment": {"title": "個人情報の共有に関する同意書"},
        "policyRule": {"coding": [coding(ACT_CODE, _POLICY_RULE[one.root])]},
        "provision": _root(chart, one),
    }


def _performer(chart: Chart, relative: str) -> Resource:
    """The resident, or the relative of this name, whose RelatedPerson is in the same bundle."""
    if not relative:
        return chart.subject
    url = uuid_url("demo", chart.organisation.id, chart.life.id, "RelatedPerson", relative)
    return {"reference": url, "display": relative}


def _root(chart: Chart, one: PrivacyConsent) -> Resource:
    root: Resource = {"type": one.root}
    period: Resource = {}
    if one.since is not None:
        period["start"] = chart.date(one.since)
    if one.until is not None:
        period["end"] = chart.date(one.until)
    if period:
        root["period"] = period
    if one.exceptions:
        root["provision"] = [_exception(chart, rule) for rule in one.exceptions]
    return root


def _exception(chart: Chart, rule: Rule) -> Resource:
    found: Resource = {"type": rule.type}
    actors = [*_actors(chart, rule)]
    if actors:
        found["actor"] = actors
    if rule.purposes:
        found["purpose"] = [coding(f"{HL7}/v3-ActReason", purpose) for purpose in rule.purposes]
    if rule.categories:
        found["class"] = [coding(INFORMATION_CATEGORY, category) for category in rule.categories]
    if rule.labels:
        found["securityLabel"] = [coding(LABEL, label) for label in rule.labels]
    if rule.data_until is not None:
        found["dataPeriod"] = {"end": chart.date(rule.data_until)}
    return found


def _actors(chart: Chart, rule: Rule) -> Iterator[Json]:
    recipient = concept("受け取る人", coding(f"{HL7}/v3-ParticipationType", "IRCP"))
    for one in rule.organisations:
        yield {"role": recipient, "reference": organisation(chart.demo.city.organisation_of(one))}
    for person in rule.persons:
        yield {"role": recipient, "reference": practitioner(chart.demo.city, person)}
    for profession in rule.professions:
        yield {"role": {"coding": [coding(PROFESSION, profession)]}, "reference": {"display": profession}}
