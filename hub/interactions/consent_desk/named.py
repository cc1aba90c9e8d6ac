"""What a paper consent may name of a resident, and what it is called: who signs, and single records (CONSENT.md §3).

A record is told by what kind it is, who published it and of which day: never by its content.  Told are those that the
desk's what-if counts too (everything that is stored for the municipality, elsewhere what the caller sees itself), as
far as the city's table shares them at all and they bear no label: that a record is marked, or that a resident has not
been told of it, is nothing that a list may give away.  Those are named by their label, kind, source and dates.
"""

from collections.abc import Collection, Iterable, Mapping

from hub.access import rules
from hub.access.agreements import names
from hub.access.decide import Grant
from hub.projections import agreement
from hub.projections.consent_form import Terms
from hub.projections.wording import person_name
from hub.store import consent_papers, fence, registry
from hub.store.database import Tx
from profiles.canonical import PROXY_LEGAL_BASIS
from profiles.json import read_json
from profiles.resource import Resource, as_object, as_text, objects

_ANY: Mapping[str, str] = {}


def called(tx: Tx, grant: Grant, patient: str, terms: Iterable[Terms]) -> dict[str, str]:
    """What everything is called that consents of a resident name, by its reference."""
    return {**names(tx), **signers(tx, grant, patient), **records(tx, grant, patient, among=records_in(terms))}


def records_in(terms: Iterable[Terms]) -> set[str]:
    """The references of the single records that consents name."""
    return {record for one in terms for rule in one.rules for record in rule.records}


def records(
    tx: Tx, grant: Grant, patient: str, *, among: Collection[str] | None = None, of: Mapping[str, str] = _ANY
) -> dict[str, str]:
    """The single records that a paper may name: reference → what it is called, the last first.

    ``among``: only these references.  ``of``: only what an exception speaks of, by its cells (``consent_typed``).
    """
    if among is not None and not among:
        return {}
    if _is_of_the_city(grant):
        with fence.lifted(tx):
            rows = consent_papers.records(tx, patient, among)
    else:
        rows = consent_papers.records(tx, patient, among, *grant.predicate("r"))
    policy, sources = rules.of_city(tx, grant.caller.rules).policy, registry.organisation_names(tx)
    return {
        f"{row.type}/{row.id}": agreement.record(sources[row.source], row.category, row.clinical_date or "", row.id)
        for row in rows
        if policy.spaces_published(*row.publication.split("/", 1))
        and row.category == of.get("category", row.category)
        and row.source == of.get("source", row.source)
        and of.get("after", "") <= (row.clinical_date or "") <= of.get("before", "9999")
    }


def _is_of_the_city(grant: Grant) -> bool:
    return grant.caller.organisation_kind == "municipality"


def signers(tx: Tx, grant: Grant, patient: str) -> dict[str, str]:
    """Who may have signed for a resident, by reference: the resident, and the proxies with their legal basis.

    Outside the municipality only those whom the caller may see: who stands in for somebody, and by what right, is
    nothing that a desk gives away.
    """
    found = {f"Patient/{patient}": "ご本人"}
    seen = () if _is_of_the_city(grant) else grant.predicate("r")
    for row in consent_papers.related_persons(tx, patient, *seen):
        body = as_object(read_json(row.body))
        basis = legal_basis(body)
        if basis:
            relation = next((as_text(one.get("text")) for one in objects(body.get("relationship"))), "")
            said = "、".join(filter(None, (relation, basis)))
            found[f"RelatedPerson/{row.id}"] = f"{person_name(body.get('name'))}（{said}）"
    return found


def legal_basis(related: Resource) -> str:
    """By what right this RelatedPerson signs; empty for a relative who does not."""
    written = (one for one in objects(related.get("extension")) if one.get("url") == PROXY_LEGAL_BASIS)
    return next((as_text(one.get("valueString")) or "根拠の記載あり" for one in written), "")
