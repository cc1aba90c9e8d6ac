"""Tokens: codes, concepts, identifiers, contacts (FHIR R4 §3.1.1.4)."""

from profiles.normalise import canonical_identifier
from profiles.resource import Json, Resource, as_object, as_text, objects
from profiles.search.emitting import Emit, Rows, add_text
from profiles.search.rows import TokenRow
from profiles.search.systems import bounded, of_type_key, system_key


def code(number: int) -> Emit:
    """A code, a string or a boolean as a token without a system; a uri too."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is str:
            rows.append(TokenRow(number, bounded(value), 0))
        elif value is True or value is False:
            rows.append(TokenRow(number, "true" if value else "false", 0))

    return emit


def coding(number: int) -> Emit:
    """The code of a Coding, and its display for ``:text``."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict:
            _coding(number, value, rows)
            add_text(number, value.get("display"), rows)

    return emit


def concept(number: int) -> Emit:
    """The codes of a CodeableConcept; its text and their displays for ``:text``."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is not dict:
            return
        codings = value.get("coding")
        if type(codings) is list:
            for one in codings:
                if type(one) is dict:
                    _coding(number, one, rows)
                    add_text(number, one.get("display"), rows)
        add_text(number, value.get("text"), rows)

    return emit


def _coding(number: int, value: Resource, rows: Rows) -> None:
    code, system = value.get("code"), value.get("system")
    if type(code) is str:
        rows.append(TokenRow(number, bounded(code), system_key(system) if type(system) is str else 0))


def identifier(number: int) -> Emit:
    """The value of an Identifier as written and in its canonical form; with its type for ``:of-type`` and ``:text``."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict:
            add_identifier(number, value, rows)

    return emit


def add_identifier(number: int, value: Resource, rows: Rows) -> None:
    """The rows of one Identifier."""
    written, system = as_text(value.get("value")), as_text(value.get("system"))
    if not written:
        return
    key, form = system_key(system), canonical_identifier(system, written)
    forms = (written,) if form == written else (written, form)
    rows.extend(TokenRow(number, bounded(one), key) for one in forms)
    kind = value.get("type")
    if type(kind) is dict:
        for one in objects(kind.get("coding")):
            of_type = of_type_key(as_text(one.get("system")))
            rows.extend(TokenRow(number, bounded(f"{as_text(one.get('code'))}|{each}"), of_type) for each in forms)
            add_text(number, one.get("display"), rows)
        add_text(number, kind.get("text"), rows)


def contact(number: int) -> Emit:
    """The value of a ContactPoint, its system as it is written (phone, email …)."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and (written := as_text(value.get("value"))):
            key, form = system_key(as_text(value.get("system"))), canonical_identifier("", written)
            rows.append(TokenRow(number, bounded(written), key))
            if form != written:
                rows.append(TokenRow(number, bounded(form), key))

    return emit


def deceased(number: int) -> Emit:
    """Whether a Patient has died; a Patient that says nothing of it lives."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        patient = as_object(value)
        died = patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient
        rows.append(TokenRow(number, "true" if died else "false", 0))

    return emit
