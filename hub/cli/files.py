"""``renkei convert`` and ``renkei validate``: work on files, with no store."""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer

from connectors import ConversionError, Converted, SourceContext, UnknownFormat, convert
from hub.app import now
from profiles import MalformedJson, check, read_json, write_json
from profiles.resource import as_list


class CannotDo(RuntimeError):
    """What was asked is not possible; the sentence says what to do instead."""


def convert_file(format_: str, file: Path, institution: str, office: str, patient: str) -> None:
    """Print the Bundle; the report goes to the error output.  Raises ``CannotDo`` with line and column."""
    converted = _converted(format_, file, institution, office, patient)
    typer.echo(write_json(converted.bundle).decode())
    for one in converted.unmapped:
        typer.echo(f"not mapped: {one.place}: {one.what} ({one.value}): {one.why}", err=True)
    entries = len(as_list(converted.bundle.get("entry")))
    typer.echo(f"{file}: {converted.encoding}, {entries} resources, {len(converted.unmapped)} not mapped.", err=True)


def _converted(format_: str, file: Path, institution: str, office: str, patient: str) -> Converted:
    try:
        source = SourceContext(
            organisation_id="local",
            organisation_name="",
            institution_number=institution or None,
            care_office_number=office or None,
            now=now(),
            patient=f"Patient?identifier={patient}" if patient else None,
            file_name=file.name,
        )
        return convert(format_, file.read_bytes(), source)
    except (ConversionError, UnknownFormat, ValueError) as error:
        raise CannotDo(f"{file}: {error}") from error
    except OSError as error:
        raise CannotDo(f"{file} cannot be read: {error.strerror}.") from error


def validate_files(paths: list[Path], *, strict: bool, profile: str) -> None:
    """Print every finding of every file; exit status 1 when one is an error."""
    errors = sum(_print_findings(path, strict=strict, profile=profile) for path in paths)
    if errors:
        raise typer.Exit(1)


def _print_findings(path: Path, *, strict: bool, profile: str) -> int:
    """The number of errors of a file: one resource or Bundle, or with ``ndjson`` in its name one a line."""
    found: Counter[str] = Counter()
    try:
        for place, body in _bodies(path):
            found["resources"] += 1
            for line, severity in _findings(body, strict=strict, profile=profile):
                typer.echo(f"{place}: {line}")
                found[severity] += 1
    except (OSError, EOFError, zlib.error) as error:  # the latter two: a damaged archive
        typer.echo(f"{path}: error: it cannot be read: {error}.")
        found["error"] += 1
    resources = f"{found['resources']} resources, " if found["resources"] != 1 else ""
    typer.echo(f"{path}: {resources}{found['error']} errors, {found['warning']} warnings.")
    return found["error"]


def _bodies(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each resource of a file with its place."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".ndjson" not in path.name:
        yield str(path), content
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            yield f"{path}:{number}", line


def _findings(body: bytes, *, strict: bool, profile: str) -> Iterator[tuple[str, str]]:
    """Each finding as a line, with its severity."""
    try:
        value = read_json(body)
    except MalformedJson as error:
        yield f"error: {error} [json]", "error"
        return
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        yield "error: this is not a FHIR resource: it has no resourceType [json]", "error"
        return
    for issue in check(value, body, profile or None, strict=strict):
        yield f"{issue.severity}: {issue.path}: {issue.text} [{issue.rule}]", issue.severity
