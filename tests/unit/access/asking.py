"""Somebody who asks, and a store without a hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from json import dumps

from sqlalchemy import create_engine
from sqlcipher3 import dbapi2
from sqlmodel import SQLModel

import hub.store.access_tables  # noqa: F401 - what is created
from hub.context import Caller, Context
from hub.store.city_tables import City
from hub.store.database import Tx
from hub.store.sql import Record, add, run
from hub.store.tables import ResourceRow
from profiles.json import write_json
from profiles.resource import Resource

NOW = datetime.fromisoformat("2026-11-20T10:00:00+09:00")
DOCTOR = Caller(
    organisation="hosp",
    organisation_name="病院",
    organisation_kind="hospital",
    system=None,
    person="dr-sato",
    person_name="佐藤",
    profession="physician",
    scopes="user/*.rs",
    purpose="TREAT",
    in_force=True,
    strict=False,
    token="",
    helps=True,
)
SYSTEM = replace(DOCTOR, system="hosp-ehr", person=None)
REQUEST = Context(NOW, "request 1", lambda: "a new id", "https://hub.example")


@contextmanager
def store() -> Iterator[Tx]:
    """An empty store, for the time of one test."""
    engine = create_engine("sqlite://", module=dbapi2)
    try:
        with engine.begin() as tx:
            SQLModel.metadata.create_all(tx)
            yield tx
    finally:
        engine.dispose()


def relation(patient: str, **kept: str | int) -> Record:
    """A row of ``relation``: the hospital looks after this patient; with what is ``kept`` otherwise."""
    row: Record = {"patient": patient, "origin": "CareTeam/1", "organisation": "hosp", "person": "", "role": ""}
    return {**row, "starts": "", "ends": "", "pending": 0, **kept}


def stored_resource(tx: Tx, patient: str, type_: str, id_: str, body: Resource, **facts: str | int) -> None:
    """Keep version v7 of a resource; what its ``facts`` do not say is empty."""
    empty: Record = {"source": "city", "publication": "", "category": "", "label_bits": 0, "withheld": 0}
    others: Record = {"directory": 0, "also_about": 0, "deleted": 0, "recorded": "", "patient": patient, **facts}
    row: Record = {"type": type_, "id": id_, "version": "v7", "body": write_json(body)}
    add(tx, ResourceRow, [{**empty, **others, **row}])


def apply_city(
    tx: Tx, *, version: str = "", space: str = "team", kind: str = "clinic", writes: str = "problem"
) -> None:
    """A city file: clinics publish problems into ``space``, and organisations of a ``kind`` may write a category."""
    publish = [{"publisher": "clinic", "category": "problem", "space": space}]
    document = dumps({"policy": {"publish": publish, "read": [], "write": [{"kind": kind, "categories": writes}]}})
    run(tx, "DELETE FROM city", {})
    switches: Record = {"demo_sign_in": 0, "explain_hidden": 0, "applied": ""}
    add(tx, City, [{"id": "city", "name": "", "base_url": "", **switches, "document": document, "version": version}])
