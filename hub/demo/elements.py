"""The FHIR elements that the demo city's resources share, and the systems that they name (FACTS §1.6)."""

from profiles.canonical import INFORMATION_CATEGORY, JP_CORE, NAME_REPRESENTATION
from profiles.resource import FhirDecimal, Json, Resource

MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
PUBLIC_PAYER_NO = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicPayerNumber"
PUBLIC_INSURED_NO = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicInsuredPersonNumber"
INSTITUTION_PATIENT = "urn:oid:1.2.392.100495.20.3.51.1"  # followed by the 10-digit institution number
RESOURCE_INSTANCE = "http://jpfhir.jp/fhir/core/IdSystem/resourceInstance-identifier"
JP_OBSERVATION_CATEGORY = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def coding(system: str, code: str, display: str = "") -> Resource:
    """A Coding."""
    found: Resource = {"system": system, "code": code}
    return {**found, "display": display} if display else found


def concept(text: str, *codings: Resource) -> Resource:
    """A CodeableConcept with a text, coded where there is a code."""
    return {"coding": [*codings], "text": text} if codings else {"text": text}


def information_category(code: str) -> Resource:
    """The CodeableConcept that says which of the hub's categories a resource is."""
    return {"coding": [coding(INFORMATION_CATEGORY, code)]}


def profile(*names: str) -> Resource:
    """A Meta that claims JP Core profiles by name."""
    return {"profile": [f"{JP_CORE}/{name}" for name in names]}


def quantity(value: str | int, unit: str, code: str = "", system: str = UCUM) -> Resource:
    """A Quantity whose digits stay as written; coded when there is a code."""
    found: Resource = {"value": FhirDecimal(str(value)), "unit": unit}
    return {**found, "system": system, "code": code} if code else found


def names(kanji: str, kana: str) -> list[Json]:
    """JP_HumanName twice: written (IDE) and read (SYL); both have a half-width space between family and given."""
    return [_name(kanji, "IDE"), _name(kana, "SYL")]


def _name(text: str, representation: str) -> Resource:
    family, _, given = text.partition(" ")
    return {
        "extension": [{"url": NAME_REPRESENTATION, "valueCode": representation}],
        "use": "usual",
        "text": text,
        "family": family,
        "given": [given],
    }


def telephone(number: str) -> list[Json]:
    """A ContactPoint."""
    return [{"system": "phone", "value": number, "use": "home"}]
