"""The rows by which a resource is found."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from profiles.canonical import NAME_REPRESENTATION
from profiles.folding import fold_name
from profiles.instants import EARLIEST, LATEST, instants_of
from profiles.normalise import canonical_identifier, canonical_system
from profiles.paths import values
from profiles.references import target_type
from profiles.resource import Json, Resource, as_list, as_text, objects
from profiles.search.parameters import Kind, Parameter, indexed

_TEXTS = ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode", "country")


class IndexRow(NamedTuple):
    """One way to find a resource.  Which fields are filled depends on ``kind``; the others are ``""``.

    token: ``system`` ("" when none) and ``code``.  date: the half-open range ``low`` ≤ t < ``high`` in UTC.
    reference: ``target``, ``Patient/x`` or an absolute URL.  string: ``text`` folded for search and ``code`` as
    written (for ``:exact``).  uri: ``code``.  (A named tuple, because ten of them are made for every resource.)
    """

    parameter: str
    kind: Kind
    system: str = ""
    code: str = ""
    low: str = ""
    high: str = ""
    text: str = ""
    target: str = ""


def index(resource: Resource) -> list[IndexRow]:
    """The search index rows of a resource, in the order of the table, without repeats.

    Tokens of a system that has an old and a new name are listed under both; identifiers are listed as written
    and in their canonical form.  Values that cannot be read give no row.
    """
    found: list[IndexRow] = []
    for parameter in indexed(as_text(resource.get("resourceType"))):
        rows_of = _ROWS[parameter.kind]
        for path in parameter.paths:
            if path[0] in resource:
                for value in values(resource, path):
                    found += rows_of(parameter, value)
    return list(dict.fromkeys(found))


def _token_rows(parameter: Parameter, value: Json) -> Sequence[IndexRow]:
    name = parameter.name
    if isinstance(value, str):
        return (IndexRow(name, "token", code=value),)
    if isinstance(value, bool):
        return (IndexRow(name, "token", code="true" if value else "false"),)
    if not isinstance(value, dict):
        return ()
    if "coding" in value:
        return [row for coding in objects(value["coding"]) for row in _token_rows(parameter, coding)]
    system, code = as_text(value.get("system")), as_text(value.get("code"))
    written = code or as_text(value.get("value"))  # an Identifier or a ContactPoint has a value, a Coding a code
    if not written:
        return ()
    url, form = canonical_system(system), code or canonical_identifier(system, written)
    sent = IndexRow(name, "token", system, written)
    return (sent,) if url == system and form == written else (sent, IndexRow(name, "token", url, form))


def _date_rows(parameter: Parameter, value: Json) -> Sequence[IndexRow]:
    span: tuple[str, str] | None = None
    if isinstance(value, str):
        span = instants_of(value)
    elif isinstance(value, dict):
        span = _timing(value) if "event" in value or "repeat" in value else _period(value)
    return (IndexRow(parameter.name, "date", low=span[0], high=span[1]),) if span else ()


def _period(period: Resource) -> tuple[str, str] | None:
    start, end = instants_of(as_text(period.get("start"))), instants_of(as_text(period.get("end")))
    if start is None and end is None:
        return None
    return (start[0] if start else EARLIEST), (end[1] if end else LATEST)


def _timing(timing: Resource) -> tuple[str, str] | None:
    events = [span for event in as_list(timing.get("event")) if (span := instants_of(as_text(event)))]
    if events:
        return min(low for low, _ in events), max(high for _, high in events)
    bounds = values(timing, ("repeat", "boundsPeriod"))
    return _period(bounds[0]) if bounds and isinstance(bounds[0], dict) else None


def _reference_rows(parameter: Parameter, value: Json) -> Sequence[IndexRow]:
    reference = as_text(value.get("reference")) if isinstance(value, dict) else ""
    if not reference or reference.startswith("#"):
        return ()
    target = reference.partition("/_history/")[0]
    named = target_type(target)
    if named and parameter.targets and named not in parameter.targets:
        return ()
    return (IndexRow(parameter.name, "reference", target=target),)


def _string_rows(parameter: Parameter, value: Json) -> Sequence[IndexRow]:
    if parameter.name in ("kana", "phonetic") and isinstance(value, dict) and not _is_kana(value):
        return ()
    folded = ((text, fold_name(text)) for text in _texts(value))
    return [IndexRow(parameter.name, "string", code=text, text=fold) for text, fold in folded if fold]


def _texts(value: Json) -> Iterator[str]:
    """The strings of a string, a HumanName or an Address."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name in _TEXTS:
            part = value.get(name)
            yield from (as_text(item) for item in (part if isinstance(part, list) else [part]))


def _is_kana(name: Resource) -> bool:
    """A name that its extension calls phonetic (SYL), or that is written in kana alone."""
    for extension in objects(name.get("extension")):
        if extension.get("url") == NAME_REPRESENTATION:
            return extension.get("valueCode") == "SYL"
    written = fold_name("".join(_texts(name)))
    return bool(written) and all("\u30a1" <= letter <= "\u30fe" for letter in written)


def _uri_rows(parameter: Parameter, value: Json) -> Sequence[IndexRow]:
    uri = as_text(value)
    return (IndexRow(parameter.name, "uri", code=uri),) if uri else ()


_ROWS: dict[Kind, Callable[[Parameter, Json], Sequence[IndexRow]]] = {
    "token": _token_rows,
    "date": _date_rows,
    "reference": _reference_rows,
    "string": _string_rows,
    "uri": _uri_rows,
}
