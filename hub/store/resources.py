"""Current versions and their history (DESIGN §7).  Only an authorised write reaches ``put``."""

from collections.abc import Sequence

from hub.draft import Facts, Version
from hub.store import keys
from hub.store.database import Tx
from hub.store.sql import Record, Row, add, first, in_list, query, run
from hub.store.tables import AlsoAbout, KnownAs, ResourceRow

_COLUMNS = (
    "patient, source, publication, category, label_bits, clinical_date, withheld, directory, also_about,"
    " type, id, version, recorded, deleted, body"
)


def put(tx: Tx, versions: Sequence[Version], replaced: Sequence[Version]) -> int:
    """Make each version the current one; those that they replace move to the history.

    Gives the key of the first: those of the others follow.
    """
    if not versions:
        return 0
    for version in replaced:
        _move_to_history(tx, version)
    first_key = keys.take(tx, len(versions))
    add(
        tx,
        ResourceRow,
        [
            {
                **version.facts.columns(),
                "type": version.type,
                "id": version.id,
                "version": version.version,
                "recorded": version.recorded,
                "deleted": version.deleted,
                "key": key,
                "body": version.body,
            }
            for key, version in enumerate(versions, first_key)
        ],
    )
    publications = {(version.facts.patient, version.facts.source) for version in versions}
    for patient, source in publications:
        run(tx, _PUBLISHED, {"patient": patient, "source": source})
    add(
        tx,
        AlsoAbout,
        [
            {
                "patient": version.facts.patient,
                "type": version.type,
                "id": version.id,
                "source": version.facts.source,
                "other": other,
            }
            for version in versions
            for other in version.others
        ],
    )
    return first_key


_PUBLISHED = "INSERT INTO published (patient, source) VALUES (:patient, :source) ON CONFLICT DO NOTHING"


def _move_to_history(tx: Tx, old: Version) -> None:
    """Close a current version (it may be filed under another patient than the new one)."""
    key = {"patient": old.facts.patient, "type": old.type, "id": old.id, "source": old.facts.source}
    where = "patient = :patient AND type = :type AND id = :id AND source = :source"
    run(tx, f"INSERT INTO history ({_COLUMNS}) SELECT {_COLUMNS} FROM resource WHERE {where}", key)  # noqa: S608
    for table in ("resource", "also_about"):
        run(tx, f"DELETE FROM {table} WHERE {where}", key)  # noqa: S608


def current(tx: Tx, type_: str, id_: str) -> Sequence[Row]:
    """The current version(s): one, or for a Patient one for each source that keeps a record."""
    return query(tx, "SELECT * FROM resource WHERE type = :type AND id = :id", {"type": type_, "id": id_})


def own(tx: Tx, type_: str, id_: str, source: str) -> Version | None:
    """The current version that ``source`` published, deleted or not."""
    statement = "SELECT * FROM resource WHERE type = :type AND id = :id AND source = :source"
    row = first(tx, statement, {"type": type_, "id": id_, "source": source})
    return None if row is None else version_of(row, further_patients(tx, type_, id_) if row.also_about else ())


def version_of(row: Row, others: tuple[str, ...] = ()) -> Version:
    """A row of ``resource`` or ``history`` as the value that it was written from."""
    columns = row._mapping
    facts = Facts(**{name: columns[name] for name in Facts._fields})
    body, key = bytes(row.body), columns.get("key") or 0  # the history keeps no keys
    return Version(facts, row.type, row.id, row.version, row.recorded, row.deleted, body, others, key)


def find_version(tx: Tx, type_: str, id_: str, version: str) -> Row | None:
    """One version, current or past."""
    key = {"type": type_, "id": id_, "version": version}
    where = "type = :type AND id = :id AND version = :version"
    return first(
        tx,
        f"SELECT {_COLUMNS} FROM resource WHERE {where} UNION ALL SELECT {_COLUMNS} FROM history WHERE {where}",  # noqa: S608
        key,
    )


