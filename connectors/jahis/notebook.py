"""The typed tree of a JAHISTC file.

Texts are as written, ``""`` when absent; dates are ISO; ``record`` is the line that a node was read from.
"""

from dataclasses import dataclass

from connectors.conversion import Unmapped
from connectors.jahis.records import Record
from profiles.resource import FhirDecimal


@dataclass(frozen=True, slots=True)
class Patient:
    """Record 1."""

    record: Record
    name: str
    kana: str
    sex: str
    birth_date: str
    postal_code: str
    address: str
    telephone: str
    emergency_contact: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence: records 2, 4, 281, 291, 311, 391, 401, 411, 421, 501 and 601 (its author is the patient)."""

    record: Record
    text: str
    author: str
    kind: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Record 31: one active ingredient of an over-the-counter medicine."""

    record: Record
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class OtcMedicine:
    """Record 3 with its records 31."""

    record: Record
    name: str
    start: str
    end: str
    author: str
    ingredients: tuple[Ingredient, ...]


@dataclass(frozen=True, slots=True)
class Facility:
    """Records 11 (where it was dispensed) and 51 (where it was prescribed)."""

    record: Record
    name: str
    number: str
    """The 10-digit 医療機関コード: prefecture 2, fee table 1, code 7; ``""`` when a part is missing."""


@dataclass(frozen=True, slots=True)
class Professional:
    """Records 15 (pharmacist or physician who dispensed; ``detail`` is the contact) and 55 (prescriber; department)."""

    record: Record
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Drug:
    """Record 201 with its records 281 and 291.  ``amount`` is per day (内服) or per time (屯服) or in all (other)."""

    record: Record
    name: str
    amount: FhirDecimal | None
    unit: str
    code_kind: str
    code: str
    author: str
    generic_name: str
    generic_code: str
    supplements: tuple[Note, ...]
    cautions: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Record 301 with its records 311 and 391.  ``dispensed`` counts days (日分), times (回分) or portions (調剤)."""

    record: Record
    text: str
    dispensed: FhirDecimal | None
    unit: str
    form: str
    code_kind: str
    code: str
    supplements: tuple[Note, ...]
    cautions: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Rp:
    """The drugs that are taken together, their usage, and the doctor of the record 55 before them."""

    number: int
    doctor: Professional | None
    drugs: tuple[Drug, ...]
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Prescription:
    """The RPs under one record 51, or under none when the institution dispensed what it prescribed itself."""

    facility: Facility | None
    rps: tuple[Rp, ...]


@dataclass(frozen=True, slots=True)
class Dispensing:
    """Record 5 and all that stands under it; ``notes`` are its records 401, 411, 421, 501 and 601 in order."""

    record: Record
    date: str
    author: str
    facility: Facility | None
    professionals: tuple[Professional, ...]
    prescriptions: tuple[Prescription, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class FamilyPharmacist:
    """Record 701."""

    record: Record
    name: str
    pharmacy: str
    contact: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """One file.  ``output_kind``: ``"1"`` an institution gave it to the patient, ``"2"`` the patient hands it on.

    ``unmapped``: what the standard has no field for, and the split control.
    """

    version: str
    output_kind: str
    encoding: str
    patient: Patient
    remarks: tuple[Note, ...]
    otc: tuple[OtcMedicine, ...]
    memos: tuple[Note, ...]
    dispensings: tuple[Dispensing, ...]
    family_pharmacists: tuple[FamilyPharmacist, ...]
    unmapped: tuple[Unmapped, ...]
