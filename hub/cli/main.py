"""The commands and their options; what they do stands in the modules beside this one."""

from pathlib import Path
from typing import Annotated

import typer

from hub.city import BadCityFile
from hub.cli import files, identity, operate, pushing, serving
from hub.errors import Busy
from hub.runtime import Place
from hub.store.database import UnsafeStore

app = typer.Typer(
    name="renkei",
    help="Renkei Hub（連携ハブ）",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
city = typer.Typer(help="The city file: who belongs to the network and what is shared.", no_args_is_help=True)
database = typer.Typer(help="The store.", no_args_is_help=True)
identities = typer.Typer(help="Which numbers lead to which resident.", no_args_is_help=True)
app.add_typer(city, name="city")
app.add_typer(identities, name="identity")
app.add_typer(database, name="db")

Data = Annotated[Path, typer.Option("--data", help="Directory of the embedded store.", envvar="RENKEI_DATA")]
Url = Annotated[
    str,
    typer.Option("--database-url", help="postgresql://…: a PostgreSQL database.", envvar="RENKEI_DATABASE_URL"),
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", help="Key of such a database; hub.key under --data.", envvar="RENKEI_KEY_FILE"),
]
Host = Annotated[str, typer.Option("--host", envvar="RENKEI_HOST")]
Port = Annotated[int, typer.Option("--port", envvar="PORT")]


@app.command()
def serve(
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Annotated[int, typer.Option("--workers", help="Processes; more than one needs PostgreSQL.", min=1)] = 1,
    restored: Annotated[bool, typer.Option("--restored", help="Although it was restored: loopback only.")] = False,
) -> None:
    """Serve the hub on a store that exists."""
    serving.serve(Place(data, database_url, key_file), host, port, workers, restored=restored)


@app.command()
def demo(
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    demo_city: Annotated[Path, typer.Option("--city", help="Directory of the demo city.")] = Path("deploy/demo-city"),
) -> None:
    """Make the demo city 雪見市 if it is not there yet, and serve it on the loopback address."""
    serving.demo(Place(data, database_url, key_file), host, port, demo_city)


@city.command("apply")
def city_apply(
    file: Annotated[Path, typer.Argument(help="The city file, city.toml.")],
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
    keys: Annotated[Path | None, typer.Option("--keys", help="Where the systems' key files are.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Show what a city file changes, and apply it."""
    operate.apply_city(file, Place(data, database_url, key_file), keys, dry_run=dry_run)


@app.command()
def token(
    system: Annotated[str, typer.Argument(help="A registered system; leave out with --person.")] = "",
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
    person: Annotated[str, typer.Option("--person", help="A person of the city file.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Where the person works.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Purpose of use.")] = "",
) -> None:
    """Print an access token of five minutes, for operators and tests.  Its use is in the access log."""
    operate.print_token(Place(data, database_url, key_file), system, person, organisation, purpose)


@app.command()
def convert(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="fhir, jahis or careplan.")],
    file: Annotated[Path, typer.Argument(help="The file.")],
    institution: Annotated[str, typer.Option("--institution", help="10-digit number of the institution.")] = "",
    office: Annotated[str, typer.Option("--office", help="10-digit number of the care office.")] = "",
    patient: Annotated[str, typer.Option("--patient", help="system|value of the person, if the file has none.")] = "",
) -> None:
    """Convert a native file: the Bundle to the output, what was not mapped to the error output."""
    files.convert_file(format_, file, institution, office, patient)


@app.command()
def validate(
    paths: Annotated[list[Path], typer.Argument(help="FHIR JSON files, Bundles too, or ndjson(.gz).")],
    strict: Annotated[bool, typer.Option("--strict", help="JP Core findings are errors.")] = False,
    profile: Annotated[str, typer.Option("--profile", help="The URL of a profile that all must conform to.")] = "",
) -> None:
    """Check FHIR files: every finding with severity, place and rule.  Exit status 1 when one is an error."""
    files.validate_files(paths, strict=strict, profile=profile)


@app.command()
def push(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="fhir, jahis or careplan.")],
    paths: Annotated[list[Path], typer.Argument(help="Files, or for fhir a folder of ndjson(.gz).")],
    to: Annotated[str, typer.Option("--to", help="The hub, such as http://127.0.0.1:8080.")],
    token: Annotated[str, typer.Option("--token", help="An access token.", envvar="RENKEI_TOKEN")] = "",
    system: Annotated[str, typer.Option("--system", help="Sign in as this system …")] = "",
    keys: Annotated[Path | None, typer.Option("--keys", help="… with its private key under DIR/keys.")] = None,
    patient: Annotated[str, typer.Option("--patient", help="system|value of the person, if the file has none.")] = "",
) -> None:
    """Push files to a hub, each whole or not at all, with a report of what was refused and why."""
    pushing.push_files(format_, paths, to, token, system, keys, patient)


Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="The hub's id of a resident.")]
Source = Annotated[str, typer.Option("--source", help="The organisation whose link it is.")]
System = Annotated[str, typer.Argument(help="System of the identifier.")]
Value = Annotated[str, typer.Argument(help="Its value.")]


@identities.command("show")
def identity_show(patient: Patient, data: Data = Path("var"), database_url: Url = "", key_file: KeyFile = None) -> None:
    """Print the identifiers that lead to a resident."""
    identity.show(Place(data, database_url, key_file), patient)


@identities.command("unlink")
def identity_unlink(
    patient: Patient,
    system: System,
    value: Value,
    source: Source,
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
) -> None:
    """Take a wrong link away: from now on that number of that source does not lead to this resident."""
    identity.change(Place(data, database_url, key_file), patient, source, system, value, linked=False)


@identities.command("link")
def identity_link(
    patient: Patient,
    system: System,
    value: Value,
    source: Source,
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
) -> None:
    """Give back a link that was taken away."""
    identity.change(Place(data, database_url, key_file), patient, source, system, value, linked=True)


@database.command("migrate")
def db_migrate(data: Data = Path("var"), database_url: Url = "", key_file: KeyFile = None) -> None:
    """Bring the store to the newest shape."""
    operate.migrate_store(Place(data, database_url, key_file))


@database.command("reindex")
def db_reindex(data: Data = Path("var"), database_url: Url = "", key_file: KeyFile = None) -> None:
    """Make the rows of the search index anew, while the hub may be serving."""
    operate.reindex_store(Place(data, database_url, key_file))


@database.command("restored")
def db_restored(data: Data = Path("var"), database_url: Url = "", key_file: KeyFile = None) -> None:
    """Say of a store that was restored that no revocation is missing in it any more: it is served again."""
    operate.accept_restored(Place(data, database_url, key_file))


@database.command("distribute")
def db_distribute(
    data: Data = Path("var"),
    database_url: Url = "",
    key_file: KeyFile = None,
    run: Annotated[bool, typer.Option("--run", help="Run them, on a database with the extension citus.")] = False,
) -> None:
    """Print the statements that spread the patients' tables over the nodes of a Citus cluster."""
    operate.distribute_store(Place(data, database_url, key_file), run=run)


def main() -> None:
    """Entry point: an error a person can act on is one sentence, without a traceback."""
    try:
        app()
    except (BadCityFile, UnsafeStore, operate.CannotDo, files.CannotDo, Busy) as error:
        typer.echo(f"renkei: {error}", err=True)
        raise SystemExit(1) from None
