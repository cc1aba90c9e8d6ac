"""Bytes of a JAHISTC file → ``Notebook``, by recursive descent over its records.

The order of the records is that of the standard; a record that stands where it has no meaning is
refused with its line, because a lost line above it may have belonged to another medicine.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from connectors.conversion import ConversionError
from connectors.jahis.notebook import (
    Dispensing,
    Drug,
    Facility,
    FamilyPharmacist,
    Ingredient,
    Note,
    Notebook,
    OtcMedicine,
    Patient,
    Prescription,
    Professional,
    Rp,
    Usage,
)
from connectors.jahis.records import Record, read_records
from connectors.jahis.split import refuse_lone_part

T = TypeVar("T")

_PRESCRIPTION = frozenset({"51", "55", "201", "301"})
_BLOCK_NOTES = frozenset({"401", "411", "421", "501", "601"})
_NO_CODE = "1"


def parse(data: bytes) -> Notebook:
    """The notebook of ``data``.

    Raises ``ConversionError`` for a damaged file, and for one part of a split file (``join`` first).
    """
    refuse_lone_part(data)
    head, records, encoding = read_records(data)
    output_kind = head[1] if len(head) > 1 else ""
    if output_kind not in {"1", "2"}:
        raise ConversionError(f"the output kind {output_kind!r} is neither 1 nor 2", 1, len(head[0]) + 2)
    return _Reader(records).notebook(head[0].removeprefix("JAHISTC"), output_kind, encoding)


@dataclass(slots=True)
class _OpenRp:
    """An RP whose lines are still being read."""

    number: int
    doctor: Professional | None
    drugs: list[Drug] = field(default_factory=list)
    usage: Usage | None = None


class _Reader:
    """The records and how far they are read."""

    def __init__(self, records: list[Record]) -> None:
        self._records = records
        self._at = 0
        self._unmapped = [one for record in records for one in record.surplus()]

    def notebook(self, version: str, output_kind: str, encoding: str) -> Notebook:
        patient = self._patient()
        remarks: list[Note] = []
        otc: list[OtcMedicine] = []
        memos: list[Note] = []
        dispensings: list[Dispensing] = []
        pharmacists: list[FamilyPharmacist] = []
        while record := self._next():
            match record.number:
                case "2":
                    remarks.append(_note(self._take(), kind=record.required("kind")))
                case "3":
                    otc += self._otc()
                case "4":
                    memos.append(_note(self._take(), date=record.date("entry date")))
                case "5":
                    dispensings.append(self._dispensing())
                case "701":
                    pharmacists.append(_family_pharmacist(self._take()))
                case "911":
                    self._end(self._take())
                case _:
                    raise record.out_of_place(_WHERE.get(record.number, "it stands under a record 5"))
        return Notebook(
            version=version,
            output_kind=output_kind,
            encoding=encoding,
            patient=patient,
            remarks=tuple(remarks),
            otc=tuple(otc),
            memos=tuple(memos),
            dispensings=tuple(dispensings),
            family_pharmacists=tuple(pharmacists),
            unmapped=tuple(self._unmapped),
        )

    def _next(self, numbers: Collection[str] | None = None) -> Record | None:
        """The record to be read next, when its number is one of ``numbers``."""
        record = self._records[self._at] if self._at < len(self._records) else None
        return record if record and (numbers is None or record.number in numbers) else None

    def _take(self) -> Record:
        self._at += 1
        return self._records[self._at - 1]

    def _many(self, number: str, read: Callable[[Record], T]) -> tuple[T, ...]:
        found = []
        while self._next({number}):
            found.append(read(self._take()))
        return tuple(found)

    def _patient(self) -> Patient:
        if not self._next({"1"}):
            raise ConversionError("the second line is not the record 1 of the patient", 2, 1)
        record = self._take()
        return Patient(
            record=record,
            name=record.required("name"),
            kana=record.text("kana"),
            sex=record.text("sex"),
            birth_date=record.date("birth date"),
            postal_code=record.text("postal code"),
            address=record.text("address"),
            telephone=record.text("telephone"),
            emergency_contact=record.text("emergency contact"),
        )

    def _otc(self) -> list[OtcMedicine]:
        """A run of records 3 and 31; a 31 belongs to the nearest 3 before it with its serial number."""
        medicines: list[tuple[Record, list[Ingredient]]] = []
        while record := self._next({"3", "31"}):
            self._at += 1
            if record.number == "3":
                medicines.append((record, []))
                continue
            serial = record.text("serial number")
            owner = next((one for one in reversed(medicines) if one[0].text("serial number") == serial), None)
            if owner is None:
                raise record.out_of_place(f"no record 3 before it has the serial number {serial!r}")
            record.author()
            owner[1].append(Ingredient(record, record.required("ingredient name"), record.text("code")))
        return [_otc_medicine(record, tuple(ingredients)) for record, ingredients in medicines]

    def _dispensing(self) -> Dispensing:
        record = self._take()
        date, author = record.required_date("dispensing date"), record.author()
        facility: Facility | None = None
        professionals: list[Professional] = []
        prescriptions: list[Prescription] = []
        notes: list[Note] = []
        while found := self._next({"11", "15", *_PRESCRIPTION, *_BLOCK_NOTES}):
            if found.number == "11":
                if facility:
                    raise found.out_of_place("this record 5 has a record 11 already")
                facility = _facility(self._take())
            elif found.number == "15":
                professionals.append(_professional(self._take(), "contact"))
            elif found.number in _PRESCRIPTION:
                prescriptions.append(self._prescription())
            else:
                notes.append(_block_note(self._take()))
        return Dispensing(record, date, author, facility, tuple(professionals), tuple(prescriptions), tuple(notes))

    def _prescription(self) -> Prescription:
        facility = _facility(self._take()) if self._next({"51"}) else None
        doctor: Professional | None = None
        rps: list[_OpenRp] = []
        while record := self._next({"55", "201", "301"}):
            if record.number == "55":
                doctor = _professional(self._take(), "department")
                continue
            number = record.whole("RP number")
            rp = next((one for one in rps if one.number == number and not one.usage), None)
            if record.number == "201":
                if rp is None:
                    rp = _OpenRp(number, doctor)
                    rps.append(rp)
                rp.drugs.append(self._drug(number))
            elif rp is None:
                raise record.out_of_place(f"no record 201 before it opens the RP {number}")
            else:
                rp.usage = self._usage(number)
        return Prescription(facility, tuple(Rp(one.number, one.doctor, tuple(one.drugs), one.usage) for one in rps))

    def _drug(self, rp: int) -> Drug:
        record = self._take()
        code_kind, code = record.text("code kind"), record.text("code")
        if code_kind not in {"", _NO_CODE} and not code:
            raise record.error("code", f"the code is missing although the code kind is {code_kind!r}")
        return Drug(
            record=record,
            name=record.required("medicine name"),
            amount=record.amount("amount"),
            unit=record.text("unit"),
            code_kind=code_kind,
            code=code,
            author=record.author(),
            generic_name=record.text("generic name"),
            generic_code=record.text("generic code"),
            supplements=self._many("281", _of_rp(rp)),
            cautions=self._many("291", _of_rp(rp)),
        )

    def _usage(self, rp: int) -> Usage:
        record = self._take()
        record.author()
        return Usage(
            record=record,
            text=record.text("usage"),
            dispensed=record.amount("dispensed number"),
            unit=record.text("dispensed unit"),
            form=record.text("form"),
            code_kind=record.text("usage code kind"),
            code=record.text("usage code"),
            supplements=self._many("311", _of_rp(rp)),
            cautions=self._many("391", _of_rp(rp)),
        )

    def _end(self, record: Record) -> None:
        """Record 911 ends the file; here it can only say that the file is the one part of one."""
        if (record.whole("number of parts"), record.whole("part")) != (1, 1):
            raise record.error("number of parts", "the numbers of the parts do not make sense")
        self._unmapped.append(record.unmapped("data id", "it only holds the parts of a split file together"))
        if after := self._next():
            raise after.out_of_place("record 911 is the last of a file")


_WHERE = {
    "1": "a file has one patient",
    "31": "it stands under the record 3 of its serial number",
    "281": "it stands under a record 201",
    "291": "it stands under a record 201",
    "311": "it stands under a record 301",
    "391": "it stands under a record 301",
}


def _note(record: Record, *, kind: str = "", date: str = "") -> Note:
    return Note(record, record.required("text"), record.author(), kind, date)


def _block_note(record: Record) -> Note:
    if record.number == "601":  # 患者等記入: always the patient's own words
        return Note(record, record.required("text"), "2", date=record.date("entry date"))
    return _note(record, kind=record.text("kind") if record.number == "411" else "")


def _of_rp(rp: int) -> Callable[[Record], Note]:
    def read(record: Record) -> Note:
        if record.whole("RP number") != rp:
            raise record.error("RP number", f"the record before it belongs to the RP {rp}")
        return _note(record)

    return read


def _otc_medicine(record: Record, ingredients: tuple[Ingredient, ...]) -> OtcMedicine:
    start, end = record.date("start date"), record.date("end date")
    if end and start > end:
        raise record.error("end date", "it ends before it starts")
    return OtcMedicine(record, record.required("medicine name"), start, end, record.author(), ingredients)


def _facility(record: Record) -> Facility:
    record.author()
    parts = [record.text(name) for name in ("prefecture", "fee table", "institution code")]
    lengths = [len(part) for part in parts if part.isascii() and part.isdigit()]
    number = "".join(parts) if lengths == [2, 1, 7] else ""
    return Facility(record, record.required("name"), number)


def _professional(record: Record, detail: str) -> Professional:
    record.author()
    return Professional(record, record.required("name"), record.text(detail))


def _family_pharmacist(record: Record) -> FamilyPharmacist:
    record.author()
    return FamilyPharmacist(
        record=record,
        name=record.required("name"),
        pharmacy=record.text("pharmacy"),
        contact=record.text("contact"),
        start=record.date("start date"),
        end=record.date("end date"),
    )
