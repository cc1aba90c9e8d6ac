"""The closed lists of words that rules are written in (CONSENT §2–§4, DESIGN §1 and §4)."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BASE = "https://renkei.example/fhir"
SPACE_SYSTEM = f"{BASE}/CodeSystem/space"
CATEGORY_SYSTEM = f"{BASE}/CodeSystem/information-category"
PROFESSION_SYSTEM = f"{BASE}/CodeSystem/profession"
LABEL_SYSTEM = f"{BASE}/CodeSystem/label"

CONSENT_SCOPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/consentscope"
CONFIDENTIALITY_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
PARTICIPATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

MEDICAL, TEAM = "medical", "team"
SPACES = (MEDICAL, TEAM)

ORGANISATION_KINDS = _words(
    """
    hospital clinic dental-clinic pharmacy home-nursing care-management care-service care-facility
    support-center municipality fire-department
    """
)

PROFESSIONS = _words(
    """
    physician dentist pharmacist nurse public-health-nurse physical-therapist occupational-therapist
    speech-therapist dietitian dental-hygienist medical-social-worker social-worker care-manager care-worker
    paramedic clerk coordinator secretariat consent-desk municipal-care-staff municipal-officer auditor
    """
)
# An auditor reads the access log, a paramedic reads through an emergency only: no row can give them a space (§2).
WITHOUT_SPACE = frozenset({"auditor", "paramedic"})

CATEGORIES = _words(
    """
    demographics emergency-contact coverage ltc-certification physician-opinion care-team service-use
    prescription injection dispensing medication-use laboratory vital-signs imaging clinical-document problem
    allergy immunization encounter face-sheet assessment care-plan service-plan nursing-report daily-record
    progress-note acp emergency-plan device update-notice
    """
)
# Written by members, published by nobody: no row of the share table can name them, and ``*`` leaves them out.
UNPUBLISHED = frozenset({"consent", "directory", "other"})

SOURCE_ONLY, UNKNOWN_LABEL = "SOURCE-ONLY", "UNKNOWN-LABEL"
NATIONAL_TAGS = frozenset({"UNINFORMED", "UNDELIVERED"})
CLEARABLE = frozenset({"WELFARE", "PSY", "HIV", "ADDRESS-PROTECTED", "R", "V"})
LABELS = CLEARABLE | NATIONAL_TAGS | {SOURCE_ONLY, UNKNOWN_LABEL}

AUDIT, EMERGENCY_PURPOSE = "AUDIT", "ETREAT"
CONSENT_PURPOSES = frozenset({"TREAT", "CAREMGT", "COC", "ETREAT", "DISASTER"})
PURPOSES = CONSENT_PURPOSES | {AUDIT, "PATRQT", "HCOMPL"}

_ALWAYS_NEEDED = _words(
    """
    demographics emergency-contact care-team allergy prescription injection dispensing medication-use device
    ltc-certification
    """
)
# What is shown in an emergency even when the resident has forbidden emergency access (§3.6).
NEVER_FORBIDDEN = frozenset({"emergency-contact", "acp"})
EMERGENCY_SET = _ALWAYS_NEEDED | {"problem", "acp", "emergency-plan"}
EMERGENCY_SET_RECENT = frozenset({"laboratory", "vital-signs"})
RECENT_DAYS = 90
DISASTER_SET = _ALWAYS_NEEDED | {"service-use"}