def versions(tx: Tx, type_: str, id_: str) -> Sequence[Row]:
    """Every version, the current first, then newest to oldest."""
    key = {"type": type_, "id": id_}
    return query(
        tx,
        f"""SELECT {_COLUMNS}, 1 AS is_current FROM resource WHERE type = :type AND id = :id
            UNION ALL
            SELECT {_COLUMNS}, 0 AS is_current FROM history WHERE type = :type AND id = :id
            ORDER BY is_current DESC, recorded DESC""",  # noqa: S608 - column names are ours
        key,
    )


def further_patients(tx: Tx, type_: str, id_: str) -> tuple[str, ...]:
    """The further patients whom a resource is about."""
    rows = query(
        tx, "SELECT other FROM also_about WHERE type = :type AND id = :id ORDER BY other", {"type": type_, "id": id_}
    )
    return tuple(row.other for row in rows)


def with_further(tx: Tx, patients: Sequence[str]) -> tuple[str, ...]:
    """These patients, and everybody else whom something of theirs is about: their rules decide too."""
    marks, bound = in_list("p", patients)
    rows = query(tx, f"SELECT DISTINCT other FROM also_about WHERE patient IN ({marks})", bound)  # noqa: S608
    return tuple(dict.fromkeys([*patients, *(row.other for row in rows)]))


def around(tx: Tx, patients: Sequence[str]) -> tuple[str, ...]:
    """These patients, and all others whom something is about that is about one of them: their rules decide too."""
    marks, bound = in_list("p", patients)
    same = "b.patient = a.patient AND b.type = a.type AND b.id = a.id AND b.source = a.source"
    rows = query(
        tx,
        f"""SELECT other AS person, 0 AS through FROM also_about WHERE patient IN ({marks})
             UNION SELECT patient, 1 FROM also_about WHERE other IN ({marks})""",  # noqa: S608
        bound,
    )
    people = [row.person for row in rows]
    if any(row.through for row in rows):  # rare: what is filed under others may be about further ones
        further = f"SELECT b.other FROM also_about a JOIN also_about b ON {same} WHERE a.other IN ({marks})"  # noqa: S608
        people += [row.other for row in query(tx, further, bound)]
    return tuple(dict.fromkeys([*patients, *people]))


def records_of(tx: Tx, patients: Sequence[str]) -> Sequence[Row]:
    """The current Patient records of these patients, of every source that keeps one."""
    marks, bound = in_list("p", patients)
    statement = f"SELECT * FROM resource WHERE patient IN ({marks}) AND type = 'Patient' AND deleted = 0"  # noqa: S608
    return query(tx, statement, bound)


def known_as(tx: Tx, source: str, url: str) -> str | None:
    """The hub's ``Type/id`` of what ``source`` once pushed under the absolute ``url``."""
    row = first(
        tx, "SELECT reference FROM known_as WHERE source = :source AND url = :url", {"source": source, "url": url}
    )
    return None if row is None else str(row.reference)


def remember_as(tx: Tx, source: str, names: dict[str, str]) -> None:
    """Remember absolute URLs (→ ``Type/id``) of a source; a ``urn:uuid:`` means something in its bundle alone."""
    absolute = {url: reference for url, reference in names.items() if url.startswith(("http://", "https://"))}
    new = {url: reference for url, reference in absolute.items() if known_as(tx, source, url) is None}
    add(tx, KnownAs, [{"source": source, "url": url, "reference": reference} for url, reference in new.items()])


def compartment(tx: Tx, patient: str, predicate: str, parameters: Record, count: int) -> Sequence[Row]:
    """What is current about a patient and what ``predicate`` (over ``r``) admits, newest first."""
    return query(
        tx,
        f"""SELECT r.* FROM resource r WHERE r.patient = :patient_ AND r.deleted = 0 AND ({predicate})
             ORDER BY r.recorded DESC LIMIT :count_""",  # noqa: S608
        {**parameters, "patient_": patient, "count_": count},
    )
