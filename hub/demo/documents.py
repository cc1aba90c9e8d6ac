"""Documents, notes and notices of updates."""

import base64
from collections.abc import Iterator

from hub.demo.chart import Chart
from hub.demo.elements import coding, concept, information_category
from hub.demo.lives import Document
from profiles.canonical import EHRSHRS_INDICATION, LABEL
from profiles.resource import Resource

_DOCUMENT_TYPES = "http://jpfhir.jp/fhir/Common/CodeSystem/doc-typecodes"
_DISCHARGE_SUMMARY = "18842-5"
_NATIONAL_TAGS = ("UNINFORMED", "UNDELIVERED")


def document(
    chart: Chart, category: str, day: int, title: str, text: str, *, author: str = "", label: str = "", link: str = ""
) -> Resource:
    """The entry of a DocumentReference: a plain text, or a link to another system."""
    attachment: Resource = {"contentType": "text/plain; charset=UTF-8", "language": "ja", "title": title}
    if link:
        attachment = {"url": link, "title": title}
    else:
        attachment["data"] = base64.b64encode(text.encode()).decode("ascii")
    found: Resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": concept(title, *_type(title)),
        "category": [information_category(category)],
        "subject": chart.subject,
        "date": chart.moment(day, "17:00"),
        "author": [chart.author(author)],
        "custodian": chart.itself,
        "content": [{"attachment": attachment}],
    }
    if text:
        found["description"] = text
    if label:
        found["meta"] = marked(label)
    return chart.entry(found, category, title, str(day))


def marked(label: str) -> Resource:
    """A Meta with a label: the national tags as tags (FACTS §2.4), the others as security labels."""
    if label in _NATIONAL_TAGS:
        return {"tag": [coding(EHRSHRS_INDICATION, label)]}
    return {"security": [coding(LABEL, label)]}


def documents(chart: Chart) -> Iterator[Resource]:
    """The documents that this organisation wrote."""
    return (_of(chart, one) for one in chart.life.documents if one.by == chart.organisation.id)


def _of(chart: Chart, one: Document) -> Resource:
    about = {"author": one.author, "label": one.label, "link": one.link}
    return document(chart, one.kind, one.day, one.title, one.text, **about)


def _type(title: str) -> list[Resource]:
    return [coding(_DOCUMENT_TYPES, _DISCHARGE_SUMMARY, title)] if title == "退院時サマリー" else []


def notes(chart: Chart) -> Iterator[Resource]:
    """経過観察・申し送り: a Communication each."""
    for count, note in enumerate(chart.life.notes):
        if note.by == chart.organisation.id:
            said: Resource = {
                "resourceType": "Communication",
                "status": "completed",
                "subject": chart.subject,
                "sent": chart.moment(note.day, note.at),
                "sender": chart.author(note.author),
                "payload": [{"contentString": note.text}],
            }
            yield chart.entry(said, str(count))
