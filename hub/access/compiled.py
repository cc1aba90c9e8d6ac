"""Consents become rows when they are written, and rules when they are asked for (CONSENT.md §8)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from consent import ConsentRecord, compile_consent
from consent.compiled import READER, closed, moment_as_text, period_from_texts, rules_as_text, rules_from_text
from consent.vocabulary import SPACES
from hub.projections.version import Outcome
from hub.store import consents as store
from hub.store.database import Tx
from hub.store.sql import Record, Row
from profiles.canonical import PROXY_LEGAL_BASIS
from profiles.json import MalformedJson, read_json
from profiles.resource import Resource, as_object, objects

SLICE = 200
"""Consents compiled in one transaction: some tens of milliseconds, for which others wait."""

CORRUPT = "what the hub keeps of it is damaged; register it anew"
"""Why a consent cannot be read that could be read when it was written."""

T = TypeVar("T")


class Do(Protocol):
    """Runs a piece of work in a transaction of its own: ``Lane.do``."""

    def __call__(self, work: Callable[[Tx], T]) -> T: ...


def keep(tx: Tx, outcomes: Iterable[Outcome]) -> None:
    """Compile what was written, in the transaction of the write."""
    for outcome in outcomes:
        version = outcome.version
        if not outcome.is_new or version.type not in ("Consent", "RelatedPerson"):
            continue
        for one in (outcome.before, version):
            if one is not None:
                store.remove(tx, one.facts.patient, one.id)
        if outcome.resource is None:
            continue
        patient, facts = version.facts.patient, version.facts
        if version.type == "Consent" and facts.category == "consent":
            store.put(tx, consent_row(patient, version.id, version.version, outcome.resource))
        recorded_there = facts.publication.startswith("municipality/") and not facts.withheld
        if version.type == "RelatedPerson" and recorded_there and _has_legal_basis(outcome.resource):
            store.put_proxy(tx, patient, version.id, version.version)


def consent_row(patient: str, id_: str, version: str, resource: Resource) -> Record:
    """The columns of ``ConsentRow``; ``patient`` is under whom it is filed, whatever can be read of the resource."""
    return _row(patient, id_, version, compile_consent(resource))


def _row(patient: str, id_: str, version: str, record: ConsentRecord | None) -> Record:
    place: Record = {"patient": patient, "id": id_, "version": version, "reader": READER}
    if record is None:
        return {**place, **_NO_RULE}
    return {
        **place,
        "spaces": " ".join(sorted(record.spaces)),
        "permits": int(record.permits),
        "revoked": int(record.revoked),
        "signed_from": moment_as_text(record.signed.start),
        "signed_to": moment_as_text(record.signed.end),
        "starts": moment_as_text(record.period.start),
        "ends": moment_as_text(record.period.end),
        "exceptions": rules_as_text(record.exceptions),
        "proxies": " ".join(sorted(record.proxies)),
        "named": int(record.names_somebody),
        "unreadable": record.unreadable or "",
    }


_TEXTS = ("spaces", "signed_from", "signed_to", "starts", "ends", "proxies", "unreadable")
_NO_RULE: Record = {
    **dict.fromkeys(_TEXTS, ""),
    **dict.fromkeys(("permits", "revoked", "named"), 0),
    "exceptions": "[]",
}


def records(tx: Tx, rows: Sequence[Row]) -> list[ConsentRecord]:
    """The rules that rows of ``hub.store.consents`` are; one that has not been compiled is read from its resource.

    One that the hub cannot have written closes all: nobody knows what it said.
    """
    found = (_record_or_closed(row) if row.version is not None else _read(tx, row) for row in rows)
    return [record for record in found if record is not None]


def compile_missing(do: Do) -> None:
    """Compile what was stored before there were rows, or by an earlier reader: slice by slice, once for each reader."""
    if do(store.compiled_by) == READER:
        return
    while do(_compile_slice):
        pass
    after: str | None = ""
    while after is not None:
        after = do(_proxies_after(after))
    do(lambda tx: store.mark_compiled(tx, READER))


def _compile_slice(tx: Tx) -> bool:
    rows = store.uncompiled(tx, READER, SLICE)
    for row in rows:
        place = row.patient, row.id, row.version
        store.put(tx, _row(*place, _from_bytes(*place, row.body)))
    return len(rows) == SLICE


def _proxies_after(place: str) -> Callable[[Tx], str | None]:
    def work(tx: Tx) -> str | None:
        rows = store.related_persons(tx, place, SLICE)
        for row in rows:
            if _has_legal_basis(as_object(read_json(row.body))):
                store.put_proxy(tx, row.patient, row.id, row.version)
        return str(rows[-1].id) if len(rows) == SLICE else None

    return work


def _record_or_closed(row: Row) -> ConsentRecord | None:
    try:
        return _record(row)
    except (TypeError, ValueError):
        return closed(f"Consent/{row.id}", row.version, row.patient, CORRUPT)


def _record(row: Row) -> ConsentRecord | None:
    if bytes in map(type, row):
        raise ValueError("no text of the hub's")
    if not row.spaces:
        return None
    if not {*row.spaces.split()}.issubset(SPACES) or not {row.permits, row.revoked} <= {0, 1}:
        raise ValueError("no row of the hub's")
    return ConsentRecord(
        id=f"Consent/{row.id}",
        version=row.version,
        patient=row.patient,
        spaces=frozenset(row.spaces.split()),
        revoked=bool(row.revoked),
        signed=period_from_texts(row.signed_from, row.signed_to),
        period=period_from_texts(row.starts, row.ends),
        permits=bool(row.permits),
        exceptions=rules_from_text(row.exceptions),
        proxies=frozenset(row.proxies.split()),
        unreadable=row.unreadable or None,
    )


def _read(tx: Tx, row: Row) -> ConsentRecord | None:
    return _from_bytes(row.patient, row.id, row.current, store.body(tx, row.patient, row.id, row.current))


def _from_bytes(patient: str, id_: str, version: str, body: bytes) -> ConsentRecord | None:
    try:
        stored = as_object(read_json(body))
    except MalformedJson:
        return closed(f"Consent/{id_}", version, patient, CORRUPT)
    return read_record(patient, id_, version, stored)


def read_record(patient: str, id_: str, version: str, resource: Resource) -> ConsentRecord | None:
    """What a Consent says that is filed under ``patient``, whatever can be read of it."""
    record = compile_consent(resource)
    return record and replace(record, id=f"Consent/{id_}", version=version, patient=patient)


def _has_legal_basis(related: Resource) -> bool:
    return any(one.get("url") == PROXY_LEGAL_BASIS for one in objects(related.get("extension")))
