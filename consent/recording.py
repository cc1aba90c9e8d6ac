"""Who may record a resident's consent, and what may become of a recorded one (CONSENT §3.2, §3.5)."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from consent.model import ConsentRecord
from consent.vocabulary import PARTICIPATION_SYSTEM


def may_record(
    resource: Mapping[str, object], organisation: str, organisation_kind: str, staff: Container[str] = frozenset()
) -> str | None:
    """Why this organisation may not write this Consent; none when it may.

    ``staff``: ids of the people who work there.  Reasons: ``"performer-is-writer"`` (nobody consents in the
    resident's place), ``"not-the-taker"`` (neither the municipality nor the ``organization`` that took the paper),
    ``"favours-writer"`` (a permit exception, or one that is not clearly a deny, names the writer as recipient).
    """
    if any(_is_of(one, organisation, staff) for one in _mappings(resource.get("performer"))):
        return "performer-is-writer"
    if organisation_kind == "municipality":
        return None
    if not any(_is_of(one, organisation, frozenset()) for one in _mappings(resource.get("organization"))):
        return "not-the-taker"
    for provision in _provisions(resource.get("provision")):
        if provision.get("type") != "deny" and any(
            _is_of(actor.get("reference"), organisation, staff) and not _is_author(actor)
            for actor in _mappings(provision.get("actor"))
        ):
            return "favours-writer"
    return None


def may_follow(before: ConsentRecord, after: ConsentRecord | None, now: datetime) -> str | None:
    """Why a recorded consent may not be written over by ``after`` (none: no rule any more); none when it may.

    Writing over it must not let an earlier consent come back, just as deleting it must not.  Reasons:
    ``"no-rule-any-more"``, ``"another-resident"``, ``"fewer-spaces"``, ``"earlier-date"``.  A date that is still to
    come may be put right to that of ``now``: otherwise a slip of the pen would close a space for years.
    """
    if after is None:
        return "no-rule-any-more"
    if after.patient != before.patient:
        return "another-resident"
    if not before.spaces <= after.spaces:
        return "fewer-spaces"
    # By the end of what the dates may mean: what is not surely later than the new version cannot replace it.
    if after.signed.end is not None and after.signed.end < min(before.signed.end or now, now):
        return "earlier-date"
    return None


def is_new_word(before: ConsentRecord | None, after: ConsentRecord) -> bool:
    """Whether the resident says something new: not the same once more, and not the end of just that."""
    if before is None or (before.revoked and not after.revoked):
        return True
    return replace(after, id=before.id, version=before.version, revoked=before.revoked) != before


def _is_of(reference: object, organisation: str, staff: Container[str]) -> bool:
    """Whether a Reference leads to the organisation or to one of its people, in whatever form it is written."""
    written = reference.get("reference") if isinstance(reference, Mapping) else None
    steps = written.split("/") if isinstance(written, str) else []
    return any(
        (kind == "Organization" and name == organisation) or (kind == "Practitioner" and name in staff)
        for kind, name in pairwise(steps)
    )


def _provisions(value: object) -> Iterator[Mapping[str, object]]:
    """Every provision, the root and those inside, to any depth."""
    for provision in _mappings(value):
        yield provision
        yield from _provisions(provision.get("provision"))


def _mappings(value: object) -> list[Mapping[str, object]]:
    """The objects of an array; a lone object counts as an array of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def _is_author(actor: Mapping[str, object]) -> bool:
    return any(
        coding.get("system") == PARTICIPATION_SYSTEM and coding.get("code") == "AUT"
        for role in _mappings(actor.get("role"))
        for coding in _mappings(role.get("coding"))
    )
