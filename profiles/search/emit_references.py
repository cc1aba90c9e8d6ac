"""References, canonicals and uris: what a resource names (FHIR R4 §3.1.1.4)."""

from profiles.references import target_type
from profiles.resource import Json, as_object
from profiles.search.emit_tokens import add_identifier
from profiles.search.emitting import Emit, Rows
from profiles.search.rows import ReferenceRow, TokenRow
from profiles.search.systems import bounded


def reference(number: int, targets: tuple[str, ...], *, of_patient: bool) -> Emit:
    """What a Reference names, if it may name it; its identifier as a token for ``:identifier``."""
    allowed = frozenset(targets)

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is not dict:
            return
        written = value.get("reference")
        if type(written) is str and written and written[0] != "#":
            target = written.partition("/_history/")[0]
            if not (of_patient and target == own):
                kind = target_type(target)
                if not kind or not allowed or kind in allowed:
                    rows.append(ReferenceRow(number, bounded(target)))
        if "identifier" in value and _may_be(value.get("type"), allowed):
            add_identifier(number, as_object(value["identifier"]), rows)

    return emit


def _may_be(kind: Json, allowed: frozenset[str]) -> bool:
    return type(kind) is not str or not allowed or kind in allowed


def canonical_reference(number: int) -> Emit:
    """A canonical or a uri as a reference: with its version, and without."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is str and value and value[0] != "#":
            rows.extend(ReferenceRow(number, bounded(one)) for one in _versions(value))

    return emit


def _versions(url: str) -> tuple[str, ...]:
    bare, bar, _ = url.partition("|")
    return (url, bare) if bar else (url,)


def canonical(number: int) -> Emit:
    """A canonical as a uri: with its version, and without."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if isinstance(value, str):
            rows.extend(TokenRow(number, bounded(one), 0) for one in _versions(value))

    return emit
