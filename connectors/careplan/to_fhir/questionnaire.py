"""A form's answers as a QuestionnaireResponse: one item a column, under the column's own name."""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import coded, information_category
from connectors.careplan.to_fhir.record import Entry, Record
from profiles.canonical import LABEL
from profiles.resource import Json, Resource


def response(
    record: Record, row: Row, category: str, patient: Resource, answers: list[Json], label: str = ""
) -> Iterator[Entry]:
    """The QuestionnaireResponse, when there is an answer.

    It has no ``category`` element: ``meta.tag`` says which category of the hub it is, ``label`` is a security label.
    """
    if not answers:
        return
    meta: Resource = {"tag": [information_category(category)]}
    if label:
        meta["security"] = [{"system": LABEL, "code": label}]
    author = row.get("作成担当者")
    yield record.put(
        row.line,
        {
            "meta": meta,
            "status": "completed",
            "subject": patient,
            "authored": row.get("相談日") or row.get("計画作成(変更)日"),
            "author": {"type": "Practitioner", "display": author} if author else {},
            "item": answers,
        },
    )


def items(row: Row, link: str, title: str, names: tuple[str, ...]) -> list[Json]:
    """The group ``link`` of the columns that have a value; an empty list when none has."""
    answered: list[Json] = [
        {"linkId": f"{link}.{row.layout.column(name).number}", "text": name, "answer": [_answer(row, name)]}
        for name in names
        if row[name]
    ]
    return [{"linkId": link, "text": title, "item": answered}] if answered else []


def _answer(row: Row, name: str) -> Resource:
    column, value = row.layout.column(name), row[name]
    if column.codes == "flag":
        return {"valueBoolean": value == "1"}
    if column.codes:
        return {"valueCoding": coded(column.codes, value)}
    if column.form == "date":
        return {"valueDate": value}
    if column.form == "number":
        return {"valueInteger": int(value)}
    return {"valueString": value}
