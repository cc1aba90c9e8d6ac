"""The canonical URLs that the hub defines, and the foreign ones that its rules name.

Everything of ours stands below ``BASE``; an installation that publishes its own definitions
changes this one constant.
"""

BASE = "https://renkei.example/fhir"

# Code systems of the hub (DESIGN §1, §4).
SPACE = f"{BASE}/CodeSystem/space"
INFORMATION_CATEGORY = f"{BASE}/CodeSystem/information-category"
SCENE = f"{BASE}/CodeSystem/scene"
PROFESSION = f"{BASE}/CodeSystem/profession"
ORGANISATION_KIND = f"{BASE}/CodeSystem/organisation-kind"
LABEL = f"{BASE}/CodeSystem/label"

# Long-term care, for which JP Core has no URL (FACTS §8.4, §8.10): what an Observation is about, and its answers.
LTC_ITEM = f"{BASE}/CodeSystem/ltc-item"
CARE_LEVEL = f"{BASE}/CodeSystem/care-level"
PHYSICAL_INDEPENDENCE = f"{BASE}/CodeSystem/physical-independence"
DEMENTIA_INDEPENDENCE = f"{BASE}/CodeSystem/dementia-independence"

# Identifiers of long-term care insurance (FACTS §1.6).
KAIGO_INSURER_NO = f"{BASE}/NamingSystem/kaigo-insurer-no"
KAIGO_INSURED_NO = f"{BASE}/NamingSystem/kaigo-insured-no"  # value: insurer(6)-insured(10)
CARE_OFFICE_NO = f"{BASE}/NamingSystem/care-office-no"
CARE_MANAGER_NO = f"{BASE}/NamingSystem/care-manager-no"

# Extension of a RelatedPerson: the legal basis on which this person consents for the resident (CONSENT.md §3).
PROXY_LEGAL_BASIS = f"{BASE}/StructureDefinition/proxy-legal-basis"

# Foreign systems.
JPFHIR = "http://jpfhir.jp/"
JP_CORE = "http://jpfhir.jp/fhir/core/StructureDefinition"
MEDICAL_INSTITUTION_NO = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"
EHRSHRS_INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
NAME_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
