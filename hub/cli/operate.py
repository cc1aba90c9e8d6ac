"""Operators' tasks on a store: the city file, tokens, migration."""

import secrets
from datetime import timedelta
from pathlib import Path

import typer

from hub.app import new_id, now
from hub.auth import fingerprint, new_token
from hub.city import CityFile, apply, check_watch, difference, read_city
from hub.context import Caller, Context, instant
from hub.edge import PURPOSES
from hub.projections.rows import record
from hub.runtime import Place, Store, open_store
from hub.store import audit, distribution, log_mark, registry
from hub.store.database import Tx
from hub.store.lane import RULES
from hub.store.reindex import reindex

LIFETIME = timedelta(minutes=5)


class CannotDo(RuntimeError):
    """What was asked is not possible; the sentence says what to do instead."""


def context() -> Context:
    """The constants of a command that begins now."""
    return Context(now(), new_id(), new_id, "", "cli")


def apply_city(file: Path, place: Place, keys: Path | None, *, dry_run: bool) -> None:
    """Print the difference; without ``dry_run`` put it in force."""
    wanted = read_city(file, keys)
    check_watch(wanted, now())  # ``apply`` does as well: here for a dry run, and before a difference is shown
    store = open_store(place)
    try:
        lines = store.lane.do(lambda tx: difference(tx, wanted))
        for line in lines or ["Nothing changes."]:
            typer.echo(line)
        if lines and not dry_run:
            put_in_force(store, wanted)
            typer.echo(f"Applied: {len(lines)} changes.")
    finally:
        store.lane.close()


def put_in_force(store: Store, wanted: CityFile) -> None:
    """Apply a city file, with a record in the log."""
    here = context()

    def work(tx: Tx) -> None:
        apply(tx, wanted, here)
        audit.put(tx, [record(operator(), here, interaction="city-apply", query=wanted.city.id)])

    store.lane.do(work, claims=lambda: (RULES,))


def print_token(place: Place, system: str, person: str, organisation: str, purpose: str) -> None:
    """Make a token for a system, or for a person in a role, and print it.  Raises ``CannotDo``."""
    if purpose not in PURPOSES | {""}:
        raise CannotDo(f"--purpose is one of {', '.join(sorted(PURPOSES))}.")
    store = open_store(place)
    here, secret = context(), new_token(secrets.token_bytes)

    def work(tx: Tx) -> None:
        row = _for_person(tx, person, organisation, purpose) if person else _for_system(tx, system, purpose)
        issued = {"issued": instant(here.now), "expires": instant(here.now + LIFETIME)}
        # Who opens the store with its key stands for the person: that counts as a factor that was just used.
        proved = {"proved": instant(here.now)} if person else {}
        registry.put_token(tx, {"fingerprint": fingerprint(secret), "kind": "access", **row, **issued, **proved})
        about = f"token for {person or system}"
        audit.put(tx, [record(operator(), here, interaction="token", query=about, reason="operator")])

    try:
        store.lane.do(work)
    finally:
        store.lane.close()
    typer.echo(secret)


def migrate_store(place: Place) -> None:
    """Open the store, which migrates it."""
    open_store(place).lane.close()
    typer.echo("The store has the newest shape.")


def reindex_store(place: Place) -> None:
    """Make the search index of everything anew, a slice at a time."""
    store = open_store(place)
    try:
        done = reindex(store.lane.do, anew=True)
    finally:
        store.lane.close()
    typer.echo(f"Indexed: {done} versions.")


def accept_restored(place: Place) -> None:
    """Take the log as it is for all that there is, with a record in it."""
    store, here, mark = open_store(place), context(), place.data / log_mark.FILE

    def work(tx: Tx) -> None:
        audit.put(tx, [record(operator(), here, interaction="store-restored", reason="operator")])
        log_mark.acknowledge(tx, mark)

    try:
        store.lane.do(work)
    finally:
        store.lane.close()
    typer.echo(f"Accepted as it is. The store is served again; {mark} goes on from here.")


def distribute_store(place: Place, *, run: bool) -> None:
    """Print what a Citus cluster is to be told; with ``run``, tell it.  Raises ``CannotDo``, ``UnsafeStore``."""
    if not run:
        typer.echo("".join(f"{statement};\n" for statement in distribution.statements()), nl=False)
        return
    if not place.database_url:
        raise CannotDo("The embedded store is one file. Give --database-url of a PostgreSQL with the extension citus.")
    store = open_store(place)
    try:
        for statement in distribution.distribute(store.engine):
            typer.echo(f"{statement};")
    finally:
        store.lane.close()


def _for_system(tx: Tx, name: str, purpose: str) -> dict[str, str | None]:
    row = registry.system(tx, name)
    if row is None:
        raise CannotDo(f"There is no system {name!r} in the city file. Name one, or give --person and --organisation.")
    return {
        "system": row.id,
        "person": None,
        "organisation": row.organisation,
        "profession": None,
        "scopes": row.scopes,
        "purpose": purpose or row.purpose,
    }


def _for_person(tx: Tx, person: str, organisation: str, purpose: str) -> dict[str, str | None]:
    roles = [row for row in registry.people(tx) if row.person == person and organisation in ("", row.organisation)]
    if len(roles) != 1:
        choices = ", ".join(f"{row.organisation} ({row.profession})" for row in roles)
        hint = f"Give --organisation: {choices}." if roles else "The city file has no such person there."
        raise CannotDo(f"{person} at {organisation or 'any organisation'}: {len(roles)} roles. {hint}")
    return {
        "system": None,
        "person": person,
        "organisation": roles[0].organisation,
        "profession": roles[0].profession,
        "scopes": "user/*.rs",
        "purpose": purpose or ("AUDIT" if roles[0].profession == "auditor" else "CAREMGT"),
    }


def operator() -> Caller:
    """Who is at the keyboard, for the log: somebody who holds the store's key."""
    return Caller("", "運用担当", "", "renkei-cli", None, "", None, "", "", True, False, "")
