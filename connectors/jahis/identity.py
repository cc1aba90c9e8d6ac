"""Who and what a notebook is about, made only from the file: the same file gives the same identifiers."""

import hashlib
import unicodedata
from collections import Counter

from connectors.conversion import SourceContext
from connectors.jahis.notebook import Patient
from profiles.canonical import BASE, JP_CORE, NAME_REPRESENTATION
from profiles.resource import Json, Resource

JAHIS_RECORD = f"{BASE}/NamingSystem/jahis-record"
NOTEBOOK_PATIENT = f"{BASE}/NamingSystem/notebook-patient"
# 医療機関等の患者ID: the OID arc ends with 1 and the 10-digit institution number (JP_Patient).
_INSTITUTION_PATIENT = "urn:oid:1.2.392.100495.20.3.51.1"
_GENDER = {"1": "male", "2": "female"}


def person_key(patient: Patient) -> str:
    """One value for one person: SHA-256 over name, kana, birth date and sex, whatever their character width."""
    return digest(*(_canonical(part) for part in (patient.name, patient.kana, patient.birth_date, patient.sex)))


class RecordNames:
    """Identifier values for what a notebook says about one person.

    A value depends on the words that name the record (kind, day, institution, RP …), never on what a
    correction may change, so that a corrected file updates.  The second record with the same words
    gets another value.
    """

    def __init__(self, person: str) -> None:
        self._person = person
        self._seen: Counter[tuple[str, ...]] = Counter()

    def name(self, *words: str) -> str:
        self._seen[words] += 1
        return digest(self._person, *words, str(self._seen[words]))


def digest(*words: str) -> str:
    """SHA-256 of the words, in hexadecimal."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


def patient_resource(patient: Patient, source: SourceContext) -> Resource:
    """A JP_Patient.  The notebook has no patient number, so ``person_key`` stands in for one."""
    system = _INSTITUTION_PATIENT + source.institution_number if source.institution_number else NOTEBOOK_PATIENT
    names: list[Json] = [_name(patient.name, "IDE")]
    if patient.kana:
        names.append(_name(unicodedata.normalize("NFKC", patient.kana), "SYL"))
    resource: Resource = {
        "resourceType": "Patient",
        "meta": {"profile": [f"{JP_CORE}/JP_Patient"]},
        "identifier": [{"system": system, "value": person_key(patient)}],
        "name": names,
    }
    if patient.telephone:
        resource["telecom"] = [{"system": "phone", "value": patient.telephone}]
    if patient.sex in _GENDER:
        resource["gender"] = _GENDER[patient.sex]
    if patient.birth_date:
        resource["birthDate"] = patient.birth_date
    if patient.address or patient.postal_code:
        address = {"text": patient.address, "postalCode": patient.postal_code}
        resource["address"] = [{name: value for name, value in address.items() if value}]
    if patient.emergency_contact:
        resource["contact"] = [{"telecom": [{"system": "phone", "value": patient.emergency_contact}]}]
    return resource


def _name(written: str, representation: str) -> Resource:
    """A JP_HumanName; family and given are told apart only where the file puts a space between them."""
    parts = written.split()
    name: Resource = {
        "extension": [{"url": NAME_REPRESENTATION, "valueCode": representation}],
        "use": "usual",
        "text": " ".join(parts),
    }
    if len(parts) > 1:
        name |= {"family": parts[0], "given": [*parts[1:]]}
    return name


def _canonical(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
