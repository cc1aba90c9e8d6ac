"""``Notebook`` → transaction Bundle and the report of what has no place in it.

The person first (unless the sender named them), then remarks, over-the-counter medicines, memos,
the dispensings, the family pharmacist.
"""

from connectors.conversion import Converted, SourceContext, Unmapped
from connectors.jahis.dispensing import add_dispensing
from connectors.jahis.draft import Draft
from connectors.jahis.history import add_family_pharmacist, add_memo, add_otc, add_remark
from connectors.jahis.identity import RecordNames, patient_resource, person_key
from connectors.jahis.notebook import Notebook
from connectors.jahis.parse import parse
from connectors.transaction import create, transaction, uuid_url


def convert(data: bytes, source: SourceContext) -> Converted:
    """The transaction Bundle of a JAHISTC file; raises ``ConversionError`` when the file is damaged."""
    notebook = parse(data)
    person = person_key(notebook.patient)
    person_url = uuid_url("patient", person)
    draft = Draft({"reference": source.patient or person_url}, RecordNames(person))
    if not source.patient:
        draft.entries.append(create(patient_resource(notebook.patient, source), person_url))
    _report_patient(draft, notebook, source)
    for remark in notebook.remarks:
        add_remark(draft, remark)
    for medicine in notebook.otc:
        add_otc(draft, medicine)
    for memo in notebook.memos:
        add_memo(draft, memo)
    for dispensing in notebook.dispensings:
        add_dispensing(draft, dispensing, notebook.output_kind, source)
    for pharmacist in notebook.family_pharmacists:
        add_family_pharmacist(draft, pharmacist)
    unmapped = sorted([*draft.unmapped, *notebook.unmapped], key=_place)
    return Converted(transaction(draft.entries), tuple(unmapped), notebook.encoding)


def _report_patient(draft: Draft, notebook: Notebook, source: SourceContext) -> None:
    record = notebook.patient.record
    draft.leave(record, "it is free text without a day or a source", "blood type", "weight")
    if notebook.patient.sex not in {"", "1", "2"}:
        draft.leave(record, "the standard knows 1 and 2", "sex")
    if source.patient:
        contact = ("postal code", "address", "telephone", "emergency contact")
        draft.leave(record, "the sender named the patient", "name", "kana", "sex", "birth date", *contact)


def _place(one: Unmapped) -> tuple[int, int]:
    line, field = (int(word) for word in one.place.replace(",", "").split() if word.isdigit())
    return line, field
