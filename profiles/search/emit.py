"""Which emitter reads a value: by the kind of the parameter and the datatype of the element."""

from collections.abc import Callable

from profiles.search import emit_ranges as ranges
from profiles.search import emit_references as references
from profiles.search import emit_texts as texts
from profiles.search import emit_tokens as tokens
from profiles.search.emitting import Emit

_PLAIN: dict[tuple[str, str], Callable[[int], Emit]] = {
    **{("token", one): tokens.code for one in ("code", "boolean", "id", "string", "uri")},
    ("token", "Coding"): tokens.coding,
    ("token", "CodeableConcept"): tokens.concept,
    ("token", "Identifier"): tokens.identifier,
    ("token", "ContactPoint"): tokens.contact,
    ("token", "deceased"): tokens.deceased,
    **{("date", one): ranges.date for one in ("date", "dateTime", "instant")},
    ("date", "Period"): ranges.period,
    ("date", "Timing"): ranges.timing,
    **{("string", one): texts.string for one in ("string", "markdown")},
    ("string", "HumanName"): texts.name,
    ("string", "KanaName"): texts.kana_name,
    ("string", "KanaText"): texts.kana_text,
    ("string", "Address"): texts.address,
    **{("reference", one): references.canonical_reference for one in ("canonical", "uri")},
    **{("number", one): ranges.number for one in ("decimal", "integer", "positiveInt", "unsignedInt")},
    ("number", "Range"): ranges.between,
    **{("quantity", one): ranges.quantity for one in ("Quantity", "SimpleQuantity", "Age", "Duration", "Count")},
    ("quantity", "Range"): ranges.between,
    ("quantity", "SampledData"): ranges.sampled,
    ("quantity", "Money"): ranges.money,
    **{("uri", one): tokens.code for one in ("uri", "url", "oid", "uuid")},
    ("uri", "canonical"): references.canonical,
}


def emitter(kind: str, datatype: str, number: int, targets: tuple[str, ...] = (), *, of_patient: bool = False) -> Emit:
    """The emitter of a parameter for values of a datatype.  Raises ``KeyError`` when there is none."""
    if (kind, datatype) == ("reference", "Reference"):
        return references.reference(number, targets, of_patient=of_patient)
    return _PLAIN[kind, datatype](number)
