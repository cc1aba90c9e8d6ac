"""The handoff as a FHIR document (FHIR R4 §2.42): Bundle, Composition, and everything that it says comes from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from hub.projections.handoff.gather import Gathered, Line, gather
from hub.projections.handoff.held import Held
from hub.projections.handoff.items import SHARED_INFORMATION_ITEM
from hub.projections.wording import person_name, plain
from profiles.canonical import CONFIDENTIALITY
from profiles.instants import JAPAN
from profiles.resource import Json, Resource, as_object, as_text, objects

TITLE = "入院時情報提供書"

# 18761-7 is the note with which one institution hands a person over to the next.  57133-1 would be taken for a
# physician's 診療情報提供書 in Japan (FACTS §2.1), and 60591-5 for an International Patient Summary.
_TYPE: Resource = {
    "coding": [{"system": "http://loinc.org", "code": "18761-7", "display": "Transfer summary note"}],
    "text": TITLE,
}
_NOT_KNOWN: Resource = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
            "code": "unavailable",
            "display": "Unavailable",
        }
    ],
    "text": "記録なし",
}


def handoff(
    patient: Resource,
    entries: Iterable[Held],
    *,
    now: datetime,
    document_id: str,
    base_url: str,
    authors: Sequence[Resource],
    custodian: Resource,
    purpose: str = "COC",
) -> Resource:
    """The draft of the 入院時情報提供書 of ``patient`` at ``now``, as a document Bundle.

    ``patient`` and ``entries`` are what the reader may see, as they may be shown.  ``document_id`` is a UUID: the
    identifier of the document and the id of its Composition.  ``base_url`` is the hub's FHIR base, below which every
    ``fullUrl`` stands, so that the references of the stored resources resolve as they are (FHIR R4 §2.36.4.1).
    ``authors`` (the person, the organisation) and ``custodian`` (an Organization) are resources and go into the
    document.  ``purpose`` is a v3-ActReason code.  The same arguments give the same bytes.
    """
    held = list(entries)
    items = gather(held, now)
    resources = {one.reference: one.resource for one in held}
    shown = dict.fromkeys(line.reference for item in items for line in item.lines)
    told = [resources[reference] for reference in shown]
    stamp = now.astimezone(JAPAN).isoformat(timespec="milliseconds")
    composition: Resource = {
        "resourceType": "Composition",
        "id": document_id,
        "language": "ja",
        "identifier": _identifier(document_id),
        # The hub drafts; a person who has read it makes it final.
        "status": "preliminary",
        "type": _TYPE,
        "subject": _reference(patient),
        "date": stamp,
        "author": [_reference(author) for author in authors],
        "title": TITLE,
        "confidentiality": _confidentiality(told),
        "custodian": _reference(custodian),
        "event": [{"code": [_purpose(purpose)], "period": {"end": stamp}}],
        "section": [_section(item) for item in items],
    }
    all_resources = {_address(one): one for one in [composition, patient, *authors, custodian, *told]}
    listed: list[Json] = [
        {"fullUrl": f"{base_url.rstrip('/')}/{address}", "resource": one} for address, one in all_resources.items()
    ]
    return {
        "resourceType": "Bundle",
        "id": document_id,
        "identifier": _identifier(document_id),
        "type": "document",
        "timestamp": stamp,
        "entry": listed,
    }


def _identifier(document_id: str) -> Resource:
    return {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{document_id}"}


def _address(resource: Resource) -> str:
    return f"{as_text(resource.get('resourceType'))}/{as_text(resource.get('id'))}"


def _reference(resource: Resource) -> Resource:
    name = resource.get("name")
    display = plain(name) if isinstance(name, str) else person_name(name)
    named: Resource = {"display": display} if display else {}
    return {"reference": _address(resource)} | named


def _purpose(code: str) -> Resource:
    return {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": code}],
        "text": "入院時の情報提供",
    }


def _confidentiality(told: list[Resource]) -> str:
    """The strictest confidentiality of what the document tells."""
    stated = {
        as_text(label.get("code"))
        for resource in told
        for label in objects(as_object(resource.get("meta")).get("security"))
        if label.get("system") == CONFIDENTIALITY
    }
    return next((code for code in ("V", "R") if code in stated), "N")


def _section(gathered: Gathered) -> Resource:
    item = gathered.item
    section: Resource = {
        "title": item.title,
        "code": {"coding": [{"system": SHARED_INFORMATION_ITEM, "code": item.code, "display": item.title}]},
        "text": {"status": "generated", "div": _narrative(gathered)},
    }
    if not gathered.lines:
        return section | {"emptyReason": _NOT_KNOWN}
    sources = dict.fromkeys(line.reference for line in gathered.lines)
    return section | {"entry": [{"reference": reference} for reference in sources]}


def _narrative(gathered: Gathered) -> str:
    """The section as XHTML; ``hub.projections.handoff.view`` reads exactly this form."""
    if not gathered.lines:
        inside = "<p>記録なし</p>"
    else:
        rows = "".join(map(_row, gathered.lines))
        more = f"<p>ほか {gathered.left_out} 件</p>" if gathered.left_out else ""
        inside = f"<p>把握済み</p><table><tbody>{rows}</tbody></table>{more}"
    return f'<div xmlns="http://www.w3.org/1999/xhtml" lang="ja" xml:lang="ja">{inside}</div>'


def _row(line: Line) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in (line.text, line.source, line.moment))
    return f"<tr>{cells}</tr>"
