"""``renkei convert`` and ``renkei validate``: work on files, with no store."""

from pathlib import Path

import typer

from connectors import ConversionError, Converted, SourceContext, UnknownFormat, convert
from hub.app import now
from profiles import MalformedJson, read_json, validate, write_json
from profiles.resource import as_list, as_object, as_text


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


def validate_files(paths: list[Path], *, strict: bool) -> None:
    """Print every finding of every file; exit status 1 when one is an error."""
    errors = 0
    for path in paths:
        try:
            body = path.read_bytes()
            value = as_object(read_json(body))
        except (OSError, MalformedJson) as error:
            typer.echo(f"{path}: error: {error}")
            errors += 1
            continue
        issues = validate(value, body, strict=strict)
        for issue in issues:
            typer.echo(f"{path}: {issue.severity}: {issue.path}: {issue.text} [{issue.rule}]")
        found = sum(issue.severity == "error" for issue in issues)
        errors += found
        typer.echo(f"{path}: {as_text(value.get('resourceType'))}: {found} errors, {len(issues) - found} warnings.")
    if errors:
        raise typer.Exit(1)
