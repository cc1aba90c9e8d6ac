"""Strings: texts, names, addresses, folded for search (FHIR R4 §3.1.1.4)."""

from collections.abc import Callable, Iterator

from profiles.canonical import NAME_REPRESENTATION
from profiles.folding import fold_name
from profiles.resource import Json, Resource, as_text, objects
from profiles.search.emitting import Emit, Rows, add_text

_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")


def string(number: int) -> Emit:
    """A string or markdown."""

    def emit(value: Json, rows: Rows, own: str) -> None:
        add_text(number, value, rows)

    return emit


def name(number: int) -> Emit:
    """Every part of a HumanName."""
    return _parts(number, _NAME, lambda value: True)


def kana_name(number: int) -> Emit:
    """Every part of a HumanName that says how the name is read."""
    return _parts(number, _NAME, _is_kana)


def kana_text(number: int) -> Emit:
    """How a name is read, whole: what names are sorted by."""
    return _parts(number, ("text",), _is_kana)


def address(number: int) -> Emit:
    """Every part of an Address."""
    return _parts(number, _ADDRESS, lambda value: True)


def _parts(number: int, names: tuple[str, ...], wanted: Callable[[Resource], bool]) -> Emit:
    def emit(value: Json, rows: Rows, own: str) -> None:
        if type(value) is dict and wanted(value):
            for part in _written(value, names):
                add_text(number, part, rows)

    return emit


def _written(value: Resource, names: tuple[str, ...]) -> Iterator[Json]:
    for part in names:
        found = value.get(part)
        if type(found) is list:
            yield from found
        elif found is not None:
            yield found


def _is_kana(value: Resource) -> bool:
    """A name that its extension calls phonetic (SYL), or that is written in kana alone."""
    for extension in objects(value.get("extension")):
        if extension.get("url") == NAME_REPRESENTATION:
            return extension.get("valueCode") == "SYL"
    written = fold_name("".join(as_text(part) for part in _written(value, _NAME)))
    return bool(written) and all("\u30a1" <= letter <= "\u30fe" for letter in written)
