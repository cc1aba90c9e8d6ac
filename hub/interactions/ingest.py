"""ingest: a native file → a transaction, with a report of what was not mapped (DESIGN §6)."""

from dataclasses import replace

from connectors import convert
from connectors.conversion import ConversionError, Converted, SourceContext
from connectors.registry import FORMATS
from hub.draft import Draft
from hub.errors import Malformed, NotFound, Problem
from hub.interactions.transaction import transaction
from profiles.resource import objects


def converted(format_: str, data: bytes, source: SourceContext) -> Converted:
    """The file as a transaction Bundle.

    Raises ``NotFound`` for a format that there is not, ``Malformed`` with line and column for a damaged file.
    """
    if format_ not in FORMATS:
        raise NotFound(f"There is no format {format_!r}; there are: {', '.join(sorted(FORMATS))}.", reason="format")
    try:
        return convert(format_, data, source)
    except ConversionError as error:
        place = f"line {error.line}, column {error.column}"
        text = f"The file is damaged at {place}: {error.problem}. Nothing of it was stored."
        raise Malformed(text, problems=[Problem("error", "structure", place, text)]) from error


def pushed(file: Converted, *, strict: bool, key: str, request_hash: str) -> Draft:
    """The draft of a converted file; a file of which nothing has a place in FHIR is a push of nothing.

    Raises as ``transaction`` does.
    """
    if not objects(file.bundle.get("entry")):
        return Draft((), "ingest", key, request_hash)
    push = transaction(file.bundle, strict=strict, key=key, request_hash=request_hash)
    return replace(push, interaction="ingest")


def report(file: Converted) -> list[Problem]:
    """What was read but has no place in FHIR, one line each; one line that says so when there is nothing."""
    everything = Problem("information", "informational", "", f"Everything in the file ({file.encoding}) was mapped.")
    return [
        Problem("information", "informational", one.place, f"{one.what} ({one.value}) was not mapped: {one.why}")
        for one in file.unmapped
    ] or [everything]
