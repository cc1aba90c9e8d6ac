"""``renkei identity``: the secretariat's hand on wrong links between numbers and residents (DESIGN §3)."""

import typer

from hub.cli.operate import CannotDo, context, operator
from hub.context import instant
from hub.identity import residents
from hub.identity.match import key
from hub.projections.rows import record
from hub.runtime import Place, open_store
from hub.store import audit, identity
from hub.store.database import Tx
from hub.store.lane import RULES


def show(place: Place, patient: str) -> None:
    """Print every identifier that leads to a resident, whose it is and since when."""
    store = open_store(place)
    try:
        rows = store.lane.do(lambda tx: identity.of_patient(tx, patient))
    finally:
        store.lane.close()
    if not rows:
        raise CannotDo(f"No identifier leads to {patient!r}. Give the hub's id of a resident, as in Patient/<id>.")
    for row in rows:
        typer.echo(f"{row.source}\t{row.system}\t{row.value}\t{row.linked}")


def change(place: Place, patient: str, source: str, system: str, value: str, *, linked: bool) -> None:
    """Take away a link that ``source`` made, or give one back that was taken away.  Raises ``CannotDo``."""
    store, here = open_store(place), context()
    one = key(system, value, source)

    def work(tx: Tx) -> None:
        act = residents.relink if linked else residents.unlink
        if not act(tx, patient, one, source, operator(), here):
            state = "was not taken away from" if linked else "is not linked to"
            raise CannotDo(f"{system}|{value} of {source} {state} {patient}. See: renkei identity show {patient}")
        action = "link" if linked else "unlink"
        done = record(
            operator(), here, interaction=f"identity-{action}", patient=patient, query=source, reason="operator"
        )
        audit.put(tx, [done])

    try:
        store.lane.do(work, claims=lambda: (RULES,))
    finally:
        store.lane.close()
    typer.echo(f"{instant(here.now)} {'linked' if linked else 'unlinked'}")
