"""Who may record a resident's consent (CONSENT §3.5)."""

from collections.abc import Container, Iterator, Mapping
from itertools import pairwise

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
