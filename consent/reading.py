"""FHIR R4 Consent → ``ConsentRecord`` (CONSENT §3)."""

from collections.abc import Mapping

from consent.fhir import Fields, UnreadableError, concept, mapping, objects, reference, text
from consent.model import NOBODY, ConsentRecord, Known
from consent.period import ALWAYS, period_of, span
from consent.provision import read_rules
from consent.vocabulary import ACT_CODE_SYSTEM, CONSENT_SCOPE_SYSTEM, SPACE_SYSTEM, SPACES

_FIELDS = (
    *("resourceType", "id", "meta", "language", "text", "extension", "identifier", "status", "scope", "category"),
    *("patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference", "policy"),
    *("policyRule", "verification", "provision"),
)
_REVOKED = ("inactive", "rejected")
_NO_RULE = ("draft", "proposed", "entered-in-error")
_OTHER_SCOPES = ("adr", "research", "treatment")
_ROOT_TYPES = {"OPTIN": "permit", "OPTOUT": "deny"}


def read_consent(resource: Mapping[str, object], known: Known) -> ConsentRecord | None:
    """What a Consent means with the registry of now; see ``compile_consent`` and ``ConsentRecord.known_by``."""
    record = compile_consent(resource)
    return record and record.known_by(known)


def compile_consent(resource: Mapping[str, object]) -> ConsentRecord | None:
    """What a Consent says; none when it is no privacy rule (another scope, a draft, entered in error).

    Never raises: a consent that cannot be read in full denies everything in its space (in both, when the
    space cannot be read), and those of its exceptions that deny stay in force (§3.4).
    """
    if resource.get("status") in _NO_RULE or _has_another_scope(resource):
        return None
    problems: list[str] = []
    consent = Fields(resource, "Consent", problems)
    consent.only(_FIELDS)
    status = consent.need("status", _status, "active")
    consent.need("scope", _privacy, None)
    patient = consent.need("patient", _patient, "")
    proxies = consent.need("performer", lambda value, place: _proxies(value, place, patient), NOBODY)
    signed = consent.need("dateTime", lambda value, place: span(text(value, place)), ALWAYS)
    spaces = consent.need("category", _spaces, frozenset(SPACES))

    root = Fields(consent.need("provision", mapping, {}), "Consent.provision", problems)
    root.only(("id", "type", "period", "provision"))
    type_ = root.need("type", _type, "deny")
    consent.read("policyRule", lambda value, place: _agrees(value, place, type_), None, None)
    period = root.read("period", period_of, ALWAYS, ALWAYS)
    exceptions = read_rules(root.raw["provision"], problems) if "provision" in root.raw else []
    meta = resource.get("meta")
    record = ConsentRecord(
        id=f"Consent/{resource.get('id')}",
        version=str(meta.get("versionId", "")) if isinstance(meta, Mapping) else "",
        patient=patient,
        spaces=spaces,
        revoked=status in _REVOKED,
        signed=signed,
        period=period,
        permits=type_ == "permit",
        exceptions=tuple(exceptions),
        proxies=proxies,
    )
    return record.denying(problems) if problems else record


def _has_another_scope(resource: Mapping[str, object]) -> bool:
    """Whether it says that it is about something else: wishes for care (``adr``), research, treatment."""
    scope = resource.get("scope")
    codings = scope.get("coding") if isinstance(scope, Mapping) else None
    if not isinstance(codings, list):
        return False
    found = [one for one in codings if isinstance(one, Mapping) and one.get("system") == CONSENT_SCOPE_SYSTEM]
    codes = [one.get("code") for one in found]
    return "patient-privacy" not in codes and any(code in _OTHER_SCOPES for code in codes)


def _status(value: object, place: str) -> str:
    if value not in ("active", *_REVOKED):
        raise UnreadableError(f"{place}: {value!r} is not known")
    return text(value, place)


def _privacy(value: object, place: str) -> None:
    if concept(value, place) != (CONSENT_SCOPE_SYSTEM, "patient-privacy"):
        raise UnreadableError(f"{place} is not patient-privacy")


def _patient(value: object, place: str) -> str:
    kind, name = reference(value, place)
    if kind != "Patient":
        raise UnreadableError(f"{place} is not a Patient")
    return name


def _proxies(value: object, place: str, patient: str) -> frozenset[str]:
    """The RelatedPersons who signed, with the patient or in their place."""
    signers = [reference(one, place) for one in objects(value, place)]
    for kind, name in signers:
        if kind != "RelatedPerson" and (kind, name) != ("Patient", patient):
            raise UnreadableError(f"{place}: {kind}/{name} is neither the patient nor a RelatedPerson")
    return frozenset(name for kind, name in signers if kind == "RelatedPerson")


def _spaces(value: object, place: str) -> frozenset[str]:
    spaces = {
        text(one.get("code"), f"{place}.coding.code")
        for category in objects(value, place)
        for one in objects(category.get("coding"), f"{place}.coding")
        if one.get("system") == SPACE_SYSTEM
    }
    if not spaces or not spaces.issubset(SPACES):
        raise UnreadableError(f"{place} names no space, or one that is not known")
    return frozenset(spaces)


def _type(value: object, place: str) -> str:
    if value not in _ROOT_TYPES.values():
        raise UnreadableError(f"{place} is neither permit nor deny")
    return text(value, place)


def _agrees(value: object, place: str, type_: str) -> None:
    system, code = concept(value, place)
    if system != ACT_CODE_SYSTEM or _ROOT_TYPES.get(code) != type_:
        raise UnreadableError(f"{place}: {code} does not go with a root that says {type_}")
